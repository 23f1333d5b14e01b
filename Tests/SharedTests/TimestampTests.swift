import ServiceRuntime
import Testing

@Test(arguments: [
    (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_763_806_530_123, "2025-11-22T10:15:30.123Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
])
func `a moment has one text`(_ milliseconds: Int64, _ text: String) {
    #expect(Timestamp(milliseconds: milliseconds).text == text)
    #expect(Timestamp(text)?.milliseconds == milliseconds)
}

@Test(arguments: [
    ("2026-11-22T10:15:30Z", "2026-11-22T10:15:30.000Z"),
    ("2026-11-22T10:15:30.1Z", "2026-11-22T10:15:30.100Z"),
    ("2026-11-22T10:15:30.123999Z", "2026-11-22T10:15:30.123Z"),
    ("2026-11-22T10:15:30+02:00", "2026-11-22T08:15:30.000Z"),
    ("2026-01-01T00:00:00-05:30", "2026-01-01T05:30:00.000Z"),
    ("2026-11-22t10:15:30z", "2026-11-22T10:15:30.000Z"),
    ("2026-11-22 10:15:30Z", "2026-11-22T10:15:30.000Z"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"),
])
func `RFC 3339 is read in all its forms`(_ text: String, _ expected: String) {
    #expect(Timestamp(text)?.text == expected)
}

@Test(arguments: [
    "", "2026-11-22", "2026-11-22T10:15Z", "2026-11-22T10:15:30", "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T10:15:61Z",
    "2026-11-22T10:15:30.Z", "2026-11-22T10:15:30+2:00", "2026-11-22T10:15:30Zx", "x",
    "26-11-22T00:00:00Z",
    "2026-11-22T10:15:30+0200", "0000-01-01T00:00:00Z",
])
func `what is no moment is refused`(_ text: String) { #expect(Timestamp(text) == nil) }

@Test(arguments: [1896, 1996, 2096, 4])
func `every day has its date, over leap years and those left out`(_ year: Int) throws {
    var date = try #require(CalendarDate(year: year, month: 1, day: 1))
    var moment = try #require(Timestamp(date.text + "T12:00:00Z"))
    for _ in 0..<(366 + 8 * 365) {
        let next = CalendarDate(moment)
        #expect(next == date && CalendarDate(next.text) == next)
        #expect(moment.text.hasPrefix(date.text))
        moment = moment.advanced(by: .seconds(86_400))
        date =
            CalendarDate(year: date.year, month: date.month, day: date.day + 1)
            ?? CalendarDate(year: date.year, month: date.month + 1, day: 1)
            ?? CalendarDate(year: date.year + 1, month: 1, day: 1) ?? date
    }
    #expect(date.year >= year + 8)
}

@Test(arguments: [
    "2026-2-1", "2026-02-30", "0000-01-01", "2026-00-10", "2026-01-00", "2026-01-01T", "",
])
func `what is no date is refused`(_ text: String) { #expect(CalendarDate(text) == nil) }

@Test(arguments: [
    ("250ms", Duration.milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)),
    ("2h", .seconds(7200)), ("3d", .seconds(259_200)), ("0s", .zero),
])
func `durations are read`(_ text: String, _ duration: Duration) {
    #expect(Duration(text: text) == duration)
    if duration > .zero { #expect(duration.settingText == text) }
}

@Test(arguments: [
    "", "5", "s", "-5s", "5 s", "1.5h", "5y", "99999999999999999999s", "999999999999999d", "５s",
])
func `what is no duration is refused`(_ text: String) { #expect(Duration(text: text) == nil) }

@Test func `identifiers sort by time and differ`() {
    let random = SeededRandom(seed: 7)
    let early = random.identifier(at: Timestamp(milliseconds: 1_000_000_000_000))
    let late = random.identifier(at: Timestamp(milliseconds: 1_000_000_000_001))
    #expect(early.utf8.count == 26 && early < late)
    #expect(early.hasPrefix("00X4H2WG") == false)
    #expect(early.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) })
    let many = (0..<1000).map { _ in SystemRandom().identifier(at: Timestamp(milliseconds: 5)) }
    #expect(Set(many).count == 1000)
}

@Test func `a known moment has a known prefix`() {
    struct Zeros: RandomSource {
        func bytes(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }
    }
    // The example of the ULID specification.
    let id = Zeros().identifier(at: Timestamp(milliseconds: 1_469_918_176_385))
    #expect(id == "01ARYZ6S41" + String(repeating: "0", count: 16))
}

@Test func `randomness is repeatable with a seed and fits its length`() {
    #expect(SeededRandom(seed: 1).bytes(33) == SeededRandom(seed: 1).bytes(33))
    #expect(SeededRandom(seed: 1).bytes(33) != SeededRandom(seed: 2).bytes(33))
    for count in [0, 1, 2, 3, 16, 31, 32] {
        #expect(SystemRandom().bytes(count).count == count)
        #expect(SystemRandom().token(count).utf8.count == (count * 4 + 2) / 3)
    }
    let fractions = (0..<1000).map { _ in SystemRandom().fraction() }
    #expect(fractions.allSatisfy { (0..<1).contains($0) })
    #expect(Set(fractions).count > 990)
}
