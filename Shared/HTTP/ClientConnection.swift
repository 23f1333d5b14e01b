import ServiceRuntime

/// A connection of a client; confined to its loop, used by one exchange at a time.
final class ClientConnection: @unchecked Sendable {
    enum Broken: Error {
        /// The connection ended before the first byte of an answer.
        case unanswered(String)
        /// It ended before the peer had any of the request: nobody will do it.
        case untaken
    }

    static let limits = HeadLimits(head: 32 << 10, target: 1 << 10, count: 200)
    /// Smaller bodies are copied behind the head, so that both go in one system call.
    private static let copyLimit = 16 << 10
    private let socket: Socket
    /// It keeps this connection while it is idle; closing the pool ends the circle.
    private let pool: ClientPool
    private var idleTimer: LoopTimer?
    private var isClosed = false
    /// Sends a streamed body while the answer is awaited.
    private var sender: Task<Void, any Error>?
    private var hasSentAll = true
    /// When the last piece of a streamed body went out, in the loop's time.
    private var lastSent: UInt64 = 0
    /// Why the sender stopped, where the connection is not to blame.
    private var senderFailure: (any Error)?
    /// How many exchanges it has begun or ended, so that a late cancellation hits no other.
    private(set) var exchanges = 0

    /// When another takes its place, in the loop's time.
    private let end: UInt64

    init(_ socket: Socket, pool: ClientPool, end: UInt64) {
        self.socket = socket
        self.pool = pool
        self.end = end
    }

    var isUsable: Bool { !isClosed && socket.isQuiet() }

    func isOld(at now: UInt64) -> Bool { now >= end }

    /// False where it was closed before.
    func close() -> Bool {
        guard !isClosed else { return false }
        isClosed = true
        sender?.cancel()
        if let idleTimer { pool.loop.remove(idleTimer) }
        idleTimer = nil
        socket.close()
        return true
    }

    /// Ends the exchange of that number, if it is still at it.
    func breakOff(_ exchange: Int) { if exchange == exchanges { socket.abort() } }

    // MARK: Idle

    func enterIdle(until deadline: UInt64) {
        let timer = idleTimer ?? LoopTimer { [unowned self] in pool.dropIdle(self) }
        idleTimer = timer
        pool.loop.set(timer, at: deadline)
        socket.isWatchingInput = true
        socket.observer = { [unowned self] in pool.dropIdle(self) }
    }

    func leaveIdle() {
        if let idleTimer { pool.loop.set(idleTimer, at: .max) }
        socket.isWatchingInput = false
        socket.observer = nil
    }

    // MARK: Exchange

    func exchange(
        _ request: ClientRequest, until deadline: UInt64
    ) async throws -> ClientResponse {
        defer { exchanges += 1 }
        let start = socket.sent
        do {
            var isSent = true
            do {
                try await send(request, until: deadline)
            } catch ConnectionLost.closed {
                // It may have answered before the body was through, and closed.
                isSent = false
            }
            let parser = try await readHead(
                until: deadline, patience: max(request.timeout, .zero).nanoseconds)
            return try await answer(parser, to: request, isSent: isSent)
        } catch {
            let hasAnswer = socket.available > 0
            let isUntaken = request.isWhole && socket.isUntaken(since: start)
            await stopSender()
            pool.discard(self)
            if Task.isCancelled { throw CancellationError() }
            throw senderFailure
                ?? ClientConnection.shown(error, hasAnswer: hasAnswer, isUntaken: isUntaken)
        }
    }

    private static func shown(
        _ error: any Error, hasAnswer: Bool, isUntaken: Bool
    ) -> any Error {
        switch error {
        case ConnectionLost.slow: HTTPClient.Failure.timeout
        case ConnectionLost.closed where !hasAnswer && isUntaken: Broken.untaken
        case ConnectionLost.closed where !hasAnswer:
            Broken.unanswered("the connection was closed without an answer")
        case ConnectionLost.closed:
            HTTPClient.Failure.noAnswer("the connection was closed within the head of an answer")
        case let fault as HTTPFault:
            HTTPClient.Failure.noAnswer("the answer is not HTTP: \(fault.problem.detail ?? "")")
        default: error
        }
    }

