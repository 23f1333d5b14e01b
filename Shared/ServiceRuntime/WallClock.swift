import CLinux
import Glibc
import Synchronization

/// Time as a parameter: everything that reads or waits for time takes one of these.
public protocol WallClock: Sendable {
    /// The time of day.
    func now() -> Timestamp
    /// Nanoseconds that never go back, for measuring and deadlines.
    func monotonicNanoseconds() -> UInt64
    /// Waits; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
    /// A server that several machines share says this time.
    func follow(_ server: Timestamp)
}

extension WallClock {
    public func follow(_ server: Timestamp) {}
}

/// The machine's clock.
public struct SystemClock: WallClock {
    public init() {}

    public func now() -> Timestamp {
        Timestamp(milliseconds: geartrain_nanoseconds(CLOCK_REALTIME) / 1_000_000)
    }

    public func monotonicNanoseconds() -> UInt64 {
        UInt64(geartrain_nanoseconds(CLOCK_MONOTONIC))
    }

    public func sleep(for duration: Duration) async throws {
        // A zero tolerance would cost a timer interrupt each; a service never needs better.
        try await Task.sleep(for: duration, tolerance: .milliseconds(1))
    }
}

/// The machine's clock, or where that is wrong by a second or more, the clock of the server whose
/// data this process shares with others: what they write for each other is of one time.
public final class SharedClock: WallClock {
    /// Machines that are kept by a time service differ by less, and go by their own clocks.
    public static let tolerance = Duration.seconds(1)

    private let machine: any WallClock
    /// How far the server is ahead of the machine, in milliseconds.
    private let ahead = Atomic<Int64>(0)

    public init(machine: any WallClock = SystemClock()) { self.machine = machine }

    public func now() -> Timestamp {
        Timestamp(milliseconds: machine.now().milliseconds + ahead.load(ordering: .relaxed))
    }

    public func monotonicNanoseconds() -> UInt64 { machine.monotonicNanoseconds() }

    public func sleep(for duration: Duration) async throws {
        try await machine.sleep(for: duration)
    }

    public func follow(_ server: Timestamp) {
        let difference = server.milliseconds - machine.now().milliseconds
        let isWrong = abs(difference) >= SharedClock.tolerance.milliseconds
        ahead.store(isWrong ? difference : 0, ordering: .relaxed)
    }
}

/// A clock that stands still until a test turns it.
public final class ManualClock: WallClock {
    private struct Sleeper {
        let due: UInt64
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        /// Nanoseconds since the start.
        var elapsed: UInt64 = 0
        var nextID: UInt64 = 0
        var sleepers: [Sleeper] = []
    }

    private let start: Timestamp
    private let state = Mutex(State())

    public init(start: Timestamp) { self.start = start }

    public func now() -> Timestamp {
        let elapsed = state.withLock(\.elapsed)
        return Timestamp(milliseconds: start.milliseconds + Int64(elapsed / 1_000_000))
    }

    /// From one second, so that nothing takes 0 for "never".
    public func monotonicNanoseconds() -> UInt64 { state.withLock(\.elapsed) + 1_000_000_000 }

    public func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        guard duration > .zero else { return }
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { state in
                    let due = state.elapsed + duration.nanoseconds
                    state.sleepers.append(Sleeper(due: due, id: id, continuation: continuation))
                }
                // The handler may have run before the sleeper stood in the list.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: UInt64) {
        let sleeper = state.withLock { state in
            state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    /// Moves time forward and wakes who waited for it, earliest first.
    public func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.elapsed += duration.nanoseconds
            let due = state.sleepers.filter { $0.due <= state.elapsed }
            state.sleepers.removeAll { $0.due <= state.elapsed }
            return due.sorted { ($0.due, $0.id) < ($1.due, $1.id) }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    /// How many sleepers there are, so that a test waits on a condition rather than on time.
    public var sleepers: Int { state.withLock { $0.sleepers.count } }
}

extension Duration {
    /// Whole milliseconds, cut.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        return whole + attoseconds / 1_000_000_000_000_000
    }

    /// Whole nanoseconds; 0 for a negative duration.
    public var nanoseconds: UInt64 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max / 2 : whole + UInt64(attoseconds / 1_000_000_000)
    }

    /// Reads `250ms`, `30s`, `5m`, `2h`, `3d`; nil for anything else and over 100 years.
    public init?(text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard digits.utf8.count <= 15, let count = Int64(digits) else { return nil }
        let unit: Int64
        switch text.dropFirst(digits.count) {
        case "ms": unit = 1
        case "s": unit = 1000
        case "m": unit = 60_000
        case "h": unit = 3_600_000
        case "d": unit = 86_400_000
        default: return nil
        }
        let (total, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow, total <= 36_525 * 86_400_000 else { return nil }
        self = .milliseconds(total)
    }

    /// As `init(text:)` reads it, in the largest unit that is exact.
    public var settingText: String {
        let total = milliseconds
        for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        where total != 0 && total % Int64(unit) == 0 {
            return "\(total / Int64(unit))\(name)"
        }
        return "\(total)ms"
    }
}
