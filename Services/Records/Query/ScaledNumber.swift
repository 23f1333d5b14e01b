/// A number of a filter against a column that stores whole multiples of `10^-scale`: it may fall
/// between two of them, or beyond all.
enum ScaledNumber: Sendable, Hashable {
    case exact(Int64)
    /// Between this and the next.
    case between(Int64)
    case below
    case above

    /// `text` is a JSON number.
    init(_ text: String, scale: Int) {
        var digits: [UInt8] = []
        var point: Int?
        var exponent = 0
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let body = isNegative ? text.dropFirst() : text[...]
        let parts = body.split(whereSeparator: { $0 == "e" || $0 == "E" })
        for byte in parts.first.map({ Array($0.utf8) }) ?? [] {
            if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte - 48) }
        }
        if parts.count > 1 {
            // An exponent beyond this is zero or beyond every column either way.
            let text = parts[1].hasPrefix("+") ? parts[1].dropFirst() : parts[1]
            let wide = Int(text) ?? (text.hasPrefix("-") ? -100_000 : 100_000)
            exponent = max(-100_000, min(100_000, wide))
        }
        var whole = (point ?? digits.count) + exponent + scale
        let zeros = digits.prefix { $0 == 0 }.count
        digits.removeFirst(zeros)
        whole -= zeros
        self = ScaledNumber.value(digits, whole: whole, isNegative: isNegative)
    }

    /// The first `whole` digits are the number, the rest its fraction.
    private static func value(_ digits: [UInt8], whole: Int, isNegative: Bool) -> ScaledNumber {
        guard digits.contains(where: { $0 != 0 }) else { return .exact(0) }
        guard whole <= 19 else { return isNegative ? .below : .above }
        var magnitude: Int64 = 0
        for position in 0..<max(0, whole) {
            let digit = Int64(position < digits.count ? digits[position] : 0)
            let (shifted, tooBig) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, stillTooBig) = shifted.addingReportingOverflow(digit)
            if tooBig || stillTooBig { return isNegative ? .below : .above }
            magnitude = sum
        }
        let hasFraction = digits.dropFirst(max(0, whole)).contains { $0 != 0 }
        let signed = isNegative ? -magnitude : magnitude
        if !hasFraction { return .exact(signed) }
        return .between(isNegative ? signed - 1 : signed)
    }
}
