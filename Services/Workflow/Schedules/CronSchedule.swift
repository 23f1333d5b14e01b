import ServiceRuntime

/// When a job is due: `minute hour day-of-month month day-of-week`, or `@daily` and the like, on
/// the clocks of a time zone.
///
/// Where both the day of the month and the day of the week are given, one of them is enough; a
/// field that begins with `*` is not given, and both must fit. Where clocks are set, it is as with
/// Vixie's cron: a schedule with hours of its own runs once for times that the clocks jump over,
/// right after the jump, and only the first time where they show an hour twice; one whose hour
/// begins with `*` goes on as time passes, by what the clocks show.
struct CronSchedule: Sendable, Hashable {
    private let minute: CronField
    private let hour: CronField
    private let day: CronField
    private let month: CronField
    private let weekday: CronField

    /// Whether it goes on through the hours by what the clocks show, twice where they go back.
    var isInterval: Bool { hour.isOpen }

    /// Longer than anything needs to come again: February 29 on a Monday, over a year 2100
    /// without one.
    static let horizon: Int64 = 50 * 366 * 86_400
    static let textLimit = 200

    private static let names = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
        "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
        "@hourly": "0 * * * *",
    ]

    init(_ text: String) throws(CronFault) {
        guard text.utf8.count <= CronSchedule.textLimit else {
            throw CronFault("A schedule has at most \(CronSchedule.textLimit) bytes.")
        }
        var fields = text.split { $0 == " " || $0 == "\t" }
        if let name = fields.first, name.first == "@" {
            guard fields.count == 1, let meaning = CronSchedule.names[name.lowercased()] else {
                throw CronFault(
                    "“\(text)” is not one of "
                        + CronSchedule.names.keys.sorted().joined(separator: ", ") + ".")
            }
            fields = meaning.split(separator: " ")
        }
        guard fields.count == 5 else {
            throw CronFault(
                "A schedule has five fields (minute, hour, day of the month, month, day of the "
                    + "week), such as 0 3 * * *; this one has \(fields.count).")
        }
        minute = try CronField(fields[0], .minute)
        hour = try CronField(fields[1], .hour)
        day = try CronField(fields[2], .day)
        month = try CronField(fields[3], .month)
        weekday = try CronField(fields[4], .weekday)
        if next(after: CronSchedule.trial, in: .utc) == nil {
            throw CronFault("“\(text)” never comes: no such month has such a day.")
        }
    }

    /// 2000-01-01; the days of the week on February 29 come round within the horizon.
    private static let trial = Timestamp(milliseconds: 946_684_800_000)

    /// The first time after `time`; nil where there is none within the horizon.
    func next(after time: Timestamp, in zone: TimeZone) -> Timestamp? {
        let from = time.milliseconds.floorDivided(by: 1000) + 1
        let horizon = from + CronSchedule.horizon
        guard from > TimeZone.distantPast / 4, horizon < TimeZone.distantFuture / 4 else {
            return nil
        }
        var stretch = zone.stretch(at: from)
        var shown = zone.shown(before: stretch)
        while stretch.start < horizon {
            var local = max(from, stretch.start) + stretch.offset
            if !isInterval {
                let isJumpedOver =
                    stretch.start >= from && first(from: shown, before: stretch.localStart) != nil
                if isJumpedOver { return Timestamp(milliseconds: stretch.start * 1000) }
                local = max(local, shown)
            }
            let end = min(stretch.end, horizon) + stretch.offset
            if let found = first(from: local, before: end) {
                return Timestamp(milliseconds: (found - stretch.offset) * 1000)
            }
            shown = max(shown, stretch.localEnd)
            if stretch.end >= horizon { break }
            stretch = zone.stretch(at: stretch.end)
        }
        return nil
    }

    /// The first whole minute of local time that fits, from `local` on and before `end`.
    private func first(from local: Int64, before end: Int64) -> Int64? {
        guard local < end else { return nil }
        let start = (local + 59).floorDivided(by: 60)
        var dayNumber = Int(start.floorDivided(by: 1440))
        var inDay = Int(start - Int64(dayNumber) * 1440)
        while Int64(dayNumber) * 86_400 < end {
            let date = CalendarDate(dayNumber: dayNumber)
            guard month.contains(date.month) else {
                let length = CalendarDate.days(inMonth: date.month, of: date.year)
                dayNumber += length - date.day + 1
                inDay = 0
                continue
            }
            if fits(date, dayNumber), let found = firstMinute(from: inDay) {
                let result = Int64(dayNumber) * 86_400 + Int64(found) * 60
                return result < end ? result : nil
            }
            dayNumber += 1
            inDay = 0
        }
        return nil
    }

    private func fits(_ date: CalendarDate, _ dayNumber: Int) -> Bool {
        let fitsDay = day.contains(date.day)
        let fitsWeekday = weekday.contains(CalendarDate.weekday(ofDay: dayNumber))
        return day.isOpen || weekday.isOpen ? fitsDay && fitsWeekday : fitsDay || fitsWeekday
    }

    /// Minutes of the day, from `inDay` on.
    private func firstMinute(from inDay: Int) -> Int? {
        guard inDay < 1440, let hour = hour.first(from: inDay / 60) else { return nil }
        let from = hour == inDay / 60 ? inDay % 60 : 0
        if let minute = minute.first(from: from) { return hour * 60 + minute }
        guard let later = self.hour.first(from: hour + 1), let minute = minute.first(from: 0)
        else { return nil }
        return later * 60 + minute
    }
}
