import JSON
import TestSupport
import Testing

@testable import Gateway

/// A structure as people type it is the structure again.
@Suite struct OrgOutlineTests {
    private let texts = Texts.find("en")

    @Test(arguments: 1...20) func `written and read again it is the same`(_ round: Int) {
        var random = TestRandom(seed: UInt64(round))
        let accounts = ["anna", "ben", "cora", "dan"]
        var units: [JSONValue] = []
        for number in 0..<Int.random(in: 1...30, using: &random) {
            let parent = Int.random(in: -1..<max(number, 0), using: &random)
            let from = Bool.random(using: &random)
            let members = accounts.filter { _ in Bool.random(using: &random) }
            units.append([
                "code": .string("u\(number)"),
                "parent": parent < 0 ? .null : .string("u\(parent)"),
                "name": ["en": .string("Unit \(number)"), "de": .string("Einheit \(number)")],
                "members": .array(members.map { .string($0) }),
                "from": from ? "2026-01-01" : .null, "until": from ? .null : "2026-12-31",
            ])
        }
        let outline = OrgOutline(kind: "unit")
        let text = outline.text(of: ["units": .array(units)], texts)
        let names = Dictionary(
            uniqueKeysWithValues: units.map { ($0["code"]?.string ?? "", $0["name"] ?? .null) })
        let read = outline.units(of: text, keeping: names, texts)
        let sorted = { (units: [JSONValue]) in
            units.sorted { $0["code"]?.string ?? "" < $1["code"]?.string ?? "" }
        }
        #expect(sorted(read) == sorted(units), "round \(round):\n\(text)")
    }

    @Test func `managers are accounts below each other`() {
        let outline = OrgOutline(kind: "manager")
        let people = outline.units(of: "anna\n  ben\n    cora\n\tdan\neve", keeping: [:], texts)
        #expect(
            people == [
                ["account": "anna", "manager": .null], ["account": "ben", "manager": "anna"],
                ["account": "cora", "manager": "ben"], ["account": "dan", "manager": "anna"],
                ["account": "eve", "manager": .null],
            ])
        #expect(
            outline.text(of: ["people": .array(people)], texts)
                == "anna\n  ben\n    cora\n  dan\neve")
    }
}
