import ServiceRuntime
import Testing

@testable import Workflow

@Suite struct `Schedules` {
    @Test(arguments: [
        ("* * *", "five fields"), ("0 3 * * * *", "has 6"), ("", "has 0"),
        ("61 * * * *", "no minute: it is a number from 0 to 59"),
        ("* 24 * * *", "no hour"), ("0 0 0 * *", "no day of the month"),
        ("0 0 * 13 *", "no month"), ("0 0 * foo *", "a name such as feb"),
        ("0 0 * * 8", "no day of the week"), ("5/10 * * * *", "write 5-59/10"),
        ("0 22-4 * * *", "write 22-23,0-4"), ("*/0 * * * *", "no step from 1 to 59"),
        ("*/x * * * *", "no step"), ("1,,2 * * * *", "“” is no minute"),
        ("-1 * * * *", "“” is no minute"), ("0 0 ? * *", "“?”"), ("0 0 L * *", "“L”"),
        ("@reboot", "@daily"), ("@daily 5", "@daily"), ("0 0 30 2 *", "never comes"),
        ("0 0 31 2,4,6,9,11 *", "never comes"), ("0 0 30-31 feb *", "never comes"),
        (String(repeating: "1,", count: 200), "at most 200 bytes"),
    ])
    func `what is no schedule is refused, and told why`(text: String, reason: String) {
        do {
            _ = try CronSchedule(text)
            Issue.record("“\(text)” was taken")
        } catch {
            #expect(error.detail.contains(reason), "\(error.detail)")
        }
    }

    /// In UTC, from 2026-11-28 (a Saturday) 10:17:30.
    @Test(arguments: [
        ("* * * * *", "11-28 10:18, 11-28 10:19"),
        ("*/15 * * * *", "11-28 10:30, 11-28 10:45, 11-28 11:00"),
        ("7-19/6 9,10 * * *", "11-28 10:19, 11-29 09:07, 11-29 09:13"),
        ("0 3 * * *", "11-29 03:00, 11-30 03:00"), ("@daily", "11-29 00:00"),
        ("@hourly", "11-28 11:00"), ("@weekly", "11-29 00:00, 12-06 00:00"),
        ("@monthly", "12-01 00:00, 01-01 00:00"), ("@yearly", "01-01 00:00, 01-01 00:00"),
        ("0 8 * * mon-fri", "11-30 08:00, 12-01 08:00"), ("0 8 * * 7", "11-29 08:00, 12-06 08:00"),
        ("0 8 * * FRI-SUN", "11-29 08:00, 12-04 08:00, 12-05 08:00, 12-06 08:00"),
        ("0 0 1,15 * wed", "12-01 00:00, 12-02 00:00, 12-09 00:00, 12-15 00:00, 12-16 00:00"),
        ("0 0 */2 * mon", "12-07 00:00, 12-21 00:00, 01-11 00:00"),
        ("0 0 29 2 *", "02-29 00:00, 02-29 00:00"), ("0 0 31 * *", "12-31 00:00, 01-31 00:00"),
        ("0 12 * feb,apr *", "02-01 12:00, 02-02 12:00"),
    ])
    func `the next times`(text: String, expected: String) throws {
        let schedule = try CronSchedule(text)
        var time = Timestamp("2026-11-28T10:17:30Z") ?? Timestamp(milliseconds: 0)
        var found: [String] = []
        for _ in 0..<expected.split(separator: ",").count {
            time = try #require(schedule.next(after: time, in: .utc))
            found.append("\(time.text.dropFirst(5).prefix(5)) \(time.text.dropFirst(11).prefix(5))")
        }
        #expect(found.joined(separator: ", ") == expected)
    }

