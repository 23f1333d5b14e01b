import Contracts
import JSON
import ServiceRuntime

/// One step of a workflow.
struct StepDefinition: Sendable {
    enum Kind: Sendable {
        case mail(MailAction, next: String)
        case event(EventWait, next: String)
        case condition(when: ExpressionTree, then: String, otherwise: String)
        case change(set: ExpressionTree, next: String)
        case script(StepScript, next: String)
        case timer(wait: ExpressionTree, next: String)
        case end
    }

    var code: String
    var kind: Kind
    /// The name in `values` that the step's output gets.
    var result: String?
    var retry = RetryPolicy()

    /// The word of the definition.
    var kindName: String {
        switch kind {
        case .mail: "mail"
        case .event: "event"
        case .condition: "condition"
        case .change: "change"
        case .script: "script"
        case .timer: "timer"
        case .end: "end"
        }
    }

    /// Every step that may come after, with the member that names it.
    var targets: [(member: String, step: String)] {
        switch kind {
        case .mail(_, let next), .change(_, let next), .script(_, let next), .timer(_, let next):
            [("next", next)]
        case .event(let wait, let next):
            [("next", next)] + (wait.onTimeout.map { [("onTimeout", $0)] } ?? [])
        case .condition(_, let then, let otherwise):
            [("then", then), ("else", otherwise)]
        case .end: []
        }
    }

    /// Whether the instance stands still here until something happens outside.
    var waits: Bool {
        switch kind {
        case .event, .timer: true
        case .mail, .condition, .change, .script, .end: false
        }
    }
}

/// A mail by a notification: to whom, and what its texts see besides the record.
struct MailAction: Sendable {
    var notification: FullCode
    /// `to`, `cc`, `bcc` and `values`, as far as they are there.
    var content: ExpressionTree
}

struct EventWait: Sendable {
    var event: FullCode
    var key: ExpressionTree?
    var timeout: Duration?
    var onTimeout: String?
}

enum StepScript: Sendable {
    /// A script of the model, as it stands when the step runs.
    case named(String)
    case source(String)
}

/// How often what failed is tried again. What cannot be reached at all is tried for ever.
struct RetryPolicy: Sendable, Hashable {
    var times: Int64 = 8
    var backoff = Duration.seconds(1)
    static let most = Duration.seconds(300)

    /// After the n-th failure, from 1.
    func wait(after failures: Int64) -> Duration {
        var wait = backoff
        for _ in 1..<max(1, min(failures, 32)) where wait < RetryPolicy.most { wait = wait * 2 }
        return min(wait, RetryPolicy.most)
    }
}

struct WorkflowDefinition: Sendable {
    var code: String
    /// Nil where it has no record.
    var type: FullCode?
    var start: String
    /// In the order of the document.
    var steps: [StepDefinition]
    private let indexes: [String: Int]

    init(code: String, type: FullCode?, start: String, steps: [StepDefinition]) {
        self.code = code
        self.type = type
        self.start = start
        self.steps = steps
        indexes = Dictionary(
            steps.enumerated().map { ($1.code, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func step(_ code: String) -> StepDefinition? { indexes[code].map { steps[$0] } }
}
