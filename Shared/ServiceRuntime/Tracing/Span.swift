import Synchronization

/// A piece of work that has ended, as a collector of traces takes it.
public struct Span: Sendable {
    /// The numbers of OpenTelemetry.
    public enum Kind: Int, Sendable {
        case work = 1
        case server = 2
        case client = 3
    }

    /// What a span says of itself: names of routes, calls and queues, numbers and codes; never a
    /// body, a name of a person or a value of theirs.
    public enum Attribute: Sendable {
        case text(String)
        case number(Int)
    }

    public let service: String
    public let name: String
    public let kind: Kind
    public let context: SpanContext
    /// The span that it is part of; nil at the beginning of a trace.
    public let parent: UInt64?
    /// Nanoseconds since 1970.
    public let start: UInt64
    public let end: UInt64
    public let attributes: [(key: String, value: Attribute)]
    /// A problem's code or an error's type, where it failed.
    public let error: String?
    let counts: Tracer.Counts?

    /// One that a collector took, or that was lost: for the service's metrics.
    public func count(isSent: Bool) {
        (isSent ? counts?.sent : counts?.dropped)?.increment()
    }
}

/// The spans that wait for their exporter: so many and no more.
public final class SpanBuffer: Sendable {
    /// Spans that wait; what comes then is dropped and counted.
    public static let limit = 4096
    /// Spans of one delivery.
    public static let batchSize = 512

    private struct State {
        var spans: [Span] = []
        var wake: (@Sendable () -> Void)?
    }

    private let state: Mutex<State>

    public init() { state = Mutex(State()) }

    /// Called when enough spans for a delivery wait.
    public func onFull(_ wake: @escaping @Sendable () -> Void) {
        state.withLock { $0.wake = wake }
    }

    func add(_ span: Span) {
        let (isKept, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard state.spans.count < SpanBuffer.limit else { return (false, nil) }
            state.spans.append(span)
            return (true, state.spans.count % SpanBuffer.batchSize == 0 ? state.wake : nil)
        }
        if !isKept { span.count(isSent: false) }
        wake?()
    }

    /// The oldest, as many as go into one delivery.
    public func take() -> [Span] {
        state.withLock { state in
            let taken = Array(state.spans.prefix(SpanBuffer.batchSize))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }
}
