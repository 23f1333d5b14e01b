import ServiceRuntime

/// How the end of a body is known.
enum Framing {
    case length(Int)
    case chunked(ChunkDecoder)
    case untilClose
}

/// A body that is still on the wire: reading it reads the socket, and so asks the peer for more.
final class SocketBody: BodySource, @unchecked Sendable {
    private let socket: Socket
    private var framing: Framing
    /// The longest wait between two pieces, in nanoseconds.
    private let patience: UInt64
    /// The peer waits for `100 Continue` before it sends.
    private(set) var needsContinue: Bool
    private(set) var isAtEnd = false
    /// A fault, or somebody gave up: what follows on the socket means nothing.
    private(set) var hasFailed = false
    private var isReading = false
    /// Called once, on the loop, at the end (true) or at a failure.
    var onEnd: ((Bool) -> Void)?

    private static let pieceSize = 64 << 10
    private static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    init(_ socket: Socket, _ framing: Framing, patience: UInt64, needsContinue: Bool = false) {
        self.socket = socket
        self.framing = framing
        self.patience = patience
        self.needsContinue = needsContinue
    }

    func next() async throws -> [UInt8]? {
        if socket.loop.isCurrent { return try await pull() }
        return try await withTaskExecutorPreference(socket.loop) { try await self.pull() }
    }

    /// Nobody will read on: further reads fail.
    func abandon() {
        if isReading { socket.cancelRead() }
        end(isComplete: false)
    }

    /// The answer has begun: it is too late to ask for the body.
    func skipContinue() { needsContinue = false }

    /// Drops what has come already; true where that was the rest of the body.
    func dropWhatCame() -> Bool {
        while !isAtEnd, !hasFailed, socket.available > 0 {
            do throws(HTTPFault) {
                guard try takeBuffered() != nil || isAtEnd else { return false }
            } catch {
                end(isComplete: false)
            }
        }
        return isAtEnd
    }

    private func pull() async throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        guard !hasFailed, !isReading else { throw ConnectionLost.closed }
        isReading = true
        defer { isReading = false }
        do {
            if needsContinue {
                needsContinue = false
                if socket.available == 0 {
                    try await socket.write(SocketBody.continueLine, patience: patience)
                }
            }
            while true {
                if let piece = try takeBuffered() { return piece }
                if isAtEnd { return nil }
                if let piece = try await readMore() { return piece }
                if isAtEnd { return nil }
            }
        } catch {
            end(isComplete: false)
            throw error
        }
    }

    /// A piece from what the socket has read already; nil where more is needed or this is the end.
    private func takeBuffered() throws(HTTPFault) -> [UInt8]? {
        switch framing {
        case .length(let remaining):
            let count = min(remaining, socket.available)
            return count > 0 ? take(count, of: remaining) : nil
        case .untilClose:
            let count = socket.available
            return count > 0 ? copy(0..<count, consuming: count) : nil
        case .chunked(var decoder):
            guard socket.available > 0 else { return nil }
            let step = try socket.withInput { input throws(HTTPFault) in try decoder.next(input) }
            framing = .chunked(decoder)
            switch step {
            case .data(let range): return copy(range, consuming: range.upperBound)
            case .more:
                socket.consume(socket.available)
                return nil
            case .end(let count):
                socket.consume(count)
                end(isComplete: true)
                return nil
            }
        }
    }

    private func take(_ count: Int, of remaining: Int) -> [UInt8] {
        let piece = copy(0..<count, consuming: count)
        setRemaining(remaining - count)
        return piece
    }

    private func setRemaining(_ remaining: Int) {
        framing = .length(remaining)
        if remaining == 0 { end(isComplete: true) }
    }

    private func copy(_ range: Range<Int>, consuming count: Int) -> [UInt8] {
        let piece = socket.withInput { Array($0[range]) }
        socket.consume(count)
        return piece
    }

    private func readMore() async throws -> [UInt8]? {
        let deadline = EventLoop.monotonicNow() &+ patience
        switch framing {
        case .length(let remaining):
            let count = min(remaining, SocketBody.pieceSize)
            guard let piece = try await socket.readPiece(count, until: deadline) else {
                throw ConnectionLost.closed
            }
            setRemaining(remaining - piece.count)
            return piece
        case .untilClose:
            guard let piece = try await socket.readPiece(SocketBody.pieceSize, until: deadline)
            else {
                end(isComplete: true)
                return nil
            }
            return piece
        case .chunked:
            guard try await socket.fill(until: deadline) else { throw ConnectionLost.closed }
            return nil
        }
    }

    private func end(isComplete: Bool) {
        guard !isAtEnd, !hasFailed else { return }
        if isComplete {
            isAtEnd = true
        } else {
            hasFailed = true
        }
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?(isComplete)
    }
}
