import Database

extension RecordsService {
    /// How its store is moved: tables of classes are made by the models that stand.
    public static let layout = StoreLayout(
        service: "records", migrations: Migrations.all,
        prepare: { source, target in
            for table in ["store", "model", "class"] {
                try target.run("DELETE FROM \(table)")
                try MovedRows.take(table, source, target)
            }
            let versions = Dictionary(
                try source.query("SELECT name, version FROM api_view") {
                    ($0.text(0), $0.integer(1))
                }, uniquingKeysWith: { $1 })
            try ClassMigration.makeAll(
                target, try ModelTables.load(target), versionsOfViews: versions)
        },
        isDerived: { name in
            // A view on the server; what the views are in the words of their engine; words.
            name == "write_context" || name == "api_view" || name.hasPrefix("datasearch_")
        },
        derive: { _, target in
            let tables = try ModelTables.load(target)
            for family in tables.models.keys.flatMap(tables.families) {
                try SearchIndex(family: family, dialect: target.dialect)
                    .makeTables(target, anew: true)
            }
        })
}

private enum MovedRows {
    /// Few rows, by the names of their columns.
    static func take(_ table: String, _ source: Connection, _ target: Connection) throws {
        try source.each("SELECT * FROM \(table)") { row in
            let columns = (0..<row.columnCount).map { quoted(row.columnName($0)) }
            try target.run(
                """
                INSERT INTO \(table) (\(columns.joined(separator: ", "))) \
                VALUES (\(Dialect.marks(columns.count)))
                """, columns.indices.map { row.value($0) })
            return true
        }
    }
}
