import JSON

/// The shapes that the routes name.
extension OpenAPI {
    static let schemas: [(String, JSONValue)] =
        common + accounts + models + records + workflow + mail + batch

    // MARK: Building

    private static let string: JSONValue = ["type": "string"]
    private static let integer: JSONValue = ["type": "integer"]
    private static let boolean: JSONValue = ["type": "boolean"]
    private static let time: JSONValue = ["type": "string", "format": "date-time"]
    private static let any: JSONValue = .object(JSONObject())
    private static let strings: JSONValue = list(string)
    /// A text for people: one, or by language.
    private static let text: JSONValue = [
        "oneOf": [["type": "string"], ["type": "object", "additionalProperties": string]]
    ]

    private static func list(_ item: JSONValue) -> JSONValue { ["type": "array", "items": item] }

    private static func optional(_ schema: String) -> JSONValue {
        ["type": [.string(schema), "null"]]
    }

    private static func words(_ words: String...) -> JSONValue {
        ["type": "string", "enum": .array(words.map { .string($0) })]
    }

    /// `isOpen`: further members may come (the columns of a class, the parts of a definition).
    private static func object(
        _ properties: [(String, JSONValue)], required: [String] = [], isOpen: Bool = true
    ) -> JSONValue {
        var schema = JSONObject([
            ("type", "object"), ("properties", .object(JSONObject(properties))),
        ])
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        if !isOpen { schema["additionalProperties"] = false }
        return .object(schema)
    }

    private static func page(of schema: String) -> JSONValue {
        object(
            [("items", list(reference(schema))), ("next", optional("string"))],
            required: ["items"])
    }

    // MARK: Shapes

    private static let common: [(String, JSONValue)] = [
        (
            "Problem",
            object(
                [
                    ("type", string), ("title", string), ("status", integer), ("detail", string),
                    ("instance", string), ("requestId", string),
                    ("errors", list(reference("FieldProblem"))),
                ], required: ["type", "title", "status"])
        ),
        (
            "FieldProblem",
            object(
                [("pointer", string), ("code", string), ("detail", string)],
                required: ["pointer", "code", "detail"])
        ),
    ]

    private static let accountMembers: [(String, JSONValue)] = [
        ("name", string), ("email", optional("string")), ("kind", words("person", "service")),
        ("enabled", boolean), ("locked", boolean), ("language", string), ("roles", strings),
    ]
    private static let roleMembers: [(String, JSONValue)] = [
        ("name", text), ("enabled", boolean), ("permissions", strings), ("members", strings),
    ]
    private static let stored: [(String, JSONValue)] = [
        ("code", string), ("version", integer), ("created", time), ("modified", time),
    ]

    private static let accounts: [(String, JSONValue)] = [
        (
            "Credentials",
            object(
                [("account", string), ("password", string)], required: ["account", "password"],
                isOpen: false)
        ),
        (
            "Session",
            object([("token", string), ("expires", time)], required: ["token", "expires"])
        ),
        (
            "Me",
            object([
                ("account", string), ("name", string), ("language", string), ("roles", strings),
                ("positions", strings), ("permissions", strings), ("scopes", strings),
                ("expires", optional("string")),
            ])
        ),
        (
            "TokenInput",
            object(
                [
                    ("name", string), ("scopes", list(words("read", "write"))),
                    ("expires", optional("string")),
                ], required: ["name"], isOpen: false)
        ),
        (
            "Token",
            object([
                ("id", integer), ("name", string), ("scopes", strings), ("created", time),
                ("expires", optional("string")),
            ])
        ),
        (
            "NewToken",
            object([
                ("id", integer), ("name", string), ("scopes", strings), ("created", time),
                ("expires", optional("string")), ("token", string),
            ])
        ),
        ("TokenList", page(of: "Token")),
        ("AccountInput", object(stored + accountMembers + [("password", string)], isOpen: false)),
        ("Account", object(stored + accountMembers)),
        ("AccountList", page(of: "Account")),
        ("RoleInput", object(stored + roleMembers, isOpen: false)),
        ("Role", object(stored + roleMembers)),
        ("RoleList", page(of: "Role")),
    ]

