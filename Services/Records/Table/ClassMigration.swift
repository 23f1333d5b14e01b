import Contracts
import Database

/// Changes the tables, indexes, triggers and views of a model's classes, in the caller's
/// transaction.
struct ClassMigration {
    let connection: Connection
    let model: String
    let standing: ModelTables
    /// Of the document that is applied.
    let version: Int64

    func apply(_ change: ModelChange, _ definition: ModelDefinition) throws {
        // Who reads now reads to the end, and who comes waits until all tables are what they are to
        // be: a table that is made anew is empty to a read that began before.
        if !connection.dialect.isSQLite {
            try connection.script("LOCK TABLE \(ModelStore.gate) IN ACCESS EXCLUSIVE MODE")
        }
        let (old, classes) = (standing.families(of: model), definition.classes)
        let views = try APIView.changes(connection, change, standing, definition)
        // Changing a table fails while a trigger or view names something that is missing, so that
        // what is ours goes first; other programs' stay and are asked.
        for family in old { try clear(family) }
        for family in referring { try clear(family) }
        var lift = ViewLift()
        for view in views where view.change != .make(nil) {
            try APIView.drop(connection, view.name, lift: &lift)
        }
        var numbers: [String: Int64] = [:]
        for member in old.flatMap(\.members) { numbers[member.type.code] = member.number }
        for code in change.added { numbers[code] = try addClass(code) }
        let families = ClassFamily.families(model, classes, numbers: numbers)
        for family in families where !old.contains(where: { $0.root.type == family.root.type }) {
            try connection.script(ClassTable.createSQL(family, connection.dialect))
        }
        for item in change.changed {
            guard let family = families.first(where: { $0.root.type == item.new.root.type })
            else { continue }
            try alter(item, to: family)
        }
        for family in old where change.dropped.contains(family.root.type.code) {
            try connection.script("DROP TABLE \(family.table)")
            try SearchIndex.drop(connection, family.root.number)
        }
        for code in change.dropped {
            try connection.run(
                "UPDATE class SET dropped = 1 WHERE model = ? AND code = ? AND dropped = 0",
                [.text(model), .text(code)])
        }
        // Triggers look references up by table, so that they come when every table is there.
        for family in families {
            try finish(family, among: families)
            for member in family.members
            where views.contains(where: { $0.type == member.type }) {
                try APIView.make(connection, member, of: family, version: version)
            }
            let before = change.changed.first { $0.new.root.type == family.root.type }?.old
            try SearchIndex(family: family, dialect: connection.dialect)
                .migrate(connection, before: before)
        }
        try lift.restore(connection)
    }

    /// Families of other models that refer to this one: their triggers show what they refer to.
    /// `renew` makes them again.
    private var referring: [ClassFamily] {
        standing.models.keys.filter { $0 != model }.flatMap(standing.families).filter { family in
            family.columns.contains { $0.column.target?.model == model }
        }
    }

    private func addClass(_ code: String) throws -> Int64 {
        try connection.count(
            "INSERT INTO class (model, code) VALUES (?, ?) RETURNING number",
            [.text(model), .text(code)])
    }

    private func clear(_ family: ClassFamily) throws {
        let names = ClassTable.triggerNames(family.root.number) + ReferenceTriggers.names(family)
        for name in names { try TableTrigger.drop(connection, name) }
    }

    private func alter(_ change: FamilyChange, to new: ClassFamily) throws {
        let table = new.table
        let anew = change.converted.map(\.column) + change.redefined
        let isInTheWay = !(anew + change.dropped + change.uncomputed).isEmpty
        // An index over a column that goes or is made anew would hold it back.
        let wanted = ClassTable.indexes(new, connection.dialect)
        let gone = (change.dropped + anew + change.uncomputed).map(\.column.code)
        for (name, sql) in ClassTable.indexes(change.old, connection.dialect) {
            if gone.contains(where: { sql.contains(quoted($0)) }) || wanted[name] != sql {
                try connection.script("DROP INDEX IF EXISTS \(quoted(name))")
            }
        }
        let lift = isInTheWay ? try SchemaLift(connection, from: table) : nil
        try reshape(change, to: new)
        try remake(change, in: table)
        for (column, classes) in change.gained where column.column.sequence == nil {
            for statement in fill(column, classes, in: table) { try connection.script(statement) }
        }
        for column in change.computed {
            try connection.script(
                "ALTER TABLE \(table) ADD COLUMN \(column.sql(connection.dialect))")
        }
        try lift?.restore(connection, of: table)
    }

    /// Rows and columns that come and go.
    private func reshape(_ change: FamilyChange, to new: ClassFamily) throws {
        let table = new.table
        var statements: [String] = []
        if !change.droppedClasses.isEmpty {
            let codes = change.droppedClasses.map { literal($0.type.description) }
            statements.append(
                "DELETE FROM \(table) WHERE class IN (\(codes.joined(separator: ", ")));")
        }
        if new.hasClassColumn, !change.old.hasClassColumn {
            statements.append("ALTER TABLE \(table) ADD COLUMN \(ClassTable.classColumnSQL(new));")
        }
        for column in change.uncomputed + change.dropped {
            statements.append("ALTER TABLE \(table) DROP COLUMN \(quoted(column.column.code));")
        }
        if !new.hasClassColumn, change.old.hasClassColumn {
            statements.append("ALTER TABLE \(table) DROP COLUMN class;")
        }
        for (column, classes) in change.lost {
            statements.append(
                "UPDATE \(table) SET \(quoted(column.column.code)) = NULL "
                    + "WHERE class IN (\(list(classes)));")
        }
        for column in change.added {
            statements.append("ALTER TABLE \(table) ADD COLUMN \(column.sql(connection.dialect));")
            statements += fill(column, new)
        }
        for statement in statements { try connection.script(statement) }
    }

