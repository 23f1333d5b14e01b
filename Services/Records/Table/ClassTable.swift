import Contracts
import Database
import JSON

extension ColumnDefinition {
    /// What a row gets where nothing is said: the default, or what the platform makes.
    var givenSQL: String? { type == .guid && !many ? ClassTable.newGUID : defaultSQL }

    /// The default as a literal; nil where there is none.
    var defaultSQL: String? {
        switch defaultValue {
        case .integer(let value): String(value)
        case .text(let text): literal(text)
        case .null, .real, .blob: nil
        }
    }
}

/// The table of a class: `DataRow_<n>` with the system columns and the class's codes as columns. A
/// family of classes has one, under the number of its root, with `class` as one more column.
/// Constraints are in its triggers rather than in the table, so that a model can change them
/// without the table being copied, and so that triggers of other programs survive.
enum ClassTable {
    static func name(_ number: Int64) -> String { "DataRow_\(number)" }

    /// The largest id, which a JSON number still carries everywhere. Beyond the engine's own limit
    /// no row could ever be added, so that another program must not come near it.
    static let idLimit: Int64 = (1 << 53) - 1

    /// This moment as it is stored.
    static let now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

    /// A new random UUID (version 4).
    static let newGUID = """
        lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || \
        substr(hex(randomblob(2)), 2) || '-' || substr('89AB', 1 + \
        (instr('0123456789ABCDEF', substr(hex(randomblob(1)), 1, 1)) - 1) % 4, 1) || \
        substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))
        """

    /// The names that its triggers have; any other is another program's.
    static func triggerNames(_ number: Int64) -> [String] {
        [
            "insert", "arrive", "update", "delete", "truncate", "foreign_arrive", "foreign_insert",
            "foreign_update",
            "foreign_delete", "foreign_clash", "foreign_turn",
        ].map { "\(name(number))_\($0)" } + SearchIndex.triggerNames(number)
    }

    static func sqlType(_ form: ValueForm) -> String {
        switch form {
        case .text, .date, .datetime, .json: "TEXT"
        case .integer, .decimal: "BIGINT"
        case .boolean: "SMALLINT"
        }
    }

    /// `"status" TEXT DEFAULT 'new'`.
    static func columnSQL(_ column: ColumnDefinition, hasDefault: Bool) -> String {
        let base = "\(quoted(column.code)) \(sqlType(column.form))"
        guard hasDefault, let value = column.defaultSQL else { return base }
        return "\(base) DEFAULT \(value)"
    }

    /// PostgreSQL keeps what SQLite computes when it is read.
    static func computedSQL(
        _ column: ColumnDefinition, _ computed: ComputedValue, _ dialect: Dialect
    ) -> String {
        let base = "\(quoted(column.code)) \(sqlType(column.form))"
        return "\(base) GENERATED ALWAYS AS (\(computed.sql(dialect))) "
            + (dialect.isSQLite ? "VIRTUAL" : "STORED")
    }

    /// `class TEXT NOT NULL DEFAULT 'inventory.asset'`.
    static func classColumnSQL(_ family: ClassFamily) -> String {
        "class TEXT NOT NULL DEFAULT \(literal(family.root.type.description))"
    }

    static func createSQL(_ family: ClassFamily, _ dialect: Dialect) -> String {
        let own = family.hasClassColumn ? [classColumnSQL(family)] : []
        let columns = (own + family.columns.map { $0.sql(dialect) }).map { ",\n    " + $0 }.joined()
        return """
            CREATE TABLE \(family.table) (
                id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND \(idLimit)),
                version BIGINT NOT NULL DEFAULT 1,
                created TEXT NOT NULL DEFAULT (\(now)),
                creator TEXT NOT NULL DEFAULT 'database',
                modified TEXT NOT NULL DEFAULT (\(now)),
                modifier TEXT NOT NULL DEFAULT 'database',
                deleted SMALLINT NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))\(columns))
            """
    }

