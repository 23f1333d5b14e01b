/// Writes JSON into bytes; commas come by themselves.
///
/// The caller keeps keys and values in turn and closes what it opens; that is not checked.
public struct JSONWriter {
    public private(set) var bytes: [UInt8]
    /// Whether a comma must stand before what comes next.
    private var needsComma = false

    public init(capacity: Int = 256) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public mutating func beginObject() { open(0x7B) }
    public mutating func endObject() { close(0x7D) }
    public mutating func beginArray() { open(0x5B) }
    public mutating func endArray() { close(0x5D) }

    /// A key of plain ASCII without quotes or backslashes, copied as it is.
    public mutating func key(_ key: StaticString) {
        separate()
        bytes.append(0x22)
        if key.hasPointerRepresentation {
            bytes.append(
                contentsOf: UnsafeBufferPointer(
                    start: key.utf8Start, count: key.utf8CodeUnitCount))
        } else {
            bytes.append(contentsOf: key.description.utf8)
        }
        bytes.append(0x22)
        bytes.append(0x3A)
        needsComma = false
    }

    public mutating func key(_ key: String) {
        separate()
        quote(key)
        bytes.append(0x3A)
        needsComma = false
    }

    /// A key that was made beforehand.
    public mutating func key(_ key: JSONKey) {
        bytes.append(contentsOf: needsComma ? key.encoded[...] : key.encoded.dropFirst())
        needsComma = false
    }

    /// The same of bytes as `JSONKey.encoded` has them.
    public mutating func key(encoded: UnsafeBufferPointer<UInt8>) {
        bytes.append(
            contentsOf: needsComma ? encoded : UnsafeBufferPointer(rebasing: encoded.dropFirst()))
        needsComma = false
    }

    public mutating func string(_ value: String) {
        separate()
        quote(value)
        needsComma = true
    }

    /// A string whose UTF-8 is at hand (a database row); invalid UTF-8 becomes U+FFFD.
    public mutating func string(utf8: UnsafeBufferPointer<UInt8>) {
        separate()
        if JSONReader.plainEnd(utf8, 0) == utf8.count {
            // Nothing to escape: looked at once, copied once.
            bytes.append(0x22)
            bytes.append(contentsOf: utf8)
            bytes.append(0x22)
        } else if UTF8Validation.isValid(utf8) {
            quote(utf8)
        } else {
            quote(String(decoding: utf8, as: UTF8.self))
        }
        needsComma = true
    }

    public mutating func integer(_ value: Int64) {
        separate()
        JSONNumber.append(unscaled: value, scale: 0, to: &bytes)
        needsComma = true
    }

    /// `unscaled / 10^scale` with exactly `scale` decimals.
    public mutating func decimal(unscaled: Int64, scale: Int) {
        separate()
        JSONNumber.append(unscaled: unscaled, scale: scale, to: &bytes)
        needsComma = true
    }

    public mutating func number(_ value: JSONNumber) { literal(value.text) }

    /// The shortest text that reads back the same; NaN and infinities become null.
    public mutating func double(_ value: Double) {
        literal(value.isFinite ? value.description : "null")
    }

    public mutating func boolean(_ value: Bool) { literal(value ? "true" : "false") }
    public mutating func null() { literal("null") }

    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .boolean(let flag): boolean(flag)
        case .number(let number): self.number(number)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    /// JSON that is known to be valid.
    public mutating func raw(_ json: JSONBytes) {
        separate()
        bytes.append(contentsOf: json.bytes)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func literal(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        var text = text
        text.withUTF8 { quote($0) }
    }

    private mutating func quote(_ utf8: UnsafeBufferPointer<UInt8>) {
        bytes.append(0x22)
        var start = 0
        while true {
            var end = JSONReader.plainEnd(utf8, start)
            // Longer sequences need no escape and are known to be well-formed.
            while end < utf8.count, utf8[end] >= 0x80 { end = JSONReader.plainEnd(utf8, end + 1) }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<end]))
            if end == utf8.count { break }
            appendEscape(utf8[end])
            start = end + 1
        }
        bytes.append(0x22)
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        default:
            bytes.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + (byte >> 4)])
            let low = byte & 15
            bytes.append(low < 10 ? 0x30 + low : 0x57 + low)
        }
    }
}

/// A key quoted once and written often.
public struct JSONKey: Sendable, Hashable, ExpressibleByStringLiteral {
    public let text: String
    /// With a comma in front and a colon behind.
    public let encoded: [UInt8]

    public init(_ text: String) {
        self.text = text
        var writer = JSONWriter()
        writer.key(text)
        encoded = [0x2C] + writer.bytes
    }

    public init(stringLiteral text: String) { self.init(text) }
}
