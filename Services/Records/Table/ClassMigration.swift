import Contracts
import Database

/// Changes the tables, indexes, triggers and views of a model's classes, in the caller's
/// transaction.
struct ClassMigration {
    let connection: Connection
    let model: String
    let standing: ModelTables

    func apply(_ change: ModelChange, classes: [ClassDefinition]) throws {
        let old = standing.families(of: model)
        // Changing a table fails while a trigger or view names something that is missing, so that
        // all that is ours goes first; other programs' stay and are asked.
        for family in old { try clear(family) }
        var numbers: [String: Int64] = [:]
        for member in old.flatMap(\.members) { numbers[member.type.code] = member.number }
        for code in change.added { numbers[code] = try addClass(code) }
        let families = ClassFamily.families(model, classes, numbers: numbers)
        for family in families where !old.contains(where: { $0.root.type == family.root.type }) {
            try connection.script(ClassTable.createSQL(family))
        }
        for item in change.changed {
            guard let family = families.first(where: { $0.root.type == item.new.root.type })
            else { continue }
            try alter(item, to: family)
        }
        for family in old where change.dropped.contains(family.root.type.code) {
            try connection.script("DROP TABLE \(family.table)")
        }
        for code in change.dropped {
            try connection.run(
                "UPDATE class SET dropped = 1 WHERE model = ? AND code = ? AND dropped = 0",
                [.text(model), .text(code)])
        }
        // Triggers look references up by table, so that they come when every table is there.
        for family in families { try finish(family, among: families) }
    }

    private func addClass(_ code: String) throws -> Int64 {
        try connection.run(
            "INSERT INTO class (model, code) VALUES (?, ?)", [.text(model), .text(code)])
        return connection.lastInsertID
    }

    private func clear(_ family: ClassFamily) throws {
        for name in ClassTable.triggerNames(family.root.number) {
            try connection.script("DROP TRIGGER IF EXISTS \(name)")
        }
        for member in family.members {
            let view = ClassTable.viewName(model: model, code: member.type.code)
            try connection.script("DROP VIEW IF EXISTS \(quoted(view))")
        }
    }

    private func alter(_ change: FamilyChange, to new: ClassFamily) throws {
        let table = new.table
        var statements: [String] = []
        // An index over a column that goes or is made anew would hold it back.
        let wanted = ClassTable.indexes(new)
        let gone =
            (change.dropped + change.retyped + change.redefaulted + change.uncomputed)
            .map(\.column.code)
        for (name, sql) in ClassTable.indexes(change.old) {
            let isTouched = gone.contains { sql.contains(quoted($0)) }
            if isTouched || wanted[name] != sql {
                statements.append("DROP INDEX IF EXISTS \(quoted(name));")
            }
        }
        if !change.droppedClasses.isEmpty {
            let codes = change.droppedClasses.map { literal($0.type.description) }
            statements.append(
                "DELETE FROM \(table) WHERE class IN (\(codes.joined(separator: ", ")));")
        }
        if new.hasClassColumn, !change.old.hasClassColumn {
            statements.append("ALTER TABLE \(table) ADD COLUMN \(ClassTable.classColumnSQL(new));")
        }
        if !new.hasClassColumn, change.old.hasClassColumn {
            statements.append("ALTER TABLE \(table) DROP COLUMN class;")
        }
        for column in change.uncomputed + change.dropped + change.retyped {
            statements.append("ALTER TABLE \(table) DROP COLUMN \(quoted(column.column.code));")
        }
        for (column, classes) in change.lost {
            statements.append(
                "UPDATE \(table) SET \(quoted(column.column.code)) = NULL "
                    + "WHERE class IN (\(list(classes)));")
        }
        for column in change.added + change.retyped {
            statements.append("ALTER TABLE \(table) ADD COLUMN \(column.sql);")
            statements += fill(column, new)
        }
        for column in change.redefaulted {
            // The default is part of the column: a new one takes the values over. Its name for the
            // meantime is none that a code can have.
            let code = quoted(column.column.code)
            statements += [
                "ALTER TABLE \(table) RENAME COLUMN \(code) TO \"_old\";",
                "ALTER TABLE \(table) ADD COLUMN \(column.sql);",
                "UPDATE \(table) SET \(code) = \"_old\";",
                "ALTER TABLE \(table) DROP COLUMN \"_old\";",
            ]
        }
        for (column, classes) in change.gained {
            statements += fill(column, classes, in: table)
        }
        for column in change.computed {
            statements.append("ALTER TABLE \(table) ADD COLUMN \(column.sql);")
        }
        for statement in statements { try connection.script(statement) }
    }

    /// Gives the rows that stand what new ones get.
    private func fill(_ column: FamilyColumn, _ family: ClassFamily) -> [String] {
        if let format = column.column.sequence {
            let counter = SequenceCounter(
                table: family.root.number, column: column.column.code, format: format)
            return counter.fillSQL(where: column.condition(family.table))
        }
        // The engine itself gives them the default.
        if column.isOfAll, !column.column.isMade { return [] }
        return fill(column, column.isOfAll ? nil : column.owners, in: family.table)
    }

    /// Gives the rows of classes that have a column newly what new ones get; nil is every row.
    private func fill(
        _ column: FamilyColumn, _ classes: [FullCode]?, in table: String
    ) -> [String] {
        guard let value = column.column.givenSQL else { return [] }
        let code = quoted(column.column.code)
        let rows = classes.map { "class IN (\(list($0))) AND " } ?? ""
        return ["UPDATE \(table) SET \(code) = \(value) WHERE \(rows)\(code) IS NULL;"]
    }

    private func list(_ classes: [FullCode]) -> String {
        classes.map { literal($0.description) }.joined(separator: ", ")
    }

    private func finish(_ family: ClassFamily, among families: [ClassFamily]) throws {
        let indexes = ClassTable.indexes(family).sorted { $0.key < $1.key }
        let present = Set(
            try connection.query(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?",
                [.text(family.table)]
            ) { $0.text(0) })
        for (name, sql) in indexes where !present.contains(name) { try connection.script(sql) }
        let triggers = ClassTriggers(
            family: family,
            target: { target in
                target.model == model
                    ? families.lazy.compactMap { $0.rows(of: target.code) }.first
                    : standing.rows(of: target)
            })
        for statement in triggers.statements { try connection.script(statement) }
        for member in family.members {
            try connection.run(
                "UPDATE class SET history = ? WHERE number = ?",
                [SQLValue(member.definition.history), .integer(member.number)])
            try connection.script(ClassTable.viewSQL(member, of: family))
        }
    }
}
