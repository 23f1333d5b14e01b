import Glibc

/// Frames over a socket: four bytes of length, most significant first, then that many bytes of
/// JSON.
struct FrameChannel {
    /// No frame may be longer; the parent keeps the same limit.
    static let limit = 64 << 20

    let descriptor: Int32

    /// The next frame; nil when the parent has gone or breaks the protocol.
    func read() -> [UInt8]? {
        guard let head = read(count: 4) else { return nil }
        let count = head.reduce(0) { $0 << 8 | Int($1) }
        guard count <= FrameChannel.limit else { return nil }
        return read(count: count)
    }

    /// Whether something is there to be read, or the parent has gone.
    var hasMore: Bool {
        var look = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&look, 1, 0) != 0
    }

    /// False when the parent has gone.
    func write(_ frame: [UInt8]) -> Bool {
        let count = UInt32(frame.count)
        let head = (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) }
        return write(all: head + frame)
    }

    private func read(count: Int) -> [UInt8]? {
        var filled = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while filled < count {
                let got = recv(
                    descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, 0)
                if got < 0 && errno == EINTR { continue }
                guard got > 0 else { break }
                filled += got
            }
            initialized = filled
        }
        return filled == count ? bytes : nil
    }

    private func write(all bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let step = send(
                    descriptor, buffer.baseAddress?.advanced(by: sent), buffer.count - sent,
                    Int32(MSG_NOSIGNAL))
                if step < 0 && errno == EINTR { continue }
                guard step > 0 else { return false }
                sent += step
            }
            return true
        }
    }
}
