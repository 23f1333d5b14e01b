import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Random models over random models with rows in them, against an oracle that knows what each row
/// must be: nothing is lost that the plan did not name, and the plan is what is applied.
@Suite struct ModelPropertyTests {
    @Test
    func `random models over random models lose no row and no value that the plan did not name`()
        async throws
    {
        for seed in UInt64(1)...4 {
            var run = PropertyRun(store: try await TestStore(), random: TestRandom(seed: seed))
            for round in 0..<14 {
                try await run.round("seed \(seed), round \(round)")
            }
            await run.store.database.close()
        }
    }
}

private struct Column: Equatable {
    var type: String
    var defaultText: String?

    static let types = ["text", "integer", "decimal", "boolean", "date", "choice"]

    static func random(_ random: inout TestRandom) -> Column {
        let type = types.randomElement(using: &random) ?? "text"
        guard Int.random(in: 0..<3, using: &random) == 0 else { return Column(type: type) }
        return Column(type: type, defaultText: value(type, &random))
    }

    /// A value as JSON text; of texts some are numbers, so that some can be converted.
    static func value(_ type: String, _ random: inout TestRandom) -> String {
        let number = Int.random(in: 0..<50, using: &random)
        switch type {
        case "integer": return "\(number)"
        case "decimal": return "\(number).25"
        case "boolean": return number % 2 == 0 ? "true" : "false"
        case "date": return "\"2026-01-\(10 + number % 20)\""
        case "choice": return "\"\(["x", "y"][number % 2])\""
        default: return number % 5 == 0 ? "\"word\(number)\"" : "\"\(number)\""
        }
    }

    func json(_ code: String) -> String {
        let more =
            type == "choice"
            ? #", "choices": ["x", "y"]"# : type == "decimal" ? #", "scale": 2"# : ""
        let given = defaultText.map { #", "default": \#($0)"# } ?? ""
        return #"{"code": "\#(code)", "type": "\#(type)"\#(more)\#(given)}"#
    }

    /// What a value becomes, written without the code that is tested; nil where it cannot.
    static func convert(_ text: String, from old: String, to new: String) -> String? {
        let plain = text.hasPrefix("\"") ? String(text.dropFirst().dropLast()) : text
        switch (old, new) {
        case (_, "text"): return "\"\(plain)\""
        case ("integer", "decimal"): return plain + ".00"
        case ("text", "integer"), ("decimal", "integer"):
            return Int(plain).map { "\($0)" }
                ?? (plain.hasSuffix(".00") ? String(plain.dropLast(3)) : nil)
        case ("text", "decimal"):
            return Int(plain).map { "\($0).00" } ?? (Double(plain) == nil ? nil : plain)
        case ("text", "boolean"): return ["true", "false"].contains(plain) ? plain : nil
        case ("text", "date"): return plain.hasPrefix("2026-") ? text : nil
        case ("text", "choice"): return ["x", "y"].contains(plain) ? text : nil
        default: return nil
        }
    }

    /// Pairs for which there is a conversion at all.
    static func isSafe(_ old: String, _ new: String) -> Bool {
        old == new || new == "text" || old == "text"
            || [["integer", "decimal"], ["decimal", "integer"]].contains([old, new])
    }
}

private struct PropertyRun {
    let store: TestStore
    var random: TestRandom
    /// Own columns by class.
    var model: [String: [String: Column]] = [:]
    /// Rows by `root/id`, with the values that they must have.
    var rows: [String: (type: String, values: [String: String])] = [:]

    private static let codes = [
        "one": ["a", "b", "m"], "two": ["c", "d", "m"], "three": ["a", "e"],
    ]
    private static func root(_ type: String) -> String { type == "two" ? "one" : type }

    mutating func round(_ place: Comment) async throws {
        let next = makeModel()
        let document = try json(PropertyRun.document(next))
        let fails = faults(next)
        let plan = await refusal { try await store.plan(document) }
        if fails {
            #expect(plan?.code == "validation-failed", place)
            let refused = await refusal {
                try await store.apply(document, allowDestructive: true)
            }
            #expect(refused?.code == "validation-failed", place)
        } else {
            #expect(plan == nil, place)
            let operations = try await store.plan(document)
            let lost = operations.contains { $0.hasSuffix("!") }
            let before = try await store.schema()
            let outcome = await refusal { try await store.apply(document) }
            #expect((outcome?.code == "destructive-change") == lost, place)
            if lost {
                #expect(try await store.schema() == before, place)
                try await store.apply(document, allowDestructive: true)
            }
            follow(operations, to: next)
            #expect(try await store.plan(document).isEmpty, place)
            #expect(try await store.apply(document).changed == false, place)
        }
        try await compare(place)
        try await addRows()
    }

