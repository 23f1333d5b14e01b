import Contracts
import HTTP
import JSON
import RPC

/// A function of `gt`.
struct ScriptFunction: Sendable {
    /// Whether it changes anything anywhere.
    var acts = true
    /// What a try answers instead of acting.
    var triedAnswer: JSONValue = .null
    var run: @Sendable (ScriptArguments, ScriptPlatform, CallContext) async throws -> JSONValue

    /// By name; `log` and `file` need nobody.
    static let all: [String: ScriptFunction] = [
        "records.get": .init(acts: false, run: get), "records.find": .init(acts: false, run: find),
        "records.create": .init(triedAnswer: ["id": 0, "version": 1], run: create),
        "records.change": .init(run: change), "records.remove": .init(run: remove),
        "mail.send": .init(triedAnswer: ["id": 0, "state": "queued"], run: send),
        "events.raise": .init(triedAnswer: ["event": 0, "activated": 0], run: raise),
        "workflows.start": .init(triedAnswer: ["id": 0, "state": "running"], run: start),
        "imports.run": .init(triedAnswer: ["run": 0], run: startImport),
        "exports.run": .init(triedAnswer: ["run": 0], run: startExport),
        "http": .init(triedAnswer: ["status": 200, "headers": [:], "body": ""], run: request),
    ]

    // MARK: Records

    /// `get(class, id, {select, expand})`
    private static let get: Body = { arguments, platform, context in
        try arguments.atMost(3)
        let options = try arguments.options(2, ["select", "expand"])
        let call = GetRecord(
            try arguments.code(0, "class"), id: try arguments.id(1),
            select: try options.list("select"), expand: try options.list("expand"))
        return try await json(platform.peers["records"].call(call, as: context))
    }

    /// `find(class, {filter, orderby, select, expand, search, limit})`: the items.
    private static let find: Body = { arguments, platform, context in
        try arguments.atMost(2)
        let options = try arguments.options(
            1, ["filter", "orderby", "select", "expand", "search", "limit"])
        let call = ListRecords(
            try arguments.code(0, "class"), filter: try options.text("filter"),
            orderby: try options.text("orderby"), select: try options.list("select"),
            expand: try options.list("expand"),
            limit: try options.integer("limit").map { Int(clamping: $0) },
            search: try options.text("search"))
        return try await json(platform.peers["records"].call(call, as: context))["items"] ?? []
    }

    /// `create(class, values)`: the record.
    private static let create: Body = { arguments, platform, context in
        try arguments.atMost(2)
        let values = JSONValue.object(try arguments.object(1, "the values"))
        let call = CreateRecord(
            try arguments.code(0, "class"), body: JSONBytes(values.bytes))
        return try await json(platform.peers["records"].call(call, as: context))
    }

    /// `change(class, id, values, {version})`: the record.
    private static let change: Body = { arguments, platform, context in
        try arguments.atMost(4)
        let values = JSONValue.object(try arguments.object(2, "the values"))
        let version = try arguments.options(3, ["version"]).integer("version")
        let call = ChangeRecord(
            try arguments.code(0, "class"), id: try arguments.id(1), version: version,
            body: JSONBytes(values.bytes))
        return try await json(platform.peers["records"].call(call, as: context))
    }

    /// `remove(class, id, {version})`
    private static let remove: Body = { arguments, platform, context in
        try arguments.atMost(3)
        let version = try arguments.options(2, ["version"]).integer("version")
        let call = DeleteRecord(
            try arguments.code(0, "class"), id: try arguments.id(1), version: version)
        _ = try await platform.peers["records"].call(call, as: context)
        return .null
    }

    // MARK: The others

    /// `send({to, cc, bcc, subject, text, html, record, notification, values, class})`:
    /// `{id, messageId, state}`.
    private static let send: Body = { arguments, platform, context in
        try arguments.atMost(1)
        let mail = try arguments.options(
            0,
            [
                "to", "cc", "bcc", "subject", "text", "html", "record", "notification", "values",
                "class",
            ])
        guard let to = try mail.texts("to") else { throw mail.fault("to is an array of addresses") }
        let notification = try mail.text("notification").map {
            FullCode.isCode($0) ? "\(arguments.owner.model).\($0)" : $0
        }
        let call = SendMail(
            to: to, cc: try mail.texts("cc"), bcc: try mail.texts("bcc"),
            subject: try mail.text("subject"), text: try mail.text("text"),
            html: try mail.text("html"), record: try mail.text("record"),
            notification: notification, values: mail.value("values"),
            class: try mail.text("class"))
        return JSONCoder.encode(try await platform.peers["mail"].call(call, as: context))
    }

    /// `raise(event, {scope, instance, workflow, key, payload})`: `{event, activated}`. As by the
    /// API the scope is what the others say, or all.
    private static let raise: Body = { arguments, platform, context in
        try arguments.atMost(2)
        let options = try arguments.options(
            1, ["scope", "instance", "workflow", "key", "payload"])
        let instance = try options.integer("instance")
        let workflow = try options.text("workflow")
        let implied = instance != nil ? "instance" : workflow != nil ? "workflow" : "all"
        guard let scope = RaiseEvent.Scope(rawValue: try options.text("scope") ?? implied) else {
            throw options.fault("scope is instance, workflow or all")
        }
        let call = RaiseEvent(
            event: try arguments.code(0, "event"), scope: scope, instance: instance,
            workflow: workflow, key: options.value("key"), payload: options.value("payload"))
        return JSONCoder.encode(try await platform.raise(call, context))
    }

    /// `start(workflow, {values, record})`: `{id, state}`.
    private static let start: Body = { arguments, platform, context in
        try arguments.atMost(2)
        let options = try arguments.options(1, ["values", "record"])
        let call = StartWorkflow(
            workflow: try arguments.code(0, "workflow"), values: options.value("values"),
            record: try options.integer("record"))
        return try await json(platform.start(call, context))
    }

    /// `run(import)`: `{run}`, which makes a run of each new file of its source.
    private static let startImport: Body = { arguments, platform, context in
        try arguments.atMost(1)
        let call = StartImportFromSource(definition: try arguments.code(0, "import"))
        return try await json(platform.peers["batch"].call(call, as: context))
    }

    /// `run(export)`: `{run}`.
    private static let startExport: Body = { arguments, platform, context in
        try arguments.atMost(1)
        let call = StartExport(definition: try arguments.code(0, "export"))
        return try await json(platform.peers["batch"].call(call, as: context))
    }

    /// `http({method, url, headers, body})`: `{status, headers, body}`.
    private static let request: Body = { arguments, platform, context in
        try arguments.atMost(1)
        let content = JSONValue.object(try arguments.object(0, "the request"))
        return try await platform.http(content, arguments.owner, context)
    }

    private typealias Body =
        @Sendable (ScriptArguments, ScriptPlatform, CallContext) async throws -> JSONValue

    private static func json(_ answer: JSONBytes) throws -> JSONValue {
        try JSONValue(parsing: answer.bytes)
    }
}
