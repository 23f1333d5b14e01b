/// Builds the head of a message in bytes.
struct HeadWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reset() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ text: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func append(contentsOf more: [UInt8]) { bytes.append(contentsOf: more) }

    mutating func append(_ number: Int, radix: Int = 10) {
        guard number >= radix else {
            bytes.append(HeadWriter.digits[number])
            return
        }
        append(number / radix, radix: radix)
        bytes.append(HeadWriter.digits[number % radix])
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// A field. What could end it or begin another (CR, LF, NUL and the like) becomes a space; a
    /// name that is none is left out.
    mutating func field(_ name: String, _ value: String) {
        guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else { return }
        append(name)
        append(": ")
        let start = bytes.count
        append(value)
        for place in start..<bytes.count where bytes[place] < 0x20 || bytes[place] == 0x7F {
            bytes[place] = 0x20
        }
        append("\r\n")
    }

    /// Fields that HTTP itself writes; a handler's are left out.
    static func isOwn(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: Headers.areEqual(name, "Date")
        case 10: Headers.areEqual(name, "Connection")
        case 12: Headers.areEqual(name, "X-Request-Id")
        case 14: Headers.areEqual(name, "Content-Length")
        case 17: Headers.areEqual(name, "Transfer-Encoding")
        default: false
        }
    }
}
