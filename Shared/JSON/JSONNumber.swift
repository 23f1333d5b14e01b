/// A JSON number as it was written: exact, whatever its size.
public struct JSONNumber: Sendable, Hashable {
    /// The text of RFC 8259's grammar.
    public let text: String

    public init(_ value: Int64) { text = String(value) }

    /// Nil where `text` is not a JSON number, or one whose exponent has more than 17 digits.
    public init?(text: String) {
        let bytes = Array(text.utf8)
        guard case .end(bytes.count) = JSONNumber.scan(bytes, from: 0) else { return nil }
        self.text = text
    }

    /// For a text that was scanned already.
    init(valid text: String) { self.text = text }

    /// The number `unscaled / 10^scale`, written with exactly `scale` decimals (`10`, 2 → `0.10`).
    public init(unscaled: Int64, scale: Int) {
        var bytes: [UInt8] = []
        JSONNumber.append(unscaled: unscaled, scale: scale, to: &bytes)
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The value where it is a whole number within Int64 (`1.0` and `1e2` are).
    public var integer: Int64? { Int64(text) ?? unscaled(scale: 0) }

    /// `value * 10^scale` where that is exact and within Int64, else nil.
    public func unscaled(scale: Int) -> Int64? {
        let parts = normalized
        guard !parts.digits.isEmpty else { return 0 }
        let (zeros, overflow) = parts.exponent.addingReportingOverflow(scale)
        guard !overflow, zeros >= 0, zeros <= 18, parts.digits.count + zeros <= 19 else {
            return nil
        }
        var magnitude: UInt64 = 0
        for digit in parts.digits { magnitude = magnitude * 10 + UInt64(digit - 0x30) }
        for _ in 0..<zeros { magnitude *= 10 }
        if parts.isNegative {
            return magnitude <= Int64.min.magnitude
                ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
        }
        return Int64(exactly: magnitude)
    }

    /// The nearest one; infinite where it is too large.
    public var double: Double { Double(text) ?? .nan }

    /// Equal by value: `1.0 == 1`.
    public static func == (a: JSONNumber, b: JSONNumber) -> Bool {
        if a.text == b.text { return true }
        let (left, right) = (a.normalized, b.normalized)
        return left.digits == right.digits && left.exponent == right.exponent
            && left.isNegative == right.isNegative
    }

    public func hash(into hasher: inout Hasher) {
        let parts = normalized
        hasher.combine(parts.isNegative)
        hasher.combine(parts.exponent)
        hasher.combine(parts.digits)
    }

    /// Sign, digits without zeros at either end, and the power of ten of the last digit. Zero has
    /// no digits, no sign and the power 0.
    private var normalized: (isNegative: Bool, digits: [UInt8], exponent: Int) {
        var digits: [UInt8] = []
        var exponent = 0
        var isNegative = false
        var isFraction = false
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x2D: isNegative = true
            case 0x2E: isFraction = true
            case 0x65, 0x45:
                if rest.first == 0x2B { rest.removeFirst() }
                exponent += Int(Substring(rest)) ?? 0
                rest = rest[rest.endIndex...]
            default:
                if byte != 0x30 || !digits.isEmpty { digits.append(byte) }
                if isFraction { exponent -= 1 }
            }
        }
        while digits.last == 0x30 {
            digits.removeLast()
            exponent += 1
        }
        return digits.isEmpty ? (false, [], 0) : (isNegative, digits, exponent)
    }

    /// Appends `unscaled / 10^scale` with exactly `scale` decimals.
    static func append(unscaled: Int64, scale: Int, to bytes: inout [UInt8]) {
        // Written from its end, in a place of its own: a text or an array would be allocated each.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24 + max(0, scale)) { digits in
            var place = digits.count
            var rest = unscaled.magnitude
            var count = 0
            repeat {
                if count == scale, scale > 0 {
                    place -= 1
                    digits[place] = 0x2E
                }
                place -= 1
                digits[place] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
                rest /= 10
                count += 1
            } while rest > 0 || count <= scale
            if unscaled < 0 {
                place -= 1
                digits[place] = 0x2D
            }
            bytes.append(
                contentsOf: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(digits)[place...]))
        }
        if scale < 0, unscaled != 0 {
            bytes.append(contentsOf: repeatElement(0x30, count: -scale))
        }
    }

    enum Scan {
        case end(Int)
        case fault(Int, String)
    }

    /// Finds the end of the number at `start` by the grammar.
    static func scan(_ bytes: [UInt8], from start: Int) -> Scan {
        var place = start
        func byte() -> UInt8? { place < bytes.count ? bytes[place] : nil }
        func digits() -> Int {
            let first = place
            while let digit = byte(), (0x30...0x39).contains(digit) { place += 1 }
            return place - first
        }
        if byte() == 0x2D { place += 1 }
        let leading = place
        let whole = digits()
        if whole == 0 { return .fault(place, "a digit must follow") }
        if whole > 1, bytes[leading] == 0x30 {
            return .fault(leading, "a number must not begin with a zero")
        }
        if byte() == 0x2E {
            place += 1
            if digits() == 0 { return .fault(place, "a digit must follow the point") }
        }
        if let mark = byte(), mark == 0x65 || mark == 0x45 {
            place += 1
            if let sign = byte(), sign == 0x2B || sign == 0x2D { place += 1 }
            let first = place
            if digits() == 0 { return .fault(place, "a digit must follow in the exponent") }
            if place - first > JSONReader.exponentDigits {
                return .fault(first, "the exponent is too long")
            }
        }
        return .end(place)
    }
}
