import Contracts
import Database
import JSON
import RPC

/// What the fields of a call's rows are: worked out once, and not for each row.
struct RowShape {
    let codes: [String]
    /// The position of each field's column in the class.
    let positions: [Int]
    /// Where a field names a record by another column's value.
    let lookups: [RowLookup?]
    /// The fields that find the record, in the order of `key`.
    let keyFields: [Int]
    let key: BulkWriter.UpsertKey?

    init(_ call: WriteRows, _ writer: RecordWriter) throws {
        let recordClass = writer.recordClass
        var faults: [FieldProblem] = []
        var positions: [Int] = []
        var lookups: [RowLookup?] = []
        for (index, column) in call.columns.enumerated() {
            let place = "/columns/\(index)"
            guard let position = recordClass.positions[column.code],
                recordClass.definition.columns[position].isGiven
            else {
                faults.append(
                    FieldProblem(
                        pointer: place + "/code", code: "unknown-column",
                        detail: "The class has no column \(column.code) that can be written."))
                continue
            }
            positions.append(position)
            guard let by = column.by else {
                lookups.append(nil)
                continue
            }
            let lookup = RowLookup(recordClass.definition.columns[position], by: by, writer)
            lookups.append(lookup)
            if lookup == nil {
                faults.append(
                    FieldProblem(
                        pointer: place + "/by", code: "not-unique",
                        detail: "A reference is looked up by a unique column that you may read."))
            }
        }
        guard faults.isEmpty else { throw RecordsError.validation(faults) }
        codes = call.columns.map(\.code)
        self.positions = positions
        self.lookups = lookups
        key = call.mode == .insert ? nil : try writer.upsertKey(call.key)
        let codes = codes
        keyFields = try (key?.columns ?? []).map { column in
            guard let field = codes.firstIndex(of: column.code) else {
                throw RecordsError.validation([
                    FieldProblem(
                        pointer: "/key", code: "required",
                        detail: "The rows need the column \(column.code) of the key.")
                ])
            }
            return field
        }
    }

    var hasLookups: Bool { lookups.contains { $0 != nil } }

    /// A row as an object; without the key it is what a record that was found by it becomes.
    func object(_ cells: ArraySlice<JSONValue>, withKey: Bool) -> JSONValue {
        var object = JSONObject()
        for (index, code) in codes.enumerated() where withKey || !keyFields.contains(index) {
            object[code] = cells[cells.startIndex + index]
        }
        return .object(object)
    }
}

/// Finds the record that a reference means by the value of one of its columns, among those that the
/// caller may read.
struct RowLookup {
    let column: ColumnDefinition
    private let by: ColumnDefinition
    private let sql: SQLText

    /// Nil where the target cannot be looked up by that column.
    init?(_ column: ColumnDefinition, by code: String, _ writer: RecordWriter) {
        guard let type = column.target, !column.many, let target = writer.snapshot.classes[type],
            target.isOpen(
                to: writer.context.door, isSystem: writer.context.principal.isSystem),
            let position = target.positions[code],
            target.definition.uniqueKeys.contains([code])
        else { return nil }
        let access = writer.snapshot.access(
            of: target, for: writer.context.principal, through: writer.context.door)
        guard let plan = access.plan, access.rights.read?.columns[position] == .everywhere else {
            return nil
        }
        self.column = column
        by = target.definition.columns[position]
        sql =
            "SELECT r.id FROM " + plan.source + " WHERE " + plan.condition
            + " AND r.\(quoted(code)) = "
    }

    /// Of a call's columns that have one.
    static func all(_ columns: [WriteRows.Column]?, _ writer: RecordWriter) throws -> [RowLookup] {
        try (columns ?? []).enumerated().compactMap { index, column in
            guard let by = column.by else { return nil }
            let position = writer.recordClass.positions[column.code]
            let lookup = position.flatMap {
                RowLookup(writer.recordClass.definition.columns[$0], by: by, writer)
            }
            guard let lookup else {
                throw RecordsError.validation([
                    FieldProblem(
                        pointer: "/lookups/\(index)", code: "not-unique",
                        detail: "A reference is looked up by a unique column that you may read.")
                ])
            }
            return lookup
        }
    }

    /// The id for a value; an empty one is none.
    func find(
        _ value: JSONValue, _ writer: RecordWriter, _ known: inout [SQLValue: Int64]
    ) throws -> JSONValue {
        if value.isNull { return .null }
        if case .success(let stored) = ColumnValue.read(value, for: by), stored != .null {
            if let id = known[stored] { return .number(JSONNumber(id)) }
            let id = try writer.connection.first(
                sql.text + "?", sql.values(for: writer.moment) + [stored]
            ) { $0.integer(0) }
            if let id {
                if known.count >= WriteRows.rowLimit { known.removeAll(keepingCapacity: true) }
                known[stored] = id
                return .number(JSONNumber(id))
            }
        }
        let shown = value.string ?? value.text
        throw RecordsError.validation([
            FieldProblem(
                pointer: "/\(column.code)", code: "not-found",
                detail: "There is no \(column.target?.code ?? "record") whose \(by.code) is "
                    + "\(shown.prefix(100)).")
        ])
    }
}
