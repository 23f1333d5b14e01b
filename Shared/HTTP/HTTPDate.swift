import ServiceRuntime

/// The dates of HTTP's header fields (RFC 9110, 5.6.7), in each of their three forms.
public enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, for the head of every answer; made once a second.
    static func text(seconds: Int64, year: Int, month: Int, day: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let second = Int(((seconds % 86_400) + 86_400) % 86_400)
        let weekday = days[Int((((seconds - Int64(second)) / 86_400) % 7 + 7) % 7)]
        let time = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
        return "\(weekday), \(two(day)) \(months[month - 1]) \(year) \(time) GMT"
    }

    /// Nil where it is none. A year of two digits is one from 1970 to 2069.
    public static func read(_ text: String) -> Timestamp? {
        let parts = text.split { " ,-".contains($0) }
        let found: (day: Substring, month: Substring, year: Substring, time: Substring)
        switch parts.count {
        // `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`
        case 6 where parts[5] == "GMT": found = (parts[1], parts[2], parts[3], parts[4])
        // `Sun Nov  6 08:49:37 1994`
        case 5: found = (parts[2], parts[1], parts[4], parts[3])
        default: return nil
        }
        let clock = found.time.split(separator: ":", omittingEmptySubsequences: false)
            .map(number)
        guard let day = number(found.day), var year = number(found.year),
            let month = months.firstIndex(of: String(found.month)), clock.count == 3,
            let hour = clock[0], let minute = clock[1], let second = clock[2], hour < 24,
            minute < 60, second <= 60
        else { return nil }
        if found.year.count == 2 { year += year < 70 ? 2000 : 1900 }
        guard let date = CalendarDate(year: year, month: month + 1, day: day) else { return nil }
        let days = CalendarDate.dayNumber(year: date.year, month: date.month, day: date.day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + min(second, 59))
        return Timestamp(milliseconds: seconds * 1000)
    }

    /// One to four digits.
    private static func number(_ text: Substring) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ 48...57 ~= $0 }) else {
            return nil
        }
        return Int(text)
    }
}
