import Contracts
import JSON

/// Rules before a save as a job for a script host: which of its units make which rule, and the
/// records that they run on. What the host reads is told in `ScriptHost/RuleRun.swift`.
struct RuleWork: Sendable {
    /// Units by their place in the job.
    struct Rule: Sendable {
        var when: Int?
        var require: Int?
        /// The expression of a message; a text that is none stays here.
        var message: Int?
        var actions: [Action] = []
    }

    enum Action: Sendable {
        /// An object with a hole at each path, filled by the value of a unit.
        case set(JSONValue, holes: [(path: [String], unit: Int)])
        case script(Int)
    }

    struct Item: Sendable {
        /// In the order in which they run.
        var rules: [Int]
        var record: JSONBytes
        var previous: JSONBytes
    }

    var rules: [Rule] = []
    var items: [Item] = []

    /// As members of the frame.
    func write(into writer: inout JSONWriter) {
        writer.key("rules")
        writer.value(.array(rules.map(\.json)))
        writer.key("items")
        writer.beginArray()
        for item in items {
            writer.beginObject()
            writer.key("rules")
            writer.beginArray()
            for rule in item.rules { writer.integer(Int64(rule)) }
            writer.endArray()
            writer.key("record")
            writer.raw(item.record)
            writer.key("previous")
            writer.raw(item.previous)
            writer.endObject()
        }
        writer.endArray()
    }
}

extension RuleWork.Rule {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["when"] = when.map { JSONValue($0) }
        object["require"] = require.map { JSONValue($0) }
        object["message"] = message.map { JSONValue($0) }
        object["actions"] = .array(actions.map(\.json))
        return .object(object)
    }
}

extension RuleWork.Action {
    fileprivate var json: JSONValue {
        switch self {
        case .script(let unit): return ["script": JSONValue(unit)]
        case .set(let values, let holes):
            let places = holes.map { hole -> JSONValue in
                [
                    "path": .array(hole.path.map { .string($0) }),
                    "unit": JSONValue(hole.unit),
                ]
            }
            return ["set": values, "holes": .array(places)]
        }
    }
}

extension JSONValue {
    fileprivate init(_ unit: Int) { self = .number(JSONNumber(Int64(unit))) }
}
