import Contracts
import JSON
import ServiceRuntime

/// Workflow's part of a model document.
struct ModelDefinitions: Sendable {
    var code: String
    var events: [String: EventDefinition] = [:]
    var scripts: [String: ScriptDefinition] = [:]
    /// By order, then by code.
    var rules: [RuleDefinition] = []
    var workflows: [WorkflowDefinition] = []
    var jobs: [JobDefinition] = []
    var classes: Set<String> = []
    /// The class that each class inherits from.
    var parents: [String: String] = [:]
}

extension ModelDefinitions {
    /// A class and its ancestors, nearest first. A cycle, which Records refuses, ends it.
    static func line(of code: String, _ parents: [String: String]) -> [String] {
        var line = [code]
        while let parent = parents[line[line.count - 1]], !line.contains(parent) {
            line.append(parent)
        }
        return line
    }
}

struct EventDefinition: Sendable {
    var code: String
    /// For people, by language; "" is a text without one.
    var name: [String: String]
    /// Whether the API may raise it.
    var web: Bool
    /// Whether a plain GET may (old systems).
    var get: Bool
    /// Who raises it by the API must hold this.
    var role: String?
    /// How long one that nobody waits for is kept; nil is not at all.
    var buffer: Duration?

    func title(in language: String) -> String { name.text(in: language) ?? code }
}

extension [String: String] {
    /// Of a text for people: the one in this language, or the nearest to it; nil of none.
    func text(in language: String) -> String? {
        self[language] ?? self["en"] ?? self[""] ?? sorted { $0.key < $1.key }.first?.value
    }
}

/// What happens before or after a change of a record.
struct RuleDefinition: Sendable {
    enum Moment: Sendable, Hashable {
        /// In the call that changes it.
        case before(RuleMoment)
        case inserted, changed, deleted

        init?(word: String) {
            switch word {
            case "inserted": self = .inserted
            case "changed": self = .changed
            case "deleted": self = .deleted
            default:
                guard let moment = RuleMoment(rawValue: word) else { return nil }
                self = .before(moment)
            }
        }

        var word: String {
            switch self {
            case .before(let moment): moment.rawValue
            case .inserted: "inserted"
            case .changed: "changed"
            case .deleted: "deleted"
            }
        }
    }

    enum Action: Sendable {
        case set(ExpressionTree)
        /// A script of this model or another's; what it changes of `record` is saved.
        case script(FullCode)
        case workflow(FullCode, values: ExpressionTree)
        case mail(MailAction)
        case event(FullCode, content: ExpressionTree)
        /// Starts a run of Batch; what becomes of the run is Batch's.
        case run(Effects.RunKind, FullCode)
        case http(ExpressionTree)

        var kindName: String {
            switch self {
            case .set: "set"
            case .script: "script"
            case .workflow: "workflow"
            case .mail: "mail"
            case .event: "event"
            case .run(let kind, _): kind.rawValue
            case .http: "http"
            }
        }

        /// What is evaluated before the action is written down.
        var content: ExpressionTree {
            switch self {
            case .set(let tree), .workflow(_, let tree), .event(_, let tree), .http(let tree): tree
            case .mail(let mail): mail.content
            case .script, .run: ExpressionTree(.null)
            }
        }
    }

    var model: String
    var code: String
    var type: FullCode
    var moment: Moment
    var order: Int64
    var when: ExpressionTree?
    /// What must hold, or the write is refused with `message`; before a save only.
    var require: ExpressionTree?
    /// By language, "" being a text without one; one that begins with `=` is an expression.
    var message: [String: String] = [:]
    var actions: [Action]

    var fullCode: FullCode { FullCode(model: model, code: code) }
}