    private func send(_ request: ClientRequest, until deadline: UInt64) async throws {
        let body: [UInt8]? =
            if case .bytes(let bytes) = request.body.storage { bytes } else { nil }
        writeHead(request, body)
        let patience = deadline > pool.loop.now ? deadline - pool.loop.now : 0
        guard let body else {
            try await socket.write(pool.writer.bytes, patience: patience)
            startSender(request)
            return
        }
        guard body.count <= ClientConnection.copyLimit else {
            return try await socket.write(pool.writer.bytes, body, patience: patience)
        }
        pool.writer.append(contentsOf: body)
        let count = try socket.writeSome(pool.writer.bytes, [], from: 0)
        guard count < pool.writer.bytes.count else { return }
        try await socket.write(Array(pool.writer.bytes[count...]), patience: patience)
    }

    private func writeHead(_ request: ClientRequest, _ body: [UInt8]?) {
        pool.writer.reset()
        pool.writer.append(request.method.rawValue)
        pool.writer.append(" ")
        pool.writer.append(target: request.target)
        pool.writer.append(" HTTP/1.1\r\nHost: ")
        pool.writer.append(pool.authority)
        pool.writer.append("\r\n")
        for (name, value) in request.headers.fields {
            guard !ClientConnection.isOwn(name) else { continue }
            pool.writer.field(name, value)
        }
        if let length = request.body.length {
            if length > 0 || request.method == .post || request.method == .put
                || request.method == .patch
            {
                pool.writer.append("Content-Length: ")
                pool.writer.append(length)
                pool.writer.append("\r\n")
            }
        } else {
            pool.writer.append("Transfer-Encoding: chunked\r\n")
        }
        pool.writer.append("\r\n")
    }

