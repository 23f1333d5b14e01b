#if PostgreSQL
    import ServiceRuntime

    /// Looks at a statement that somebody else wrote, through the server's own eyes: it is made a
    /// temporary view, which is rolled back, and the catalog has what the server understood. What
    /// is not on a list is refused: kinds of nodes, functions, operators, types, and every table.
    struct PostgresSample {
        let session: PostgresConnection
        let schema: String
        let confinement: Confinement

        private static let name = "geartrain sample"

        /// Why it cannot be run; nil where it can.
        func fault(of sql: String) throws -> String? {
            let limit = max(1, confinement.time.milliseconds)
            try session.simple(
                "begin isolation level read committed read write;"
                    + " set local statement_timeout = \(limit)")
            do {
                try session.single("create temporary view \"\(PostgresSample.name)\" as \(sql)")
                let answer = try look()
                try session.simple("rollback")
                return answer
            } catch let error as PostgresError {
                guard session.isAlive, let state = error.state, error.kind != .away else {
                    throw error
                }
                try session.simple("rollback")
                return PostgresSample.words(state, error.message)
            }
        }

        private static func words(_ state: String, _ message: String) -> String {
            state == "42501"
                ? "\(message); queries are checked by temporary views, for which the service's role"
                    + " needs TEMPORARY on the database" : message
        }

        private func look() throws -> String? {
            var (view, tree): (Int64, String?) = (0, nil)
            let sql = """
                select r.ev_class, cast(r.ev_action as text) from pg_catalog.pg_rewrite r
                where r.ev_class = to_regclass('pg_temp."\(PostgresSample.name)"')
                """
            _ = try session.execute([], sql, []) { row in
                view = row.integer(0)
                tree = row.text(1)
                return true
            }
            guard let tree else { return "the server does not tell what it does" }
            let nodes = PostgresNodes(tree)
            if let fault = nodes.fault(view: view) { return fault }
            return try names(of: nodes)
        }

        /// What functions, operators and types are called, and whether they are fine.
        private func names(of nodes: PostgresNodes) throws -> String? {
            var fault: String?
            var left = (nodes.functions.count, nodes.operators.count, nodes.types.count)
            let lists = [nodes.functions, nodes.operators, nodes.types].map { numbers in
                SQLValue.text("{" + numbers.map(String.init).joined(separator: ",") + "}")
            }
            let sql = """
                select 0, n.nspname, p.proname from pg_catalog.pg_proc p
                    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
                    where p.oid = any (cast(? as oid[])) union all
                select 1, n.nspname, o.oprname from pg_catalog.pg_operator o
                    join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
                    where o.oid = any (cast(? as oid[])) union all
                select 2, n.nspname, t.typname from pg_catalog.pg_type t
                    join pg_catalog.pg_namespace n on n.oid = t.typnamespace
                    where t.oid = any (cast(? as oid[]))
                """
            _ = try session.execute([], sql, lists) { row in
                let (home, name) = (row.text(1), row.text(2))
                let isServers = home == "pg_catalog"
                let isFine: Bool
                switch row.integer(0) {
                case 0:
                    left.0 -= 1
                    let isListed = confinement.functions.contains(name)
                    isFine =
                        home == schema && isListed
                        || isServers && !PostgresSample.limited.contains(name)
                            && (isListed || PostgresSample.types.contains(name))
                    if !isFine { fault = fault ?? "the function \(name) is not for queries" }
                case 1:
                    left.1 -= 1
                    isFine =
                        isServers && PostgresSample.operators.contains(name)
                        || home == schema && name == "||"
                    if !isFine {
                        fault =
                            fault
                            ?? "the operator \(name) is not for queries, or not of these types"
                    }
                default:
                    left.2 -= 1
                    isFine = isServers && PostgresSample.types.contains(name)
                    if !isFine { fault = fault ?? "the type \(name) is not for queries" }
                }
                return true
            }
            guard left == (0, 0, 0) else { return fault ?? "it names what is not there" }
            return fault
        }

        /// Functions that are ours, and keep a value small.
        private static let limited: Set<String> = ["replace", "string_agg"]

        /// Those of the server; `||` is ours, and keeps a value small.
        private static let operators: Set<String> = [
            "+", "-", "*", "/", "%", "^", "=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*",
            "!~~*", "->", "->>", "@", "|/",
        ]

        /// Also the names of the functions that cast to them.
        private static let types: Set<String> = Set(scalars + scalars.map { "_" + $0 })

        private static let scalars = [
            "bool", "int2", "int4", "int8", "numeric", "float4", "float8", "text", "varchar",
            "date", "time", "timestamp", "timestamptz", "interval", "json", "jsonb", "uuid",
            "unknown",
        ]
    }
#endif
