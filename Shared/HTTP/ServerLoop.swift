import CLinux
import Glibc
import ServiceRuntime

/// The part of a server that lives on one loop: a listener, its connections, and what they share.
/// Confined to the loop after `start()`.
final class ServerLoop: EventHandler, @unchecked Sendable {
    let loop: EventLoop
    let configuration: HTTPServerConfiguration
    let respond: @Sendable (Request) async -> Response
    let pool: BlockPool
    let limits: HeadLimits
    let bodyPatience: UInt64
    let idlePatience: UInt64
    let headPatience: UInt64
    let drainPatience: UInt64
    /// Where heads are built; whoever uses it does so without a pause.
    var writer = HeadWriter()
    let runtime: Runtime
    private let count: ConnectionCount
    private let closed: @Sendable () -> Void
    private let ended: @Sendable () -> Void
    private var listener: Int32
    /// Given up for a moment to accept a connection, and close it, when there is no other file
    /// left.
    private var spare: Int32 = -1
    private var retry: LoopTimer?
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    private(set) var isDraining = false
    private var isOver = false
    private var ids: UInt64
    private var date = ""
    private var dateDue: UInt64 = 0

    private static let acceptRetry: UInt64 = 100_000_000

    init(
        _ loop: EventLoop, listener: Int32, configuration: HTTPServerConfiguration,
        runtime: Runtime, count: ConnectionCount,
        respond: @escaping @Sendable (Request) async -> Response,
        closed: @escaping @Sendable () -> Void, ended: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.listener = listener
        self.configuration = configuration
        self.runtime = runtime
        self.count = count
        self.respond = respond
        self.closed = closed
        self.ended = ended
        limits = HeadLimits(
            head: configuration.headLimit, target: configuration.targetLimit,
            count: configuration.headerCountLimit)
        pool = BlockPool(size: max(configuration.headLimit + 1, ServerLoop.blockSize))
        bodyPatience = configuration.bodyTimeout.nanoseconds
        idlePatience = configuration.idleTimeout.nanoseconds
        headPatience = configuration.headTimeout.nanoseconds
        drainPatience = configuration.drainGrace.nanoseconds
        ids = runtime.random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static let blockSize = 16 << 10

    func start() {
        // It may have been ended before it began.
        guard listener >= 0 else { return }
        spare = ServerLoop.openSpare()
        do {
            try loop.watch(listener, events: EPOLLIN.rawValue, self)
        } catch {
            runtime.log.error("a listener cannot be watched", ["error": .string("\(error)")])
        }
    }

    private static func openSpare() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }

    // MARK: Accepting

    func ready(_ events: UInt32) { accept() }

    private func accept() {
        while listener >= 0 {
            var peer = sockaddr_storage()
            let file = geartrain_accept(listener, &peer)
            if file >= 0 {
                take(file, from: SocketAddress.text(of: peer))
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return
            case EMFILE, ENFILE:
                guard turnOneAway() else { return acceptLater() }
            default: return acceptLater()
            }
        }
    }

    /// With no file left: takes the next connection in place of the spare file and closes it, so
    /// that the peer learns it at once. False where that was not possible.
    private func turnOneAway() -> Bool {
        guard spare >= 0 else {
            spare = ServerLoop.openSpare()
            return spare >= 0
        }
        close(spare)
        var peer = sockaddr_storage()
        let file = geartrain_accept(listener, &peer)
        if file >= 0 { close(file) }
        spare = ServerLoop.openSpare()
        return file >= 0
    }

    private func acceptLater() {
        let timer = retry ?? LoopTimer { [unowned self] in accept() }
        retry = timer
        loop.set(timer, at: loop.now + ServerLoop.acceptRetry)
    }

    private func take(_ file: Int32, from address: String) {
        setOption(file, Int32(IPPROTO_TCP), TCP_NODELAY)
        guard let socket = try? Socket(file, loop: loop, pool: pool) else { return }
        let isAllowed = count.add()
        let connection = ServerConnection(socket, of: self, remoteAddress: address)
        connections[ObjectIdentifier(connection)] = connection
        connection.start(isRefused: !isAllowed)
    }

    /// A connection is closed.
    func ended(_ connection: ServerConnection) {
        connections[ObjectIdentifier(connection)] = nil
        count.remove()
        endIfDone()
    }

    // MARK: Ending

    /// Accepts nothing new.
    func stopAccepting() {
        guard listener >= 0 else { return }
        if spare >= 0 { close(spare) }
        spare = -1
        loop.forget(listener)
        // What the kernel has accepted for us already would otherwise be reset.
        accept()
        close(listener)
        listener = -1
        if let retry { loop.remove(retry) }
        closed()
    }

    /// Connections close after a request, or when none has come for a while.
    func drain() {
        guard !isDraining else { return }
        isDraining = true
        for connection in connections.values { connection.drain() }
        endIfDone()
    }

    /// Breaks every connection off.
    func abort() {
        stopAccepting()
        drain()
        for connection in connections.values { connection.abort() }
    }

    private func endIfDone() {
        guard isDraining, listener < 0, connections.isEmpty, !isOver else { return }
        isOver = true
        ended()
    }

    // MARK: What connections share

    /// A request id of 13 characters that no other request of this process has.
    func newRequestID() -> String {
        ids &+= 0x9E37_79B9_7F4A_7C15
        var mixed = ids
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return String(unsafeUninitializedCapacity: 13) { buffer in
            for place in 0..<13 {
                let digit = UInt8(truncatingIfNeeded: mixed & 31)
                buffer[place] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10
                mixed >>= 5
            }
            return 13
        }
    }

    /// The time of day for the head of an answer.
    func dateText() -> String {
        if loop.now >= dateDue {
            let now = runtime.clock.now()
            let day = CalendarDate(now)
            let second = now.milliseconds / 1000
            date = HTTPDate.text(
                seconds: second, year: day.year, month: day.month, day: day.day)
            dateDue = loop.now + UInt64(1000 - (now.milliseconds - second * 1000)) * 1_000_000
        }
        return date
    }
}