    private static let models: [(String, JSONValue)] = [
        (
            "Model",
            object(
                [
                    ("code", string), ("name", text), ("roles", strings), ("classes", list(any)),
                    ("queries", list(any)), ("rules", list(any)), ("scripts", list(any)),
                    ("workflows", list(any)), ("events", list(any)), ("jobs", list(any)),
                    ("mailboxes", list(any)), ("notifications", list(any)),
                    ("imports", list(any)), ("exports", list(any)), ("syncs", list(any)),
                ], required: ["code"])
        ),
        (
            "ModelList",
            object([
                ("items", list(object([("code", string), ("name", text), ("version", integer)])))
            ])
        ),
        (
            "ModelApplied",
            object([
                ("code", string), ("version", integer), ("created", boolean),
                ("changed", boolean), ("pending", strings), ("createdRoles", strings),
            ])
        ),
    ]

    private static let record = object(
        [
            ("id", integer), ("version", integer), ("describe", string), ("created", time),
            ("creator", string), ("modified", time), ("modifier", string),
        ], required: ["id", "version"])

    private static let records: [(String, JSONValue)] = [
        ("Record", record),
        (
            "RecordInput",
            [
                "description": "The columns of the class; an array of such objects creates several",
                "type": ["object", "array"],
            ]
        ),
        (
            "RecordList",
            object(
                [
                    ("items", list(reference("Record"))), ("next", optional("string")),
                    ("count", integer),
                ], required: ["items", "next"])
        ),
        (
            "BulkResults",
            object([
                (
                    "results",
                    list(
                        object([
                            ("id", integer), ("version", integer),
                            ("problem", reference("Problem")),
                        ]))
                )
            ])
        ),
        (
            "History",
            object([
                (
                    "items",
                    list(
                        object([
                            ("version", integer), ("operation", string), ("time", time),
                            ("account", string), ("door", string), ("cause", any),
                            (
                                "changes",
                                list(object([("column", string), ("old", any), ("new", any)]))
                            ),
                        ]))
                )
            ])
        ),
    ]

    private static let workflow: [(String, JSONValue)] = [
        (
            "EventInput",
            object(
                [
                    ("scope", words("instance", "workflow", "all")), ("instance", integer),
                    ("workflow", string), ("key", any), ("payload", any),
                ], isOpen: false)
        ),
        ("EventRaised", object([("event", integer), ("activated", integer)])),
        ("StartInput", object([("values", any), ("record", integer)], isOpen: false)),
        ("Started", object([("id", integer), ("state", string)])),
        (
            "Instance",
            object([
                ("id", integer), ("workflow", string), ("definition", integer),
                ("state", string), ("record", any), ("values", any), ("cause", any),
                ("started", time), ("steps", list(any)),
            ])
        ),
        ("InstanceList", page(of: "Instance")),
        (
            "Incident",
            object([
                ("id", integer), ("kind", string), ("service", string), ("time", time),
                ("instance", any), ("record", any), ("problem", any), ("cycle", any),
            ])
        ),
        ("IncidentList", page(of: "Incident")),
        (
            "Capability",
            object([
                ("state", words("open", "used", "expired")), ("title", string),
                ("usedAt", optional("string")), ("usedBy", optional("string")),
            ])
        ),
    ]

    private static let mail: [(String, JSONValue)] = [
        (
            "MailInput",
            object(
                [
                    ("to", strings), ("cc", strings), ("bcc", strings), ("subject", string),
                    ("text", string), ("html", string), ("attachments", list(any)),
                    ("record", string), ("notification", string), ("values", any),
                    ("class", string),
                ], required: ["to"], isOpen: false)
        ),
        ("MailQueued", object([("id", integer), ("messageId", string), ("state", string)])),
        (
            "Mail",
            object([
                ("id", integer), ("messageId", string), ("state", string), ("created", time),
                ("from", any), ("subject", string), ("record", any), ("cause", any),
                ("recipients", list(any)), ("attempts", list(any)), ("sha256", string),
            ])
        ),
        ("MailList", page(of: "Mail")),
        ("Mailbox", object([])),
        (
            "IntakeEntry",
            object([
                ("number", integer), ("source", any), ("messageId", any), ("sha256", string),
                ("received", time), ("state", words("staged", "done", "skipped", "quarantined")),
                ("record", any), ("problem", any),
            ])
        ),
        ("IntakeList", page(of: "IntakeEntry")),
    ]

    private static let batch: [(String, JSONValue)] = [
        ("RunStarted", object([("run", integer)], required: ["run"])),
        (
            "Run",
            object([
                ("run", integer), ("kind", string), ("definition", any), ("state", string),
                ("started", any), ("ended", any), ("account", string), ("counters", any),
                ("problem", any), ("verified", any), ("verifiedThrough", any), ("file", any),
            ])
        ),
    ]
}
