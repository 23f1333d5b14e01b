import JSON

extension Schemas {
    static let models: [(String, JSONValue)] = [
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
}
