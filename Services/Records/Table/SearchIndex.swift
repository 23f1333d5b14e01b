import Contracts
import Database

/// The full-text index of a family of classes: a table of words beside the table of its records,
/// kept by triggers, so that what other programs write is in it too.
struct SearchIndex {
    let family: ClassFamily

    /// The columns that are searched, in the order of the table; none where no class has any.
    var columns: [String] {
        let wanted = Set(family.members.flatMap(\.definition.search))
        return family.columns.map(\.column.code).filter { wanted.contains($0) }
    }

    static func name(_ number: Int64) -> String { "DataSearch_\(number)" }
    static func name(ofTable table: String) -> String {
        "DataSearch_" + table.dropFirst("DataRow_".count)
    }

    /// What decides about the words of a row.
    private var contents: [String] {
        let columns = Set(columns)
        return family.columns.filter { columns.contains($0.column.code) }.map {
            "\($0.sql) \($0.column.type) \($0.owners)"
        } + family.members.map(\.type.description)
    }

    private var name: String { SearchIndex.name(family.root.number) }
    private var list: String { columns.map(quoted).joined(separator: ", ") }

    static func triggerNames(_ number: Int64) -> [String] {
        ["insert", "update", "delete"].map { "\(ClassTable.name(number))_search_\($0)" }
    }

    /// Letters without their accents, in any case.
    private var createSQL: String {
        "CREATE VIRTUAL TABLE \(name) USING fts5 "
            + "(\(list), tokenize = 'unicode61 remove_diacritics 2')"
    }

    /// Makes the index what the family wants; over the rows that stand where it is new, or where
    /// the family was another `before`, so that rows changed without their triggers.
    func migrate(_ connection: Connection, before: ClassFamily?) throws {
        let isStale = before.map { SearchIndex(family: $0).contents != contents } ?? false
        let standing = try connection.first(
            "SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'", [.text(name)]
        ) { $0.text(0) }
        let isWanted = !columns.isEmpty
        if standing != nil, !isWanted || isStale || standing != createSQL {
            try connection.script("DROP TABLE \(name)")
        }
        guard isWanted else { return }
        if standing != createSQL || isStale {
            try connection.script(createSQL)
            try connection.script(
                """
                INSERT INTO \(name) (rowid, \(list)) SELECT id, \(list) FROM \(family.table) \
                WHERE deleted = 0
                """)
        }
        for trigger in triggers { try connection.script(trigger) }
    }

    static func drop(_ connection: Connection, _ number: Int64) throws {
        try connection.script("DROP TABLE IF EXISTS \(name(number))")
    }

    /// Each takes the row as it stands then: of several triggers none knows which comes first.
    var triggers: [String] {
        let changed = (columns.map(quoted) + ["deleted", "id"])
            .map { "NEW.\($0) IS NOT OLD.\($0)" }.joined(separator: " OR ")
        let take = """
            DELETE FROM \(name) WHERE rowid = NEW.id;
            INSERT INTO \(name) (rowid, \(list)) SELECT id, \(list) FROM \(family.table)
            WHERE id = NEW.id AND deleted = 0;
            """
        let table = family.table
        return [
            "CREATE TRIGGER \(table)_search_insert AFTER INSERT ON \(table) BEGIN\n\(take)\nEND",
            """
            CREATE TRIGGER \(table)_search_update AFTER UPDATE ON \(table) WHEN \(changed) BEGIN
            DELETE FROM \(name) WHERE rowid = OLD.id;
            \(take)
            END
            """,
            """
            CREATE TRIGGER \(table)_search_delete AFTER DELETE ON \(table) BEGIN
            DELETE FROM \(name) WHERE rowid = OLD.id;
            END
            """,
        ]
    }
}
