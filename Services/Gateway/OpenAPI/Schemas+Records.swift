import JSON

extension Schemas {
    private static let record = object(
        [
            ("id", integer), ("version", integer), ("describe", string), ("created", time),
            ("creator", string), ("modified", time), ("modifier", string),
        ], required: ["id", "version"])

    static let records: [(String, JSONValue)] = [
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
                    ("items", list(OpenAPI.reference("Record"))), ("next", optional("string")),
                    ("count", integer),
                    (
                        "totals",
                        [
                            "type": "object",
                            "description": "By column and function, as `totals` asked",
                            "additionalProperties": [
                                "type": "object",
                                "additionalProperties": ["type": ["number", "string", "null"]],
                            ],
                        ]
                    ),
                ], required: ["items", "next"])
        ),
        (
            "Replica",
            object([
                ("items", ["type": "array"]), ("more", boolean), ("position", integer),
                ("unknown", boolean), ("columns", ["type": "array"]),
            ])
        ),
        (
            "RowList",
            object(
                [
                    ("items", list(object([]))), ("next", optional("string")), ("count", integer),
                ], required: ["items", "next"])
        ),
        (
            "BulkResults",
            whole([
                (
                    "results",
                    list([
                        "anyOf": [
                            whole([("id", integer), ("version", integer)]),
                            whole([("problem", OpenAPI.reference("Problem"))]),
                        ]
                    ])
                )
            ])
        ),
        ("History", page(of: "HistoryEntry")),
        (
            "HistoryEntry",
            object(
                [
                    ("version", integer),
                    ("operation", words("insert", "change", "delete", "restore")),
                    ("time", time), ("account", string),
                    (
                        "door",
                        words(
                            "page", "api", "call", "soap", "mail", "rule", "script", "workflow",
                            "job", "import", "sync", "database", "system")
                    ),
                    ("cause", string), ("root", string),
                    ("changes", list(whole([("column", string), ("old", any), ("new", any)]))),
                ], required: ["version", "operation", "time", "account", "door", "changes"])
        ),
    ]
}