    /// Type and default are part of a column, so that one of another kind takes the values over.
    /// It is no change of the records: their versions stay, and the change log has what it had.
    private func remake(_ change: FamilyChange, in table: String) throws {
        for column in change.redefined {
            try remake(column, in: table) {
                try connection.script("UPDATE \(table) SET \"_new\" = \($0)")
            }
        }
        for item in change.converted {
            try remake(item.column, in: table) { code in
                // The new column's default is not for rows that stand; without one none is written.
                try connection.script(
                    "UPDATE \(table) SET \"_new\" = NULL WHERE \"_new\" IS NOT NULL")
                try convert(item.conversion, code, in: table)
            }
        }
    }

    /// Makes a column anew under a name that no code can have, lets `fill` give it its values, and
    /// puts it in the place of the old one.
    private func remake(
        _ column: FamilyColumn, in table: String, fill: (String) throws -> Void
    ) throws {
        let code = quoted(column.column.code)
        let definition = column.sql(connection.dialect).replacing(
            code, with: "\"_new\"", maxReplacements: 1)
        try connection.script("ALTER TABLE \(table) ADD COLUMN \(definition)")
        try fill(code)
        try connection.script("ALTER TABLE \(table) DROP COLUMN \(code)")
        try connection.script("ALTER TABLE \(table) RENAME COLUMN \"_new\" TO \(code)")
    }

    /// Rows that are converted at a time.
    private static let batch = 1000

    private func convert(
        _ conversion: ColumnConversion, _ code: String, in table: String
    ) throws {
        var last: Int64 = 0
        while true {
            let rows = try connection.query(
                """
                SELECT id, \(code) FROM \(table) WHERE id > ? AND \(code) IS NOT NULL \
                ORDER BY id LIMIT \(ClassMigration.batch)
                """, [.integer(last)]
            ) { ($0.integer(0), $0.value(1)) }
            guard let end = rows.last?.0 else { return }
            last = end
            for (id, stored) in rows {
                // The check has found no value that fails.
                let value = try conversion.convert(stored).get()
                try connection.run(
                    "UPDATE \(table) SET \"_new\" = ? WHERE id = ?", [value, .integer(id)])
            }
        }
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
        let indexes = ClassTable.indexes(family, connection.dialect).sorted { $0.key < $1.key }
        let present = try ClassTable.standingIndexes(connection, family.table)
        for (name, sql) in indexes where !present.contains(name) { try connection.script(sql) }
        try TableTrigger.make(connection, triggers(of: family, among: families))
        for member in family.members {
            try connection.run(
                "UPDATE class SET history = ? WHERE number = ?",
                [SQLValue(member.definition.history), .integer(member.number)])
        }
    }

    private func triggers(of family: ClassFamily, among families: [ClassFamily]) -> [String] {
        let near: (FullCode) -> [ClassFamily] = { [model, standing] type in
            type.model == model ? families : standing.families(of: type.model)
        }
        let target: (FullCode) -> ClassRows? = { type in
            near(type).lazy.compactMap { $0.rows(of: type.code) }.first
        }
        let describing = DescribeSQL { type in
            let member = near(type).lazy.flatMap(\.members).first { $0.type == type }
            guard let member, let rows = target(type) else { return nil }
            return DescribeSQL.Target(rows: rows, definition: member.definition)
        }
        let references = ReferenceTriggers(
            family: family, target: target,
            circular: ReferenceTriggers.circular(family, among: families),
            dialect: connection.dialect)
        let own = ClassTriggers(
            family: family, target: target, describing: describing, dialect: connection.dialect,
            lock: connection.writeLock)
        return own.statements + references.statements
    }

    /// Makes the tables of every model, none of which is there: of a store that is moved.
    static func makeAll(
        _ connection: Connection, _ tables: ModelTables, versionsOfViews versions: [String: Int64]
    ) throws {
        let models = tables.models.keys.sorted()
        // Triggers look references up by table, so that they come when every table is there.
        for family in models.flatMap(tables.families) {
            try connection.script(ClassTable.createSQL(family, connection.dialect))
        }
        for model in models {
            let migration = ClassMigration(
                connection: connection, model: model, standing: tables, version: 0)
            let families = tables.families(of: model)
            for family in families {
                try migration.finish(family, among: families)
                for member in family.members {
                    let version = versions[ClassTable.viewName(member.type)] ?? 0
                    try APIView.make(connection, member, of: family, version: version)
                }
                try SearchIndex(family: family, dialect: connection.dialect)
                    .migrate(connection, before: nil)
            }
        }
    }

    /// Makes the triggers of every model anew where they are not what they should be: another
    /// program took one away, an earlier version of this one made them, or a class that they refer
    /// to has got another child. `skipped` has been seen to.
    static func renew(
        _ connection: Connection, _ tables: ModelTables, but skipped: String? = nil
    ) throws {
        for model in tables.models.keys.sorted() where model != skipped {
            let migration = ClassMigration(
                connection: connection, model: model, standing: tables, version: 0)
            let families = tables.families(of: model)
            for family in families {
                let search = SearchIndex(family: family, dialect: connection.dialect)
                let wanted =
                    migration.triggers(of: family, among: families)
                    + (search.columns.isEmpty ? [] : search.triggers)
                let names = Set(
                    ClassTable.triggerNames(family.root.number) + ReferenceTriggers.names(family))
                let marks = TableTrigger.marks(of: wanted, connection.dialect)
                guard try TableTrigger.standing(connection, names) != marks else { continue }
                // An earlier version had fewer tables than the triggers name.
                try search.makeTables(connection, anew: false)
                try migration.clear(family)
                try TableTrigger.make(connection, wanted)
            }
        }
    }
}
