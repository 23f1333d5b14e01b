import Contracts
import ServiceRuntime

/// A time before or after a date of each record of a class: two days before it is due.
struct DateTrigger: Sendable {
    var type: FullCode
    var column: String
    /// Whether the column has dates; else it has moments.
    var isDate: Bool
    /// Only records that this picks, when their time comes.
    var filter: String?
    var zone: TimeZone
    /// Minutes after midnight, on the clocks of `zone`; nil is the moment itself, or midnight.
    var at: Int?
    /// A record whose time has passed by less than this is caught up with.
    var window: Duration

    static let defaultWindow = Duration.seconds(7 * 86_400)
    /// Shorter than the ledger is kept, which knows what was done.
    static let windowLimit = Duration.seconds(60 * 86_400)
    static let offsetLimit = Duration.seconds(3660 * 86_400)
    private static let day: Int64 = 86_400

    /// When a record with this value has its turn; nil where the value is no date.
    func due(_ value: String, offset: Duration) -> Timestamp? {
        let dayNumber: Int
        if isDate {
            guard let date = CalendarDate(value) else { return nil }
            dayNumber = date.dayNumber
        } else {
            guard let time = Timestamp(value) else { return nil }
            guard at != nil else { return time.advanced(by: offset) }
            let seconds = time.milliseconds.floorDivided(by: 1000)
            dayNumber = Int((seconds + zone.offset(at: seconds)).floorDivided(by: DateTrigger.day))
        }
        // Days by the calendar, so that eight o'clock stays eight o'clock; the rest by the clock.
        let total = offset.milliseconds
        let days = total.floorDivided(by: DateTrigger.day * 1000)
        let local = (Int64(dayNumber) + days) * DateTrigger.day + Int64(at ?? 0) * 60
        let rest = total - days * DateTrigger.day * 1000
        return Timestamp(milliseconds: zone.utc(of: local) * 1000 + rest)
    }

    /// A filter that has every record in it whose time came within the window; and some more,
    /// which `due` tells apart.
    func filter(offset: Duration, now: Timestamp) -> String {
        let since = now.advanced(by: .zero - window - offset)
        let until = now.advanced(by: .zero - offset)
        let bounds: (String, String)
        if isDate || at != nil {
            // Wider than any clock's distance from UTC and any time of the day.
            let margin = Duration.seconds(2 * DateTrigger.day)
            let (low, high) = (since.advanced(by: .zero - margin), until.advanced(by: margin))
            bounds =
                isDate
                ? (CalendarDate(low).text, CalendarDate(high).text) : (low.text, high.text)
        } else {
            bounds = (since.text, until.text)
        }
        let range = "\(column) ge \(bounds.0) and \(column) le \(bounds.1)"
        return filter.map { "(\($0)) and \(range)" } ?? range
    }

    /// Whether a time has come, and not longer ago than the window.
    func includes(_ due: Timestamp, now: Timestamp) -> Bool {
        due <= now && due > now.advanced(by: .zero - window)
    }

    /// Reads `-2d`, `36h`, `+1d`.
    static func offset(_ text: String) -> Duration? {
        let isNegative = text.hasPrefix("-")
        let digits = isNegative || text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard let duration = Duration(text: digits), duration <= offsetLimit else { return nil }
        return isNegative ? .zero - duration : duration
    }

    /// Reads `08:00` as minutes after midnight.
    static func time(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }),
            parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39) ~= $0 } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), hour < 24, minute < 60
        else { return nil }
        return hour * 60 + minute
    }
}
