import Contracts
import JSON
import RPC
import ServiceRuntime
import TestSupport

@testable import Records

/// A random company with a random class in it: units, people, roles, grants and records, kept here
/// as plain values, so that what a person may do can be worked out the slow way.
struct RightsWorld {
    static let item = FullCode(model: "world", code: "item")
    static let note = FullCode(model: "world", code: "note")
    static let columns = [
        "title", "secret", "amount", "department", "teams", "boss", "owner", "watchers",
    ]
    static let structureOf = ["department": "company", "teams": "teams", "boss": "line"]
    static let operations = ["read", "insert", "change", "delete", "export", "changeMany"]
    static let manyColumns: Set<String> = ["teams", "watchers"]

    struct Unit {
        var parent: String?
        var members: Set<String>
        var from: String?
        var until: String?
    }

    struct Grant {
        var role: String
        var operations: [String]
        /// `all`, or a scope and its column ("" is the creator).
        var scope: String
        var column: String
        var columns: [String]?
    }

    /// A record as it is: nobody's view of it.
    struct Item {
        var id: Int64
        var creator: String
        /// By column; a list where the column has many values.
        var values: [String: JSONValue]
    }

    var random: TestRandom
    let accounts: [String]
    let roles = ["r0", "r1", "r2", "r3"]
    var rolesOf: [String: [String]] = [:]
    var structures: [String: [String: Unit]] = [:]
    var grants: [Grant] = []
    var items: [Item] = []

    init(seed: UInt64) {
        random = TestRandom(seed: seed)
        accounts = (0..<7).map { "p\($0)" }
        for account in accounts { rolesOf[account] = some(of: roles, atMost: 2) }
        for code in ["company", "teams"] { structures[code] = tree(code) }
        structures["line"] = line()
        grants = (0..<Int.random(in: 3...8, using: &random)).map { _ in grant() }
    }

    // MARK: Making

    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    mutating func some<T>(of list: [T], atMost count: Int) -> [T] {
        Array(list.shuffled(using: &random).prefix(Int.random(in: 0...count, using: &random)))
    }

    mutating func one<T>(of list: [T], or other: T) -> T {
        list.randomElement(using: &random) ?? other
    }

    private mutating func day() -> String? {
        chance(25) ? "2026-11-\(Int.random(in: 10...29, using: &random))" : nil
    }

    private mutating func tree(_ code: String) -> [String: Unit] {
        var units: [String: Unit] = [:]
        var codes: [String] = []
        for number in 0..<Int.random(in: 4...9, using: &random) {
            let parent = chance(20) ? nil : codes.randomElement(using: &random)
            let name = "\(code.prefix(1))\(number)"
            units[name] = Unit(
                parent: parent, members: Set(some(of: accounts, atMost: 2)), from: day(),
                until: day())
            codes.append(name)
        }
        return units
    }

    /// Each has a manager among those before, or none.
    private mutating func line() -> [String: Unit] {
        var units: [String: Unit] = [:]
        for (index, account) in accounts.enumerated() {
            let manager = chance(20) ? nil : accounts[..<index].randomElement(using: &random)
            units[account] = Unit(parent: manager, members: [account])
        }
        return units
    }

    private mutating func grant() -> Grant {
        let scope = one(of: ["all", "own", "own", "unit", "subtree", "subtree"], or: "all")
        var column = ""
        switch scope {
        case "own": column = one(of: ["", "owner", "watchers"], or: "")
        case "unit", "subtree": column = one(of: ["department", "teams", "boss"], or: "")
        default: break
        }
        return Grant(
            role: one(of: roles, or: "r0"),
            operations: some(of: RightsWorld.operations, atMost: 3) + ["read"],
            scope: scope, column: column,
            columns: chance(50) ? some(of: RightsWorld.columns, atMost: 5) : nil)
    }

