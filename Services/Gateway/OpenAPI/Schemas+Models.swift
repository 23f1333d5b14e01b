import JSON

extension Schemas {
    private static let view = object(
        [
            ("name", string), ("model", string), ("class", string), ("columns", strings),
            ("version", integer), ("state", words("current", "drifted", "missing")),
        ], required: ["name", "model", "class", "columns", "version", "state"])

    /// What `detail` says, to be said in another language; null where it says nothing.
    private static let planFacts: JSONValue = [
        "type": ["object", "null"], "properties": ["kind": string], "required": ["kind"],
    ]

    static let models: [(String, JSONValue)] = [
        (
            "ModelList",
            object([
                ("items", list(object([("code", string), ("name", text), ("version", integer)])))
            ])
        ),
        (
            "ModelPlan",
            list(
                object(
                    [
                        ("operation", words("create", "change", "convert", "drop")),
                        ("kind", string), ("code", string), ("destructive", boolean),
                        ("detail", string), ("facts", planFacts),
                    ], required: ["operation", "kind", "code", "destructive", "detail", "facts"]))
        ),
        (
            "Secret",
            object([("value", string)], required: ["value"], isOpen: false)
        ),
        (
            "SecretList",
            object(
                [("items", list(whole([("name", string), ("changed", time)])))],
                required: ["items"])
        ),
        ("View", view),
        ("ViewList", object([("items", list(OpenAPI.reference("View")))], required: ["items"])),
        (
            "ModelApplied",
            object([
                ("code", string), ("version", integer), ("created", boolean),
                ("changed", boolean), ("pending", strings), ("createdRoles", strings),
            ])
        ),
    ]
}
