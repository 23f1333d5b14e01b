import Contracts
import Database
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Random filters and orders over a small class, against the oracle.
@Suite struct FilterFuzzTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `a list answers what the filter says, whatever the filter`(seed: UInt64) async throws {
        var random = TestRandom(seed: seed)
        let clock = ManualClock(start: Timestamp(milliseconds: 1_795_000_000_000))
        let store = try await TestStore(clock: clock)
        try await store.apply(helpdesk())
        try await FilterData.fill(store, &random)
        let people = FilterData.callers
        for round in 0..<250 {
            let context = people[round % people.count]
            let records = try await store.list(ticket, limit: 1000, as: context)
            let customers = try await store.list(customer, limit: 1000)["items"]?.array ?? []
            let canFollow = context.principal.isSystem || context.principal.roles == ["agent"]
            let oracle = FilterOracle(account: context.principal.account, now: clock.now()) {
                _, id in
                canFollow ? customers.first { $0["id"] == id } : nil
            }
            var maker = FilterMaker(random: random, columns: FilterData.columns(for: context))
            let text = maker.filter(depth: 3)
            random = maker.random
            let parsed = try FilterParser.parse(text)
            let expected = (records["items"]?.array ?? []).filter { oracle.matches(parsed, $0) }
            let got = try await store.ids(ticket, filter: text, as: context)
            #expect(got == expected.map(\.id), "seed \(seed), \(text)")
        }
        await store.database.close()
    }

    @Test(arguments: [UInt64(11), 12])
    func `pages by cursor are the list in order, whatever the order`(seed: UInt64) async throws {
        var random = TestRandom(seed: seed)
        let store = try await TestStore()
        try await store.apply(helpdesk())
        try await FilterData.fill(store, &random)
        for round in 0..<60 {
            let context = FilterData.callers[round % FilterData.callers.count]
            let columns = FilterData.columns(for: context).filter { !$0.hasPrefix("customer/") }
                .shuffled(using: &random)
            let keys = columns.prefix(Int.random(in: 1...3, using: &random)).map {
                ($0, Bool.random(using: &random))
            }
            let order = keys.map { $0 + ($1 ? " desc" : "") }.joined(separator: ",")
            var all = try await store.list(ticket, limit: 1000, as: context)["items"]?.array ?? []
            let lastDescends = keys.last?.1 ?? false
            all.sort { a, b in
                for (column, descends) in keys {
                    let sign = FilterData.sign(a[column] ?? .null, b[column] ?? .null)
                    if sign != 0 { return descends ? sign > 0 : sign < 0 }
                }
                return lastDescends ? a.id > b.id : a.id < b.id
            }
            var got: [Int64] = []
            var cursor: String?
            repeat {
                let page = try await store.list(
                    ticket, orderby: order, limit: Int.random(in: 1...17, using: &random),
                    cursor: cursor, as: context)
                got += page.ids
                cursor = page["next"]?.string
            } while cursor != nil
            #expect(got == all.map(\.id), "seed \(seed), \(order)")
        }
        await store.database.close()
    }
}

/// A small class full of ties, empty values and other people's records.
enum FilterData {
    static let callers: [CallContext] = [
        .system, .caller("ada", "agent"), .caller("bob", "clerk"), .caller("cyd", "customer"),
    ]

    static func columns(for context: CallContext) -> [String] {
        let all = [
            "subject", "body", "status", "spent", "urgent", "score", "due", "day", "customer",
            "mail_id", "creator", "version", "id",
        ]
        switch context.principal.roles.first {
        case "customer": return ["subject", "status", "creator", "id"]
        case "clerk": return all
        default: return all + ["customer/name", "customer/number"]
        }
    }

