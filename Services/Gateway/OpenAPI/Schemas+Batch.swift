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
                ("plan", any), ("runs", list(integer)), ("leftOut", list(any)), ("undoes", integer),
                ("undoneBy", integer),
                ("conflicts", list(any)),
            ])
        ),
        ("RunList", page(of: "Run")),
        (
            "DownloadLinkInput",
            object([("expires", string)], isOpen: false)
        ),
        (
            "DownloadLink",
            object([("link", string), ("expires", string)], required: ["link", "expires"])
        ),
        ("RunRows", page(of: "RunRow")),
        (
            "RunRow",
            object([
                ("row", any), ("operation", string), ("record", any), ("version", any),
                ("changes", list(any)),
            ])
        ),
        ("RunLog", object([("items", list(OpenAPI.reference("RunLogLine")))], required: ["items"])),
        ("RunLogLine", object([("time", string), ("text", string)])),
    ]
}
