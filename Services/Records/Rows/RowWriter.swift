import Contracts
import Database
import HTTP
import JSON

/// Writes rows within one transaction, and tells of each what became of it.
struct RowWriter {
    let writer: RecordWriter
    let shape: RowShape
    let mode: WriteRows.Mode
    /// Whether new records are told with their values: in plans, and against one.
    let isTold: Bool
    /// Whether what is told has no ids of new records.
    let isPlan: Bool
    private var known: [[SQLValue: Int64]]
    private let isPlain: Bool
    private let needsSavepoint: Bool

    init(_ writer: RecordWriter, _ call: WriteRows) throws {
        self.writer = writer
        mode = call.mode
        isPlan = call.plan ?? false
        isTold = isPlan || call.expect != nil
        shape = try RowShape(call, writer)
        known = Array(repeating: [:], count: shape.codes.count)
        let access = writer.access
        isPlain = access.rights.insert?.coversAll(access.rights.predicates) ?? false
        // Anything else that a row does is one statement, which undoes itself.
        let asked = [access.rights.insert, access.rights.change].contains {
            !($0?.asked.isEmpty ?? true)
        }
        needsSavepoint = asked || !writer.recordClass.sequenceColumns.isEmpty
    }

    /// One row; what the row itself is refused for is told, and not thrown.
    mutating func write(_ cells: ArraySlice<JSONValue>, item: Int, into answer: inout JSONWriter)
        throws
    {
        var found: Found?
        do {
            let written =
                needsSavepoint
                ? try writer.connection.savepoint { try write(cells, item, &found) }
                : try write(cells, item, &found)
            tell(written, into: &answer)
        } catch let error as any ProblemConvertible {
            RowWriter.tell(error.problem, found, into: &answer)
        }
    }

    /// What a row's key found.
    private enum Found {
        case record(Int64)
        case nothing
    }

    private mutating func write(
        _ cells: ArraySlice<JSONValue>, _ item: Int, _ found: inout Found?
    ) throws -> RecordWriter.Written {
        var cells = cells
        found = try standing(cells)
        try resolve(&cells)
        if case .record(let id) = found {
            return try writer.change(
                id, version: nil, shape.object(cells, withKey: false), item: item)
        }
        guard mode != .update else { throw RowWriter.noRecord }
        guard isPlain else {
            return try writer.insert(shape.object(cells, withKey: true), item: item)
        }
        let draft = RecordDraft(cells, at: shape.positions, of: writer.recordClass)
        return try writer.insert(draft, named: { shape.positions }, item: item)
    }

    /// The record that has the row's key. A row without one would be a new record each time.
    private func standing(_ cells: ArraySlice<JSONValue>) throws -> Found? {
        guard let key = shape.key else { return nil }
        var values: [SQLValue] = []
        for (field, column) in zip(shape.keyFields, key.columns) {
            let cell = cells[cells.startIndex + field]
            if cell.isNull {
                throw RecordsError.validation([
                    FieldProblem(
                        pointer: "/\(column.code)", code: "required",
                        detail: "The key must have a value.")
                ])
            }
            // A faulty one is told by the insert.
            guard case .success(let stored) = ColumnValue.read(cell, for: column) else {
                return nil
            }
            values.append(stored)
        }
        let id = try writer.connection.first(key.sql, values) { $0.integer(0) }
        return id.map { .record($0) } ?? .nothing
    }

    private mutating func resolve(_ cells: inout ArraySlice<JSONValue>) throws {
        guard shape.hasLookups else { return }
        for (index, lookup) in shape.lookups.enumerated() {
            guard let lookup else { continue }
            let place = cells.startIndex + index
            cells[place] = try lookup.find(cells[place], writer, &known[index])
        }
    }

    /// What the rules before the save are asked about.
    mutating func intent(_ cells: ArraySlice<JSONValue>) -> Intent {
        var cells = cells
        do {
            let found = try standing(cells)
            try resolve(&cells)
            if case .record(let id) = found {
                return .change(id, version: nil, shape.object(cells, withKey: false))
            }
            if mode != .update { return .insert(shape.object(cells, withKey: true)) }
        } catch {
            // The write itself tells it.
        }
        return .change(-1, version: nil, .null)
    }

    private func tell(_ written: RecordWriter.Written, into answer: inout JSONWriter) {
        answer.beginArray()
        answer.string(written.effect.rawValue)
        if isPlan, written.effect == .insert {
            answer.null()
        } else {
            answer.integer(written.id)
        }
        answer.integer(written.version)
        switch written.effect {
        case .change: RowWriter.tell(written.changes, into: &answer)
        case .insert where isTold: RowWriter.tell(given(written.values), into: &answer)
        case .insert, .none: break
        }
        answer.endArray()
    }

    /// What a new record has, but for what the platform makes.
    private func given(_ values: [SQLValue?]) -> [RecordWriter.FieldChange] {
        values.enumerated().compactMap { position, value in
            let column = writer.definition.columns[position]
            guard !column.isMade, let value, value != .null else { return nil }
            return RecordWriter.FieldChange(column: column, old: .null, new: value)
        }
    }

    static func tell(_ changes: [RecordWriter.FieldChange], into answer: inout JSONWriter) {
        answer.beginObject()
        for change in changes {
            answer.key(change.column.code)
            answer.beginArray()
            ColumnValue.write(change.old, of: change.column, into: &answer)
            ColumnValue.write(change.new, of: change.column, into: &answer)
            answer.endArray()
        }
        answer.endObject()
    }

    private static func tell(
        _ problem: Problem, _ found: Found?, into answer: inout JSONWriter
    ) {
        answer.beginObject()
        answer.key("problem")
        answer.value(problem.member)
        switch found {
        case .record(let id):
            answer.key("id")
            answer.integer(id)
        case .nothing:
            answer.key("id")
            answer.null()
        case nil: break
        }
        answer.endObject()
    }

    static func tell(_ problem: Problem, id: Int64, into answer: inout JSONWriter) {
        answer.beginObject()
        answer.key("problem")
        answer.value(problem.member)
        answer.key("id")
        answer.integer(id)
        answer.endObject()
    }

    private static var noRecord: RecordsError {
        .validation([
            FieldProblem(pointer: "", code: "not-found", detail: "No record has this key.")
        ])
    }
}

extension RecordWriter {
    /// A column of a record before and after a write, as they are stored.
    struct FieldChange {
        var column: ColumnDefinition
        var old: SQLValue
        var new: SQLValue
    }
}

extension ColumnValue {
    /// The JSON of what is stored; none is null, of a list too.
    static func write(
        _ stored: SQLValue, of column: ColumnDefinition, into writer: inout JSONWriter
    ) {
        switch stored {
        case .null, .real, .blob: writer.null()
        case .integer(let value):
            switch column.form {
            case .decimal: writer.decimal(unscaled: value, scale: column.scale)
            case .boolean: writer.boolean(value != 0)
            default: writer.integer(value)
            }
        case .text(let text):
            guard column.form == .json else {
                writer.string(text)
                return
            }
            if column.valueForm == .decimal && column.scale > 0 {
                writer.beginArray()
                for case .integer(let value) in elements(of: stored, column) {
                    writer.decimal(unscaled: value, scale: column.scale)
                }
                writer.endArray()
            } else {
                writer.raw(JSONBytes(Array(text.utf8)))
            }
        }
    }
}
