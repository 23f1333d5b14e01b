import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Writes records of a class for one caller within a transaction. Its rows in `write_context` tell
/// the triggers who writes and why; they are gone before anybody else can write.
struct RecordWriter {
    let connection: Connection
    var access: ClassAccess
    let snapshot: ModelSnapshot
    let context: CallContext
    let now: Timestamp
    let random: any RandomSource
    /// What the rules before the save said of each item of the call.
    var rulings = Rulings()
    /// Files that came with the call, and that a record may list from now on.
    var files: [FileEntry] = []

    /// A record after a write.
    struct Written {
        enum Effect: String { case insert, change, none }
        var id: Int64
        var version: Int64
        var effect: Effect
        /// The columns of a record that now have other values.
        var changes: [FieldChange] = []
        /// What a new record has, by position.
        var values: [SQLValue?] = []
        /// The record as the caller may read it, where that came with the write.
        var answer: [UInt8]?
    }

    var recordClass: RecordClass { access.recordClass }
    var definition: ClassDefinition { access.recordClass.definition }
    var account: String { context.principal.account }
    /// Who asks and when, for the conditions of rights.
    var moment: QueryMoment { QueryMoment(account: account, now: now) }

    /// What the triggers are told.
    var writeContext: WriteContext {
        WriteContext(account: account, door: context.door, cause: context.cause, now: now)
    }

    /// Runs `body` as this caller's write.
    func writing<T>(_ body: () throws -> T) throws -> T {
        try writeContext.begin(connection)
        let result = try body()
        try WriteContext.end(connection)
        try connection.announce(EventRelay.topic)
        // What was not logged is a change all the same, for totals that are kept.
        if context.cause.isWithoutRules { try ChangeLog.skip(connection) }
        return result
    }

    // MARK: Insert

    /// `isAnswered`: `answer` will be asked for.
    func insert(
        _ body: JSONValue, at pointer: String = "", item: Int = 0, isAnswered: Bool = false
    ) throws -> Written {
        let draft = try insertDraft(body, at: pointer)
        return try insert(
            draft,
            named: { (body.object?.keys ?? []).compactMap { recordClass.positions[$0] } },
            at: pointer, item: item, isAnswered: isAnswered)
    }

    /// `named` are the positions of the columns that the caller gave.
    func insert(
        _ start: RecordDraft, named: () -> [Int], at pointer: String = "", item: Int = 0,
        isAnswered: Bool = false
    ) throws -> Written {
        var draft = try complete(start, at: pointer, item: item)
        try number(&draft)
        let values = recordClass.row(of: draft, account: account, now: now)
        let (id, answer) = try store(&draft, id: nil, at: pointer) {
            try insert(values, isAnswered: isAnswered)
        }
        try keepFiles(id, draft)
        if let rights = access.rights.insert, !rights.asked.isEmpty {
            let named = named().filter { !draft.ruled.contains($0) }
            // What rules have set is nobody's wish, and asks for no right.
            let isRuled = draft.ruled.contains {
                rights.asked.contains(definition.columns[$0].code)
            }
            let isAsked = named.contains { rights.asked.contains(definition.columns[$0].code) }
            if isAsked || !isRuled { try checkResult(id, rights, named, at: pointer) }
        }
        return Written(id: id, version: 1, effect: .insert, values: draft.values, answer: answer)
    }

    /// A new record with what rules and the platform add to it, held to what stands. Its numbers
    /// are not taken yet.
    func complete(_ start: RecordDraft, at pointer: String, item: Int) throws -> RecordDraft {
        var draft = start
        if draft.isClean, let set = try ruling(.inserting, item: item) {
            draft.apply(set, of: recordClass, at: pointer)
        }
        draft.requireAll(of: definition, at: pointer)
        draft.make(of: recordClass, random)
        try checkStored(&draft, id: nil, at: pointer)
        try checkFiles(&draft, id: nil, at: pointer)
        try draft.validate()
        return draft
    }

    /// Numbers are taken last, so that a refused record takes none.
    private func number(_ draft: inout RecordDraft) throws {
        for position in recordClass.sequenceColumns {
            let column = definition.columns[position]
            guard let format = column.sequence else { continue }
            let counter = SequenceCounter(
                table: recordClass.rootNumber, column: column.code, format: format)
            draft.fill(position, try counter.next(connection, at: now))
        }
    }

    func insertDraft(_ body: JSONValue, at pointer: String) throws -> RecordDraft {
        try access.insertDraft(body, at: pointer)
    }

    // MARK: Change

    /// `operation` is the one that the caller has the grant for: to change one, or many.
    func change(
        _ id: Int64, version: Int64?, _ body: JSONValue, at pointer: String = "", item: Int = 0,
        by operation: Grant.Operation = .change
    ) throws -> Written {
        let own = try concrete(id)
        if own.access !== access {
            return try own.change(
                id, version: version, body, at: pointer, item: item, by: operation)
        }
        let (row, draft) = try changeDraft(
            id, version: version, body, at: pointer, by: operation)
        return try change(
            id, row, draft, access.rights[operation], at: pointer, item: item, undeletes: false)
    }

