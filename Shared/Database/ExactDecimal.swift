/// A decimal of at most 15 significant digits: what a floating-point number holds without loss, so
/// that it comes back digit by digit.
public struct ExactDecimal: Sendable, Hashable {
    /// The value times `10^scale`; below `ExactDecimal.limit`.
    public let unscaled: Int64
    /// Decimals after the point, none of them a superfluous zero.
    public let scale: Int

    /// The first whole number with 16 digits.
    static let limit = 1e15
    static let scaleLimit = 18
    /// 10^0 … 10^18; each is exact as a floating-point number.
    static let powers: [Double] = (0...scaleLimit).map { wholePower($0) }.map(Double.init)

    static func wholePower(_ exponent: Int) -> Int64 {
        var power: Int64 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }

    /// The decimal whose nearest floating-point number is `value`; nil where it needs more than 15
    /// digits (1/3) or 18 decimals.
    public init?(_ value: Double) {
        for scale in 0...ExactDecimal.scaleLimit {
            let scaled = (value * ExactDecimal.powers[scale]).rounded()
            guard abs(scaled) < ExactDecimal.limit else { return nil }
            if scaled / ExactDecimal.powers[scale] == value {
                self.init(unscaled: Int64(scaled), scale: scale)
                return
            }
        }
        return nil
    }

    /// `value` with the digits after the fifteenth rounded away: what arithmetic over decimals left
    /// behind them is not theirs. Nil where that is no plain number (infinite, above 10^15, below
    /// 10^-16).
    public init?(rounding value: Double) {
        if let exact = ExactDecimal(value) {
            self = exact
            return
        }
        guard value.isFinite, abs(value) < ExactDecimal.limit else { return nil }
        var scale = ExactDecimal.scaleLimit
        while scale > 0, abs(value) * ExactDecimal.powers[scale] >= ExactDecimal.limit {
            scale -= 1
        }
        let scaled = (value * ExactDecimal.powers[scale]).rounded()
        guard scaled != 0, abs(scaled) < ExactDecimal.limit else { return nil }
        var unscaled = Int64(scaled)
        while scale > 0, unscaled % 10 == 0 {
            unscaled /= 10
            scale -= 1
        }
        self.init(unscaled: unscaled, scale: scale)
    }

    private init(unscaled: Int64, scale: Int) {
        self.unscaled = unscaled
        self.scale = scale
    }

    /// The floating-point number of `unscaled / 10^scale`; nil where that needs more than 15
    /// digits, so that it would not come back the same.
    public static func double(unscaled: Int64, scale: Int) -> Double? {
        var (unscaled, scale) = (unscaled, scale)
        while scale > 0, unscaled % 10 == 0 {
            unscaled /= 10
            scale -= 1
        }
        guard scale <= scaleLimit, unscaled.magnitude < UInt64(limit) else { return nil }
        return Double(unscaled) / powers[scale]
    }
}

/// A sum that loses nothing: whole numbers as such, decimals by their digits.
struct ExactSum {
    enum Outcome: Equatable {
        case none
        case whole(Int64)
        case real(Double)
        /// More digits than a number of the engine holds.
        case tooWide
    }

    private var whole: Int128 = 0
    /// Of the values with decimals, in units of 10^-18.
    private var fraction: Int128 = 0
    /// The sum of what has no decimal form of 15 digits.
    private var rough = 0.0
    private var roughCount = 0
    private var realCount = 0
    private(set) var count = 0

    private static let unit = Int128(ExactDecimal.wholePower(ExactDecimal.scaleLimit))

    /// `sign` −1 takes a value out again, as a window that moves on does.
    mutating func add(_ value: Int64, sign: Int = 1) {
        whole += Int128(value) * Int128(sign)
        count += sign
    }

    mutating func add(_ value: Double, sign: Int = 1) {
        count += sign
        realCount += sign
        guard let decimal = ExactDecimal(value) else {
            rough += value * Double(sign)
            roughCount += sign
            return
        }
        let power = ExactDecimal.wholePower(decimal.scale)
        let rest = Int128(decimal.unscaled % power) * (ExactSum.unit / Int128(power))
        whole += Int128(decimal.unscaled / power) * Int128(sign)
        fraction += rest * Int128(sign)
    }

    var outcome: Outcome {
        guard count > 0 else { return .none }
        guard realCount > 0 else { return Int64(exactly: whole).map { .whole($0) } ?? .tooWide }
        guard let exact else { return roughCount > 0 ? .real(approximate) : .tooWide }
        return .real(roughCount > 0 ? exact + rough : exact)
    }

    /// As a floating-point number, however many digits it has.
    var approximate: Double {
        (exact ?? Double(whole) + Double(fraction) / Double(ExactSum.unit)) + rough
    }

    /// The sum of all that has digits; nil where it has more than 15.
    private var exact: Double? {
        var (high, low) = (whole + fraction / ExactSum.unit, fraction % ExactSum.unit)
        if high > 0, low < 0 { (high, low) = (high - 1, low + ExactSum.unit) }
        if high < 0, low > 0 { (high, low) = (high + 1, low - ExactSum.unit) }
        guard high.magnitude < UInt128(ExactDecimal.limit) else { return nil }
        var scale = low == 0 ? 0 : ExactDecimal.scaleLimit
        while scale > 0, low % 10 == 0 {
            low /= 10
            scale -= 1
        }
        let unscaled = high * Int128(ExactDecimal.wholePower(scale)) + low
        guard unscaled.magnitude < UInt128(ExactDecimal.limit) else { return nil }
        return Double(unscaled) / ExactDecimal.powers[scale]
    }
}