    private static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: Headers.areEqual(name, "Host")
        case 6: Headers.areEqual(name, "Expect")
        case 10, 14, 17: HeadWriter.isOwn(name)
        default: false
        }
    }

    /// Streamed bodies go in a task of their own, so that an answer may begin before the body is
    /// through.
    private func startSender(_ request: ClientRequest) {
        hasSentAll = false
        lastSent = 0
        let patience = max(request.timeout, .zero).nanoseconds
        sender = Task(executorPreference: pool.loop) { [self] in
            do {
                try await sendBody(request.body, patience: patience)
                hasSentAll = true
            } catch {
                // A broken connection may have brought an answer; else the peer must not take a
                // part for the whole, and who waits for the answer must learn it.
                if !socket.hasFailed {
                    senderFailure = error
                    socket.abort()
                }
                throw error
            }
        }
    }

    private func sendBody(_ body: RequestBody, patience: UInt64) async throws {
        var sent = 0
        for try await piece in body {
            defer { lastSent = EventLoop.monotonicNow() }
            try Task.checkCancellation()
            guard body.length == nil else {
                sent += piece.count
                try await socket.write(piece, patience: patience)
                continue
            }
            var frame = HeadWriter()
            frame.append(piece.count, radix: 16)
            frame.append("\r\n")
            frame.append(contentsOf: piece)
            frame.append("\r\n")
            try await socket.write(frame.bytes, patience: patience)
        }
        if let length = body.length, sent != length {
            throw StreamLengthError(promised: length, written: sent)
        }
        if body.length == nil {
            try await socket.write(Array("0\r\n\r\n".utf8), patience: patience)
        }
    }

    /// Waits until the sender has stopped: what it reads from may be gone afterwards.
    private func stopSender() async {
        guard let sender else { return }
        sender.cancel()
        if !hasSentAll { socket.abort() }
        _ = await sender.result
        self.sender = nil
    }

    /// An answer may take `patience` from the last piece of a body that is still on its way,
    /// however long that is.
    private func readHead(until deadline: UInt64, patience: UInt64) async throws -> HeadParser {
        var deadline = deadline
        var parser = HeadParser(.response, limits: ClientConnection.limits)
        while true {
            if socket.available > 0 {
                let count = try socket.withInput { input throws(HTTPFault) in
                    try parser.parse(input)
                }
                if let count {
                    socket.consume(count)
                    guard case .response(let status) = parser.startLine else { continue }
                    guard status < 200 else { return parser }
                    // An interim answer (100, 103); the real one follows.
                    guard status != 101 else { throw HTTPFault.malformed("an upgrade") }
                    parser = HeadParser(.response, limits: ClientConnection.limits)
                    continue
                }
            }
            do throws(ConnectionLost) {
                guard try await socket.fill(until: deadline) else { throw .closed }
            } catch {
                let later = lastSent &+ patience
                guard case .slow = error, sender != nil, later > deadline else { throw error }
                deadline = later
            }
        }
    }

    private func answer(
        _ parser: HeadParser, to request: ClientRequest, isSent: Bool
    ) async throws -> ClientResponse {
        guard case .response(let status) = parser.startLine else { throw ConnectionLost.closed }
        let fields = parser.fields
        var isReusable = parser.keepsAlive && isSent
        if sender != nil, !hasSentAll, status >= 300 {
            // Refused before the body was through: the rest is for nobody.
            sender?.cancel()
            isReusable = false
        }
        func response(_ body: RequestBody) -> ClientResponse {
            ClientResponse(status: status, headers: fields.headers, body: body)
        }
        let isEmpty = request.method == .head || Status.isBodiless(status)
        if isEmpty || fields.contentLength == 0 {
            await finish(isReusable: isReusable)
            return response(.empty)
        }
        if let length = fields.contentLength, length <= socket.available {
            let bytes = socket.withInput { Array($0[..<length]) }
            socket.consume(length)
            await finish(isReusable: isReusable)
            return response(RequestBody(bytes))
        }
        let framing: Framing =
            if fields.isChunked {
                .chunked(ChunkDecoder())
            } else if let length = fields.contentLength {
                .length(length)
            } else {
                .untilClose
            }
        if case .untilClose = framing { isReusable = false }
        let source = SocketBody(
            socket, framing, patience: max(request.timeout, .zero).nanoseconds)
        let body = ClientBody(source, of: self, isReusable: isReusable)
        return response(RequestBody(body, length: fields.contentLength, limit: nil))
    }

    /// The answer has been read; gives the connection back where it can be used again.
    func finish(isReusable: Bool) async {
        if sender != nil, !hasSentAll {
            await stopSender()
            return pool.discard(self)
        }
        sender = nil
        if isReusable, socket.available == 0 {
            pool.give(self)
        } else {
            pool.discard(self)
        }
    }

    /// The rest of the answer is not wanted, or did not come.
    func giveUp() {
        sender?.cancel()
        pool.discard(self)
    }

    var loop: EventLoop { pool.loop }
}

/// The body of an answer; holds its connection until it is read to the end or dropped.
final class ClientBody: BodySource, @unchecked Sendable {
    private let source: SocketBody
    private let connection: ClientConnection
    private let isReusable: Bool
    private var isOver = false

    init(_ source: SocketBody, of connection: ClientConnection, isReusable: Bool) {
        self.source = source
        self.connection = connection
        self.isReusable = isReusable
    }

    deinit {
        guard !isOver else { return }
        let connection = connection
        connection.loop.execute { connection.giveUp() }
    }

    func next() async throws -> [UInt8]? {
        if connection.loop.isCurrent { return try await pull() }
        return try await withTaskExecutorPreference(connection.loop) { try await self.pull() }
    }

    private func pull() async throws -> [UInt8]? {
        do {
            let piece = try await source.next()
            if source.isAtEnd, !isOver {
                isOver = true
                await connection.finish(isReusable: isReusable)
            }
            return piece
        } catch {
            if !isOver {
                isOver = true
                connection.giveUp()
            }
            if case ConnectionLost.slow = error { throw HTTPClient.Failure.timeout }
            if error is ConnectionLost || error is HTTPFault {
                throw HTTPClient.Failure.noAnswer("the answer was cut off")
            }
            throw error
        }
    }
}

extension HeadWriter {
    /// Path and query; what has no place there is escaped.
    mutating func append(target: String) {
        guard !target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return append(target) }
        for byte in target.utf8 {
            if byte > 0x20, byte < 0x7F {
                append(String(UnicodeScalar(byte)))
            } else {
                append("%")
                append(Int(byte >> 4), radix: 16)
                append(Int(byte & 15), radix: 16)
            }
        }
    }
}
