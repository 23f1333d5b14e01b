/// A moment in UTC to the millisecond, as stored in every database and shown in every answer.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before.
    public var milliseconds: Int64

    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// RFC 3339 with milliseconds, `2026-11-22T10:15:30.123Z`.
    public var text: String {
        let (days, inDay) = milliseconds.floored(by: 86_400_000)
        let date = civil(fromDays: days)
        return String(unsafeUninitializedCapacity: 32) { out in
            var end = 0
            func put(_ value: Int64, _ width: Int) {
                var rest = value
                for place in stride(from: end + width - 1, through: end, by: -1) {
                    out[place] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
                    rest /= 10
                }
                end += width
            }
            func put(_ byte: UInt8) {
                out[end] = byte
                end += 1
            }
            // Years beyond four digits have no RFC 3339 form; the nearest that has one is shown.
            put(min(max(date.year, 0), 9999), 4)
            put(0x2D)
            put(Int64(date.month), 2)
            put(0x2D)
            put(Int64(date.day), 2)
            put(0x54)
            put(inDay / 3_600_000, 2)
            put(0x3A)
            put(inDay / 60_000 % 60, 2)
            put(0x3A)
            put(inDay / 1000 % 60, 2)
            put(0x2E)
            put(inDay % 1000, 3)
            put(0x5A)
            return end
        }
    }

    /// Reads RFC 3339 (any offset, any number of fraction digits; cut to milliseconds). Nil if it
    /// is not one. A leap second reads as the second before it.
    public init?(_ text: String) {
        var scanner = DigitScanner(text)
        guard let date = scanner.date(), scanner.take("T") || scanner.take(" "),
            let hour = scanner.digits(2, upTo: 23), scanner.take(":"),
            let minute = scanner.digits(2, upTo: 59), scanner.take(":"),
            let second = scanner.digits(2, upTo: 60)
        else { return nil }
        guard let fraction = scanner.fraction(), let offset = scanner.offset(), scanner.atEnd else {
            return nil
        }
        let days = civilDays(Int64(date.year), date.month, date.day)
        let minutes = Int64(hour * 60 + minute - offset)
        let seconds = days * 86_400 + minutes * 60 + Int64(min(second, 59))
        milliseconds = seconds * 1000 + Int64(fraction)
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    /// This moment moved by `duration`, at most to the end of the range.
    public func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflow) = milliseconds.addingReportingOverflow(duration.milliseconds)
        let limit: Int64 = duration < .zero ? .min : .max
        return Timestamp(milliseconds: overflow ? limit : sum)
    }
}

/// A calendar date without time or zone, `YYYY-MM-DD`, proleptic Gregorian.
public struct CalendarDate: Sendable, Hashable, Comparable {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Nil where the date does not exist (year 1 to 9999).
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...CalendarDate.days(inMonth: month, of: year)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads exactly `YYYY-MM-DD`.
    public init?(_ text: String) {
        var scanner = DigitScanner(text)
        guard let date = scanner.date(), scanner.atEnd else { return nil }
        self = date
    }

    /// The UTC date of a moment.
    public init(_ timestamp: Timestamp) {
        self.init(dayNumber: Int(timestamp.milliseconds.floored(by: 86_400_000).quotient))
    }

    /// The date of a day counted from 1970-01-01, negative before.
    public init(dayNumber: Int) {
        let date = civil(fromDays: Int64(dayNumber))
        year = Int(date.year)
        month = date.month
        day = date.day
    }

    /// The day counted from 1970-01-01, negative before.
    public var dayNumber: Int { CalendarDate.dayNumber(year: year, month: month, day: day) }

    /// The same of a day whose month exists.
    public static func dayNumber(year: Int, month: Int, day: Int) -> Int {
        Int(civilDays(Int64(year), month, day))
    }

    /// From Sunday, 0, to Saturday, 6, of a day counted from 1970-01-01.
    public static func weekday(ofDay dayNumber: Int) -> Int {
        let day = (dayNumber + 4) % 7
        return day < 0 ? day + 7 : day
    }

    public var text: String {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
    }

    public static func < (a: CalendarDate, b: CalendarDate) -> Bool {
        (a.year, a.month, a.day) < (b.year, b.month, b.day)
    }

    /// How many days a month has.
    public static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    /// Division that rounds down, so that times before 1970 have a remainder from 0.
    fileprivate func floored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// The date of a day counted from 1970-01-01. Counts in eras of 400 years with the year beginning
/// in March, so that the leap day is the last of its year.
private func civil(fromDays days: Int64) -> (year: Int64, month: Int, day: Int) {
    let (era, dayOfEra) = (days + 719_468).floored(by: 146_097)
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
    let day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

private func civilDays(_ year: Int64, _ month: Int, _ day: Int) -> Int64 {
    let (era, yearOfEra) = (month <= 2 ? year - 1 : year).floored(by: 400)
    let shifted = Int64(month > 2 ? month - 3 : month + 9)
    let dayOfYear = (153 * shifted + 2) / 5 + Int64(day) - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

/// Reads fixed-width digits and separators from the front of a text.
private struct DigitScanner {
    var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var atEnd: Bool { rest.isEmpty }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        // RFC 3339 allows lower-case `t` and `z`.
        guard let first = rest.first,
            first == UInt8(ascii: character)
                || (character.properties.isUppercase && first == UInt8(ascii: character) | 0x20)
        else { return false }
        rest.removeFirst()
        return true
    }

    mutating func digits(_ count: Int, upTo limit: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let byte = rest.first, (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 0x30)
            rest.removeFirst()
        }
        return value <= limit ? value : nil
    }

    mutating func date() -> CalendarDate? {
        guard let year = digits(4, upTo: 9999), take("-"), let month = digits(2, upTo: 12),
            take("-"), let day = digits(2, upTo: 31)
        else { return nil }
        return CalendarDate(year: year, month: month, day: day)
    }

    /// Milliseconds of an optional fraction; nil where a point has no digits after it.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        var value = 0
        var count = 0
        while let digit = digits(1, upTo: 9) {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 3)..<3 { value *= 10 }
        return value
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int? {
        if take("Z") { return 0 }
        let sign = take("+") ? 1 : take("-") ? -1 : 0
        guard sign != 0, let hours = digits(2, upTo: 23), take(":"),
            let minutes = digits(2, upTo: 59)
        else { return nil }
        return sign * (hours * 60 + minutes)
    }
}
