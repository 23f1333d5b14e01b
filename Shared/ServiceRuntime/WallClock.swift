/// Time as a parameter: everything that reads or waits for time takes one of these.
public protocol WallClock: Sendable {
    /// The time of day.
    func now() -> Timestamp
    /// Nanoseconds that never go back, for measuring and deadlines.
    func monotonicNanoseconds() -> UInt64
    /// Waits; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
}

/// The machine's clock.
public struct SystemClock: WallClock {
    public init() {}
    public func now() -> Timestamp { fatalError("stub") }
    public func monotonicNanoseconds() -> UInt64 { fatalError("stub") }
    public func sleep(for duration: Duration) async throws { fatalError("stub") }
}

/// A clock that stands still until a test turns it.
public final class ManualClock: WallClock {
    public init(start: Timestamp) { fatalError("stub") }
    public func now() -> Timestamp { fatalError("stub") }
    public func monotonicNanoseconds() -> UInt64 { fatalError("stub") }
    public func sleep(for duration: Duration) async throws { fatalError("stub") }
    /// Moves time forward and wakes who waited for it, earliest first.
    public func advance(by duration: Duration) { fatalError("stub") }
    /// How many sleepers there are, so that a test waits on a condition rather than on time.
    public var sleepers: Int { fatalError("stub") }
}
