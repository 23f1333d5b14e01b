import JSON
import RPC

/// Where an instance stands, as far as its steps are concerned.
struct InstanceSnapshot: Sendable, Hashable {
    enum State: String, Sendable, CaseIterable {
        case running, waiting, paused, finished, cancelled, failed

        var isOver: Bool { self == .finished || self == .cancelled }
    }

    /// A step that was entered and not left.
    struct Visit: Sendable, Hashable {
        enum Phase: String, Sendable {
            /// Its turn has come.
            case ready
            /// Until something arrives.
            case waiting
            /// What it waited for arrived while the instance was paused.
            case held
            /// Until a person acts.
            case failed
            /// Until its branches have come to their join.
            case forked
        }

        /// Counts the steps entered by this instance, from 1; part of every idempotency key.
        var number: Int64
        var step: String
        var phase: Phase
        /// Steps of one lane follow each other, lanes go side by side: 0, or in a branch the
        /// number of its first visit.
        var lane: Int64 = 0
        /// The visit of the `parallel` step that this branch belongs to.
        var fork: Int64?
        /// Of a fork: branches that are under way.
        var branches = 0
        /// Of a fork: whether any branch has come to the join.
        var hasArrivals = false
        /// How often a person had it tried again.
        var retries = 0
        /// Why it is done, where not for what began the instance.
        var cause: Cause?
        var held: Arrival?
    }

    var state = State.running
    var visits: [Visit] = []
    var visitCount: Int64 = 0
    var values = JSONObject()
    /// The event last taken: `{"code", "key", "payload", "account", "time"}`.
    var event = JSONValue.null

    /// The step of a lane whose turn has come; none of an instance that stands still.
    func readyVisit(in lane: Int64) -> Visit? {
        guard state != .paused else { return nil }
        return visits.first { $0.lane == lane && $0.phase == .ready }
    }
}

/// What a step waits for.
enum Arrival: Sendable, Hashable {
    case event(JSONValue)
    case timeout
    /// A person did the task: `output` is `{"outcome", "values", "account"}`.
    case completed(outcome: String, output: JSONValue)
    /// The sub-workflow came to its end, with these values.
    case ended(JSONValue)
}

extension Arrival {
    /// As it is kept while the instance is paused.
    var json: JSONValue {
        switch self {
        case .event(let content): ["event": content]
        case .timeout: ["timeout": true]
        case .completed(let outcome, let output):
            ["outcome": .string(outcome), "output": output]
        case .ended(let output): ["ended": output]
        }
    }

    init?(_ json: JSONValue) {
        if let content = json["event"] {
            self = .event(content)
        } else if let outcome = json["outcome"]?.string {
            self = .completed(outcome: outcome, output: json["output"] ?? .null)
        } else if let output = json["ended"] {
            self = .ended(output)
        } else if json["timeout"] != nil {
            self = .timeout
        } else {
            return nil
        }
    }
}
