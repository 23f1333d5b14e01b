import Database
import JSON

/// What a body wants a record to be, with every fault that can be seen without the database.
struct RecordDraft: Sendable {
    /// By position of the column; nil where the body does not name it.
    private(set) var values: [SQLValue?]
    private(set) var faults: [FieldProblem] = []
    /// Columns of the body that the caller may see but not write: refused as a whole.
    private(set) var refused: [FieldProblem] = []

    /// Columns that rules have set rather than the caller.
    private(set) var ruled: Set<Int> = []
    /// Required columns of a new record that the body does not name.
    private var missing: Set<Int> = []
    private let isInsert: Bool

    /// `pointer` is where the body stands in the request (`/3` in an array).
    init(
        _ body: JSONValue, of definition: RecordClass, at pointer: String = "", isInsert: Bool
    ) {
        self.isInsert = isInsert
        values = Array(repeating: nil, count: definition.definition.columns.count)
        guard let object = body.object else {
            add(pointer, "wrong-type", "A record must be an object.")
            return
        }
        for (key, value) in object.members {
            // Nearly always there is nothing to tell.
            var place: String { pointer + "/" + JSONPointer.escaped(key) }
            guard let position = definition.positions[key] else {
                if SystemColumn(rawValue: key) != nil || key == "describe" || key == "class" {
                    add(place, "read-only", "The platform itself sets this.")
                } else {
                    add(place, "unknown-member", "The class has no such column.")
                }
                continue
            }
            let column = definition.definition.columns[position]
            guard column.isGiven else {
                add(place, "read-only", "The platform itself sets this.")
                continue
            }
            // The platform gives one where none is given, as it does to other programs' rows.
            if isInsert, value.isNull, column.isMade { continue }
            switch ColumnValue.read(value, for: column) {
            case .success(let stored): values[position] = stored
            case .failure(let fault):
                add(place + fault.path, fault.code, "This \(fault.detail).")
                // Named, if badly: it is not missing as well.
                values[position] = .null
            }
        }
        if isInsert { fillDefaults(of: definition.definition) }
    }

    /// A new record from the cells of a row, whose columns are known and may be given.
    init(
        _ cells: ArraySlice<JSONValue>, at positions: [Int], of definition: RecordClass
    ) {
        isInsert = true
        values = Array(repeating: nil, count: definition.definition.columns.count)
        for (cell, position) in zip(cells, positions) {
            let column = definition.definition.columns[position]
            if cell.isNull, column.isMade { continue }
            switch ColumnValue.read(cell, for: column) {
            case .success(let stored): values[position] = stored
            case .failure(let fault):
                add("/\(column.code)" + fault.path, fault.code, "This \(fault.detail).")
                values[position] = .null
            }
        }
        fillDefaults(of: definition.definition)
    }

    /// Gives a value to a column that the body leaves empty.
    mutating func fill(_ position: Int, _ value: SQLValue) { values[position] = value }

    private mutating func fillDefaults(of definition: ClassDefinition) {
        for position in values.indices where values[position] == nil {
            let standard = definition.columns[position].defaultValue
            values[position] = standard
            if standard == .null, definition.columns[position].required,
                !definition.columns[position].isMade
            {
                missing.insert(position)
            }
        }
    }

    /// Tells of required columns of a new record that neither the body nor a rule has named.
    mutating func requireAll(of definition: ClassDefinition, at pointer: String) {
        for position in missing.sorted() {
            let code = definition.columns[position].code
            add("\(pointer)/\(code)", "required", "This must have a value.")
        }
    }

    /// Whether the body itself is good, so that rules may see it.
    var isClean: Bool { faults.isEmpty && refused.isEmpty }

    /// Takes what rules before the save have set. It is held to the columns like anybody's values,
    /// and not to what the caller may write.
    mutating func apply(_ columns: JSONObject, of recordClass: RecordClass, at pointer: String) {
        for (key, value) in columns.members {
            let place = pointer + "/" + JSONPointer.escaped(key)
            guard let position = recordClass.positions[key] else {
                add(place, "unknown-member", "A rule sets this, and the class has no such column.")
                continue
            }
            let column = recordClass.definition.columns[position]
            guard column.isGiven, isInsert || !column.readOnly else {
                add(place, "read-only", "A rule sets this, and it cannot be set.")
                continue
            }
            missing.remove(position)
            ruled.insert(position)
            switch ColumnValue.read(value, for: column) {
            case .success(let stored): values[position] = stored
            case .failure(let fault):
                add(place + fault.path, fault.code, "A rule set this; it \(fault.detail).")
            }
        }
    }

    /// Holds what the body names against what the caller may write. `named` are the body's own
    /// members: a default is nobody's wish.
    mutating func check(
        _ rights: RowRights, read: RowRights?, _ held: [RowPredicate], body: JSONValue,
        of recordClass: RecordClass, at pointer: String
    ) {
        if rights.coversAll(held) { return }
        for key in body.object?.keys ?? [] {
            guard let position = recordClass.positions[key],
                !rights.covers(column: position, held)
            else { continue }
            let place = pointer + "/" + JSONPointer.escaped(key)
            if read?.covers(column: position, held) ?? false {
                refused.append(
                    FieldProblem(
                        pointer: place, code: "forbidden", detail: "You may not write this column.")
                )
            } else {
                // What the caller may not even read does not exist for it, whatever is wrong with
                // the value.
                faults.removeAll { $0.pointer == place || $0.pointer.hasPrefix(place + "/") }
                add(place, "unknown-member", "The class has no such column.")
            }
        }
    }

    /// Lets faults of one kind pass, where nothing is to be written.
    mutating func dropFaults(of code: String) { faults.removeAll { $0.code == code } }

    mutating func add(_ pointer: String, _ code: String, _ detail: String) {
        faults.append(FieldProblem(pointer: pointer, code: code, detail: detail))
    }

    /// Throws what is wrong: rights before values.
    func validate() throws {
        if !refused.isEmpty {
            throw RecordsError.forbidden("You may not write all of these columns.", errors: refused)
        }
        if !faults.isEmpty { throw RecordsError.validation(faults) }
    }

    /// The columns whose values are others than those that stand, in order.
    func differing(from standing: [SQLValue]) -> [Int] {
        values.indices.filter {
            values[$0] != nil && !RecordDraft.isSame(values[$0], standing[$0])
        }
    }

    /// Texts are the same where their bytes are: one accent has two spellings, and one is not the
    /// other.
    static func isSame(_ new: SQLValue?, _ old: SQLValue) -> Bool {
        if case .text(let a)? = new, case .text(let b) = old { return a.utf8.elementsEqual(b.utf8) }
        return new == old
    }
}
