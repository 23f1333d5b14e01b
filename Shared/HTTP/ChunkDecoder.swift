/// Takes the chunked coding (RFC 9112, 7.1) off a body; a pure state machine. Extensions and
/// trailers are checked and dropped.
struct ChunkDecoder {
    enum Step: Equatable {
        /// These bytes are content; call again with what follows them.
        case data(Range<Int>)
        /// All was used up and more is needed.
        case more
        /// The body ended before this byte.
        case end(Int)
    }

    private enum State {
        case size, extensions, sizeLF, data, dataCR, dataLF
        case trailerStart, trailerName, trailerValue, trailerLF, endLF
    }

    static let sizeDigitLimit = 15
    static let extensionLimit = 4 << 10
    static let trailerLimit = 8 << 10

    private var state = State.size
    private var remaining = 0
    private var digits = 0
    private var extensionBytes = 0
    private var trailerBytes = 0

    mutating func next(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int = 0
    ) throws(HTTPFault) -> Step {
        var position = start
        while position < bytes.count {
            if case .data = state {
                let count = min(remaining, bytes.count - position)
                remaining -= count
                if remaining == 0 { state = .dataCR }
                return .data(position..<(position + count))
            }
            let byte = bytes[position]
            position += 1
            switch state {
            case .size, .extensions, .sizeLF: try takeSize(byte)
            case .dataCR:
                try expect(byte, 0x0D)
                state = .dataLF
            case .dataLF:
                try expect(byte, 0x0A)
                state = .size
                digits = 0
            case .endLF:
                try expect(byte, 0x0A)
                return .end(position)
            default: try takeTrailer(byte)
            }
        }
        return .more
    }

    private mutating func takeSize(_ byte: UInt8) throws(HTTPFault) {
        switch state {
        case .size:
            if let value = hexValue(byte) {
                digits += 1
                guard digits <= ChunkDecoder.sizeDigitLimit else {
                    throw .malformed("A chunk's size is too large.")
                }
                remaining = remaining << 4 | Int(value)
                return
            }
            guard digits > 0 else { throw .malformed("A chunk has no size.") }
            switch byte {
            case 0x0D: state = .sizeLF
            case UInt8(ascii: ";"): state = .extensions
            default: throw .malformed("A chunk's size is not a hexadecimal number.")
            }
        case .extensions:
            extensionBytes += 1
            guard extensionBytes <= ChunkDecoder.extensionLimit else {
                throw .malformed("The chunk extensions of a body are too long.")
            }
            if byte == 0x0D {
                state = .sizeLF
            } else {
                try checkText(byte)
            }
        default:
            try expect(byte, 0x0A)
            state = remaining == 0 ? .trailerStart : .data
        }
    }

    private mutating func takeTrailer(_ byte: UInt8) throws(HTTPFault) {
        trailerBytes += 1
        guard trailerBytes <= ChunkDecoder.trailerLimit else {
            throw .headTooLarge("The trailer may have \(ChunkDecoder.trailerLimit) bytes.")
        }
        switch state {
        case .trailerStart where byte == 0x0D: state = .endLF
        case .trailerStart where isTokenByte(byte): state = .trailerName
        case .trailerName where byte == UInt8(ascii: ":"): state = .trailerValue
        case .trailerName where isTokenByte(byte): break
        case .trailerValue where byte == 0x0D: state = .trailerLF
        case .trailerValue: try checkText(byte)
        case .trailerLF:
            try expect(byte, 0x0A)
            state = .trailerStart
        default: throw .malformed("A trailer field has no valid name.")
        }
    }

    private func checkText(_ byte: UInt8) throws(HTTPFault) {
        guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else {
            throw .malformed("A control character stands in a chunked body's framing.")
        }
    }

    private func expect(_ byte: UInt8, _ wanted: UInt8) throws(HTTPFault) {
        guard byte == wanted else { throw .malformed("A chunk does not end with CRLF.") }
    }
}