    /// Zone, local date, until that local hour, schedule: when it runs, with the hours from UTC.
    private static let days = """
        # Prague: at 02:00 it is 03:00
        Europe/Prague       2026-03-29 05 | 30 2 * * *       | 03:00+02
        Europe/Prague       2026-03-29 05 | 0,20,40 2 * * *  | 03:00+02
        Europe/Prague       2026-03-29 05 | 0 3 * * *        | 03:00+02
        Europe/Prague       2026-03-29 05 | 30 2,3 * * *     | 03:00+02 03:30+02
        Europe/Prague       2026-03-29 04 | 30 0-4 * * *     | 00:30+01 01:30+01 03:00+02 03:30+02
        Europe/Prague       2026-03-29 05 | 30 * * * *       | 00:30+01 01:30+01 03:30+02 04:30+02
        Europe/Prague       2026-03-29 05 | 0 */2 * * *      | 00:00+01 04:00+02
        # and at 03:00 it is 02:00
        Europe/Prague       2026-10-25 05 | 30 2 * * *       | 02:30+02
        Europe/Prague       2026-10-25 05 | 0 3 * * *        | 03:00+01
        Europe/Prague       2026-10-25 05 | 0 2,3 * * *      | 02:00+02 03:00+01
        Europe/Prague       2026-10-25 05 | */30 2 * * *     | 02:00+02 02:30+02
        Europe/Prague       2026-10-25 04 | 30 1-9 * * *     | 01:30+02 02:30+02 03:30+01
        Europe/Prague       2026-10-25 03 | 30 * * * *       | 00:30+02 01:30+02 02:30+02 02:30+01
        Europe/Prague       2026-10-25 05 | 0 */2 * * *      | 00:00+02 02:00+02 02:00+01 04:00+01
        # New York: at 02:00 it is 03:00, and at 02:00 it is 01:00
        America/New_York    2026-03-08 05 | 30 2 * * *       | 03:00-04
        America/New_York    2026-03-08 05 | 59 1 * * *       | 01:59-05
        America/New_York    2026-11-01 05 | 30 1 * * *       | 01:30-04
        America/New_York    2026-11-01 05 | 0 2 * * *        | 02:00-05
        America/New_York    2026-11-01 02 | 20 * * * *       | 00:20-04 01:20-04 01:20-05
        # Lord Howe, by half an hour: at 02:00 it is 02:30, and at 02:00 it is 01:30
        Australia/Lord_Howe 2026-10-04 05 | 15 2 * * *       | 02:30+11
        Australia/Lord_Howe 2026-10-04 05 | 45 2 * * *       | 02:45+11
        Australia/Lord_Howe 2026-10-04 05 | 10,20,50 2 * * * | 02:30+11 02:50+11
        Australia/Lord_Howe 2026-10-04 03 | */30 1-9 * * *   | 01:00+1030 01:30+1030 02:30+11
        Australia/Lord_Howe 2026-10-04 03 | 40 * * * *       | 00:40+1030 01:40+1030 02:40+11
        Australia/Lord_Howe 2026-04-05 05 | 15 1 * * *       | 01:15+11
        Australia/Lord_Howe 2026-04-05 05 | 45 1 * * *       | 01:45+11
        Australia/Lord_Howe 2026-04-05 02 | 45 * * * *       | 00:45+11 01:45+11 01:45+1030
        # São Paulo, at midnight: at 00:00 it is 01:00, and at 00:00 it is 23:00 of the day before
        America/Sao_Paulo   2018-11-04 05 | @daily           | 01:00-02
        America/Sao_Paulo   2018-11-04 05 | 15,45 0 * * *    | 01:00-02
        America/Sao_Paulo   2018-11-04 05 | 0 0,1 * * *      | 01:00-02
        America/Sao_Paulo   2018-02-17 24 | 30 23 * * *      | 23:30-02
        America/Sao_Paulo   2018-02-17 24 | 30 22-23 * * *   | 22:30-02 23:30-02
        America/Sao_Paulo   2018-02-18 05 | @daily           | 00:00-03
        # Cairo, at midnight too: at 00:00 it is 01:00, and at 24:00 it is 23:00
        Africa/Cairo        2026-04-24 05 | @daily           | 01:00+03
        Africa/Cairo        2026-04-24 05 | 0 0 * * fri      | 01:00+03
        Africa/Cairo        2026-10-29 24 | 59 23 * * *      | 23:59+03
        Africa/Cairo        2026-10-30 05 | @daily           | 00:00+02
        # Apia went without December 30
        Pacific/Apia        2011-12-29 24 | 0 12 * * *       | 12:00-10
        Pacific/Apia        2011-12-30 24 | 0 12 * * *       |
        Pacific/Apia        2011-12-31 24 | 0 12 * * *       | 00:00+14 12:00+14
        Pacific/Apia        2011-12-31 24 | @daily           | 00:00+14
        Pacific/Apia        2011-12-31 24 | 0 9 30 12 *      | 00:00+14
        Pacific/Apia        2011-12-31 24 | 0 9 * * fri      | 00:00+14
        # Kathmandu, with a quarter of an hour: its clocks were set forward once
        Asia/Kathmandu      2026-03-29 05 | 30 2 * * *       | 02:30+0545
        Asia/Kathmandu      1986-01-01 05 | 5 0 * * *        | 00:15+0545
        """

    @Test(arguments: days.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") })
    func `daylight saving neither skips nor doubles`(row: String) throws {
        let cells = row.split(separator: "|", omittingEmptySubsequences: false)
        let place = cells[0].split(separator: " ")
        let zone = try ZoneFile.zone(String(place[0]))
        let schedule = try CronSchedule(String(cells[1]))
        let midnight = try #require(CalendarDate(String(place[1]))).dayNumber * 86_400
        let hours = try #require(Int(place[2]))
        let from = zone.utc(of: Int64(midnight))
        // 24 is the midnight at the end, after an hour that comes twice.
        let end = zone.utc(of: Int64(midnight + hours * 3600))
        var time = Timestamp(milliseconds: from * 1000 - 1)
        var found: [String] = []
        while let next = schedule.next(after: time, in: zone), next.milliseconds < end * 1000 {
            found.append(Schedules.local(next, zone))
            time = next
        }
        #expect(
            found.joined(separator: " ")
                == cells[2].split(separator: " ").joined(separator: " "))
    }

    /// `02:30+0545`.
    private static func local(_ time: Timestamp, _ zone: TimeZone) -> String {
        let offset = zone.offset(at: time.milliseconds / 1000)
        let local = Timestamp(milliseconds: time.milliseconds + offset * 1000).text
        let minutes = abs(offset) / 60
        let hours = "\(offset < 0 ? "-" : "+")\(minutes / 60 < 10 ? "0" : "")\(minutes / 60)"
        return local.dropFirst(11).prefix(5) + hours + (minutes % 60 == 0 ? "" : "\(minutes % 60)")
    }
}
