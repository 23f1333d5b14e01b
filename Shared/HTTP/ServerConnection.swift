import ServiceRuntime

/// What a connection keeps of a request while it is answered.
struct Exchange {
    let isHead: Bool
    let isVersion11: Bool
    let acceptsGzip: Bool
    let requestID: String
    var keepsAlive: Bool
}

/// A connection of a server: one task that reads a request, has it answered, and begins again.
/// Confined to its loop.
final class ServerConnection: @unchecked Sendable {
    let socket: Socket
    let owner: ServerLoop
    private let remoteAddress: String
    private var task: Task<Void, Never>?
    /// Whether it waits for a request of which nothing has come.
    private var isIdle = false
    /// Whether what is sent is for nobody once the peer has ended its side.
    var endsWithPeer = false { didSet { hungUp() } }
    /// What is left of an answer that the kernel took in part.
    var unsent: [UInt8]?

    /// How long and how much is read and dropped after the last answer, so that it reaches the
    /// peer.
    private static let lingerTime: UInt64 = 2_000_000_000
    private static let lingerLimit = 16 << 20

    init(_ socket: Socket, of owner: ServerLoop, remoteAddress: String) {
        self.socket = socket
        self.owner = owner
        self.remoteAddress = remoteAddress
    }

    func start(isRefused: Bool) {
        socket.observer = { [unowned self] in hungUp() }
        task = Task(executorPreference: owner.loop) { [self] in
            if isRefused {
                await refuse()
            } else {
                await serve()
            }
            socket.close()
            owner.ended(self)
            task = nil
        }
    }

    /// It waits less long from here on.
    func drain() { if isIdle { socket.cancelRead() } }

    func abort() {
        task?.cancel()
        socket.abort()
    }

    /// The peer ended its side or broke off. Where it may still read, the answer is finished.
    private func hungUp() {
        if socket.hasFailed || (endsWithPeer && socket.hasHungUp) { task?.cancel() }
    }

    private func serve() async {
        var isFirst = true
        do {
            while !Task.isCancelled {
                guard let parser = try await readHead(isFirst: isFirst) else { return }
                isFirst = false
                guard try await handle(parser) else { return }
            }
        } catch let fault as HTTPFault {
            await refuse(fault.problem)
        } catch {
            // Closed by the peer, or too slow a reader: there is nobody to tell.
            socket.abort()
        }
    }

    /// Nil where the peer has no further request.
    private func readHead(isFirst: Bool) async throws -> HeadParser? {
        var parser = HeadParser(.request, limits: owner.limits)
        var headDeadline: UInt64?
        let start = owner.loop.now
        while true {
            if socket.available > 0 {
                let count = try socket.withInput { input throws(HTTPFault) in
                    try parser.parse(input)
                }
                if let count {
                    socket.consume(count)
                    return parser
                }
            }
            let deadline: UInt64
            if parser.hasBegun {
                deadline = headDeadline ?? owner.loop.now + owner.headPatience
                headDeadline = deadline
            } else {
                deadline = start + idlePatience(isFirst: isFirst)
            }
            isIdle = !parser.hasBegun
            defer { isIdle = false }
            do {
                // A head that ends in the middle has nobody left to hear of it.
                guard try await socket.fill(until: deadline) else { return nil }
            } catch .slow {
                if parser.hasBegun { throw HTTPFault.headTimeout }
                guard EventLoop.monotonicNow() >= start + idlePatience(isFirst: isFirst) else {
                    continue
                }
                // What came in this moment would be lost, and its sender could not know it.
                guard socket.hasInput() else { return nil }
            }
        }
    }

    /// How long to wait for a request to begin.
    private func idlePatience(isFirst: Bool) -> UInt64 {
        if owner.isDraining { return owner.drainPatience }
        return isFirst ? owner.headPatience : owner.idlePatience
    }

    /// False where the connection is to be closed.
    private func handle(_ parser: HeadParser) async throws -> Bool {
        guard case .request(let method, let target) = parser.startLine else { return false }
        let fields = parser.fields
        let (body, source) = body(of: parser)
        let trace = trace(of: fields)
        var exchange = Exchange(
            isHead: method == .head, isVersion11: parser.isVersion11,
            acceptsGzip: fields.acceptsGzip, requestID: trace.requestID,
            keepsAlive: parser.keepsAlive && !owner.isDraining)
        let request = Request(
            method: method, target: target, headers: fields.headers, body: body, trace: trace,
            remoteAddress: remoteAddress)
        let response = await owner.respond(request)
        if socket.hasFailed { return false }
        if source == nil, try sendAtOnce(response, &exchange) { return exchange.keepsAlive }
        try await send(response, &exchange, source)
        if let source, !source.isAtEnd {
            source.abandon()
            await linger()
            return false
        }
        return exchange.keepsAlive
    }

    private func trace(of fields: HeadFields) -> TraceContext {
        let id = fields.requestID.flatMap { TraceContext.isValid(requestID: $0) ? $0 : nil }
        return TraceContext(
            requestID: id ?? owner.newRequestID(),
            traceparent: fields.traceparent.flatMap {
                TraceContext.isValid(traceparent: $0) ? $0 : nil
            })
    }

    /// The body as the handler sees it, and where it is read from, unless all of it has come
    /// already.
    private func body(of parser: HeadParser) -> (RequestBody, SocketBody?) {
        let fields = parser.fields
        let limit = owner.configuration.bodyLimit
        let needsContinue = fields.expectsContinue && parser.isVersion11
        if fields.isChunked {
            let source = SocketBody(
                socket, .chunked(ChunkDecoder()), patience: owner.bodyPatience,
                needsContinue: needsContinue)
            return (RequestBody(source, length: nil, limit: limit), source)
        }
        guard let length = fields.contentLength, length > 0 else { return (.empty, nil) }
        if length <= socket.available {
            let bytes = socket.withInput { Array($0[..<length]) }
            socket.consume(length)
            return (RequestBody(bytes), nil)
        }
        let source = SocketBody(
            socket, .length(length), patience: owner.bodyPatience, needsContinue: needsContinue)
        return (RequestBody(source, length: length, limit: limit), source)
    }

    // MARK: Refusing

    /// Says what was wrong with a message, and closes.
    private func refuse(_ problem: Problem) async {
        var exchange = Exchange(
            isHead: false, isVersion11: true, acceptsGzip: false, requestID: owner.newRequestID(),
            keepsAlive: false)
        let response = problem.response(requestID: exchange.requestID)
        guard (try? await send(response, &exchange, nil)) != nil else { return }
        await linger()
    }

    /// There are too many connections.
    private func refuse() async {
        await refuse(
            Problem(
                status: 503, code: "too-many-connections", title: "Too many connections",
                detail: "This server has as many connections as it may have.", retryAfter: 1))
    }

    /// Reads and drops what the peer still sends: a close before that would reset the connection,
    /// and the answer with it.
    private func linger() async {
        socket.endOutput()
        let deadline = owner.loop.now + ServerConnection.lingerTime
        var dropped = 0
        while dropped < ServerConnection.lingerLimit, EventLoop.monotonicNow() < deadline {
            dropped += socket.available
            socket.consume(socket.available)
            guard (try? await socket.fill(until: deadline)) == true else { return }
        }
    }
}
