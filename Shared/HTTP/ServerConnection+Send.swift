import CZlib
import ServiceRuntime

// How an answer is written.
extension ServerConnection {
    /// Smaller bodies are copied behind the head, so that both go in one system call.
    private static let copyLimit = 16 << 10
    private static let compressFrom = 1 << 10
    /// Larger ones go as they are: compressing them would keep the loop from its other connections.
    private static let compressLimit = 1 << 20
    private static let compressLevel = 4

    /// Writes an answer that is whole and that the kernel takes at once: the way of nearly every
    /// request. False where nothing was written and `send` has to do it.
    func sendAtOnce(_ response: Response, _ exchange: inout Exchange) throws -> Bool {
        let body: [UInt8]
        switch response.body {
        case .bytes(let bytes): body = bytes
        case .empty: body = []
        case .stream: return false
        }
        guard body.count <= ServerConnection.copyLimit, !isCompressible(response, body, exchange)
        else { return false }
        // Small enough for any socket buffer that has nothing in it; else the rest is left to
        // `send`.
        writeHead(response, .length(body.count), &exchange)
        if !exchange.isHead, !Status.isBodiless(response.status) {
            owner.writer.append(contentsOf: body)
        }
        let count = try socket.writeSome(owner.writer.bytes, [], from: 0)
        guard count < owner.writer.bytes.count else { return true }
        unsent = Array(owner.writer.bytes[count...])
        return false
    }

    func send(
        _ response: Response, _ exchange: inout Exchange, _ source: SocketBody?
    ) async throws {
        if let rest = unsent {
            unsent = nil
            return try await socket.write(rest, patience: owner.bodyPatience)
        }
        let bytes: [UInt8]
        switch response.body {
        case .empty: bytes = []
        case .bytes(let whole): bytes = whole
        case .stream(let length, let produce):
            return try await stream(response, length, &exchange, source, produce)
        }
        // With a body left unread the next request cannot be found.
        if let source, !source.dropWhatCame() { exchange.keepsAlive = false }
        try await send(response, bytes, &exchange)
    }

    private func send(
        _ response: Response, _ body: [UInt8], _ exchange: inout Exchange
    ) async throws {
        var (response, body) = (response, body)
        if isCompressible(response, body, exchange) {
            body = Gzip.compress(body, level: ServerConnection.compressLevel)
            response.headers["Content-Encoding"] = "gzip"
            ServerConnection.addVary(&response.headers)
        }
        writeHead(response, .length(body.count), &exchange)
        if exchange.isHead || Status.isBodiless(response.status) { body = [] }
        try await socket.write(owner.writer.bytes, body, patience: owner.bodyPatience)
    }

    // MARK: Head

    enum Length {
        case length(Int)
        case chunked
        case untilClose
    }

    /// Builds the head in the loop's writer.
    func writeHead(_ response: Response, _ length: Length, _ exchange: inout Exchange) {
        if owner.isDraining { exchange.keepsAlive = false }
        owner.writer.reset()
        owner.writer.statusLine(response.status)
        owner.writer.append("Date: ")
        owner.writer.append(owner.dateText())
        owner.writer.append("\r\nX-Request-Id: ")
        owner.writer.append(exchange.requestID)
        owner.writer.append("\r\n")
        for (name, value) in response.headers.fields {
            if HeadWriter.isOwn(name) {
                if Headers.areEqual(name, "Connection"), Headers.list(value, has: "close") {
                    exchange.keepsAlive = false
                }
                continue
            }
            owner.writer.field(name, value)
        }
        if !Status.isBodiless(response.status) {
            switch length {
            case .length(let count):
                owner.writer.append("Content-Length: ")
                owner.writer.append(count)
                owner.writer.append("\r\n")
            case .chunked: owner.writer.append("Transfer-Encoding: chunked\r\n")
            case .untilClose: exchange.keepsAlive = false
            }
        }
        if !exchange.keepsAlive {
            owner.writer.append("Connection: close\r\n")
        } else if !exchange.isVersion11 {
            owner.writer.append("Connection: keep-alive\r\n")
        }
        owner.writer.append("\r\n")
    }

    // MARK: Compression

    private func isCompressible(
        _ response: Response, _ body: [UInt8], _ exchange: Exchange
    ) -> Bool {
        exchange.acceptsGzip && body.count >= ServerConnection.compressFrom
            && body.count <= ServerConnection.compressLimit && !exchange.isHead
            && ServerConnection.mayCompress(response)
    }

    static func mayCompress(_ response: Response) -> Bool {
        guard response.status != 206, !Status.isBodiless(response.status),
            response.headers["Content-Encoding"] == nil,
            let type = response.headers["Content-Type"]
        else { return false }
        if let cache = response.headers["Cache-Control"], cache.contains("no-transform") {
            return false
        }
        let types = [
            "application/json", "application/problem+json", "application/javascript",
            "application/xml", "image/svg+xml", "application/x-ndjson", "text/*",
        ]
        return types.contains { MediaType.matches(type, $0) }
            && !MediaType.matches(type, Response.eventStreamType)
    }

    static func addVary(_ headers: inout Headers) {
        let vary = headers["Vary"]
        headers["Vary"] = vary.map { "\($0), Accept-Encoding" } ?? "Accept-Encoding"
    }

    // MARK: Streaming

    private func stream(
        _ response: Response, _ length: Int?, _ exchange: inout Exchange, _ source: SocketBody?,
        _ produce: @Sendable (BodyWriter) async throws -> Void
    ) async throws {
        if exchange.isHead || Status.isBodiless(response.status) {
            writeHead(response, length.map { .length($0) } ?? .chunked, &exchange)
            return try await socket.write(owner.writer.bytes, patience: owner.bodyPatience)
        }
        // The body of the request may be read while the answer is made, so whether the connection
        // goes on is known at the end only.
        if let source, !source.isAtEnd, !source.hasFailed { exchange.keepsAlive = false }
        let output = StreamOutput(self, response, length: length, exchange, source)
        if let type = response.headers["Content-Type"],
            MediaType.matches(type, Response.eventStreamType)
        {
            endsWithPeer = true
        }
        defer { endsWithPeer = false }
        do {
            try await produce(BodyWriter { try await output.write($0) })
            try await output.finish()
        } catch {
            guard !output.hasBegun, !(error is ConnectionLost) else {
                // Half an answer must not look whole.
                socket.abort()
                throw error
            }
            owner.runtime.log.error(
                "a stream failed", trace: TraceContext(requestID: exchange.requestID),
                ["error": .string("\(error)")])
            let problem = Problem(error).response(requestID: exchange.requestID)
            return try await send(problem, &exchange, source)
        }
        exchange = output.exchange
    }
}