    /// Writes what differs from the row. A row that was deleted is a record again with `undeletes`.
    func change(
        _ id: Int64, _ row: Standing, _ body: RecordDraft, _ rights: RowRights?,
        at pointer: String, item: Int, undeletes: Bool
    ) throws -> Written {
        var draft = body
        var differing = draft.differing(from: row.values)
        if draft.isClean, undeletes || !differing.isEmpty,
            let set = try ruling(.changing, item: item, id: id, version: row.version)
        {
            draft.apply(set, of: recordClass, at: pointer)
            differing = draft.differing(from: row.values)
        }
        try checkStored(&draft, id: id, only: Set(differing), at: pointer)
        try checkFiles(&draft, id: id, standing: row.values, at: pointer)
        try draft.validate()
        guard undeletes || !differing.isEmpty else {
            return Written(id: id, version: row.version, effect: .none)
        }
        var sql =
            "UPDATE \(recordClass.table) SET version = version + 1, modified = ?, modifier = ?"
        if undeletes { sql += ", deleted = 0" }
        var values: [SQLValue] = [.text(now.text), .text(account)]
        for position in differing {
            sql += ", \(quoted(definition.columns[position].code)) = ?"
            values.append(draft.values[position] ?? .null)
        }
        let statement = (sql: sql + " WHERE id = ?", values: values + [.integer(id)])
        try store(&draft, id: id, at: pointer) {
            try connection.run(statement.sql, statement.values)
        }
        try keepFiles(id, draft, standing: row.values)
        let named = differing.filter { !draft.ruled.contains($0) }
        if let rights,
            named.contains(where: { rights.asked.contains(definition.columns[$0].code) })
        {
            try checkResult(id, rights, named, at: pointer)
        }
        let changes = differing.map {
            FieldChange(
                column: definition.columns[$0], old: row.values[$0],
                new: draft.values[$0] ?? .null)
        }
        return Written(id: id, version: row.version + 1, effect: .change, changes: changes)
    }

    func changeDraft(
        _ id: Int64, version: Int64?, _ body: JSONValue, at pointer: String,
        by operation: Grant.Operation = .change
    ) throws -> (Standing, RecordDraft) {
        let row = try standing(id)
        guard let rights = access.rights[operation], rights.covers(row.held) else {
            throw RecordsError.forbidden("You may not change this record.")
        }
        try check(version, of: row, id)
        var draft = RecordDraft(body, of: recordClass, at: pointer, isInsert: false)
        draft.check(
            rights, read: access.rights.read, row.held, body: body, of: recordClass, at: pointer)
        return (row, draft)
    }

    // MARK: Delete

    func delete(
        _ id: Int64, version: Int64?, item: Int = 0, by operation: Grant.Operation = .delete
    ) throws {
        let own = try concrete(id)
        if own.access !== access {
            return try own.delete(id, version: version, item: item, by: operation)
        }
        let row = try deletable(id, version: version, by: operation)
        _ = try ruling(.deleting, item: item, id: id, version: row.version)
        try remove(id)
    }

    /// The row, where the caller may delete it.
    func deletable(
        _ id: Int64, version: Int64?, by operation: Grant.Operation = .delete
    ) throws -> Standing {
        let row = try standing(id)
        guard let rights = access.rights[operation], rights.covers(row.held) else {
            throw RecordsError.forbidden("You may not delete this record.")
        }
        try check(version, of: row, id)
        return row
    }

    // MARK: What stands

    /// A row as it is stored.
    struct Standing {
        var version: Int64
        var values: [SQLValue]
        var held: [RowPredicate]
    }

    /// The row; `notFound` where there is none that the caller may know of.
    func standing(_ id: Int64) throws -> Standing {
        guard let row = try find(id, deleted: false) else { throw RecordsError.notFound }
        let rights = access.rights
        let isKnown = [rights.read, rights.change, rights.delete]
            .contains { $0?.covers(row.held) ?? false }
        guard isKnown else { throw RecordsError.notFound }
        return row
    }

    func find(_ id: Int64, deleted: Bool) throws -> Standing? {
        let count = definition.columns.count
        let sql = deleted ? access.held.deleted : access.held.standing
        return try connection.first(
            sql.text + "?", sql.values(for: moment) + [.integer(id)]
        ) { row in
            Standing(
                version: row.integer(0), values: (0..<count).map { row.value($0 + 1) },
                held: access.held.read(row, from: count + 1))
        }
    }

