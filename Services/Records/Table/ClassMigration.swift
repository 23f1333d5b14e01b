import Contracts
import Database

/// Changes the tables, indexes, triggers and views of a model's classes, in the caller's
/// transaction.
struct ClassMigration {
    let connection: Connection
    let model: String
    let standing: ModelTables

    func apply(_ change: ModelChange, classes: [ClassDefinition]) throws {
        var numbers: [String: Int64] = [:]
        for item in standing.classes where item.type.model == model {
            numbers[item.type.code] = item.number
        }
        for definition in change.added {
            numbers[definition.code] = try create(definition)
        }
        for item in change.changed {
            guard let number = numbers[item.new.code] else { continue }
            try alter(number, item)
        }
        // Last, since changing a table fails while a trigger names one that is missing.
        for code in change.dropped {
            guard let number = numbers.removeValue(forKey: code) else { continue }
            try drop(number, code)
        }
        // Triggers look references up by table, so that they come when every table is there.
        let touched = Set(change.added.map(\.code) + change.changed.map(\.new.code))
        for definition in classes where touched.contains(definition.code) {
            guard let number = numbers[definition.code] else { continue }
            try finish(number, definition, numbers)
        }
    }

    private func create(_ definition: ClassDefinition) throws -> Int64 {
        try connection.run(
            "INSERT INTO class (model, code) VALUES (?, ?)", [.text(model), .text(definition.code)])
        let number = connection.lastInsertID
        try connection.script(ClassTable.createSQL(number, definition))
        return number
    }

    /// The number is never given again; the history under it stays.
    private func drop(_ number: Int64, _ code: String) throws {
        let view = ClassTable.viewName(model: model, code: code)
        try connection.script(
            """
            DROP VIEW IF EXISTS \(quoted(view));
            DROP TABLE \(ClassTable.name(number));
            """)
        try connection.run("UPDATE class SET dropped = 1 WHERE number = ?", [.integer(number)])
    }

    private func alter(_ number: Int64, _ change: ClassChange) throws {
        let table = ClassTable.name(number)
        let view = ClassTable.viewName(model: model, code: change.new.code)
        var statements = ClassTable.triggerNames(number).map { "DROP TRIGGER IF EXISTS \($0);" }
        statements.append("DROP VIEW IF EXISTS \(quoted(view));")
        // An index over a column that goes or is made anew would hold it back.
        let wanted = ClassTable.indexes(number, change.new)
        let gone = change.dropped + change.retyped + change.redefaulted
        for (name, sql) in ClassTable.indexes(number, change.old) {
            let isTouched = gone.contains { sql.contains(quoted($0.code)) }
            if isTouched || wanted[name] != sql {
                statements.append("DROP INDEX IF EXISTS \(quoted(name));")
            }
        }
        for column in change.dropped {
            statements.append("ALTER TABLE \(table) DROP COLUMN \(quoted(column.code));")
        }
        for column in change.retyped {
            statements.append("ALTER TABLE \(table) DROP COLUMN \(quoted(column.code));")
            statements.append("ALTER TABLE \(table) ADD COLUMN \(ClassTable.columnSQL(column));")
            statements += ClassTable.fillSQL(number, column)
        }
        for column in change.added {
            statements.append("ALTER TABLE \(table) ADD COLUMN \(ClassTable.columnSQL(column));")
            statements += ClassTable.fillSQL(number, column)
        }
        for column in change.redefaulted {
            // The default is part of the column: a new one takes the values over. Its name for the
            // meantime is none that a code can have.
            let code = quoted(column.code)
            statements += [
                "ALTER TABLE \(table) RENAME COLUMN \(code) TO \"_old\";",
                "ALTER TABLE \(table) ADD COLUMN \(ClassTable.columnSQL(column));",
                "UPDATE \(table) SET \(code) = \"_old\";",
                "ALTER TABLE \(table) DROP COLUMN \"_old\";",
            ]
        }
        for statement in statements { try connection.script(statement) }
    }

    private func finish(
        _ number: Int64, _ definition: ClassDefinition, _ numbers: [String: Int64]
    ) throws {
        let indexes = ClassTable.indexes(number, definition).sorted { $0.key < $1.key }
        let present = Set(
            try connection.query(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?",
                [.text(ClassTable.name(number))]
            ) { $0.text(0) })
        for (name, sql) in indexes where !present.contains(name) { try connection.script(sql) }
        let triggers = ClassTriggers(
            number: number, type: FullCode(model: model, code: definition.code),
            definition: definition,
            target: { target in
                let number =
                    target.model == model
                    ? numbers[target.code] : standing.number(model: target.model, target.code)
                return number.map(ClassTable.name)
            })
        for statement in triggers.statements { try connection.script(statement) }
        try connection.run(
            "UPDATE class SET history = ? WHERE number = ?",
            [SQLValue(definition.history), .integer(number)])
        let view = ClassTable.viewName(model: model, code: definition.code)
        try connection.script(ClassTable.viewSQL(number, definition, view: view))
    }
}
