import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// A schedule that was thrown dice for, and what it means, minute by minute.
private struct Dice {
    var text: String
    private var fields: [(isOpen: Bool, values: Set<Int>)] = []

    init(_ random: inout TestRandom) {
        let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]
        var words: [String] = []
        for (place, range) in ranges.enumerated() {
            let (word, values) = Dice.field(range, isDate: place > 1, &random)
            words.append(word)
            fields.append((word.hasPrefix("*"), values))
        }
        text = words.joined(separator: " ")
    }

    /// Dates are left open more often than not, so that it comes at all.
    private static func field(
        _ range: ClosedRange<Int>, isDate: Bool, _ random: inout TestRandom
    ) -> (String, Set<Int>) {
        if Int.random(in: 0..<10, using: &random) < (isDate ? 7 : 2) { return ("*", Set(range)) }
        let step = Int.random(in: 1...max(2, range.upperBound / 3), using: &random)
        if Bool.random(using: &random) {
            let all = stride(from: range.lowerBound, through: range.upperBound, by: step)
            return ("*/\(step)", Set(all))
        }
        var words: [String] = []
        var values: Set<Int> = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let low = Int.random(in: range, using: &random)
            let high = Int.random(in: low...range.upperBound, using: &random)
            if low == high || Bool.random(using: &random) {
                words.append("\(low)")
                values.insert(low)
            } else {
                words.append("\(low)-\(high)/\(step)")
                values.formUnion(stride(from: low, through: high, by: step))
            }
        }
        return (words.joined(separator: ","), values)
    }

    var isInterval: Bool { fields[1].isOpen }

    /// Whether it means this minute of local time, counted from 1970.
    func means(_ minute: Int64) -> Bool {
        let day = Int(minute.floorDivided(by: 1440))
        let date = CalendarDate(dayNumber: day)
        let inDay = Int(minute - Int64(day) * 1440)
        guard fields[0].values.contains(inDay % 60), fields[1].values.contains(inDay / 60),
            fields[3].values.contains(date.month)
        else { return false }
        let fitsDay = fields[2].values.contains(date.day)
        let fitsWeekday = fields[4].values.contains((day + 4) % 7)
        return fields[2].isOpen || fields[4].isOpen
            ? fitsDay && fitsWeekday : fitsDay || fitsWeekday
    }

    /// When it comes in a time, by walking over every minute.
    func walk(_ minutes: Range<Int64>, _ zone: TimeZone) -> [Int64] {
        var shown: Set<Int64> = []
        var times: [Int64] = []
        var last = minutes.lowerBound - 2 * 1440
        last += zone.offset(at: last * 60) / 60
        for minute in minutes.lowerBound - 2 * 1440..<minutes.upperBound {
            let local = minute + zone.offset(at: minute * 60) / 60
            var comes = means(local) && (isInterval || !shown.contains(local))
            if !isInterval, local > last + 1 {
                comes = comes || (last + 1..<local).contains { !shown.contains($0) && means($0) }
            }
            if comes, minutes.contains(minute) { times.append(minute) }
            shown.insert(local)
            last = local
        }
        return times
    }
}

@Test func `random schedules come as a walk over every minute finds them`() throws {
    let zones = [
        "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
        "Africa/Cairo", "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca", "UTC",
    ].map { try? ZoneFile.zone($0) }.compactMap(\.self)
    #expect(zones.count == 9)
    let seed = UInt64.random(in: 0 ... .max)
    var random = TestRandom(seed: seed)
    var found = 0
    for _ in 0..<150 {
        let dice = Dice(&random)
        let schedule: CronSchedule
        do {
            schedule = try CronSchedule(dice.text)
        } catch {
            #expect(error.detail.contains("never comes"), "\(dice.text), seed \(seed)")
            continue
        }
        let zone = zones[.random(in: 0..<zones.count, using: &random)]
        // Around a change of the clocks, from 2005 to 2060.
        let change = zone.stretch(
            at: .random(in: 1_104_537_600...2_840_140_800, using: &random)
        ).end
        let middle = change < TimeZone.distantFuture ? change / 60 : 30_000_000
        let minutes = middle - 1500..<middle + 1500
        var times: [Int64] = []
        var time = Timestamp(milliseconds: minutes.lowerBound * 60_000 - 1)
        while let next = schedule.next(after: time, in: zone),
            next.milliseconds < minutes.upperBound * 60_000
        {
            times.append(next.milliseconds / 60_000)
            time = next
        }
        found += times.count
        #expect(
            times == dice.walk(minutes, zone),
            "“\(dice.text)” in \(zone.name) around \(change), seed \(seed)")
    }
    #expect(found > 100)
}
