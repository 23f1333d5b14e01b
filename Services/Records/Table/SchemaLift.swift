import Database

/// Views, triggers and indexes that stand in the way of a column being made anew, whoever made
/// them: they are taken away with the texts that made them, and put back as they were.
struct SchemaLift {
    private let statements: [String]

    /// Takes away the indexes of `table`, and every view and trigger: any may name the column. Our
    /// own triggers are gone by then.
    init(_ connection: Connection, from table: String) throws {
        let rows = try connection.query(
            """
            SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND
            (type IN ('view', 'trigger') OR type = 'index' AND tbl_name = ?) ORDER BY rowid
            """, [.text(table)]
        ) { (type: $0.text(0), name: $0.text(1), sql: $0.text(2)) }
        // A view's own triggers go with it, and come back after it.
        for row in rows where row.type == "trigger" {
            try connection.script("DROP TRIGGER \(escaped(row.name))")
        }
        for row in rows where row.type != "trigger" {
            try connection.script("DROP \(row.type) \(escaped(row.name))")
        }
        statements =
            rows.filter { $0.type != "trigger" }.map(\.sql)
            + rows.filter { $0.type == "trigger" }.map(\.sql)
    }

    /// Puts all back. What names a column that is gone is refused by the engine, with its name: it
    /// looks at every view and trigger when a column goes, so that one comes and goes.
    func restore(_ connection: Connection, of table: String) throws {
        for statement in statements { try connection.script(statement) }
        try connection.script(
            """
            ALTER TABLE \(table) ADD COLUMN "_probe" AS (1) VIRTUAL;
            ALTER TABLE \(table) DROP COLUMN "_probe";
            """)
    }
}

/// A name of another program in quotes.
private func escaped(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
}
