/// A table as the target has it.
struct MovedTable {
    struct Column {
        var name: String
        var type: String
        /// The server works it out.
        var isComputed: Bool
        /// It numbers its rows.
        var isNumbering: Bool

        var isText: Bool { type == "text" }
    }

    var name: String
    var columns: [Column]
    /// What orders its rows: its primary key, or all columns where it has none.
    var key: [Column]
    var hasKey: Bool
    var hasTriggers: Bool

    var copied: [String] { columns.filter { !$0.isComputed }.map(\.name) }

    init(_ name: String, at target: Connection, schema: String) throws {
        self.name = name
        let place = "\(Dialect.quote(schema)).\(Dialect.quote(name))"
        columns = try target.query(
            """
            select a.attname::text, t.typname::text, a.attgenerated <> '',
                pg_get_serial_sequence(?, a.attname::text) is not null
            from pg_attribute a join pg_type t on t.oid = a.atttypid
            where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped
            order by a.attnum
            """, [.text(place), .text(place)]
        ) { row in
            Column(
                name: row.text(0), type: row.text(1), isComputed: row.boolean(2),
                isNumbering: row.boolean(3))
        }
        let names = try target.query(
            """
            select a.attname::text from pg_index i
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
            where i.indrelid = to_regclass(?) and i.indisprimary
            order by array_position(i.indkey::int2[], a.attnum)
            """, [.text(place)]
        ) { $0.text(0) }
        let columns = columns
        key = names.isEmpty ? columns : names.compactMap { n in columns.first { $0.name == n } }
        hasKey = !names.isEmpty
        hasTriggers =
            try target.count(
                """
                select count(*) from pg_trigger where tgrelid = to_regclass(?) and not tgisinternal
                """, [.text(place)]) > 0
    }

    /// Tables so that what others refer to comes before them.
    static func ordered(
        _ tables: [MovedTable], at target: Connection, schema: String
    ) throws -> [MovedTable] {
        let references = try target.query(
            """
            select c.relname::text, f.relname::text from pg_constraint k
            join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid
            join pg_namespace n on n.oid = c.relnamespace
            where k.contype = 'f' and n.nspname = ? and c.oid <> f.oid
            """, [.text(schema)]
        ) { (from: $0.text(0), to: $0.text(1)) }
        var (left, result) = (tables.sorted { $0.name < $1.name }, [MovedTable]())
        while !left.isEmpty {
            let waiting = Set(left.map(\.name))
            let free = left.filter { table in
                !references.contains { $0.from == table.name && waiting.contains($0.to) }
            }
            guard !free.isEmpty else {
                throw MoveError("the tables \(waiting.sorted()) refer to each other in a circle")
            }
            result += free
            left.removeAll { table in free.contains { $0.name == table.name } }
        }
        return result
    }
}
