import CZlib
import ServiceRuntime

/// A streamed answer: the head goes with the first piece.
final class StreamOutput: @unchecked Sendable {
    private let connection: ServerConnection
    private var response: Response
    private let length: Int?
    private(set) var exchange: Exchange
    private let source: SocketBody?
    private var gzip: GzipStream?
    private var written = 0
    private var isWriting = false
    private(set) var hasBegun = false

    private static let compressLevel = 4
    private static let end = Array("0\r\n\r\n".utf8)

    init(
        _ connection: ServerConnection, _ response: Response, length: Int?, _ exchange: Exchange,
        _ source: SocketBody?
    ) {
        self.source = source
        self.connection = connection
        self.response = response
        self.length = length
        self.exchange = exchange
        if exchange.acceptsGzip, length == nil, exchange.isVersion11,
            ServerConnection.mayCompress(response)
        {
            gzip = GzipStream(level: StreamOutput.compressLevel)
            self.response.headers["Content-Encoding"] = "gzip"
            ServerConnection.addVary(&self.response.headers)
        }
    }

    func write(_ bytes: [UInt8]) async throws {
        if connection.owner.loop.isCurrent { return try await put(bytes) }
        try await withTaskExecutorPreference(connection.owner.loop) { try await self.put(bytes) }
    }

    /// Writes what is left; fails where less came than was said.
    func finish() async throws {
        if let gzip { try await send(gzip.write([], flush: Z_FINISH)) }
        gzip = nil
        if let length, written != length {
            throw StreamLengthError(promised: length, written: written)
        }
        if !hasBegun { try await sendHead(with: []) }
        if isChunked {
            try await connection.socket.write(
                StreamOutput.end, patience: connection.owner.bodyPatience)
        }
    }

    private var isChunked: Bool { length == nil && exchange.isVersion11 }

    private func put(_ bytes: [UInt8]) async throws {
        guard !isWriting else { throw ConnectionLost.closed }
        isWriting = true
        defer { isWriting = false }
        try Task.checkCancellation()
        written += bytes.count
        if let length, written > length {
            throw StreamLengthError(promised: length, written: written)
        }
        if let gzip {
            try await send(gzip.write(bytes, flush: Z_NO_FLUSH))
        } else {
            try await send(bytes)
        }
    }

    private func send(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty else { return }
        guard hasBegun else { return try await sendHead(with: bytes) }
        try await connection.socket.write(
            framed(bytes), patience: connection.owner.bodyPatience)
    }

    private func sendHead(with bytes: [UInt8]) async throws {
        hasBegun = true
        source?.skipContinue()
        let framing: ServerConnection.Length =
            if let length { .length(length) } else if isChunked { .chunked } else { .untilClose }
        connection.writeHead(response, framing, &exchange)
        try await connection.socket.write(
            connection.owner.writer.bytes, bytes.isEmpty ? [] : framed(bytes),
            patience: connection.owner.bodyPatience)
    }

    private func framed(_ bytes: [UInt8]) -> [UInt8] {
        guard isChunked else { return bytes }
        var writer = HeadWriter()
        writer.append(bytes.count, radix: 16)
        writer.append("\r\n")
        writer.append(contentsOf: bytes)
        writer.append("\r\n")
        return writer.bytes
    }
}

/// A handler wrote another number of bytes than it had said.
struct StreamLengthError: Error {
    let promised: Int
    let written: Int
}