    private mutating func makeModel() -> [String: [String: Column]] {
        var next: [String: [String: Column]] = [:]
        for type in ["one", "two", "three"] {
            let isThere = Int.random(in: 0..<6, using: &random) > 0
            guard isThere, type != "two" || next["one"] != nil else { continue }
            var columns: [String: Column] = [:]
            for code in PropertyRun.codes[type] ?? [] where Bool.random(using: &random) {
                if type == "two", next["one"]?[code] != nil { continue }
                let standing = model[type]?[code] ?? (code == "m" ? model["one"]?[code] : nil)
                let isKept = Int.random(in: 0..<3, using: &random) > 0
                columns[code] = isKept ? standing ?? .random(&random) : .random(&random)
            }
            next[type] = columns
        }
        return next
    }

    private static func document(_ model: [String: [String: Column]]) -> String {
        let classes = model.keys.sorted().map { type in
            let columns = (model[type] ?? [:]).sorted { $0.key < $1.key }.map { $1.json($0) }
            let parent = type == "two" ? #", "parent": "one""# : ""
            return
                #"{"code": "\#(type)"\#(parent), "columns": [\#(columns.joined(separator: ", "))]}"#
        }
        return #"{"code": "m", "name": "M", "classes": [\#(classes.joined(separator: ", "))]}"#
    }

    /// With what a class inherits.
    private static func effective(
        _ model: [String: [String: Column]], _ type: String
    ) -> [String: Column] {
        let own = model[type] ?? [:]
        return type == "two" ? own.merging(model["one"] ?? [:]) { a, _ in a } : own
    }

    /// The column of a table that classes of a family share, whoever of them has it.
    private static func column(
        _ model: [String: [String: Column]], _ root: String, _ code: String
    ) -> Column? {
        model[root]?[code] ?? (root == "one" ? model["two"]?[code] : nil)
    }

    private func faults(_ next: [String: [String: Column]]) -> Bool {
        for root in ["one", "three"] where model[root] != nil && next[root] != nil {
            for code in ["a", "b", "c", "d", "e", "m"] {
                guard let old = PropertyRun.column(model, root, code),
                    let new = PropertyRun.column(next, root, code), old.type != new.type
                else { continue }
                if !Column.isSafe(old.type, new.type) { return true }
                for row in rows.values where PropertyRun.root(row.type) == root {
                    guard let value = row.values[code] else { continue }
                    if Column.convert(value, from: old.type, to: new.type) == nil { return true }
                }
            }
        }
        return false
    }

    /// Does to the rows what the plan says, and no more.
    private mutating func follow(_ operations: [String], to next: [String: [String: Column]]) {
        let dropped = operations.filter { $0.hasPrefix("drop class ") }.map {
            String($0.dropFirst(11).dropLast())
        }
        let old = model
        for (key, row) in rows {
            if dropped.contains(row.type) {
                rows[key] = nil
                continue
            }
            let root = PropertyRun.root(row.type)
            let columns = PropertyRun.effective(next, row.type)
            let had = PropertyRun.effective(old, row.type)
            var values: [String: String] = [:]
            for (code, column) in columns {
                if had[code] == nil {
                    // A column of the table already keeps what it has for the others only.
                    values[code] = column.defaultText
                } else if let value = row.values[code], let before = had[code] {
                    values[code] =
                        before.type == column.type
                        ? value : Column.convert(value, from: before.type, to: column.type)
                }
            }
            for code in row.values.keys where columns[code] == nil {
                let isNamed = operations.contains { $0.hasSuffix(".\(code)!") }
                #expect(isNamed, "\(root).\(code) went without being named: \(operations)")
            }
            rows[key]?.values = values
        }
        model = next
    }

    private func compare(_ place: Comment) async throws {
        for (key, row) in rows {
            let id = Int64(key.split(separator: "/")[1]) ?? 0
            let record = try await store.get(FullCode(model: "m", code: row.type), id)
            for code in PropertyRun.effective(model, row.type).keys {
                #expect(record[code]?.text == row.values[code] ?? "null", place)
            }
        }
        for type in model.keys {
            let count = rows.values.filter {
                $0.type == type || (type == "one" && $0.type == "two")
            }.count
            #expect(try await store.ids(FullCode(model: "m", code: type)).count == count, place)
        }
    }

    private mutating func addRows() async throws {
        for type in model.keys.sorted() {
            var values: [String: String] = [:]
            for (code, column) in PropertyRun.effective(model, type).sorted(by: { $0.key < $1.key })
            {
                guard Bool.random(using: &random) else { continue }
                values[code] = Column.value(column.type, &random)
            }
            let members = values.map { #""\#($0)": \#($1)"# }.joined(separator: ", ")
            let made = try await store.create(
                FullCode(model: "m", code: type), json("{\(members)}"))
            for (code, column) in PropertyRun.effective(model, type) where values[code] == nil {
                values[code] = column.defaultText
            }
            rows["\(PropertyRun.root(type))/\(made.id)"] = (type, values)
        }
    }
}
