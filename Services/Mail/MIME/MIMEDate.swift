import ServiceRuntime

/// Dates of mail (RFC 5322 §3.3 with the obsolete forms), read leniently.
enum MIMEDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let zones: [String: Int] = [
        "ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300,
        "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    ]

    /// Nil where it is no date. A zone that is missing or unknown counts as UTC.
    static func parse(_ bytes: [UInt8]) -> Timestamp? {
        var words = words(bytes)
        // The day's name says nothing that the date does not.
        if let first = words.first, first.utf8.first.map(ASCII.isLetter) == true,
            !months.contains(String(first.prefix(3)))
        {
            words.removeFirst()
        }
        guard words.count >= 4, words.count > 4 || Int(words[3]) != nil || words[3].contains(":")
        else { return nil }
        if months.contains(String(words[0].prefix(3))) {
            words.swapAt(0, 1)
            // `Jan 2 03:04:05 2023`, with a zone before the year at times.
            if words[2].contains(":") {
                let year = Int(words[3]) == nil ? 4 : 3
                guard year < words.count else { return nil }
                words.insert(words.remove(at: year), at: 2)
            }
        }
        guard let day = Int(words[0]), let year = year(words[2]),
            let month = months.firstIndex(of: String(words[1].prefix(3))),
            let time = time(words[3]),
            let date = CivilDate(year: year, month: month + 1, day: day)
        else { return nil }
        let offset = words.count > 4 ? zone(words[4]) : 0
        let seconds = date.daysSinceEpoch * 86_400 + time - offset * 60
        return Timestamp(milliseconds: Int64(seconds) * 1000)
    }

    /// `Sun, 22 Nov 2026 10:15:30 +0000`.
    static func format(_ timestamp: Timestamp) -> String {
        let seconds = Int(
            (timestamp.milliseconds - (timestamp.milliseconds % 1000 + 1000) % 1000) / 1000)
        let days = (seconds - (seconds % 86_400 + 86_400) % 86_400) / 86_400
        let time = seconds - days * 86_400
        let date = CivilDate(daysSinceEpoch: days)
        let weekday = MIMEDate.days[((days + 3) % 7 + 7) % 7]
        let month = months[date.month - 1]
        let monthName = month.prefix(1).uppercased() + month.dropFirst()
        return "\(weekday), \(date.day) \(monthName) \(date.year) "
            + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) +0000"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Lower-case words without comments and commas; dashes between date parts split, too.
    private static func words(_ bytes: [UInt8]) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var depth = 0
        func flush() {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word.removeAll(keepingCapacity: true)
        }
        for byte in bytes.prefix(200) {
            if byte == ASCII.open { depth += 1 }
            if byte == ASCII.close, depth > 0 {
                depth -= 1
                continue
            }
            if depth > 0 { continue }
            let splitsDate = byte == ASCII.dash && words.count < 3 && !word.isEmpty
            if ASCII.isSpace(byte) || byte == ASCII.comma || splitsDate {
                flush()
            } else {
                word.append(ASCII.lower(byte))
            }
        }
        flush()
        return words
    }

    private static func year(_ word: String) -> Int? {
        guard let number = Int(word), number >= 0 else { return nil }
        if word.utf8.count <= 2 { return number + (number < 50 ? 2000 : 1900) }
        return word.utf8.count == 3 ? number + 1900 : number
    }

    /// Seconds of the day.
    private static func time(_ word: String) -> Int? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1],
            (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        let second = parts.count == 3 ? parts[2] : 0
        guard let second, (0...60).contains(second) else { return nil }
        return hour * 3600 + minute * 60 + min(second, 59)
    }

    /// Minutes east of UTC.
    private static func zone(_ word: String) -> Int {
        guard let first = word.utf8.first, first == 43 || first == ASCII.dash,
            let digits = Int(word.dropFirst()), word.utf8.count <= 5
        else { return zones[word] ?? 0 }
        let minutes = digits / 100 * 60 + digits % 100
        return first == ASCII.dash ? -minutes : minutes
    }
}

/// A date of the proleptic Gregorian calendar as a count of days.
private struct CivilDate {
    var year: Int
    var month: Int
    var day: Int

    init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...31).contains(day) else { return nil }
        self.year = year
        self.month = month
        self.day = day
        let back = CivilDate(daysSinceEpoch: daysSinceEpoch)
        guard back.month == month, back.day == day else { return nil }
    }

    var daysSinceEpoch: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    init(daysSinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * part + 2) / 5 + 1
        month = part < 10 ? part + 3 : part - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
