import JSON
import ServiceRuntime
import Testing

private func number(_ text: String) throws -> JSONNumber { try #require(JSONNumber(text: text)) }

@Test(arguments: [
    ("1", "1.0"), ("1", "1.000"), ("100", "1e2"), ("0", "-0"), ("0", "0.000e5"), ("0.1", "1e-1"),
    ("1E5", "100000"), ("12.50", "1250e-2"), ("1e99999999", "10e99999998"), ("-3", "-3.0"),
    ("1e+2", "1E2"), ("0e99999999999999999", "0"),
])
func `numbers are equal by value`(_ a: String, _ b: String) throws {
    let (left, right) = (try number(a), try number(b))
    #expect(left == right)
    #expect(left.hashValue == right.hashValue)
}

@Test(arguments: [
    ("1", "-1"), ("1", "1.0000000000000000000001"), ("0.1", "0.10000000000000000001"),
    ("1e99999999", "1e99999998"), ("9007199254740993", "9007199254740992"), ("1", "10"),
])
func `numbers that differ by the least digit differ`(_ a: String, _ b: String) throws {
    #expect(try number(a) != number(b))
}

@Test func `comparing costs by the length of the text, not by the exponent`() throws {
    let huge = try number("1e99999999999999999")
    #expect(try huge != number("1e99999999999999998"))
    #expect(huge.integer == nil)
    #expect(huge.unscaled(scale: 3) == nil)
    #expect(huge.double == .infinity)
    #expect(JSONNumber(text: "1e100000000000000000") == nil)
    let tiny = try number("1e-99999999999999999")
    #expect(tiny.unscaled(scale: .max) == nil)
    #expect(tiny.unscaled(scale: .min) == nil)
    #expect(tiny.double == 0)
}

@Test(arguments: [
    ("2.50", 2, Int64(250)), ("2.5", 2, 250), ("2.505", 2, nil), ("-0.01", 2, -1), ("1e3", 0, 1000),
    ("92233720368547758.07", 2, .max), ("92233720368547758.08", 2, nil),
    ("-92233720368547758.08", 2, .min), ("-92233720368547758.09", 2, nil), ("0.0", 0, 0),
    ("1e18", 0, 1_000_000_000_000_000_000), ("1e19", 0, nil), ("0.000000000000000001", 18, 1),
    ("9.9e18", 0, nil), ("12345678901234567890", 0, nil),
])
func `decimals scale exactly or not at all`(_ text: String, _ scale: Int, _ expected: Int64?) throws
{
    #expect(try number(text).unscaled(scale: scale) == expected)
}

@Test(arguments: [
    (Int64(10), 2, "0.10"), (250, 2, "2.50"), (-1, 2, "-0.01"), (0, 2, "0.00"), (7, 0, "7"),
    (.min, 2, "-92233720368547758.08"), (.max, 19, "0.9223372036854775807"), (-5, 1, "-0.5"),
])
func `a scaled integer shows all its decimals`(_ unscaled: Int64, _ scale: Int, _ text: String) {
    let value = JSONNumber(unscaled: unscaled, scale: scale)
    #expect(value.text == text)
    #expect(value.unscaled(scale: scale) == unscaled)
}

@Test func `scaling and back is the same for any number`() {
    let seed: UInt64 = 20_261_122
    let random = SeededRandom(seed: seed)
    for _ in 0..<5000 {
        let unscaled = Int64(bitPattern: random.next()) >> Int64(random.below(64))
        let scale = random.below(19)
        let value = JSONNumber(unscaled: unscaled, scale: scale)
        #expect(value.unscaled(scale: scale) == unscaled, "seed \(seed)")
        #expect(JSONNumber(text: value.text) == value, "seed \(seed)")
    }
}

@Test func `only numbers are numbers`() {
    for text in ["", "-", "1 ", " 1", "1.", "x", "01", "+1", "NaN", "1e", "0x1", "1\0", "１"] {
        #expect(JSONNumber(text: text) == nil, "\(text)")
    }
}
