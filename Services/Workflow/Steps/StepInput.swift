import Contracts
import JSON
import ServiceRuntime

/// What happens to an instance.
enum StepInput: Sendable {
    enum Exit: Sendable { case next, then, otherwise }

    /// Someone started it.
    case begun
    /// The step was done; `values` is what a script changed of the instance's.
    case done(visit: Int64, output: JSONValue, exit: Exit = .next, values: ValuesChange? = nil)
    /// The step stands still now; `key` is of an event step.
    case stands(visit: Int64, key: String?, until: Timestamp?)
    /// What it waited for has come.
    case arrived(visit: Int64, Arrival)
    /// It cannot be done.
    case failed(visit: Int64)
    /// A person says: again, or go on without it.
    case retry(visit: Int64)
    case skip(visit: Int64)
    /// Nothing is begun until it is resumed; what arrives meanwhile is kept.
    case pause
    case resume
    case cancel

    static func event(visit: Int64, content: JSONValue) -> StepInput {
        .arrived(visit: visit, .event(content))
    }

    static func timeout(visit: Int64) -> StepInput { .arrived(visit: visit, .timeout) }
}

/// What must be written, in this order, in the transaction that writes the snapshot.
enum StepEffect: Sendable, Hashable {
    case entered(InstanceSnapshot.Visit, kind: String)
    case stands(visit: Int64, event: FullCode?, key: String?, until: Timestamp?)
    /// It stands no more: its wait and task go, and its timer unless that is what moved it.
    case moves(visit: Int64, byTimer: Bool)
    /// What arrived is kept until the instance is resumed; it waits for nothing else any more.
    case held(visit: Int64, Arrival)
    /// The task is overdue and goes to others too.
    case escalated(visit: Int64)
    /// A branch came to its end.
    case narrowed(visit: Int64, branches: Int, hasArrivals: Bool)
    case left(visit: Int64, skipped: Bool, output: JSONValue)
    case failed(visit: Int64)
    /// Its turn has come again: a person says so, or what it started is to be looked at.
    case readyAgain(visit: Int64, byPerson: Bool)
    /// The last step was left, or it was cancelled.
    case ended
}

/// What a script changed of `values`; branches that go on meanwhile keep theirs.
struct ValuesChange: Sendable, Hashable {
    var set = JSONObject()
    var removed: [String] = []

    init(_ set: JSONObject) { self.set = set }

    init(from before: JSONObject, to after: JSONObject) {
        for (key, value) in after.members where before[key] != value { set[key] = value }
        removed = before.keys.filter { after[$0] == nil }
    }

    func apply(to values: inout JSONObject) {
        for (key, value) in set.members { values[key] = value }
        for key in removed { values[key] = nil }
    }
}
