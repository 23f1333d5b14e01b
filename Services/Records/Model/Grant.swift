import Contracts
import JSON

/// What a role may do with the records of a class.
struct Grant: Sendable, Hashable {
    enum Operation: String, Sendable, CaseIterable {
        case read, insert, change, delete, `import`, export
        /// Of many records at once, by a filter.
        case changeMany, deleteMany
    }

    var role: String
    var operations: Set<Operation>
    /// Which records; nil is every one.
    var rows: RowPredicate?
    /// Nil is every column, those too that come later.
    var columns: [String]?
}

extension Grant {
    init(reading reader: ObjectReader, roles: [String], columns known: [ColumnDefinition]) {
        role = reader.code("role")
        if !role.isEmpty, !roles.contains(role) {
            reader.fault("role", "unknown-role", "\(role) is not among the model's roles")
        }
        operations = []
        let words = reader.strings("operations")
        if words.isEmpty {
            reader.fault("operations", "required", "must name at least one operation")
        }
        for (index, word) in words.enumerated() {
            if let operation = Operation(rawValue: word) {
                operations.insert(operation)
            } else {
                reader.problems.add(
                    "\(reader.pointer)/operations/\(index)", "not-allowed",
                    "must be one of "
                        + Operation.allCases.map(\.rawValue).joined(separator: ", "))
            }
        }
        rows = Grant.readRows(reader, known)
        columns = nil
        if let value = reader.value("columns"), !value.isNull {
            let codes = reader.strings("columns")
            for (index, code) in codes.enumerated()
            where !known.contains(where: { $0.code == code }) {
                reader.problems.add(
                    "\(reader.pointer)/columns/\(index)", "unknown-column",
                    "\(code) is no column of the class")
            }
            columns = codes
        }
        reader.finish()
    }

    /// `{"scope": "all"}`, `own` with or without an account column, `unit` and `subtree` with a
    /// unit column.
    private static func readRows(
        _ reader: ObjectReader, _ known: [ColumnDefinition]
    ) -> RowPredicate? {
        guard let value = reader.value("rows"), !value.isNull else { return nil }
        guard let rows = reader.nested("rows") else { return nil }
        let scope = rows.word("scope", of: ["all", "own", "unit", "subtree"], default: "all")
        let code = rows.string("column", required: scope == "unit" || scope == "subtree")
        rows.finish()
        guard let scope, scope != "all" else {
            if code != nil { rows.fault("column", "unsupported", "goes with another scope") }
            return nil
        }
        guard let code else { return .created }
        let type = scope == "own" ? ColumnType.account : .unit
        guard let column = known.first(where: { $0.code == code }) else {
            rows.fault("column", "unknown-column", "\(code) is no column of the class")
            return .created
        }
        guard column.type == type else {
            rows.fault(
                "column", "wrong-type",
                "must be a column of type \(type.rawValue) where the scope is \(scope)")
            return .created
        }
        let structure = column.structure ?? ""
        let rowScope: RowPredicate.Scope =
            switch scope {
            case "unit": .unit(structure: structure)
            case "subtree": .subtree(structure: structure)
            default: .own
            }
        return RowPredicate(scope: rowScope, column: code, isMany: column.many)
    }
}