    /// Values: time, account, time, account, then every column in order.
    static func insertSQL(_ member: ClassFamily.Member, of family: ClassFamily) -> String {
        let columns = member.definition.columns.filter { $0.type != .computed }
        let codes = columns.map { ", " + quoted($0.code) }.joined()
        let marks = String(repeating: ", ?", count: columns.count)
        let type = family.hasClassColumn ? ", class" : ""
        let value = family.hasClassColumn ? ", " + literal(member.type.description) : ""
        return """
            INSERT INTO \(family.table) AS r (version, created, creator, modified, modifier, \
            deleted\(type)\(codes)) VALUES (1, ?, ?, ?, ?, 0\(value)\(marks))
            """
    }

    /// The same for several records on a server: an array for each of these values. In the order of
    /// the arrays the records get their ids.
    static func arrivalSQL(_ member: ClassFamily.Member, of family: ClassFamily) -> String {
        let columns = member.definition.columns.filter { $0.type != .computed }
        let codes = columns.map { ", " + quoted($0.code) }.joined()
        let types = Array(repeating: "TEXT", count: 4) + columns.map { sqlType($0.form) }
        let names = types.indices.map { "c\($0)" }.joined(separator: ", ")
        let arrays = types.map { "CAST(? AS \($0)[])" }.joined(separator: ", ")
        let type = family.hasClassColumn ? ", class" : ""
        let value = family.hasClassColumn ? ", " + literal(member.type.description) : ""
        return """
            INSERT INTO \(family.table) AS r (version, deleted\(type), created, creator, modified, \
            modifier\(codes)) SELECT 1, 0\(value), \(names) FROM unnest(\(arrays)) \
            WITH ORDINALITY AS a (\(names), place) ORDER BY place
            """
    }

    /// Index name → the statement that makes it. All leave deleted records out, but for one of
    /// these alone.
    static func indexes(_ family: ClassFamily, _ dialect: Dialect) -> [String: String] {
        var result: [String: String] = [:]
        func add(_ kind: String, _ columns: [String], unique: Bool = false) {
            // With a character that no code has, so that it is never the name of a view.
            let label = dialect.name(
                "\(family.table)-\(kind)-\(columns.joined(separator: "-"))")
            var list = columns.map(quoted).joined(separator: ", ")
            if !dialect.isSQLite {
                // In the order of lists, with the id, which SQLite's indexes have by themselves.
                list = columns.map { quoted($0) + " NULLS FIRST" }.joined(separator: ", ")
                if !unique { list += ", id" }
            }
            result[label] = """
                CREATE \(unique ? "UNIQUE " : "")INDEX \(quoted(label)) \
                ON \(family.table) (\(list)) WHERE deleted = 0
                """
        }
        if family.hasClassColumn { add("index", ["class"]) }
        for column in family.columns.map(\.column) {
            if column.unique {
                add("unique", [column.code], unique: true)
            } else if column.isIndexed {
                add("index", [column.code])
            }
        }
        for definition in family.members.map(\.definition) {
            for predicate in Set(definition.grants.compactMap(\.rows)) where !predicate.isMany {
                add("index", [predicate.column ?? "creator"])
            }
            for columns in definition.indexes { add("index", columns) }
            for columns in definition.uniqueSets { add("unique", columns, unique: true) }
        }
        if family.members.contains(where: { $0.definition.deletion == .logical }) {
            let label = "\(family.table)-deleted"
            result[label] =
                "CREATE INDEX \(quoted(label)) ON \(family.table) (id) WHERE deleted = 1"
        }
        return result
    }

    /// The names of the indexes that stand on a table.
    static func standingIndexes(_ connection: Connection, _ table: String) throws -> Set<String> {
        let sql =
            connection.dialect.isSQLite
            ? "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?"
            : "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() "
                + "AND tablename = lower(?)"
        return Set(try connection.query(sql, [.text(table)]) { $0.text(0) })
    }

    /// The names of the view's columns, in order.
    static func viewColumns(_ member: ClassFamily.Member, of family: ClassFamily) -> [String] {
        ["id", "version"] + (family.hasClassColumn ? ["class"] : [])
            + ["created", "creator", "modified", "modifier"]
            + member.definition.columns.map(\.code)
    }

    static func viewName(model: String, code: String) -> String { "\(model)_\(code)" }
    static func viewName(_ type: FullCode) -> String {
        viewName(model: type.model, code: type.code)
    }
}
