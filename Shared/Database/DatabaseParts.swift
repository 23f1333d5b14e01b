import Glibc
import ServiceRuntime
import Synchronization

/// The connection of one event loop, opened by its first point read. Only that loop's thread uses
/// it.
final class LoopConnection: @unchecked Sendable {
    private var open: Connection?
    private var isClosed = false
    private let used = Atomic<Bool>(false)
    /// Names of reads that are too long for a loop; forgotten when there are many.
    private var long: Set<String> = []
    private static let longLimit = 256

    var isUsed: Bool { used.load(ordering: .acquiring) }

    func connection(_ configuration: DatabaseConfiguration) throws -> Connection {
        if let open { return open }
        if isClosed { throw DatabaseError.closed }
        let made = try configuration.connection(.read)
        open = made
        used.store(true, ordering: .releasing)
        return made
    }

    func isLong(_ name: String) -> Bool { !long.isEmpty && long.contains(name) }

    func note(long name: String) {
        if long.count >= LoopConnection.longLimit { long.removeAll() }
        long.insert(name)
    }

    func close() {
        open = nil
        isClosed = true
    }
}

/// Counts the threads of a database down to none.
final class ThreadCount: Sendable {
    private struct State {
        var running: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(running: count)) }

    func ended() {
        let waiting = state.withLock { state in
            state.running -= 1
            guard state.running == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func allEnded() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.running > 0 { state.waiting.append(continuation) }
                return state.running == 0
            }
            if isOver { continuation.resume() }
        }
    }
}

/// A lock file beside the database: whoever holds it is the only process of ours that has it open.
final class Ownership: Sendable {
    private let file: Mutex<Int32>

    init(path: String) {
        var descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            Glibc.close(descriptor)
            descriptor = -1
        }
        file = Mutex(descriptor)
    }

    deinit { release() }

    var isHeld: Bool { file.withLock { $0 >= 0 } }

    func release() {
        file.withLock { descriptor in
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