    static func fill(_ store: TestStore, _ random: inout TestRandom) async throws {
        for (index, name) in ["Anna", "Bert", "Cora"].enumerated() {
            try await store.create(
                customer, ["name": .string(name), "number": .number(JSONNumber(Int64(index)))])
        }
        var items: [JSONValue] = []
        for number in 0..<120 {
            var body = JSONObject()
            body["subject"] = .string(
                FilterMaker.texts.filter { !$0.isEmpty }.randomElement(using: &random) ?? "x")
            func maybe(_ key: String, _ value: JSONValue) {
                body[key] = Bool.random(using: &random) ? value : .null
            }
            maybe("body", .string(FilterMaker.texts.randomElement(using: &random) ?? "x"))
            maybe("status", ["new", "open", "closed"].randomElement(using: &random) ?? .null)
            maybe(
                "spent",
                .number(
                    JSONNumber(unscaled: Int64.random(in: 0...500, using: &random), scale: 2)))
            maybe("urgent", .boolean(Bool.random(using: &random)))
            maybe("score", .number(JSONNumber(Int64.random(in: -3...3, using: &random))))
            maybe("due", .string(FilterMaker.times.randomElement(using: &random) ?? ""))
            maybe("day", .string(FilterMaker.days.randomElement(using: &random) ?? ""))
            maybe("customer", .number(JSONNumber(Int64.random(in: 1...3, using: &random))))
            maybe("mail_id", .string("m\(number)"))
            items.append(.object(body))
        }
        for (index, item) in items.enumerated() {
            let account = ["ada", "bob", "cyd"][index % 3]
            var principal = Principal.system
            principal.account = account
            try await store.create(ticket, item, as: .make(principal))
        }
        for id in stride(from: Int64(5), to: 120, by: 10) { try await store.delete(ticket, id) }
    }

    /// Empty before any value.
    static func sign(_ a: JSONValue, _ b: JSONValue) -> Int {
        switch (a, b) {
        case (.null, .null): 0
        case (.null, _): -1
        case (_, .null): 1
        case (.boolean(let x), .boolean(let y)): (x ? 1 : 0) - (y ? 1 : 0)
        default: FilterOracle.order(a, b) ?? 0
        }
    }
}

/// Writes random filters that make sense for their columns.
struct FilterMaker {
    static let texts = [
        "", "a", "ab", "abc", "b", "Ab", "é", "éa", "a'b", "zz%_", "日本", "x\u{10FFFF}",
    ]
    static let times = [
        "2026-11-17T23:59:59.999Z", "2026-11-18T00:00:00.000Z", "2026-11-19T12:00:00.000Z",
        "2030-01-01T00:00:00.000Z",
    ]
    static let days = ["2026-11-17", "2026-11-18", "2026-11-19", "2030-01-01"]

    var random: TestRandom
    let columns: [String]

    mutating func filter(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 3), using: &random) {
        case 3: return "(\(filter(depth: depth - 1)) and \(filter(depth: depth - 1)))"
        case 4: return "(\(filter(depth: depth - 1)) or \(filter(depth: depth - 1)))"
        case 5: return "not (\(filter(depth: depth - 1)))"
        default: return term()
        }
    }

    private mutating func term() -> String {
        let column = columns.randomElement(using: &random) ?? "id"
        switch column {
        case "subject", "body", "status", "mail_id", "creator", "customer/name":
            if Int.random(in: 0..<3, using: &random) == 0 {
                let function = ["contains", "startswith", "endswith"].randomElement(using: &random)
                return "\(function ?? "contains")(\(column),\(text()))"
            }
            return comparison(column, [text(), text(), "'new'", "me", "null"])
        case "urgent":
            if Bool.random(using: &random) { return column }
            let value = ["true", "false", "null"].randomElement(using: &random) ?? "true"
            return "\(column) \(Bool.random(using: &random) ? "eq" : "ne") \(value)"
        case "due":
            let time = FilterMaker.times.randomElement(using: &random) ?? ""
            return comparison(column, [time, "now", "today", "null", "2026-11-18", "'\(time)'"])
        case "day":
            let day = FilterMaker.days.randomElement(using: &random) ?? ""
            return comparison(column, [day, "today", "null"])
        case "score":
            if Int.random(in: 0..<4, using: &random) == 0, columns.contains("version") {
                let word = FilterExpression.Comparison.allCases.randomElement(using: &random) ?? .eq
                return "score \(word.rawValue) version"
            }
            return comparison(column, ["1", "-2", "1.5", "0", "null", "1e30", "-1e30"])
        default:
            return comparison(column, ["1", "2", "2.5", "2.505", "100", "-1e-3", "null", "1e30"])
        }
    }

    private mutating func comparison(_ column: String, _ values: [String]) -> String {
        func pick() -> String { values.randomElement(using: &random) ?? "null" }
        if Int.random(in: 0..<5, using: &random) == 0 {
            return "\(column) in (\(pick()), \(pick()), \(pick()))"
        }
        let word = FilterExpression.Comparison.allCases.randomElement(using: &random) ?? .eq
        if Int.random(in: 0..<6, using: &random) == 0 {
            return "\(pick()) \(word.rawValue) \(column)"
        }
        return "\(column) \(word.rawValue) \(pick())"
    }

    private mutating func text() -> String {
        let text = FilterMaker.texts.randomElement(using: &random) ?? ""
        return "'"
            + text.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "''") + "'"
    }
}
