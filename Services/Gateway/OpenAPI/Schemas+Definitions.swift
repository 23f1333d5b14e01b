import JSON

/// The parts of a model document. A member that is null is as if it was not there; one that its
/// service does not know is a fault (422). What Records reads is described whole, of the others'
/// parts what is the same in all.
extension Schemas {
    private static let code: JSONValue = [
        "type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$",
    ]
    /// A class of the model, or `model.class`.
    private static let type: JSONValue = [
        "type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}(\\.[a-z][a-z0-9_]{0,62})?$",
    ]
    private static let codes: JSONValue = list(code)
    private static let codeLists: JSONValue = list(codes)
    /// A number, or a day or moment.
    private static let bound: JSONValue = ["type": ["number", "string", "null"]]

    /// A part of which every member is named.
    private static func definition(
        _ members: [(String, JSONValue)], required: [String]
    ) -> JSONValue {
        object(orNull(members, but: required), required: required, isOpen: false)
    }

    private static func orNull(
        _ members: [(String, JSONValue)], but required: [String]
    ) -> [(String, JSONValue)] {
        members.map { name, schema in
            required.contains(name)
                ? (name, schema) : (name, ["anyOf": [schema, ["type": "null"]]])
        }
    }

    private static let columnTypes = words(
        "text", "integer", "decimal", "boolean", "date", "datetime", "choice", "reference",
        "account", "unit", "file", "json", "guid", "sequence", "computed")

    private static let column = definition(
        [
            ("code", code), ("name", text), ("type", columnTypes), ("many", boolean),
            ("required", boolean), ("unique", boolean), ("readOnly", boolean), ("default", any),
            ("min", bound), ("max", bound), ("pattern", string), ("multiline", boolean),
            ("scale", integer), ("value", string), ("class", type),
            ("onDelete", words("refuse", "clear", "cascade")), ("structure", code),
            (
                "choices",
                list([
                    "anyOf": [
                        string, definition([("code", code), ("name", text)], required: ["code"]),
                    ]
                ])
            ),
            ("format", string), ("start", integer), ("maxBytes", integer),
            ("maxFiles", integer), ("extensions", strings),
            ("deletion", words("logical", "content", "physical")),
        ], required: ["code", "type"])

    private static let grant = definition(
        [
            ("role", code),
            (
                "operations",
                list(
                    words(
                        "read", "insert", "change", "delete", "import", "export", "changeMany",
                        "deleteMany"))
            ),
            (
                "rows",
                definition(
                    [("scope", words("all", "own", "unit", "subtree")), ("column", code)],
                    required: [])
            ), ("columns", codes),
        ], required: ["role", "operations"])

    private static let classDefinition = definition(
        [
            ("code", code), ("name", text), ("parent", code), ("describe", string),
            ("history", boolean), ("deletion", words("logical", "physical")),
            ("webAccess", boolean), ("shared", boolean),
            ("columns", list(reference("ColumnDefinition"))),
            ("grants", list(reference("GrantDefinition"))), ("prefill", codes), ("search", codes),
            ("indexes", codeLists), ("unique", codeLists),
        ], required: ["code"])

    private static let query = definition(
        [
            ("code", code), ("name", text), ("sql", string),
            (
                "parameters",
                list(
                    definition(
                        [
                            ("code", code),
                            (
                                "type",
                                words("text", "integer", "decimal", "boolean", "date", "datetime")
                            ), ("default", any),
                        ], required: ["code"]))
            ), ("grants", list(definition([("role", code)], required: ["role"]))),
        ], required: ["code", "sql"])

    private static let rule = part([
        ("class", type),
        (
            "on",
            words(
                "opening", "inserting", "changing", "deleting", "inserted", "changed", "deleted")
        ), ("order", integer), ("when", string), ("require", string), ("message", text),
        ("do", list(object([]))),
    ])

    private static let workflowDefinition = part([
        ("class", type), ("start", code),
        ("steps", list(object([("code", code), ("kind", string)], required: ["code", "kind"]))),
    ])

    /// A part with a code, and members that its service knows.
    private static func part(_ members: [(String, JSONValue)]) -> JSONValue {
        object(
            orNull([("code", code), ("name", text)] + members, but: ["code"]), required: ["code"])
    }

    private static func reference(_ schema: String) -> JSONValue { OpenAPI.reference(schema) }

    static let definitions: [(String, JSONValue)] = [
        (
            "Model",
            definition(
                [
                    ("code", code), ("name", text), ("roles", codes),
                    ("classes", list(reference("ClassDefinition"))),
                    ("queries", list(reference("QueryDefinition"))),
                    ("rules", list(reference("RuleDefinition"))),
                    ("scripts", list(reference("ScriptDefinition"))),
                    ("workflows", list(reference("WorkflowDefinition"))),
                    ("events", list(reference("EventDefinition"))),
                    ("jobs", list(reference("JobDefinition"))),
                    ("mailboxes", list(reference("MailboxDefinition"))),
                    ("notifications", list(reference("NotificationDefinition"))),
                    ("distributionGroups", list(reference("DistributionGroup"))),
                    ("imports", list(reference("ImportDefinition"))),
                    ("exports", list(reference("ExportDefinition"))),
                    ("syncs", list(reference("SyncDefinition"))),
                ], required: ["code"])
        ),
        ("ClassDefinition", classDefinition), ("ColumnDefinition", column),
        ("GrantDefinition", grant), ("QueryDefinition", query),
        ("RuleDefinition", rule), ("WorkflowDefinition", workflowDefinition),
        ("ScriptDefinition", part([("source", string), ("web", boolean), ("timeout", string)])),
        (
            "EventDefinition",
            part([("web", boolean), ("get", boolean), ("buffer", optional("string"))])
        ),
        (
            "JobDefinition",
            part([("schedule", string), ("zone", string), ("steps", list(object([])))])
        ),
        (
            "MailboxDefinition",
            part([
                ("source", object([("kind", words("folder", "imap", "pop3", "ews", "graph"))])),
                ("class", type), ("map", object([])),
            ])
        ),
        ("NotificationDefinition", part([("subject", text), ("text", text)])),
        ("DistributionGroup", part([("members", list(string))])),
        (
            "ImportDefinition",
            part([("class", type), ("format", string), ("columns", list(object([])))])
        ),
        (
            "ExportDefinition",
            part([("from", string), ("filter", string), ("format", string)])
        ),
        (
            "SyncDefinition",
            part([
                ("class", type), ("direction", words("pull", "push", "both")),
                ("source", object([("kind", string), ("path", string), ("table", string)])),
                ("key", object([])), ("columns", object([])), ("cursor", optional("string")),
                ("overlap", optional("string")), ("deletes", words("ignore", "detect")),
                ("deleteLimit", optional("integer")),
                ("conflict", words("source", "records", "refuse")), ("verify", boolean),
                ("rules", boolean),
            ])
        ),
    ]
}
