import Contracts
import Crypto
import JSON
import RPC

/// What rules make of an event: a pure core, given what their expressions evaluated to.
enum RuleEngine {
    /// A rule whose condition held, with its actions' contents.
    struct Firing: Sendable {
        var rule: RuleDefinition
        var contents: [JSONValue]
    }

    struct Verdict: Sendable {
        var firings: [Firing] = []
        /// Rules that cannot be evaluated.
        var faults: [(rule: RuleDefinition, error: ScriptError)] = []
    }

    /// What is evaluated for a rule, all in one job with the other rules': the condition, then
    /// each action's content.
    static func trees(_ rule: RuleDefinition) -> [(name: String, tree: ExpressionTree)] {
        let when = rule.when.map { [("\(rule.code).when", $0)] } ?? []
        return when + rule.actions.map { ("\(rule.code).\($0.kindName)", $0.content) }
    }

    /// `results` are those of every rule's `trees`, in that order. What a rule whose condition
    /// does not hold would have done, and whether that could be evaluated, does not count.
    static func verdict(
        _ rules: [RuleDefinition], _ results: [Result<JSONValue, ScriptError>]
    ) -> Verdict {
        var verdict = Verdict()
        var rest = results[...]
        for rule in rules {
            var mine = rest.prefix(trees(rule).count)
            rest = rest.dropFirst(mine.count)
            do throws(ScriptError) {
                if rule.when != nil, let condition = mine.popFirst() {
                    guard try condition.get().isTruthy else { continue }
                }
                var contents: [JSONValue] = []
                for content in mine { contents.append(try content.get()) }
                verdict.firings.append(Firing(rule: rule, contents: contents))
            } catch {
                verdict.faults.append((rule, error))
            }
        }
        return verdict
    }

    /// What expressions see of an event.
    static func bindings(_ event: RecordEvent) -> JSONObject {
        let isDeleted = event.after.isNull
        return JSONObject([
            ("record", isDeleted ? event.before : event.after), ("previous", event.before),
            (
                "event",
                [
                    "id": .string(event.id), "type": .string(event.type),
                    "time": .string(event.time), "account": .string(event.account),
                    "door": .string(event.door.rawValue),
                ]
            ),
        ])
    }

    /// The moment after a change that an event tells of.
    static func moment(_ type: String) -> RuleDefinition.Moment? {
        switch type {
        case "record.created": .inserted
        case "record.changed": .changed
        case "record.deleted": .deleted
        default: nil
        }
    }

    /// Stands for the record's content: without what every write changes. The same rule meeting
    /// the same content deeper in the same chain of causes goes round in a circle.
    static func fingerprint(_ event: RecordEvent) -> String {
        var content = (event.after.isNull ? event.before : event.after).object ?? JSONObject()
        for member in ["version", "modified", "modifier", "describe"] { content[member] = nil }
        let sorted = content.members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return SHA256.hex(JSONValue.object(JSONObject(sorted)).bytes)
    }
}
