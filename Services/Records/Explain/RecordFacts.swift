import Contracts
import Database
import JSON
import RPC

/// What one record has in the columns that decide, told as far as who asks may know it.
struct RecordFacts {
    private let explanation: Explanation
    /// The values of each column that some grant goes by.
    private var values: [String: [String]] = [:]
    /// Those that the asker may read in this record.
    private var visible: Set<String> = ["creator"]

    init(_ explanation: Explanation, id: Int64) throws {
        self.explanation = explanation
        let recordClass = explanation.recordClass
        let codes = Set(recordClass.definition.grants.compactMap(\.rows?.column)).sorted()
        let list = (["creator"] + codes.map(quoted)).joined(separator: ", ")
        let row = try explanation.connection.first(
            "SELECT \(list) FROM \(recordClass.table) WHERE id = ?", [.integer(id)]
        ) { row in (0...codes.count).map { row.value($0) } }
        for (code, value) in zip(["creator"] + codes, row ?? []) {
            let elements =
                recordClass.definition.column(code).map { ColumnValue.elements(of: value, $0) }
                ?? [value]
            values[code] = elements.compactMap {
                if case .text(let text) = $0 { text } else { nil }
            }
        }
        let access = explanation.snapshot.access(
            of: recordClass, for: explanation.asker, through: .api)
        let moment = QueryMoment(account: explanation.asker.account, now: explanation.now)
        let held = try access.held.of(id, explanation.connection, moment) ?? []
        visible = Set(
            (["creator"] + codes).filter { code in
                guard let read = access.rights.read else { return false }
                guard let position = recordClass.positions[code] else { return read.covers(held) }
                return read.covers(column: position, held)
            })
    }

    /// Why a predicate holds: `department is desk, below support, where sue is a member`.
    func words(for predicate: RowPredicate, _ moment: QueryMoment) throws -> String {
        let code = predicate.column ?? "creator"
        let isVisible = visible.contains(code)
        switch predicate.scope {
        case .own:
            return "\(code) is \(moment.account)."
        case .unit(let structure), .subtree(let structure):
            for value in values[code] ?? [] {
                guard let own = try ancestor(of: value, predicate, structure, moment) else {
                    continue
                }
                let name = isVisible ? value : "a unit"
                if own == value {
                    return "\(code) is \(name), where \(moment.account) is a member."
                }
                let path = isVisible ? try path(from: own, to: value, structure) : own
                return "\(code) is \(name) below \(own), where \(moment.account) is a member "
                    + "(\(structure): \(path))."
            }
            return "\(code) is within its units."
        }
    }

    /// Why it does not.
    func denial(of predicate: RowPredicate, _ moment: QueryMoment) throws -> String {
        let code = predicate.column ?? "creator"
        let value: String
        if visible.contains(code) {
            let list = values[code] ?? []
            value = list.isEmpty ? "empty" : list.joined(separator: ", ")
        } else {
            value = "something else"
        }
        switch predicate.scope {
        case .own: return "\(code) is \(value), not \(moment.account)."
        case .unit(let structure), .subtree(let structure):
            let units = try units(in: structure, moment)
            guard !units.isEmpty else {
                return "\(moment.account) has no unit in \(structure) today."
            }
            let list = units.joined(separator: ", ")
            let words = predicate.scope == .unit(structure: structure) ? "one" : "within one"
            return "\(code) is \(value), which is not \(words) of its units \(list)."
        }
    }

    private func units(in structure: String, _ moment: QueryMoment) throws -> [String] {
        let sql = "SELECT m.unit FROM " + RowPredicate.units(of: structure) + " ORDER BY m.unit"
        return try explanation.connection.query(sql.text, sql.values(for: moment)) { $0.text(0) }
    }

    /// The account's own unit by which it reaches `unit`.
    private func ancestor(
        of unit: String, _ predicate: RowPredicate, _ structure: String, _ moment: QueryMoment
    ) throws -> String? {
        var sql =
            "SELECT m.unit FROM " + RowPredicate.subtrees(of: structure) + " AND c.unit = "
            + SQLText(.text(unit))
        if case .unit = predicate.scope { sql.append(" AND m.unit = c.unit") }
        sql.append(" ORDER BY m.unit <> c.unit, m.unit LIMIT 1")
        return try explanation.connection.first(sql.text, sql.values(for: moment)) { $0.text(0) }
    }

    /// `it > support > desk`.
    private func path(from ancestor: String, to unit: String, _ structure: String) throws -> String
    {
        var path = [unit]
        while let last = path.last, last != ancestor, path.count <= OrgTree.depthLimit {
            let parent = try explanation.connection.first(
                "SELECT parent FROM org_unit WHERE structure = ? AND code = ?",
                [.text(structure), .text(last)]
            ) { $0.optionalText(0) }
            guard let parent = parent ?? nil else { break }
            path.append(parent)
        }
        return path.reversed().joined(separator: " > ")
    }
}