    func check(_ version: Int64?, of row: Standing, _ id: Int64) throws {
        guard let version, version != row.version else { return }
        let changed = try History(access: access, held: row.held)
            .columnsChanged(connection, id: id, since: version)
        throw RecordsError.versionMismatch(current: row.version, changed: changed)
    }

    /// Faults that only the database can tell: what a reference points to, and, where there are
    /// faults to be told anyway, what must be there once. `only` are the columns that differ.
    func checkStored(
        _ draft: inout RecordDraft, id: Int64?, only: Set<Int>? = nil, at pointer: String
    ) throws {
        for position in recordClass.guardedColumns {
            let column = definition.columns[position]
            // The value that stands may be sent again, as who changes a whole record does.
            if id != nil, column.readOnly, only?.contains(position) ?? false {
                let words = "This is set when a record is created, and the same ever after."
                draft.add("\(pointer)/\(column.code)", "read-only", words)
            }
            guard [.reference, .account, .unit].contains(column.type),
                only?.contains(position) ?? true, let value = draft.values[position],
                value != .null
            else { continue }
            for (index, element) in ColumnValue.elements(of: value, column).enumerated()
            where try !exists(
                element, for: column, isRuled: draft.ruled.contains(position))
            {
                let place = "\(pointer)/\(column.code)" + (column.many ? "/\(index)" : "")
                let what = column.target?.code ?? column.type.rawValue
                draft.add(place, "not-found", "There is no such \(what).")
            }
        }
        if !draft.faults.isEmpty { try checkUnique(&draft, id: id, at: pointer) }
    }

    /// Values that another record has. Without other faults the index finds this out by itself.
    private func checkUnique(
        _ draft: inout RecordDraft, id: Int64?, at pointer: String
    ) throws {
        for key in definition.uniqueKeys {
            let values = try key.map { try value(of: $0, in: draft, id: id) }
            guard !values.contains(.null) else { continue }
            let equal = key.map { "\(quoted($0)) = ?" }.joined(separator: " AND ")
            let holder = try connection.first(
                "SELECT id FROM \(recordClass.table) WHERE \(equal) AND deleted = 0", values
            ) { $0.integer(0) }
            if let holder, holder != id {
                let words =
                    key.count == 1
                    ? "Another record has this value."
                    : "Another record has these values of \(key.joined(separator: ", "))."
                draft.add("\(pointer)/\(key[0])", "not-unique", words)
            }
        }
    }

    /// As it would be written: of a draft that does not name it what stands.
    private func value(
        of code: String, in draft: RecordDraft, id: Int64?
    ) throws -> SQLValue {
        if let position = recordClass.positions[code], let value = draft.values[position] {
            return value
        }
        guard let id else { return .null }
        return try connection.first(
            "SELECT \(quoted(code)) FROM \(recordClass.table) WHERE id = ?", [.integer(id)]
        ) { $0.value(0) } ?? .null
    }

    private func exists(
        _ value: SQLValue, for column: ColumnDefinition, isRuled: Bool
    ) throws -> Bool {
        if let target = column.target {
            return try exists(value, in: target, isRuled: isRuled)
        }
        if let structure = column.structure {
            return try connection.count(
                "SELECT count(*) FROM org_unit WHERE structure = ? AND code = ?",
                [.text(structure), value]) > 0
        }
        return try connection.count(
            "SELECT count(*) FROM directory_account WHERE code = ?", [value]) > 0
    }

    /// Runs the statement of a draft; what the database refuses becomes the draft's fault.
    @discardableResult
    private func store<T>(
        _ draft: inout RecordDraft, id: Int64?, at pointer: String, _ body: () throws -> T
    ) throws -> T {
        do {
            // A server answers nothing more after an error, unless what failed is taken back.
            guard !connection.dialect.isSQLite, !definition.uniqueKeys.isEmpty else {
                return try store(body)
            }
            return try connection.savepoint { try store(body) }
        } catch DatabaseError.constraint(kind: .unique, let table, let columns) {
            try checkUnique(&draft, id: id, at: pointer)
            if draft.faults.isEmpty, definition.uniqueKeys.contains(columns) {
                // A computed value is known to the engine alone.
                draft.add(
                    "\(pointer)/\(columns[0])", "not-unique", "Another record has this value.")
            }
            try draft.validate()
            throw DatabaseError.constraint(kind: .unique, table: table, columns: columns)
        }
    }

    /// Runs a statement; a record that its history cannot hold is too large.
    func store(_ sql: String, _ values: [SQLValue]) throws {
        try store { try connection.run(sql, values) }
    }

    @discardableResult
    func store<T>(_ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch DatabaseError.constraint(kind: .check, table: _, columns: [Migrations.sizeCheck]) {
            throw RecordsError.tooLarge(
                limit: Migrations.recordBytesLimit,
                "A record may have at most \(Migrations.recordBytesLimit >> 20) MiB as JSON.")
        }
    }
}
