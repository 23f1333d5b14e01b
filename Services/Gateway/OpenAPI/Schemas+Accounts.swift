import JSON

extension Schemas {
    private static let accountMembers: [(String, JSONValue)] = [
        ("name", string), ("email", optional("string")), ("kind", words("person", "service")),
        ("enabled", boolean), ("locked", boolean), ("language", string), ("roles", strings),
        ("mustChangePassword", boolean),
    ]
    private static let reasons = list(
        object([("code", string), ("detail", string)], required: ["code", "detail"]))
    private static let tokenMembers: [(String, JSONValue)] = [
        ("id", integer), ("name", string), ("scopes", strings), ("created", time),
        ("expires", optional("string")), ("lastUsed", optional("string")),
    ]
    private static let roleMembers: [(String, JSONValue)] = [
        ("name", text), ("enabled", boolean), ("permissions", strings), ("members", strings),
        ("disabledModels", strings),
    ]
    private static let structureMembers: [(String, JSONValue)] = [
        ("name", text), ("kind", words("unit", "team", "manager")),
        (
            "units",
            list(
                object(
                    [
                        ("code", string), ("parent", optional("string")), ("name", text),
                        ("members", strings), ("from", optional("string")),
                        ("until", optional("string")),
                    ], required: ["code"], isOpen: false))
        ),
        (
            "people",
            list(
                object(
                    [("account", string), ("manager", optional("string"))],
                    required: ["account"], isOpen: false))
        ),
    ]
    private static let stored: [(String, JSONValue)] = [
        ("code", string), ("version", integer), ("created", time), ("modified", time),
    ]

    static let accounts: [(String, JSONValue)] = [
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
        ("MeInput", object([("language", string)], required: ["language"], isOpen: false)),
        (
            "Me",
            whole([
                ("account", string), ("name", string), ("language", string), ("roles", strings),
                ("rolesOff", strings), ("positions", strings), ("permissions", strings),
                ("scopes", strings), ("mustChangePassword", boolean),
                ("expires", optional("string")),
            ])
        ),
        (
            "TokenInput",
            object(
                [
                    ("name", string), ("scopes", strings),
                    ("expires", optional("string")),
                ], required: ["name"], isOpen: false)
        ),
        ("Token", whole(tokenMembers)),
        ("NewToken", whole(tokenMembers + [("token", string)])),
        ("TokenList", page(of: "Token")),
        (
            "SessionList",
            object([
                (
                    "items",
                    list(
                        object([
                            ("id", string), ("created", time), ("expires", time),
                            ("lastUsed", time), ("address", string), ("agent", string),
                            ("current", boolean),
                        ]))
                ), ("next", optional("string")),
            ])
        ),
        (
            "PasswordChange",
            object(
                [("current", string), ("password", string)], required: ["current", "password"],
                isOpen: false)
        ),
        (
            "PasswordForgotten",
            object([("account", string)], required: ["account"], isOpen: false)
        ),
        (
            "PasswordReset",
            object(
                [("token", string), ("password", string)], required: ["token", "password"],
                isOpen: false)
        ),
        (
            "AuditEntry",
            object([
                ("id", integer), ("time", time), ("kind", string),
                ("account", optional("string")), ("subject", optional("string")),
                ("address", optional("string")), ("requestId", optional("string")),
                ("detail", optional("string")),
                (
                    "changes",
                    list(object([("field", string), ("old", any), ("new", any)]))
                ),
            ])
        ),
        (
            "Explanation",
            object([
                ("allowed", boolean), ("reasons", reasons),
                (
                    "items",
                    list(
                        object(
                            [("account", string), ("allowed", boolean), ("reasons", reasons)],
                            required: ["account", "allowed", "reasons"]))
                ), ("next", optional("string")),
            ])
        ),
        ("AuditList", page(of: "AuditEntry")),
        ("AccountInput", object(stored + accountMembers + [("password", string)], isOpen: false)),
        ("Account", whole(stored + accountMembers)),
        ("AccountList", page(of: "Account")),
        ("RoleInput", object(stored + roleMembers, isOpen: false)),
        ("Role", whole(stored + roleMembers)),
        ("RoleList", page(of: "Role")),
        ("OrgStructureInput", object(stored + structureMembers, isOpen: false)),
        ("OrgStructure", object(stored + structureMembers)),
        ("OrgStructureList", page(of: "OrgStructure")),
    ]
}
