import HTTP
import ServiceRuntime

/// What an error of a step or an action means for what happens next.
enum Failure: Sendable {
    /// Whoever should do it cannot be reached or has too much to do: it is tried until it can be
    /// done.
    case unavailable(Problem)
    /// It went wrong and may go right: tried as often as the definition says.
    case failed(Problem)
    /// It will not go right by itself.
    case refused(Problem)

    init(_ error: any Error) {
        let problem = Problem(error)
        if Failure.counted.contains(problem.code) {
            self = .failed(problem)
            return
        }
        switch problem.status {
        // 401 between services is a clock that jumped or a key that differs, never the call itself.
        case 401, 429, 502, 503, 504: self = .unavailable(problem)
        case 400..<500 where problem.status != 408: self = .refused(problem)
        default: self = .failed(problem)
        }
    }

    /// What others than the platform could not do: tried as often as the definition says, whatever
    /// its status.
    private static let counted = ["http-failed", "command-failed"]

    /// A wait for another try: as long as the other side asked for, where that is longer.
    func wait(atLeast wait: Duration) -> Duration {
        guard case .failed(let problem) = self, let seconds = problem.retryAfter else {
            return wait
        }
        return max(wait, .seconds(seconds))
    }

    var problem: Problem {
        switch self {
        case .unavailable(let problem), .failed(let problem), .refused(let problem): problem
        }
    }

    /// The wait for someone who cannot be reached, after the n-th time.
    static func unavailableWait(_ attempt: Int) -> Duration {
        let wait = Duration.milliseconds(250 << max(0, min(attempt - 1, 10)))
        return min(wait, .seconds(15))
    }

    /// A peer that knows the key from another body has done the work: an earlier attempt reached
    /// it, and what we would say has changed since.
    static func wasDoneBefore(_ error: any Error) -> Bool {
        (error as? Problem)?.code == "idempotency-key-reused"
    }
}

extension Problem {
    /// As incidents keep it.
    var summary: String { detail.map { "\(title): \($0)" } ?? title }
}
