import Contracts
import Database

extension APIView {
    /// The schema of the views on PostgreSQL, where our own is the usual one. Another installation
    /// of the database has `<schema>_api`.
    private static let usualSchema = "api"
    private static let usualHome = "records"

    /// The class by its codes, without deleted records, decimals as numbers, under a name that is
    /// ready for the engine.
    static func sql(
        _ member: ClassFamily.Member, of family: ClassFamily, as name: String, _ dialect: Dialect
    ) -> String {
        let type = family.hasClassColumn ? "class, " : ""
        let rows = family.rows(of: member.type.code)?.condition("r") ?? ""
        let columns = member.definition.columns.map { column in
            let code = quoted(column.code)
            guard column.scale > 0 else { return ", \(code)" }
            return ", \(decimal(code, column, dialect)) AS \(code)"
        }
        return """
            CREATE VIEW \(name) AS SELECT id, version, \(type)created, creator, modified, \
            modifier\(columns.joined()) FROM \(family.table) AS r WHERE deleted = 0\(rows)
            """
    }

    private static func decimal(
        _ code: String, _ column: ColumnDefinition, _ dialect: Dialect
    ) -> String {
        guard dialect.isSQLite else {
            guard column.many else { return "(\(code) * \(ClassTable.unit(of: column.scale)))" }
            return ClassTable.decimals(in: SQLText(code), scale: column.scale).text
        }
        let divisor = "1" + String(repeating: "0", count: column.scale) + ".0"
        guard column.many else { return "\(code) / \(divisor)" }
        return "(SELECT json_group_array(v.value / \(divisor)) FROM json_each(\(code)) AS v)"
    }

    /// Where the views are; nil is among the tables.
    static func schema(_ connection: Connection) throws -> String? {
        guard !connection.dialect.isSQLite else { return nil }
        let home = try connection.first("SELECT current_schema()") { $0.text(0) } ?? ""
        guard home != usualHome else { return usualSchema }
        let name = home + "_" + usualSchema
        guard name.utf8.count <= Dialect.nameLimit else {
            throw RecordsError.conflict(
                "The schema of the API views would be called \(name), which is too long. Give the "
                    + "service a schema of at most \(Dialect.nameLimit - 4) bytes.")
        }
        return name
    }

    /// A view's name as statements have it. On PostgreSQL one of more than 63 bytes has a hash for
    /// its end.
    static func place(_ name: String, _ connection: Connection) throws -> String {
        let own = quoted(connection.dialect.name(name))
        guard let schema = try schema(connection) else { return own }
        return "\(connection.dialect.quote(schema)).\(own)"
    }

    /// Makes the schema of the views, where it is missing.
    static func makeSchema(_ connection: Connection) throws {
        if let schema = try schema(connection) { try connection.makeSchema(schema) }
    }

    /// What stands under a view's name.
    struct Standing {
        /// Of PostgreSQL.
        var oid: Int64 = 0
        var isView: Bool
        /// How it was made, as far as the engine tells.
        var definition: String
    }

    static func standing(_ connection: Connection, _ name: String) throws -> Standing? {
        guard let schema = try schema(connection) else {
            return try connection.first(
                "SELECT type, sql FROM sqlite_master WHERE lower(name) = ? AND type IN "
                    + "('view', 'table')", [.text(name)]
            ) { Standing(isView: $0.text(0) == "view", definition: $0.text(1)) }
        }
        // Another version of the server writes the same view otherwise.
        return try connection.first(
            """
            SELECT c.oid, CAST(c.relkind = 'v' AS INTEGER), \
            CASE WHEN c.relkind = 'v' THEN CAST(current_setting('server_version_num') AS BIGINT) \
            / 10000 || ' ' || pg_get_viewdef(c.oid) ELSE '' END FROM pg_class AS c \
            JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relname = ? AND n.nspname = ?
            """, [.text(connection.dialect.name(name)), .text(schema)]
        ) { Standing(oid: $0.integer(0), isView: $0.boolean(1), definition: $0.text(2)) }
    }

    /// Whether something else is called as a view would be. Views and our own tables share their
    /// names, wherever each of them is: queries know both by them.
    static func isTaken(_ name: String, _ connection: Connection) throws -> Bool {
        guard let schema = try schema(connection) else {
            let sql =
                "SELECT count(*) FROM sqlite_master WHERE lower(name) = ? AND type <> 'trigger'"
            return try connection.count(sql, [.text(name)]) > 0
        }
        return try connection.count(
            """
            SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
            WHERE c.relname = ? AND n.nspname IN (current_schema(), ?)
            """, [.text(connection.dialect.name(name)), .text(schema)]) > 0
    }
}

extension ClassTable {
    /// The last decimal of a number on PostgreSQL: `0.01`.
    static func unit(of scale: Int) -> String {
        "0." + String(repeating: "0", count: scale - 1) + "1"
    }

    /// The decimals of a column of many as a JSON array of numbers, on PostgreSQL.
    static func decimals(in list: SQLText, scale: Int) -> SQLText {
        "(SELECT coalesce('[' || string_agg(CAST(trim_scale(CAST(v.value AS NUMERIC) * "
            + "\(unit(of: scale))) AS TEXT), ',' ORDER BY v.place) || ']', '[]') "
            + "FROM json_array_elements_text(CAST(" + list
            + " AS JSON)) WITH ORDINALITY AS v (value, place))"
    }
}
