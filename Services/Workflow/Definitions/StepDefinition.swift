import Contracts
import JSON
import ServiceRuntime

/// One step of a workflow.
struct StepDefinition: Sendable {
    enum Kind: Sendable {
        case mail(MailAction)
        case event(EventWait)
        case task(TaskDefinition)
        case condition(when: ExpressionTree, then: String, otherwise: String)
        case change(set: ExpressionTree)
        case script(StepScript)
        case timer(TimerDefinition)
        /// The members of the request.
        case http(ExpressionTree)
        case workflow(SubWorkflow)
        case parallel(branches: [String], join: String)
        /// `import`, `export`, `sync`; `waits` is whether for the run's end.
        case run(Effects.RunKind, FullCode, waits: Bool)
        /// The name and the arguments.
        case command(ExpressionTree)
        /// `key` and `payload`.
        case raise(FullCode, content: ExpressionTree)
        case end
    }

    var code: String
    var kind: Kind
    /// The step that follows, of kinds that have one.
    var next: String?
    /// The name in `values` that the step's output gets.
    var result: String?
    var retry = RetryPolicy()

    /// The word of the definition.
    var kindName: String {
        switch kind {
        case .mail: "mail"
        case .event: "event"
        case .task: "task"
        case .condition: "condition"
        case .change: "change"
        case .script: "script"
        case .timer: "timer"
        case .http: "http"
        case .workflow: "workflow"
        case .parallel: "parallel"
        case .run(let kind, _, _): kind.rawValue
        case .command: "command"
        case .raise: "raise"
        case .end: "end"
        }
    }

    /// Every step that may come after, with the member that names it. The join of a `parallel`
    /// comes after its branches.
    var targets: [(member: String, step: String)] {
        let next = self.next.map { [("next", $0)] } ?? []
        return switch kind {
        case .event(let wait): next + (wait.onTimeout.map { [("onTimeout", $0)] } ?? [])
        case .task(let task):
            task.outcomes.members.map { ("outcomes/" + JSONPointer.escaped($0), $1) }
                + (task.onDue.map { [("onDue", $0)] } ?? [])
        case .condition(_, let then, let otherwise): [("then", then), ("else", otherwise)]
        case .parallel(let branches, _):
            branches.enumerated().map { ("branches/\($0)", $1) }
        default: next
        }
    }

    /// Whether the instance stands still here until something happens outside.
    var waits: Bool {
        switch kind {
        case .event, .task, .timer: true
        case .workflow(let sub): sub.waits
        case .run(_, _, let waits): waits
        case .mail, .condition, .change, .script, .http, .parallel, .command, .raise, .end: false
        }
    }

    /// Whether it waits for the end of an instance that it started.
    var waitsForInstance: Bool {
        if case .workflow = kind { return waits }
        return false
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

enum TimerDefinition: Sendable {
    /// A duration.
    case wait(ExpressionTree)
    /// A time.
    case until(ExpressionTree)

    var tree: ExpressionTree {
        switch self {
        case .wait(let tree), .until(let tree): tree
        }
    }

    /// The member of the definition.
    var word: String {
        switch self {
        case .wait: "wait"
        case .until: "until"
        }
    }
}

/// What a person is to decide.
struct TaskDefinition: Sendable {
    /// The steps by the names of the outcomes, in the order of the document.
    struct Outcomes: Sendable {
        var members: [(String, String)]
        subscript(name: String) -> String? { members.first { $0.0 == name }?.1 }
    }

    struct Reminder: Sendable {
        /// So long before it is due.
        var before: Duration
        var notification: FullCode
    }

    /// `title`, `assignee`, `due` and `escalate` (who gets it too when it is due), as far as they
    /// are there.
    var content: ExpressionTree
    var outcomes: Outcomes
    var reminder: Reminder?
    /// The step that an overdue task leads to.
    var onDue: String?
    var escalates: Bool
}

/// Another workflow as a step of this one.
struct SubWorkflow: Sendable {
    var workflow: FullCode
    var values: ExpressionTree
    /// Whether for its end; its values are the step's output then.
    var waits: Bool
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
