/// Content-Transfer-Encoding (RFC 2045 §6), read leniently: what is no code is skipped.
enum TransferEncoding {
    case identity, quotedPrintable, base64

    /// Unknown names are read as identity, so that the bytes stay.
    init(_ name: String) {
        switch name {
        case "quoted-printable": self = .quotedPrintable
        case "base64": self = .base64
        default: self = .identity
        }
    }

    func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .identity: Array(bytes)
        case .quotedPrintable: TransferEncoding.decodeQuotedPrintable(bytes)
        case .base64: TransferEncoding.decodeBase64(bytes)
        }
    }

    /// Base64; bytes outside the alphabet are skipped, and a second text after padding is read on.
    static func decodeBase64(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 4 * 3 + 3)
        var buffer: UInt32 = 0
        var count = 0
        func flush(_ buffer: UInt32, _ count: Int, _ result: inout [UInt8]) {
            if count >= 2 { result.append(UInt8(truncatingIfNeeded: buffer >> (6 * count - 8))) }
            if count == 3 { result.append(UInt8(truncatingIfNeeded: buffer >> 2)) }
        }
        bytes.withUnsafeBufferPointer { source in
            base64Values.withUnsafeBufferPointer { values in
                for byte in source {
                    let value = values[Int(byte)]
                    if value < 64 {
                        buffer = buffer << 6 | UInt32(value)
                        count += 1
                        if count == 4 {
                            result.append(UInt8(truncatingIfNeeded: buffer >> 16))
                            result.append(UInt8(truncatingIfNeeded: buffer >> 8))
                            result.append(UInt8(truncatingIfNeeded: buffer))
                            buffer = 0
                            count = 0
                        }
                    } else if byte == ASCII.equals {
                        flush(buffer, count, &result)
                        buffer = 0
                        count = 0
                    }
                }
            }
        }
        flush(buffer, count, &result)
        return result
    }

    /// 0...63, or 255 for what is outside the alphabet.
    private static let base64Values: [UInt8] = {
        var table = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { table[Int(byte)] = UInt8(value) }
        return table
    }()

    static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Quoted-printable; a `=` that begins no code stays. With `header`, the Q form: `_` is a
    /// blank.
    static func decodeQuotedPrintable(_ bytes: ArraySlice<UInt8>, header: Bool = false) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        let end = bytes.endIndex
        while index < end {
            let byte = bytes[index]
            if byte == ASCII.equals {
                if index + 2 < end, let high = ASCII.hex(bytes[index + 1]),
                    let low = ASCII.hex(bytes[index + 2])
                {
                    result.append(high << 4 | low)
                    index += 3
                    continue
                }
                if !header, let next = softBreakEnd(bytes, after: index) {
                    index = next
                    continue
                }
                result.append(byte)
            } else {
                result.append(header && byte == ASCII.underscore ? ASCII.space : byte)
            }
            index += 1
        }
        return result
    }

    /// Where the line after a soft break begins; nil where `=` is not the last thing of its line.
    private static func softBreakEnd(_ bytes: ArraySlice<UInt8>, after equals: Int) -> Int? {
        var index = equals + 1
        while index < bytes.endIndex, ASCII.isBlank(bytes[index]) { index += 1 }
        if index == bytes.endIndex { return index }
        if bytes[index] == ASCII.lf { return index + 1 }
        guard bytes[index] == ASCII.cr else { return nil }
        index += 1
        return index < bytes.endIndex && bytes[index] == ASCII.lf ? index + 1 : index
    }
}
