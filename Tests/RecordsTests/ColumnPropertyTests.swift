import Contracts
import Database
import HTTP
import JSON
import TestSupport
import Testing

@testable import Records

/// Random classes and random values: what goes in comes out, by whatever door, and other programs'
/// SQL is taken exactly where the API takes the same value.
@Suite struct ColumnPropertyTests {
    private let first = FullCode(model: "m", code: "first")
    private let second = FullCode(model: "m", code: "second")

    @Test(arguments: UInt64(1)...12)
    func `SQL is taken exactly where the API takes the same values, and both records are the same`(
        _ seed: UInt64
    ) async throws {
        var random = TestRandom(seed: seed)
        let columns = (0..<Int.random(in: 4...12, using: &random)).map {
            RandomColumn(code: "c\($0)", &random)
        }
        let store = try await makeStore(columns)
        var accepted = 0
        var faulty: Set<String> = []
        var draft = RandomDraft()
        for round in 0..<100 {
            draft.draw(columns, again: faulty, &random)
            let (body, stored) = (draft.body(columns), draft.stored(columns))
            let names = (["version"] + stored.map(\.0)).joined(separator: ", ")
            let values = (["1"] + stored.map(\.1)).joined(separator: ", ")
            let sql = "INSERT INTO DataRow_3 (\(names)) VALUES (\(values))"
            let place =
                "seed \(seed), round \(round): \(JSONValue.object(JSONObject(body)).text) \(sql)"
            var id: Int64?
            let call = JSONValue.object(JSONObject(body))
            let problem = await refusal {
                // Every other one as one of an array.
                if round % 2 == 0 {
                    id = try await store.create(first, call).id
                } else {
                    let answer = try await store.create(first, [call], atomic: true)
                    id = answer["results"]?.array?.first?.id
                }
            }
            let foreign = try await store.database.write { connection -> String? in
                do {
                    _ = try connection.savepoint { try connection.run(sql) }
                    return nil
                } catch { return "\(error)" }
            }
            #expect(
                (problem == nil) == (foreign == nil),
                "\(place)\nAPI: \(problem?.faults ?? ["taken"]), SQL: \(foreign ?? "taken")")
            faulty = Set(
                (problem?.errors ?? []).compactMap {
                    $0.pointer.split(separator: "/").first { $0.hasPrefix("c") }.map(String.init)
                })
            guard let id, foreign == nil else { continue }
            accepted += 1
            let record = try await store.get(first, id)
            for (code, value) in body where !value.isNull {
                #expect(record[code] == value, "\(place): \(code)")
            }
            // A refused write may have taken a number.
            let otherID = try await store.database.read {
                try $0.count("SELECT max(id) FROM DataRow_3")
            }
            let other = try await store.get(second, otherID)
            for column in columns where column.isFixed {
                #expect(record[column.code] == other[column.code], "\(place): \(column.code)")
            }
            try await checkHistory(store, first, id, record, columns, place)
            try await checkHistory(store, second, otherID, other, columns, place)
        }
        #expect(accepted > 3, "seed \(seed): \(accepted) of 100 were taken, which shows little")
        let codes = columns.filter(\.isFixed).map(\.code).joined(separator: ", ")
        if !codes.isEmpty {
            let rows = try await store.foreign("SELECT \(codes) FROM m_first ORDER BY id").output
            let others = try await store.foreign("SELECT \(codes) FROM m_second ORDER BY id")
            #expect(others.output == rows)
        }
        await store.database.close()
    }

    private func makeStore(_ columns: [RandomColumn]) async throws -> TestStore {
        let store = try await TestStore()
        let list = columns.map(\.definition).joined(separator: ", ")
        let classes = ["first", "second"].map { #"{"code": "\#($0)", "columns": [\#(list)]}"# }
        try await store.apply(
            json(
                """
                {"code": "m", "name": "M", "classes": [{"code": "far"},
                 \(classes.joined(separator: ", "))]}
                """))
        let unit = DirectoryStructure.Unit(code: "it", parent: nil, members: [])
        _ = try await store.directory.take(
            TakeDirectory(
                base: 0, version: 1,
                accounts: [DirectoryAccount(code: "anna", name: "Anna", active: true)],
                structures: [DirectoryStructure(code: "company", kind: "unit", units: [unit])]))
        for _ in 0..<3 { try await store.create(FullCode(model: "m", code: "far"), [:]) }
        return store
    }

    /// The first entry has the record as it is read, value for value.
    private func checkHistory(
        _ store: TestStore, _ type: FullCode, _ id: Int64, _ record: JSONValue,
        _ columns: [RandomColumn], _ place: String
    ) async throws {
        let entry = try #require(try await store.history(type, id).first)
        let changes = entry["changes"]?.array ?? []
        for column in columns {
            let change = changes.first { $0["column"]?.string == column.code }
            let shown = record[column.code] ?? .null
            if shown.isNull { continue }
            #expect(change?["new"] == shown, "\(place): history of \(column.code)")
        }
    }

    @Test func `a class of 400 columns works, and one of 1,000 is refused`() async throws {
        let types = ["text", "integer", "decimal", "boolean", "date", "datetime", "json", "guid"]
        func columns(_ count: Int) -> String {
            (0..<count).map {
                #"{"code": "c\#($0)", "type": "\#(types[$0 % types.count])"}"#
            }.joined(separator: ", ")
        }
        let store = try await TestStore()
        try await store.apply(small(columns(400)))
        let body = try json(
            #"{"c0": "x", "c399": "0f8fad5b-d9cb-469f-a165-70867728950e", "c390": [1]}"#)
        try await store.create(item, body)
        try await store.change(item, 1, ["c392": "y"])
        #expect(try await store.foreign("UPDATE DataRow_1 SET c1 = 5, c398 = '{}'").code == 0)
        #expect(try await store.foreign("INSERT INTO DataRow_1 (c0) VALUES ('z')").code == 0)
        let record = try await store.get(item, 1)
        #expect(record["c392"] == "y" && record["c1"] == 5 && record.version == 3)
        #expect(try await store.history(item, 1).count == 3)
        #expect(try await store.ids(item, filter: "c0 eq 'z'", orderby: "c2") == [2])
        let faults = try await store.faults(small(columns(1000)))
        #expect(faults.map(\.code) == ["too-many"])
        #expect(faults.first?.detail.contains("400") == true)
    }
}

/// A column with a random definition, and random values for it, good and bad.
private struct RandomColumn {
    let code: String
    private let type: String
    private let isMany: Bool
    private let isBounded: Bool
    private let more: String

    private static let types = [
        "text", "integer", "decimal", "boolean", "date", "datetime", "choice", "reference",
        "account", "unit", "guid", "json", "sequence",
    ]

    init(code: String, _ random: inout TestRandom) {
        self.code = code
        let type = RandomColumn.types.randomElement(using: &random) ?? "text"
        self.type = type
        isMany =
            !["boolean", "json", "sequence"].contains(type)
            && Int.random(in: 0...3, using: &random) == 0
        isBounded = Bool.random(using: &random)
        var more = isMany ? #", "many": true"# : ""
        if type != "sequence", Int.random(in: 0...5, using: &random) == 0 {
            more += #", "required": true"#
        }
        if !isMany, ["text", "integer", "date"].contains(type),
            Int.random(in: 0...3, using: &random) == 0
        {
            more += #", "unique": true"#
        } else if !isMany, type == "integer", Bool.random(using: &random) {
            more += #", "default": 5"#
        }
        self.more = more
    }

    var isGivenByPlatform: Bool { type == "sequence" }

    /// Whether both doors give it the same value.
    var isFixed: Bool { type != "guid" }

    var definition: String {
        var text = #"{"code": "\#(code)", "type": "\#(type)"\#(more)"#
        switch type {
        case "text": text += isBounded ? #", "min": 2, "max": 4"# : #", "pattern": "[a-d]*é?""#
        case "integer": text += isBounded ? #", "min": -3, "max": 9"# : ""
        case "decimal": text += #", "scale": 3"# + (isBounded ? #", "min": -1.5, "max": 2.25"# : "")
        case "date": text += isBounded ? #", "min": "2026-01-15""# : ""
        case "datetime": text += isBounded ? #", "max": "2026-01-15T00:00:00Z""# : ""
        case "choice": text += #", "choices": ["a", "B", "it's"]"#
        case "reference": text += #", "class": "far""#
        case "unit": text += #", "structure": "company""#
        case "sequence": text += isBounded ? #", "format": "N-{number:3}""# : ""
        default: break
        }
        return text + "}"
    }

    /// The same value as JSON and as SQL.
    func value(_ random: inout TestRandom) -> (JSONValue, String) {
        if type == "sequence" { return ("x", "'x'") }
        if Int.random(in: 0...9, using: &random) == 0 { return (.null, "NULL") }
        guard isMany else {
            let (value, stored) = one(&random)
            if let text = stored.string { return (value, literal(text)) }
            return (value, stored.text)
        }
        if Int.random(in: 0...9, using: &random) == 0 { return (["x": 1], #"'{"x": 1}'"#) }
        let items = (0..<Int.random(in: 0...3, using: &random)).map { _ in one(&random) }
        return (.array(items.map(\.0)), literal(JSONValue.array(items.map(\.1)).text))
    }

    /// A value, and how it is stored.
    private func one(_ random: inout TestRandom) -> (JSONValue, JSONValue) {
        func pick<T>(_ items: [T]) -> T { items[Int.random(in: 0..<items.count, using: &random)] }
        switch type {
        case "text":
            let value = JSONValue.string(
                pick(["", "a", "ab", "abcdé", "x", "dcba", "e\u{301}", "'\"\\", "🙂a"]))
            return (value, value)
        case "integer":
            let value: JSONValue = pick([0, 9, 10, -3, -4, 9_223_372_036_854_775_807])
            return (value, value)
        case "decimal":
            let stored: Int64 = pick([0, 1, -1500, -1501, 2250, 2251, 123_456_789_012_345_678])
            return (.number(JSONNumber(unscaled: stored, scale: 3)), .number(JSONNumber(stored)))
        case "boolean":
            let flag = Bool.random(using: &random)
            return (.boolean(flag), flag ? 1 : 0)
        case "date":
            let value = JSONValue.string(
                pick(["2026-01-14", "2026-01-15", "2026-02-30", "2028-02-29", "26-1-1", ""]))
            return (value, value)
        case "datetime":
            let value = JSONValue.string(
                pick([
                    "2026-01-15T00:00:00.000Z", "2026-01-15T00:00:00.001Z",
                    "1999-12-31T23:59:59.999Z", "x",
                ]))
            return (value, value)
        case "choice":
            let value = JSONValue.string(pick(["a", "B", "it's", "b", ""]))
            return (value, value)
        case "reference":
            let value: JSONValue = pick([1, 2, 3, 4, 0, -1])
            return (value, value)
        case "account":
            let value = JSONValue.string(pick(["anna", "bob", "Anna"]))
            return (value, value)
        case "unit":
            let value = JSONValue.string(pick(["it", "hr"]))
            return (value, value)
        case "guid":
            let value = JSONValue.string(
                pick([
                    "0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-7086772895",
                    "zf8fad5b-d9cb-469f-a165-70867728950e",
                ]))
            return (value, value)
        default:
            let text = pick([
                "1", "\"x\"", #"{"a":[1.50,{"b":null}]}"#, "[]", #"[true,"é"]"#,
                String(repeating: "[", count: 32) + String(repeating: "]", count: 32),
                String(repeating: "[", count: 33) + String(repeating: "]", count: 33),
            ])
            let value = (try? JSONValue(parsing: Array(text.utf8))) ?? .null
            return (value, .string(text))
        }
    }
}

/// A record that is drawn until it is taken.
private struct RandomDraft {
    private var values: [String: (JSONValue, String)] = [:]

    /// What was at fault is drawn again and the rest stays; without faults all is new.
    mutating func draw(
        _ columns: [RandomColumn], again faulty: Set<String>, _ random: inout TestRandom
    ) {
        if faulty.isEmpty { values = [:] }
        for column in columns
        where faulty.isEmpty
            ? Int.random(in: 0...2, using: &random) > 0 : faulty.contains(column.code)
        {
            // Nobody may give one: mostly it is left out, else both refuse it.
            let isLeftOut =
                column.isGivenByPlatform
                && (!faulty.isEmpty || Int.random(in: 0...9, using: &random) > 0)
            values[column.code] = isLeftOut ? nil : column.value(&random)
        }
    }

    func body(_ columns: [RandomColumn]) -> [(String, JSONValue)] {
        columns.compactMap { column in values[column.code].map { (column.code, $0.0) } }
    }

    func stored(_ columns: [RandomColumn]) -> [(String, String)] {
        columns.compactMap { column in values[column.code].map { (column.code, $0.1) } }
    }
}
