import CLinux
import Glibc
import ServiceRuntime
import Synchronization

/// What copies of a service that share a database tell each other: that something was enqueued or
/// is not what it was, and who of them does what only one may do. It has a session of its own.
final class CopyNews: Sendable {
    private struct State {
        var desks: [String: any QueueDesk] = [:]
        var followers: [String: @Sendable () -> Void] = [:]
        var wanted: Set<String> = []
        var held: Set<String> = []
    }

    private let state = Mutex(State())
    /// Which one this is; see `PostgresPlace.lock(ofCopy:)`.
    private let copy: Int64?
    private let clock: any WallClock
    private let isClosed = Atomic(false)
    /// Ends the thread's wait.
    private let bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    /// How often it is tried to become the one.
    private static let interval = Duration.milliseconds(500)
    /// How many copies there are, as last counted, and how often that is done.
    private let counted = Atomic(1)
    private static let countInterval = Duration.seconds(2)
    /// How often the server is asked for the time.
    private static let timeInterval = Duration.seconds(10)
    private static let reconnectWait: UInt32 = 200_000

    init(copy: Int64?, clock: any WallClock) {
        self.copy = copy
        self.clock = clock
    }

    func add(_ desk: any QueueDesk, for queue: String) {
        state.withLock { $0.desks[queue] = desk }
    }

    func remove(_ desk: any QueueDesk, for queue: String) {
        state.withLock { if $0.desks[queue] === desk { $0.desks[queue] = nil } }
    }

    func follow(_ topic: String, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.followers[topic] = body }
        // What was said since it was read, and before anybody listened here.
        body()
    }

    /// Whether this copy is the one that does `work`. It is soon after it was asked for first, if
    /// no other is; it is no more when the connection is lost, which another copy may learn
    /// before this one does: what must not be done twice is guarded by rows as well.
    func leads(_ work: String) -> Bool {
        let (isNew, isHeld) = state.withLock { state in
            (state.wanted.insert(work).inserted, state.held.contains(work))
        }
        if isNew { ring() }
        return isHeld
    }

    /// How many copies there are, this one among them.
    var copies: Int { counted.load(ordering: .relaxed) }

    func close() {
        isClosed.store(true, ordering: .releasing)
        ring()
    }

    deinit { Glibc.close(bell) }

    private func ring() { _ = eventfd_write(bell, 1) }

    #if PostgreSQL
        /// The thread's life.
        func run(_ place: PostgresPlace) {
            while !isClosed.load(ordering: .acquiring) {
                do {
                    let session = try PostgresConnection(place.address) { [self] in
                        isClosed.load(ordering: .relaxed)
                    }
                    if let copy { try session.simple(PostgresPlace.presence(copy)) }
                    try session.simple(PostgresPlace.presence(place.lockOfCopies))
                    try session.simple("listen \(place.channel)")
                    // What came while nobody listened is looked for.
                    let (desks, followers) = state.withLock { ($0.desks, $0.followers) }
                    for desk in desks.values { desk.wake() }
                    for follower in followers.values { follower() }
                    var (asked, looked): (UInt64, UInt64) = (0, 0)
                    while !isClosed.load(ordering: .acquiring) {
                        let now = clock.monotonicNanoseconds()
                        if asked == 0 || now - asked > CopyNews.timeInterval.nanoseconds {
                            try session.tellTime(to: clock)
                            asked = now
                        }
                        if looked == 0 || now - looked > CopyNews.countInterval.nanoseconds {
                            try count(session, place)
                            looked = now
                        }
                        try turn(session, place)
                    }
                } catch {
                    state.withLock { $0.held = [] }
                    usleep(CopyNews.reconnectWait)
                }
            }
        }

        /// The session of each copy that is there holds the lock of all, and loses it with its end.
        private func count(_ session: PostgresConnection, _ place: PostgresPlace) throws {
            var copies: Int64 = 1
            _ = try session.execute(
                [], "select count(*) from \(Connection.presence) = ?",
                [.integer(place.lockOfCopies)]
            ) { row in
                copies = row.integer(0)
                return true
            }
            counted.store(max(1, Int(copies)), ordering: .relaxed)
        }

        private func turn(_ session: PostgresConnection, _ place: PostgresPlace) throws {
            let missing = state.withLock { $0.wanted.subtracting($0.held) }
            for work in missing where try session.tryLock(place.lockNumber(of: work)) {
                _ = state.withLock { $0.held.insert(work) }
            }
            let topics = try session.notifications(within: CopyNews.interval, or: bell)
            var rung = eventfd_t()
            _ = eventfd_read(bell, &rung)
            for topic in topics {
                let (desk, follower) = state.withLock { ($0.desks[topic], $0.followers[topic]) }
                desk?.wake()
                follower?()
            }
        }
    #endif
}
