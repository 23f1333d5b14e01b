import JSON

extension Schemas {
    static let batch: [(String, JSONValue)] = [
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
