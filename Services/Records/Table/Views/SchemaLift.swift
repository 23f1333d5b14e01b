import Database

/// Views, triggers and indexes that stand in the way of a column being made anew, whoever made
/// them: they are taken away with the texts that made them, and put back as they were.
struct SchemaLift {
    private struct Item {
        /// For an error that says it itself nothing.
        var name: String?
        let sql: String
    }

    private var items: [Item] = []
    private var views = ViewLift()

    /// Takes away the indexes of `table`, and every view and trigger that may name the column: on
    /// SQLite all there are, on PostgreSQL those of the table. Our own triggers are gone by then.
    init(_ connection: Connection, from table: String) throws {
        guard connection.dialect.isSQLite else {
            try takeOfServer(connection, table)
            return
        }
        let rows = try connection.query(
            """
            SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND
            (type IN ('view', 'trigger') OR type = 'index' AND tbl_name = ?) ORDER BY rowid
            """, [.text(table)]
        ) { (type: $0.text(0), name: $0.text(1), sql: $0.text(2)) }
        // A view's own triggers go with it, and come back after it.
        for row in rows where row.type == "trigger" {
            try connection.script("DROP TRIGGER \(connection.dialect.quote(row.name))")
        }
        for row in rows where row.type != "trigger" {
            try connection.script("DROP \(row.type) \(connection.dialect.quote(row.name))")
        }
        let sql =
            rows.filter { $0.type != "trigger" }.map(\.sql)
            + rows.filter { $0.type == "trigger" }.map(\.sql)
        items = sql.map { Item(sql: $0) }
    }

    private mutating func takeOfServer(_ connection: Connection, _ table: String) throws {
        let oid = try connection.count("SELECT to_regclass(lower(?))::oid", [.text(table)])
        try views.take(connection, above: oid)
        let triggers = try connection.query(
            """
            SELECT tgname, pg_get_triggerdef(oid), CASE tgenabled WHEN 'D' THEN 'DISABLE' \
            WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE '' END \
            FROM pg_trigger WHERE tgrelid = CAST(? AS oid) AND NOT tgisinternal
            """, [.integer(oid)]
        ) { (name: $0.text(0), sql: $0.text(1), state: $0.text(2)) }
        // Of a constraint the index goes and comes with the constraint.
        let indexes = try connection.query(
            """
            SELECT format('%I.%I', n.nspname, c.relname), pg_get_indexdef(c.oid) \
            FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid \
            JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE i.indrelid = CAST(? AS oid) \
            AND NOT EXISTS (SELECT 1 FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
            """, [.integer(oid)]
        ) { (name: $0.text(0), sql: $0.text(1)) }
        for trigger in triggers {
            try connection.verbatim(
                "DROP TRIGGER \(connection.dialect.quote(trigger.name)) ON \(table)")
        }
        for index in indexes { try connection.verbatim("DROP INDEX \(index.name)") }
        items = indexes.map { Item(name: $0.name, sql: $0.sql) }
        for trigger in triggers {
            items.append(Item(name: trigger.name, sql: trigger.sql))
            guard !trigger.state.isEmpty else { continue }
            let sql =
                "ALTER TABLE \(table) \(trigger.state) TRIGGER "
                + connection.dialect.quote(trigger.name)
            items.append(Item(name: trigger.name, sql: sql))
        }
    }

    /// Puts all back. What names a column that is gone is refused, with its name: SQLite looks at
    /// every view and trigger when a column goes, so that one comes and goes.
    func restore(_ connection: Connection, of table: String) throws {
        guard connection.dialect.isSQLite else {
            for item in items {
                try ViewLift.naming(item.name ?? "") { try connection.verbatim(item.sql) }
            }
            return try views.restore(connection)
        }
        for item in items { try connection.script(item.sql) }
        try connection.script(
            """
            ALTER TABLE \(table) ADD COLUMN "_probe" AS (1) VIRTUAL;
            ALTER TABLE \(table) DROP COLUMN "_probe";
            """)
    }
}