    /// The model document.
    var document: JSONValue {
        get throws {
            let list = grants.map { grant in
                var text = #"{"role": "\#(grant.role)", "operations": ["#
                text += grant.operations.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
                if grant.scope != "all" {
                    text += #", "rows": {"scope": "\#(grant.scope)""#
                    if !grant.column.isEmpty { text += #", "column": "\#(grant.column)""# }
                    text += "}"
                }
                if let columns = grant.columns {
                    text +=
                        ", \"columns\": ["
                        + columns.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
                }
                return text + "}"
            }
            return try json(
                """
                {"code": "world", "name": "World", "roles": ["r0", "r1", "r2", "r3"], "classes": [
                  {"code": "item", "name": "Item", "webAccess": true, "describe": "{title}|{secret}",
                   "columns": [
                    {"code": "title", "type": "text"}, {"code": "secret", "type": "text"},
                    {"code": "amount", "type": "integer"},
                    {"code": "department", "type": "unit", "structure": "company"},
                    {"code": "teams", "type": "unit", "structure": "teams", "many": true},
                    {"code": "boss", "type": "unit", "structure": "line"},
                    {"code": "owner", "type": "account"},
                    {"code": "watchers", "type": "account", "many": true}],
                   "grants": [\(list.joined(separator: ",\n"))]},
                  {"code": "note", "name": "Note", "webAccess": true,
                   "columns": [{"code": "item", "type": "reference", "class": "item"}],
                   "grants": [{"role": "r0", "operations": ["read", "insert"]},
                              {"role": "r1", "operations": ["read", "insert"]}]}]}
                """)
        }
    }

    /// Everything of the directory at `version`.
    func directory(version: Int64) -> TakeDirectory {
        TakeDirectory(
            base: 0, version: version,
            accounts: accounts.map { DirectoryAccount(code: $0, name: $0, active: true) },
            structures: structures.sorted { $0.key < $1.key }.map { code, units in
                DirectoryStructure(
                    code: code, kind: ["company": "unit", "teams": "team"][code] ?? "manager",
                    units: units.sorted { $0.key < $1.key }.map { code, unit in
                        DirectoryStructure.Unit(
                            code: code, parent: unit.parent, members: unit.members.sorted(),
                            from: unit.from, until: unit.until)
                    })
            })
    }

    /// Random values for some columns.
    mutating func values(_ columns: [String]) -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        for column in columns {
            let isMany = RightsWorld.manyColumns.contains(column)
            if chance(15) {
                values[column] = isMany ? .array([]) : .null
                continue
            }
            switch column {
            case "title", "secret":
                values[column] = .string(one(of: ["a", "b", "c"], or: "a"))
            case "amount":
                values[column] = .number(JSONNumber(Int64.random(in: 0...4, using: &random)))
            case "owner": values[column] = .string(one(of: accounts, or: "p0"))
            case "watchers":
                values[column] = .array(some(of: accounts, atMost: 3).map { .string($0) })
            default:
                let units = structures[RightsWorld.structureOf[column] ?? ""]?.keys.sorted() ?? []
                values[column] =
                    isMany
                    ? .array(some(of: units, atMost: 3).map { .string($0) })
                    : .string(one(of: units, or: ""))
            }
        }
        return values
    }

    /// Moves a unit, empties it, or changes its days.
    mutating func reorganize() {
        let code = one(of: ["company", "teams"], or: "teams")
        guard var units = structures[code] else { return }
        let codes = units.keys.sorted()
        let name = one(of: codes, or: "")
        var above: Set<String> = []
        let parent = chance(20) ? nil : codes.randomElement(using: &random)
        var next = parent
        while let unit = next {
            above.insert(unit)
            next = units[unit]?.parent
        }
        if !above.contains(name) { units[name]?.parent = parent }
        units[name]?.members = Set(some(of: accounts, atMost: 2))
        units[name]?.from = day()
        structures[code] = units
    }

    // MARK: Who may, the slow way

    /// Whether `account` reaches `unit` on a day: it is a member there, or (with `below`) above,
    /// and every unit from there down is valid.
    func reaches(
        _ account: String, _ unit: String, in structure: String, below: Bool, on day: String
    ) -> Bool {
        var next: String? = unit
        while let code = next, let standing = structures[structure]?[code] {
            if let from = standing.from, day < from { return false }
            if let until = standing.until, day > until { return false }
            if standing.members.contains(account) { return true }
            guard below else { return false }
            next = standing.parent
        }
        return false
    }

    func holds(_ grant: Grant, _ account: String, _ item: Item, on day: String) -> Bool {
        if grant.scope == "all" { return true }
        if grant.column.isEmpty { return item.creator == account }
        let value = item.values[grant.column] ?? .null
        let values = (value.array ?? [value]).compactMap(\.string)
        if grant.scope == "own" { return values.contains(account) }
        return values.contains {
            reaches(
                account, $0, in: RightsWorld.structureOf[grant.column] ?? "",
                below: grant.scope == "subtree", on: day)
        }
    }

    func grants(_ operation: String, _ account: String) -> [Grant] {
        grants.filter {
            $0.operations.contains(operation) && rolesOf[account]?.contains($0.role) == true
        }
    }

    func covers(_ operation: String, _ account: String, _ item: Item, on day: String) -> Bool {
        grants(operation, account).contains { holds($0, account, item, on: day) }
    }

    func columns(
        _ operation: String, _ account: String, _ item: Item, on day: String
    ) -> Set<String> {
        Set(
            grants(operation, account).filter { holds($0, account, item, on: day) }
                .flatMap { $0.columns ?? RightsWorld.columns })
    }

    /// The columns that may be used in some record.
    func columnsAnywhere(_ operation: String, _ account: String) -> Set<String> {
        Set(grants(operation, account).flatMap { $0.columns ?? RightsWorld.columns })
    }

    /// What the account may see of a record: nil where nothing.
    func view(_ account: String, _ item: Item, on day: String) -> [String: JSONValue]? {
        guard covers("read", account, item, on: day) else { return nil }
        let columns = columns("read", account, item, on: day)
        return item.values.filter { columns.contains($0.key) }
    }

    func caller(_ account: String) -> CallContext {
        .make(Principal(account: account, roles: rolesOf[account] ?? []))
    }
}
