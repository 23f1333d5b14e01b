import JSON

/// The fields of each kind of definition, and what a new one begins with.
extension ModelPart {
    var fields: [DefinitionField] {
        let named = [
            DefinitionField("name", .texts(isLong: false)),
            DefinitionField("code", .line),
        ]
        switch self {
        case .classes: return ClassForm.fields
        case .rules: return ModelPart.rule
        case .scripts: return named + ModelPart.script
        case .workflows: return WorkflowForm.fields
        case .events:
            return named + [
                .init("web", .flag(false)), .init("get", .flag(false)), .init("role", .line),
                .init("buffer", .line),
            ]
        case .jobs: return named + ModelPart.job
        case .mailboxes: return ModelPart.mailbox
        case .notifications:
            return [
                .init("code", .line), .init("subject", .texts(isLong: false), required: true),
                .init("text", .texts(isLong: true)), .init("html", .texts(isLong: true)),
                .init("name", .texts(isLong: false), more: true),
            ]
        case .distributionGroups: return named + [.init("members", .lines)]
        case .imports: return ModelPart.importing
        case .exports: return ModelPart.exporting
        case .syncs: return ModelPart.sync
        case .queries:
            return named + [
                .init("sql", .source, required: true), .init("parameters", .json, more: true),
                .init("grants", .roleList),
            ]
        }
    }

    private static let rule: [DefinitionField] = [
        .init("name", .texts(isLong: false)), .init("code", .line),
        .init("class", .code(.classes), required: true),
        .init(
            "on",
            .words([
                "opening", "inserting", "changing", "deleting", "inserted", "changed", "deleted",
            ]), required: true),
        .init("when", .line), .init("do", .actions), .init("require", .line),
        .init("message", .texts(isLong: false)),
        .init("order", .number, more: true),
    ]

    private static let script: [DefinitionField] = [
        .init("source", .source, required: true), .init("include", .lines, more: true),
        .init("web", .flag(false), more: true), .init("get", .flag(false), more: true),
        .init("role", .line, more: true), .init("timeout", .line, more: true),
        .init("runAs", .line, more: true),
    ]

    private static let job: [DefinitionField] = [
        .init("schedule", .line), .init("zone", .line),
        .init("steps", .actions, required: true),
        .init("when", .json, more: true),
        .init("overlap", .words(["skip", "queue", "allow"]), more: true),
        .init("missed", .words(["once", "all", "skip"]), more: true),
        .init("onFailure", .words(["stop", "continue"]), more: true),
        .init("enabled", .flag(true), more: true),
        .init("integration", .flag(true), more: true),
        .init("timeout", .line, more: true), .init("runAs", .line, more: true),
    ]

    private static let mailbox: [DefinitionField] = [
        .init("code", .line), .init("class", .code(.classes), required: true),
        .init("source.kind", .words(["folder", "imap", "ews"]), required: true),
        .init("source.path", .line), .init("source.url", .line), .init("source.user", .line),
        .init("source.password", .line), .init("source.folder", .line), .init("map", .pairs),
        .init("every", .line, more: true), .init("batch", .number, more: true),
        .init("script", .code(.scripts), more: true), .init("after.move", .line, more: true),
        .init("after.failed", .line, more: true),
        .init("automatic", .words(["store", "skip"]), more: true),
        .init("onReply", .json, more: true),
        .init("name", .texts(isLong: false), more: true),
    ]

    private static let importing: [DefinitionField] = [
        .init("code", .line), .init("class", .code(.classes), required: true),
        .init("format", .words(["csv", "json", "ndjson", "xml", "xlsx"]), required: true),
        .init("mode", .words(["insert", "update", "upsert"])),
        .init(
            "columns",
            .rows([
                .init("from", .line), .init("to", .line), .init("key", .flag(false)),
                .init("as", .line),
            ])),
        .init("options.separator", .line, more: true),
        .init("options.encoding", .line, more: true),
        .init("options.header", .flag(true), more: true),
        .init("rules", .flag(true), more: true), .init("missing", .value, more: true),
        .init("name", .texts(isLong: false), more: true),
    ]

    private static let exporting: [DefinitionField] = [
        .init("code", .line), .init("from", .code(.classes)), .init("query", .code(.queries)),
        .init("filter", .line),
        .init("format", .words(["csv", "json", "ndjson", "xml", "xlsx"]), required: true),
        .init("columns", .rows([.init("column", .line), .init("as", .value)])),
        .init("target", .line), .init("get", .flag(false), more: true),
        .init("name", .texts(isLong: false), more: true),
    ]

