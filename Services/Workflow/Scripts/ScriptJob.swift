import JSON
import ServiceRuntime

/// Work for a script host: pieces of source over bindings, run one after another in one fresh
/// context, or, of a chain, each in its own.
struct ScriptJob: Sendable {
    enum Work: String, Sendable {
        case evaluate
        /// Only the syntax is checked.
        case compile
        /// `ruleWork` says which units run on which records.
        case rules
        /// Scripts, each over the `values` that the one before it left; after one that fails none
        /// is run.
        case chain
    }

    struct Unit: Sendable {
        /// Shown in errors.
        var name: String
        var source: String
        /// The body of a function rather than an expression.
        var isScript = false
        /// Where in `record` an expression's value goes before the script runs.
        var path: [String]?
        /// Whose it is, where it may use `gt`.
        var owner: ScriptOwner?
        /// In a chain, the name in `values` that its result gets.
        var result: String?
        /// What of the source is of others: the names of blocks and their lines, from the top.
        var blocks: [(name: String, lines: Int)] = []
    }

    var work = Work.evaluate
    var units: [Unit]
    /// Become globals.
    var bindings = JSONObject()
    /// What `link('event')` answers.
    var links: [String: String]?
    /// Replaces the binding `record` when a script begins.
    var record: JSONValue?
    /// For the whole job; nil is the pool's.
    var timeout: Duration?
    var ruleWork: RuleWork?

    /// One for each unit, or for each record of rules.
    var outcomeCount: Int { ruleWork?.items.count ?? units.count }

    /// What the host reads (`ScriptHost/Job.swift`).
    func frame(timeout: Duration, memory: Int, hasCalls: Bool = false) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("work")
        writer.string(work.rawValue)
        writer.key("timeout")
        writer.integer(timeout.milliseconds)
        writer.key("memory")
        writer.integer(Int64(memory))
        if hasCalls {
            writer.key("calls")
            writer.boolean(true)
        }
        writer.key("bindings")
        writer.value(.object(bindings))
        writer.key("units")
        writer.value(.array(units.map(\.json)))
        if let record {
            writer.key("record")
            writer.value(record)
        }
        if let links {
            writer.key("links")
            writer.beginObject()
            for (event, link) in links.sorted(by: { $0.key < $1.key }) {
                writer.key(event)
                writer.string(link)
            }
            writer.endObject()
        }
        ruleWork?.write(into: &writer)
        writer.endObject()
        return writer.bytes
    }
}

extension ScriptJob.Unit {
    /// A fault of the whole text as one of the block that it is in.
    fileprivate func placed(_ fault: ScriptFault) -> ScriptFault {
        var fault = fault
        for block in blocks where fault.line > 0 {
            if fault.line <= block.lines {
                fault.script = block.name
                return fault
            }
            fault.line -= block.lines
        }
        return fault
    }

    fileprivate var json: JSONValue {
        var object = JSONObject([
            ("name", .string(name)), ("source", .string(source)), ("script", .boolean(isScript)),
        ])
        object["path"] = path.map { .array($0.map { .string($0) }) }
        object["result"] = result.map { .string($0) }
        return .object(object)
    }
}

/// What became of a unit.
enum ScriptOutcome: Sendable, Hashable {
    case value(JSONValue)
    case failed(ScriptFault)

    func get() throws(ScriptError) -> JSONValue {
        switch self {
        case .value(let value): return value
        case .failed(let fault): throw ScriptError.failed(fault)
        }
    }
}

/// What a script threw, or why it is none.
struct ScriptFault: Sendable, Hashable {
    var script: String
    var message: String
    /// From 1; 0 where it is not known.
    var line: Int
    var column = 0
    /// What the script saw, in short; only for whoever may see it.
    var values: JSONValue?
}

/// A script's value, and `record` and `values` as it left them.
struct ScriptEffect: Sendable {
    var result: JSONValue
    var record: JSONValue
    var values: JSONValue
    /// What `gt.file` was given, where the script returned what it made.
    var file: JSONValue?

    init(_ value: JSONValue) {
        file = value["file"]
        result = value["result"] ?? .null
        record = value["record"] ?? .null
        values = value["values"] ?? .null
    }
}

struct ScriptAnswer: Sendable {
    var outcomes: [ScriptOutcome]
    /// The events whose links were asked for.
    var usedLinks: [String]

    /// Reads the host's answer (`ScriptHost/Answer.swift`). What cannot be read is the scripts'
    /// doing: the host writes only what they made.
    init(_ bytes: [UInt8], job: ScriptJob, limits: ScriptLimits) throws(ScriptError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, depth: 70)
        } catch {
            throw .failed(
                ScriptFault(
                    script: job.name, message: "the result is no JSON: " + error.detail, line: 0))
        }
        if let word = value["killed"]?.string {
            throw .killed(word == "memory" ? .memory : .time, script: job.name, limits: limits)
        }
        guard let items = value["outcomes"]?.array, items.count == job.outcomeCount else {
            throw .unavailable(value["refused"]?.string ?? "the answer does not fit the job")
        }
        outcomes = items.map { item in
            guard let error = item["error"] else { return .value(item["value"] ?? .null) }
            let script = error["script"]?.string ?? ""
            let fault = ScriptFault(
                script: script.isEmpty ? job.name : script,
                message: error["message"]?.string ?? "", line: Int(error["line"]?.integer ?? 0),
                column: Int(error["column"]?.integer ?? 0))
            return .failed(job.units.first { $0.name == script }?.placed(fault) ?? fault)
        }
        usedLinks = value["links"]?.object?.keys ?? []
    }
}

extension ScriptJob {
    /// For errors of the job as a whole.
    var name: String {
        guard let first = units.first else { return "script" }
        return units.count == 1 ? first.name : "\(first.name) and \(units.count - 1) more"
    }
}
