import JSON

extension Schemas {
    static let mail: [(String, JSONValue)] = [
        (
            "MailInput",
            object(
                [
                    ("to", strings), ("cc", strings), ("bcc", strings), ("subject", string),
                    ("text", string), ("html", string), ("attachments", list(any)),
                    ("record", string), ("notification", string), ("values", any),
                    ("class", string), ("from", string),
                ], required: ["to"], isOpen: false)
        ),
        (
            "NotificationPreviewInput",
            object(
                [
                    ("record", string), ("values", any), ("language", string), ("definition", any),
                ], isOpen: false)
        ),
        (
            "NotificationPreview",
            object([("subject", string), ("text", string), ("html", string)])
        ),
        ("MailQueued", object([("id", integer), ("messageId", string), ("state", string)])),
        (
            "Mail",
            object([
                ("id", integer), ("messageId", string), ("state", string), ("created", time),
                ("from", any), ("subject", string), ("record", any), ("cause", any),
                ("class", any), ("mailAccount", string), ("bytesRemoved", any),
                ("recipients", list(any)), ("attempts", list(any)), ("sha256", string),
            ])
        ),
        ("MailList", page(of: "Mail")),
        (
            "Mailbox",
            object([
                ("code", string), ("kind", words("folder", "imap", "ews")),
                ("state", words("idle", "reading", "failing", "stopped")),
                ("lastRead", any), ("problem", any), ("position", any),
                (
                    "counts",
                    object([
                        ("staged", integer), ("done", integer), ("skipped", integer),
                        ("quarantined", integer),
                    ])
                ),
                ("audit", any),
                (
                    "gaps",
                    list(object([("source", string), ("reason", string), ("time", time)]))
                ),
            ])
        ),
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
}
