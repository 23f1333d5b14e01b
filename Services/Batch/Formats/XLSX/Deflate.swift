import CZlib

/// Unpacks raw deflate piece by piece. Used by one thread at a time.
final class Inflate {
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var hasEnded = false
    private(set) var checksum: UInt = crc32(0, nil, 0)
    private(set) var packed = 0
    private(set) var unpacked = 0

    init() throws(FormatError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = inflateInit2_(
            stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw FormatError("There is no memory to unpack the file.") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Unpacks some of `input` into at most `room` bytes; answers these and how much of `input` was
    /// used.
    func unpack(_ input: ArraySlice<UInt8>, room: Int) throws(FormatError) -> (
        bytes: [UInt8], used: Int
    ) {
        var used = 0
        var code = Z_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { output, count in
            input.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(room)
                code = inflate(stream, Z_NO_FLUSH)
                used = input.count - Int(stream.pointee.avail_in)
                count = room - Int(stream.pointee.avail_out)
            }
        }
        hasEnded = code == Z_STREAM_END
        guard code == Z_OK || code == Z_BUF_ERROR || hasEnded else {
            throw FormatError("The archive is damaged: a part of it cannot be unpacked.")
        }
        checksum = bytes.withUnsafeBufferPointer {
            crc32(checksum, $0.baseAddress, UInt32($0.count))
        }
        packed += used
        unpacked += bytes.count
        return (bytes, used)
    }
}

/// Packs raw deflate piece by piece, in a way that another stream can go on after each `flush`.
/// Used by one task at a time.
final class Deflate: @unchecked Sendable {
    private let stream: UnsafeMutablePointer<z_stream>
    private(set) var checksum: UInt
    private(set) var packed: Int
    private(set) var unpacked: Int

    /// Goes on after what another stream has packed.
    init(checksum: UInt = crc32(0, nil, 0), packed: Int = 0, unpacked: Int = 0)
        throws(FormatError)
    {
        self.checksum = checksum
        self.packed = packed
        self.unpacked = unpacked
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = deflateInit2_(
            stream, 1, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw FormatError("There is no memory to pack the file.") }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func pack(_ bytes: [UInt8], into output: inout [UInt8]) {
        checksum = bytes.withUnsafeBufferPointer {
            crc32(checksum, $0.baseAddress, UInt32($0.count))
        }
        unpacked += bytes.count
        run(bytes, Z_NO_FLUSH, &output)
    }

    /// Ends on a whole byte, with nothing remembered.
    func flush(into output: inout [UInt8]) { run([], Z_FULL_FLUSH, &output) }

    func finish(into output: inout [UInt8]) { run([], Z_FINISH, &output) }

    private func run(_ bytes: [UInt8], _ flush: Int32, _ output: inout [UInt8]) {
        let before = output.count
        bytes.withUnsafeBufferPointer { input in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = UInt32(input.count)
            repeat {
                output += [UInt8](unsafeUninitializedCapacity: 64 << 10) { room, count in
                    stream.pointee.next_out = room.baseAddress
                    stream.pointee.avail_out = UInt32(room.count)
                    deflate(stream, flush)
                    count = room.count - Int(stream.pointee.avail_out)
                }
            } while stream.pointee.avail_out == 0
        }
        packed += output.count - before
    }
}

/// The CRC-32 of bytes.
func checksum(_ bytes: [UInt8]) -> UInt {
    bytes.withUnsafeBufferPointer { crc32(crc32(0, nil, 0), $0.baseAddress, UInt32($0.count)) }
}
