import JSON

extension Schemas {
    static let history: [(String, JSONValue)] = [
        (
            "HistoryVerificationInput",
            object([("head", optional("string")), ("from", optional("integer"))], isOpen: false)
        ),
        ("RestoreInput", object([("version", optional("integer"))], isOpen: false)),
        (
            "ManyDone",
            object([("count", integer), ("changed", integer)], required: ["count", "changed"])
        ),
        (
            "HistoryVerification",
            object(
                [
                    ("seals", integer), ("entries", integer), ("head", string), ("next", integer),
                    ("unsealed", integer),
                    (
                        "fault",
                        object(
                            [
                                ("code", string), ("seal", integer), ("entry", integer),
                                ("record", integer), ("detail", string),
                            ], required: ["code", "seal", "detail"])
                    ),
                ], required: ["seals", "entries"])
        ),
    ]
}
