import Database

/// Views of PostgreSQL that stand on something that is made anew, whoever made them: the server
/// would hold it back. They are taken away, and put back with the text that the catalog has of
/// them, their owner, grants, comment, triggers and rules. On SQLite nothing stands in the way.
struct ViewLift {
    private struct Item {
        let name: String
        let statements: [String]
    }

    /// Each after those that it stands on.
    private var items: [Item] = []
    /// Of views that are made anew by who drops them.
    private var grants: [Item] = []

    /// Takes away the views that stand on a table or view, directly or not.
    mutating func take(_ connection: Connection, above oid: Int64) throws {
        let found = try connection.query(ViewLift.above, [.integer(oid)]) {
            (oid: $0.integer(0), name: $0.text(1), create: $0.text(2))
        }
        var taken: [Item] = []
        for view in found {
            let rest = try ViewLift.belongings(connection, of: view.oid, isOwnerKept: true)
            taken.append(Item(name: view.name, statements: [view.create] + rest))
        }
        for view in found.reversed() {
            try connection.verbatim("DROP VIEW \(view.name)")
        }
        items += taken
    }

    /// Notes what a view that is dropped and made again would lose.
    mutating func takeGrants(_ connection: Connection, of oid: Int64) throws {
        let name = try connection.first(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace "
                + "AS n ON n.oid = c.relnamespace WHERE c.oid = CAST(? AS oid)", [.integer(oid)]
        ) { $0.text(0) }
        let statements = try ViewLift.belongings(connection, of: oid, isOwnerKept: false)
        if let name, !statements.isEmpty { grants.append(Item(name: name, statements: statements)) }
    }

    /// Puts all back. What names a column or view that is gone is refused, with its name.
    func restore(_ connection: Connection) throws {
        for item in grants {
            let stands = try connection.count(
                "SELECT count(*) FROM pg_class WHERE oid = to_regclass(?)", [.text(item.name)])
            guard stands > 0 else { continue }
            for statement in item.statements { try connection.verbatim(statement) }
        }
        for item in items {
            for statement in item.statements {
                try ViewLift.naming(item.name) { try connection.verbatim(statement) }
            }
        }
    }

    /// Runs `body`; an error of a statement says what it was about.
    static func naming(_ name: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch DatabaseError.failed(let code, let message, let sql) {
            throw DatabaseError.failed(code: code, message: "\(name): \(message)", sql: sql)
        }
    }

    private static let above = """
        WITH RECURSIVE above (oid, depth) AS (
            SELECT r.ev_class, 1 FROM pg_depend AS d JOIN pg_rewrite AS r ON r.oid = d.objid
            WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = CAST(? AS oid) AND r.ev_class <> d.refobjid
            UNION
            SELECT r.ev_class, a.depth + 1 FROM above AS a
            JOIN pg_depend AS d ON d.refobjid = a.oid AND d.refclassid = 'pg_class'::regclass
                AND d.classid = 'pg_rewrite'::regclass
            JOIN pg_rewrite AS r ON r.oid = d.objid WHERE r.ev_class <> a.oid AND a.depth < 100)
        SELECT c.oid, format('%I.%I', n.nspname, c.relname), format('CREATE VIEW %I.%I %s AS %s',
            n.nspname, c.relname,
            'WITH (' || array_to_string(c.reloptions, ', ') || ')', pg_get_viewdef(c.oid))
        FROM (SELECT oid, max(depth) AS depth FROM above GROUP BY oid) AS a
        JOIN pg_class AS c ON c.oid = a.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'v' ORDER BY a.depth, c.oid
        """

    /// Grants to others, the comment, triggers, rules, and last the owner.
    private static func belongings(
        _ connection: Connection, of oid: Int64, isOwnerKept: Bool
    ) throws -> [String] {
        try connection.query(
            """
            SELECT 0, format('GRANT %s ON %s TO %s%s', x.privilege_type, c.oid::regclass,
                CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee))
                END, CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM pg_class AS c, aclexplode(c.relacl) AS x
            WHERE c.oid = CAST(? AS oid) AND x.grantee <> c.relowner
            UNION ALL
            SELECT 0, format('GRANT %s (%I) ON %s TO %s%s', x.privilege_type, a.attname,
                a.attrelid::regclass, CASE WHEN x.grantee = 0 THEN 'PUBLIC'
                ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
                CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM pg_attribute AS a, aclexplode(a.attacl) AS x
            WHERE a.attrelid = CAST(? AS oid) AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT 1, format('COMMENT ON VIEW %s IS %L', c.oid::regclass, d.description)
            FROM pg_class AS c JOIN pg_description AS d ON d.objoid = c.oid AND d.objsubid = 0
                AND d.classoid = 'pg_class'::regclass WHERE c.oid = CAST(? AS oid)
            UNION ALL
            SELECT 2, pg_get_triggerdef(oid) FROM pg_trigger
            WHERE tgrelid = CAST(? AS oid) AND NOT tgisinternal
            UNION ALL
            SELECT 3, pg_get_ruledef(oid) FROM pg_rewrite
            WHERE ev_class = CAST(? AS oid) AND rulename <> '_RETURN'
            UNION ALL
            SELECT 4, format('ALTER VIEW %s OWNER TO %I', c.oid::regclass, pg_get_userbyid(c.relowner))
            FROM pg_class AS c WHERE c.oid = CAST(? AS oid) AND ? = 1
                AND pg_get_userbyid(c.relowner) <> current_user ORDER BY 1
            """,
            Array(repeating: .integer(oid), count: 6) + [SQLValue(isOwnerKept)]
        ) { $0.text(1) }
    }
}
