import CZlib

/// gzip over zlib.
public enum Gzip {
    public static func compress(_ bytes: [UInt8], level: Int = 6) -> [UInt8] {
        let stream = GzipStream(level: level)
        return stream.write(bytes, flush: Z_FINISH)
    }

    /// Nil where it is not gzip or would pass `limit`.
    public static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        // Allocated, since zlib keeps a pointer to it.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        // 16 more than the window: gzip only.
        guard
            inflateInit2_(
                stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { inflateEnd(stream) }
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            while true {
                let (code, count) = piece.withUnsafeMutableBufferPointer { buffer in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(buffer.count)
                    let code = inflate(stream, Z_NO_FLUSH)
                    return (code, buffer.count - Int(stream.pointee.avail_out))
                }
                guard code == Z_OK || code == Z_STREAM_END, output.count + count <= limit else {
                    return nil
                }
                output += piece[..<count]
                if code == Z_STREAM_END { return stream.pointee.avail_in == 0 ? output : nil }
                if count == 0, stream.pointee.avail_in == 0 { return nil }
            }
        }
    }
}

/// A gzip stream that is written piece by piece. Used by one task at a time.
final class GzipStream: @unchecked Sendable {
    private let stream: UnsafeMutablePointer<z_stream>

    init(level: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = deflateInit2_(
            stream, Int32(level), Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib has no memory")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// What comes out for `bytes`; `flush` as zlib's, Z_FINISH for the last.
    func write(_ bytes: [UInt8], flush: Int32) -> [UInt8] {
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            var output: [UInt8] = []
            repeat {
                let capacity = max(256, Int(deflateBound(stream, UInt(stream.pointee.avail_in))))
                output += [UInt8](unsafeUninitializedCapacity: min(capacity, 256 << 10)) {
                    buffer, count in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(buffer.count)
                    deflate(stream, flush)
                    count = buffer.count - Int(stream.pointee.avail_out)
                }
            } while stream.pointee.avail_out == 0
            return output
        }
    }
}