    private static let sync: [DefinitionField] = [
        .init("code", .line), .init("class", .code(.classes), required: true),
        .init(
            "source.kind", .words(["sqlite", "postgresql", "odbc", "geartrain"]), required: true),
        .init("source.path", .line), .init("source.host", .line), .init("source.port", .number),
        .init("source.database", .line), .init("source.dsn", .line), .init("source.url", .line),
        .init("source.user", .line), .init("source.password", .line),
        .init("source.tls", .words(["verify", "encrypt", "off"])), .init("source.token", .line),
        .init("source.class", .line), .init("source.table", .line),
        .init("direction", .words(["pull", "push", "both"]), required: true),
        .init("key", .pairs), .init("columns", .pairs), .init("cursor", .line),
        .init("verify", .flag(true)),
        .init("deletes", .words(["ignore", "detect"]), more: true),
        .init("deleteLimit", .number, more: true),
        .init("conflict", .words(["source", "records", "refuse"]), more: true),
        .init("overlap", .line, more: true), .init("rules", .flag(true), more: true),
        .init("name", .texts(isLong: false), more: true),
    ]

    /// What a new one begins with; `type` is the class that it is about, where it is about one.
    func preset(_ standing: ModelStanding, type: String?) -> JSONObject {
        var preset = JSONObject()
        let type = type ?? standing.codes(.classes).first
        switch self {
        case .rules:
            preset["class"] = type.map { .string($0) }
            preset["on"] = "inserting"
        case .workflows:
            preset["class"] = type.map { .string($0) }
            preset["start"] = "first"
            preset["steps"] = [
                [
                    "code": "first", "kind": "task", "title": "='Look at ' + record.describe",
                    "assignee": ["role": .string(standing.roles.first ?? "")],
                    "outcomes": ["done": "end"],
                ], ["code": "end", "kind": "end"],
            ]
        case .jobs:
            preset["schedule"] = "0 3 * * *"
            preset["zone"] = "UTC"
        case .mailboxes:
            let code = ModelPart.free("inbox", in: standing.codes(self))
            preset["code"] = .string(code)
            preset["source"] = [
                "kind": "folder", "path": .string("\(standing.code)-\(code)"),
            ]
            preset["every"] = "5s"
            preset["class"] = type.map { .string($0) }
            preset["map"] = .object(ModelPart.mailMap(type.map(standing.columns) ?? []))
            preset["after"] = ["move": "done"]
        case .imports:
            preset["class"] = type.map { .string($0) }
            preset["format"] = "csv"
            preset["mode"] = "insert"
            preset["source"] = "upload"
        case .exports:
            preset["from"] = type.map { .string($0) }
            preset["format"] = "csv"
            preset["target"] = "download"
        case .syncs:
            preset["class"] = type.map { .string($0) }
            preset["source"] = ["kind": "sqlite"]
            preset["direction"] = "pull"
        case .queries, .scripts, .events, .notifications, .distributionGroups, .classes: break
        }
        return preset
    }

    /// A code that is not taken: `inbox`, `inbox_2`.
    static func free(_ code: String, in taken: [String]) -> String {
        var number = 1
        while taken.contains(number == 1 ? code : "\(code)_\(number)") { number += 1 }
        return number == 1 ? code : "\(code)_\(number)"
    }

    /// What of a mail goes into which column, by the columns' types and names.
    static func mailMap(_ columns: [JSONObject]) -> JSONObject {
        var map = JSONObject()
        var left = ["subject", "text", "from", "id", "files"]
        func take(_ what: String, _ column: JSONObject, _ expression: String) {
            guard let place = left.firstIndex(of: what), let code = column["code"]?.string,
                map[code] == nil
            else { return }
            left.remove(at: place)
            map[code] = .string(expression)
        }
        func isNamed(_ column: JSONObject, _ words: [String]) -> Bool {
            let code = column["code"]?.string ?? ""
            return words.contains { code.contains($0) }
        }
        let texts = columns.filter { $0["type"] == "text" && $0["readOnly"] != true }
        for column in texts {
            if isNamed(column, ["message_id", "mail_id"]) { take("id", column, "=mail.messageId") }
            if isNamed(column, ["mail", "from", "sender", "absender", "odesilatel"]) {
                take("from", column, "=mail.from.address")
            }
            if isNamed(column, ["subject", "title", "betreff", "titel", "predmet", "nazev"]) {
                take("subject", column, "=mail.subject")
            }
            if column["multiline"] == true { take("text", column, "=mail.text") }
        }
        for column in texts where column["multiline"] != true {
            take("subject", column, "=mail.subject")
        }
        for column in columns where column["type"] == "file" && column["many"] == true {
            take("files", column, "=mail.attachments")
        }
        return map
    }
}
