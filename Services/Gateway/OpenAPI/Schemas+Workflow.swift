import JSON

extension Schemas {
    static let workflow: [(String, JSONValue)] = [
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
        ("ScriptInput", object([("parameters", object([]))], isOpen: false)),
        ("ScriptResult", object([("result", any)], required: ["result"])),
        (
            "ScriptTrial",
            object(
                [
                    ("model", string), ("source", string), ("include", list(string)),
                    ("parameters", object([])), ("record", any), ("class", string),
                ], required: ["model", "source"], isOpen: false)
        ),
        (
            "ScriptTried",
            object([
                ("result", any), ("file", any), ("record", any), ("values", any),
                ("log", list(string)),
                ("calls", list(object([("call", string), ("arguments", list(any))]))),
                (
                    "error",
                    object([
                        ("script", string), ("line", integer), ("column", integer),
                        ("message", string), ("limit", string), ("values", any),
                    ])
                ),
                ("milliseconds", integer),
            ])
        ),
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
            "Task",
            object([
                ("id", integer), ("instance", integer), ("workflow", string), ("step", string),
                ("title", string), ("record", any), ("due", any), ("overdue", boolean),
                ("outcomes", list(string)), ("state", words("open", "done", "closed")),
                ("created", time), ("outcome", optional("string")),
                ("completedBy", optional("string")), ("completedAt", optional("string")),
            ])
        ),
        ("TaskList", page(of: "Task")),
        (
            "TaskInput",
            object([("outcome", string), ("values", any)], required: ["outcome"], isOpen: false)
        ),
        (
            "Incident",
            object([
                ("id", integer), ("kind", string), ("service", string), ("time", time),
                ("instance", any), ("record", any), ("problem", any), ("cycle", any),
                ("link", optional("string")), ("actions", list(words("retry", "skip", "close"))),
                ("state", words("open", "resolved")), ("run", integer), ("resolution", string),
                ("resolvedBy", string), ("resolvedAt", time),
            ])
        ),
        ("IncidentList", page(of: "Incident")),
        (
            "Job",
            object([
                ("job", string), ("name", any), ("schedule", string), ("zone", string),
                ("when", any), ("enabled", boolean), ("overlap", words("skip", "queue", "allow")),
                ("missed", words("once", "all", "skip")),
                ("onFailure", words("stop", "continue")), ("integration", boolean),
                ("standstill", optional("string")), ("next", any), ("last", any),
            ])
        ),
        ("JobList", page(of: "Job")),
        (
            "JobRun",
            object([
                ("run", integer), ("job", string), ("kind", words("schedule", "manual", "date")),
                ("planned", time),
                (
                    "state",
                    words(
                        "planned", "running", "succeeded", "failed", "skipped", "missed",
                        "cancelled")
                ), ("reason", optional("string")), ("level", integer),
                ("record", optional("string")), ("account", optional("string")),
                ("started", any), ("ended", any), ("late", any), ("problem", any),
                ("steps", list(any)),
            ])
        ),
        ("JobRunList", page(of: "JobRun")),
        (
            "RuleTrialInput",
            object(
                [
                    ("class", string), ("operation", words("open", "insert", "change", "delete")),
                    ("before", any), ("after", any), ("rule", any),
                ], required: ["class", "operation"], isOpen: false)
        ),
        (
            "RuleTrial",
            object(
                [("writes", boolean), ("refused", any), ("moments", list(any))],
                required: ["writes", "refused", "moments"])
        ),
        (
            "Firing",
            object([
                ("id", integer), ("rule", string), ("event", any), ("type", any),
                ("record", string), ("account", any), ("cause", string), ("via", any),
                ("depth", integer), ("time", time),
                ("state", words("running", "done", "failed", "stopped")), ("error", any),
                ("actions", list(any)),
            ])
        ),
        ("FiringList", page(of: "Firing")),
        (
            "RaisedEvent",
            object([
                ("id", integer), ("event", string), ("scope", string), ("instance", any),
                ("workflow", any), ("key", any), ("account", string), ("cause", string),
                ("depth", integer), ("time", time),
                ("state", words("taken", "buffered", "expired", "unheard", "late")),
                ("activated", integer), ("expires", any),
            ])
        ),
        ("RaisedEventList", page(of: "RaisedEvent")),
        (
            "Capability",
            object([
                ("state", words("open", "used", "expired")), ("title", string),
                ("usedAt", optional("string")), ("usedBy", optional("string")),
            ])
        ),
    ]
}
