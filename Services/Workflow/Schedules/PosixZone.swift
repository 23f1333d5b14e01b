import ServiceRuntime

/// The rule of a zone file's last line for the time after its table (POSIX `TZ`, with the hours of
/// RFC 8536): `CET-1CEST,M3.5.0,M10.5.0/3`.
struct PosixZone: Sendable, Hashable {
    /// A day of the year with a time of that day, in seconds of local time.
    enum Day: Sendable, Hashable {
        /// From 1 to 365; February 29 is never counted.
        case julian(Int)
        /// From 0; February 29 is counted.
        case ordinal(Int)
        /// Week 5 is the last; Sunday is 0.
        case weekday(month: Int, week: Int, weekday: Int)
    }

    struct Change: Sendable, Hashable {
        var day: Day
        var time: Int64
    }

    struct Summer: Sendable, Hashable {
        var offset: Int64
        var begins: Change
        var ends: Change
    }

    /// Seconds east of UTC.
    var offset: Int64
    var summer: Summer?

    /// The stretch between two changes that has this moment in it.
    func stretch(at utc: Int64) -> TimeZone.Stretch {
        guard let summer else {
            return .init(
                start: TimeZone.distantPast, end: TimeZone.distantFuture, offset: offset)
        }
        let day = (utc + offset).floorDivided(by: 86_400)
        let year = CalendarDate(dayNumber: Int(day)).year
        var changes: [(time: Int64, offset: Int64)] = []
        for year in year - 2...year + 2 {
            // Where a summer ends as the next begins, the later of the two counts.
            changes.append((summer.ends.local(in: year) - summer.offset, offset))
            changes.append((summer.begins.local(in: year) - offset, summer.offset))
        }
        let isSummer = { (change: (time: Int64, offset: Int64)) in change.offset == summer.offset }
        changes.sort { ($0.time, isSummer($0) ? 1 : 0) < ($1.time, isSummer($1) ? 1 : 0) }
        let next = changes.firstIndex { $0.time > utc } ?? changes.count - 1
        return .init(
            start: changes[next - 1].time, end: changes[next].time,
            offset: changes[next - 1].offset)
    }
}

extension PosixZone.Change {
    /// Seconds since 1970 on the clocks of the place.
    func local(in year: Int) -> Int64 { Int64(dayNumber(in: year)) * 86_400 + time }

    private func dayNumber(in year: Int) -> Int {
        let first = CalendarDate.dayNumber(year: year, month: 1, day: 1)
        switch day {
        case .ordinal(let day): return first + day
        case .julian(let day):
            let isLeap = CalendarDate.days(inMonth: 2, of: year) == 29
            return first + day - 1 + (isLeap && day > 59 ? 1 : 0)
        case .weekday(let month, let week, let weekday):
            let start = CalendarDate.dayNumber(year: year, month: month, day: 1)
            let length = CalendarDate.days(inMonth: month, of: year)
            var day = (weekday - CalendarDate.weekday(ofDay: start) + 7) % 7 + 7 * (week - 1)
            while day >= length { day -= 7 }
            return start + day
        }
    }
}

extension PosixZone {
    /// Nil where the text is no such rule.
    init?(_ text: String) {
        var scanner = PosixScanner(text)
        guard scanner.skipName(), let west = scanner.time(upTo: 24) else { return nil }
        offset = -west
        if scanner.atEnd { return }
        guard scanner.skipName() else { return nil }
        var summerOffset = offset + 3600
        if !scanner.isAt(",") {
            guard let west = scanner.time(upTo: 24) else { return nil }
            summerOffset = -west
        }
        guard scanner.take(","), let begins = scanner.change(), scanner.take(","),
            let ends = scanner.change(), scanner.atEnd
        else { return nil }
        summer = Summer(offset: summerOffset, begins: begins, ends: ends)
    }
}

private struct PosixScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = Substring(text).utf8 }

    var atEnd: Bool { rest.isEmpty }

    func isAt(_ character: Unicode.Scalar) -> Bool { rest.first == UInt8(ascii: character) }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard isAt(character) else { return false }
        rest.removeFirst()
        return true
    }

    /// `CET` or `<+0330>`: at least three characters.
    mutating func skipName() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { (0x41...0x5A).contains($0 & 0xDF) }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty, digits.count <= 3 else { return nil }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        rest = rest.dropFirst(digits.count)
        return range.contains(value) ? value : nil
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(upTo hours: Int) -> Int64? {
        let sign: Int64 = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard let hour = number(0...hours) else { return nil }
        var seconds = Int64(hour) * 3600
        for unit in [Int64(60), 1] where take(":") {
            guard let part = number(0...59) else { return nil }
            seconds += Int64(part) * unit
        }
        return sign * seconds
    }

    /// `M3.5.0/2`, `J60`, `59`; at two o'clock unless it says otherwise.
    mutating func change() -> PosixZone.Change? {
        guard let day = day() else { return nil }
        guard take("/") else { return PosixZone.Change(day: day, time: 7200) }
        return time(upTo: 167).map { PosixZone.Change(day: day, time: $0) }
    }

    private mutating func day() -> PosixZone.Day? {
        if take("J") { return number(1...365).map { .julian($0) } }
        guard take("M") else { return number(0...365).map { .ordinal($0) } }
        guard let month = number(1...12), take("."), let week = number(1...5), take("."),
            let weekday = number(0...6)
        else { return nil }
        return .weekday(month: month, week: week, weekday: weekday)
    }
}

extension Int64 {
    /// Division that rounds down.
    func floorDivided(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
