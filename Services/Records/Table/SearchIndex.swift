import Contracts
import Database

/// The full-text index of a family of classes: a table of words beside the table of its records,
/// kept by triggers, so that what other programs write is in it too. Records that were deleted
/// logically have a table of their own: they count for no rank. On PostgreSQL the words of a column
/// are a `tsvector`, with one index over all.
struct SearchIndex {
    let family: ClassFamily
    let dialect: Dialect

    /// The columns that are searched, in the order of the table; none where no class has any.
    var columns: [String] {
        let wanted = Set(family.members.flatMap(\.definition.search))
        return family.columns.map(\.column.code).filter { wanted.contains($0) }
    }

    static func name(_ number: Int64) -> String { "DataSearch_\(number)" }
    static func name(ofTable table: String) -> String {
        "DataSearch_" + table.dropFirst("DataRow_".count)
    }
    /// Of the words of deleted records.
    static func deletedName(ofTable table: String) -> String { name(ofTable: table) + "_deleted" }

    /// A table of words, and which rows it has.
    private struct Part {
        let name: String
        let deleted: Int
    }

    private var parts: [Part] {
        let live = Part(name: name, deleted: 0)
        guard family.root.definition.deletion == .logical else { return [live] }
        return [live, Part(name: SearchIndex.deletedName(ofTable: family.table), deleted: 1)]
    }

    /// What decides about the words of a row.
    private var contents: [String] {
        let columns = Set(columns)
        return family.columns.filter { columns.contains($0.column.code) }.map {
            "\($0.column.code) \($0.column.type) \($0.column.computed?.text ?? "") \($0.owners)"
        } + family.members.map(\.type.description)
    }

    private var name: String { SearchIndex.name(family.root.number) }
    private var list: String { columns.map(quoted).joined(separator: ", ") }

    static func triggerNames(_ number: Int64) -> [String] {
        ["insert", "arrive", "update", "delete"].map { "\(ClassTable.name(number))_search_\($0)" }
    }

    /// Letters without their accents, in any case.
    private func createSQL(_ part: Part) -> String {
        guard !dialect.isSQLite else {
            return "CREATE VIRTUAL TABLE \(part.name) USING fts5 "
                + "(\(list), tokenize = 'unicode61 remove_diacritics 2')"
        }
        let columns = columns.map { ", \(quoted($0)) tsvector NOT NULL" }.joined()
        return """
            CREATE TABLE \(part.name) (id BIGINT PRIMARY KEY\(columns));
            CREATE INDEX \(part.name)_words ON \(part.name) USING gin (\(list))
            """
    }

    /// What tells how a table was made.
    private func standing(_ part: Part, _ connection: Connection) throws -> String? {
        let sql =
            dialect.isSQLite
            ? "SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'"
            : "SELECT obj_description(to_regclass(lower(?)), 'pg_class')"
        return try connection.first(sql, [.text(part.name)]) { $0.text(0) }
    }

    /// The words of rows of the family's table, as they are put into a table of words.
    private var taken: String {
        dialect.isSQLite
            ? list : columns.map { "gt_words(\(quoted($0)))" }.joined(separator: ", ")
    }

    private var id: String { SearchWords.id(dialect) }

    /// Makes the index what the family wants; over the rows that stand where it is new, or where
    /// the family was another `before`, so that rows changed without their triggers.
    func migrate(_ connection: Connection, before: ClassFamily?) throws {
        let isStale =
            before.map { SearchIndex(family: $0, dialect: dialect).contents != contents } ?? false
        try makeTables(connection, anew: isStale)
        guard !columns.isEmpty else { return }
        try TableTrigger.make(connection, triggers)
    }

    /// The tables of words, filled where they come; those that are not wanted go.
    func makeTables(_ connection: Connection, anew: Bool) throws {
        let wanted = columns.isEmpty ? [] : parts
        for name in SearchIndex.tableNames(family.root.number)
        where !wanted.contains(where: { $0.name == name }) {
            try connection.script("DROP TABLE IF EXISTS \(name)")
        }
        for part in wanted {
            let sql = createSQL(part)
            guard try anew || standing(part, connection) != sql else { continue }
            try connection.script("DROP TABLE IF EXISTS \(part.name)")
            try connection.script(sql)
            if !dialect.isSQLite {
                try connection.script("COMMENT ON TABLE \(part.name) IS \(literal(sql))")
            }
            try connection.script(
                """
                INSERT INTO \(part.name) (\(id), \(list)) \
                SELECT id, \(taken) FROM \(family.table) WHERE deleted = \(part.deleted)
                """)
        }
    }

    private static func tableNames(_ number: Int64) -> [String] {
        [name(number), deletedName(ofTable: ClassTable.name(number))]
    }

    static func drop(_ connection: Connection, _ number: Int64) throws {
        for name in tableNames(number) {
            try connection.script("DROP TABLE IF EXISTS \(name)")
        }
    }

    /// Each takes the row as it stands then: of several triggers none knows which comes first.
    var triggers: [String] {
        let changed = (columns.map(quoted) + ["deleted", "id"])
            .map { "NEW.\($0) \(dialect.isDistinct) OLD.\($0)" }.joined(separator: " OR ")
        let take = parts.flatMap { part in
            [
                "DELETE FROM \(part.name) WHERE \(id) = NEW.id",
                """
                INSERT INTO \(part.name) (\(id), \(list)) SELECT id, \(taken) \
                FROM \(family.table) WHERE id = NEW.id AND deleted = \(part.deleted)
                """,
            ]
        }
        let leave = parts.map { "DELETE FROM \($0.name) WHERE \(id) = OLD.id" }
        let table = family.table
        let isSQLite = dialect.isSQLite
        // What one statement inserts for several callers is taken at once; nothing stands of it.
        let arrive = parts.map { part in
            """
            INSERT INTO \(part.name) (\(id), \(list)) SELECT id, \(taken) \
            FROM arrived WHERE deleted = \(part.deleted)
            """
        }
        let own = TableTrigger(
            name: "\(table)_search_arrive", table: table, event: .insert, writers: .group,
            body: arrive)
        let triggers = [
            TableTrigger(
                name: "\(table)_search_insert", table: table, event: .insert,
                writers: isSQLite ? .all : .singleOrForeign, body: take),
            TableTrigger(
                name: "\(table)_search_update", table: table, event: .update, condition: changed,
                body: leave + take),
            TableTrigger(
                name: "\(table)_search_delete", table: table, event: .delete, body: leave),
        ]
        return (triggers + (isSQLite ? [] : [own])).map { $0.statement(dialect) }
    }
}
