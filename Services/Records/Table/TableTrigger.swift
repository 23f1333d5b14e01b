import Database

/// A trigger of ours in the words of either engine. Its statements are SQLite's; PostgreSQL has
/// them in a function of the trigger's name, in which a refusal is raised and what is looked up is
/// performed.
struct TableTrigger: Sendable {
    enum Event: Sendable {
        case insert, update, delete
        case updateOf(String)

        fileprivate var sql: String {
            switch self {
            case .insert: "INSERT"
            case .update: "UPDATE"
            case .delete: "DELETE"
            case .updateOf(let column): "UPDATE OF \(column)"
            }
        }
    }

    /// Whose writes it is for; see `WriteContext`. In a file what is for Records' own writes runs
    /// for all, and finds nothing to log.
    enum Writers: Sendable {
        case all, foreign, own
        /// Records' own of one writer.
        case single
        /// All but `group`.
        case singleOrForeign
        /// Of a server alone: Records' own for several writers in one statement, after which it
        /// runs once; `arrived` has the rows.
        case group
    }

    let name: String
    let table: String
    var isBefore = false
    let event: Event
    var writers = Writers.all
    /// When it runs; nil is always.
    var condition: String?
    /// Without semicolons at their ends.
    let body: [String]

    /// What makes it.
    func statement(_ dialect: Dialect) -> String {
        let moment = "\(isBefore ? "BEFORE" : "AFTER") \(event.sql) ON \(table)"
        let statements = body.map { $0 + ";" }.joined(separator: "\n")
        guard !dialect.isSQLite else {
            let isForeign = writers == .foreign ? WriteContext.isForeign : nil
            let conditions = [isForeign, condition].compactMap { $0 }
            let when = conditions.isEmpty ? "" : "\nWHEN " + conditions.joined(separator: " AND ")
            return "CREATE TRIGGER \(quoted(name)) \(moment)\(when) BEGIN\n\(statements)\nEND"
        }
        return TableTrigger.function(
            dialect.name(name), TableTrigger.performed(body, under: condition),
            returning: isBefore ? "NEW" : "NULL", trigger: moment + writers.clause)
    }

    private static func performed(_ body: [String], under condition: String?) -> String {
        let statements = body.map { statement in
            let raised = statement.replacing("RAISE(ABORT, ", with: "gt_raise(")
            return raised.hasPrefix("SELECT ")
                ? "PERFORM " + raised.dropFirst("SELECT ".count) + ";" : raised + ";"
        }.joined(separator: "\n")
        return condition.map { "IF \($0) THEN\n\(statements)\nEND IF;" } ?? statements
    }

    /// A function of PL/pgSQL and the trigger that calls it. It finds the tables whoever's session
    /// it runs in, and its comment tells what it was made of.
    static func function(
        _ name: String, _ body: String, returning: String, trigger: String
    ) -> String {
        let quote = Dialect.bodyQuote(around: body)
        return """
            CREATE OR REPLACE FUNCTION \(quoted(name))() RETURNS trigger LANGUAGE plpgsql \
            SET search_path FROM CURRENT AS \(quote)
            BEGIN
            \(body)
            RETURN \(returning);
            END
            \(quote);
            CREATE TRIGGER \(quoted(name)) \(trigger) EXECUTE FUNCTION \(quoted(name))();
            COMMENT ON FUNCTION \(quoted(name))() IS '\(Fingerprint.text(of: body + trigger))'
            """
    }

    /// Makes triggers.
    static func make(_ connection: Connection, _ statements: [String]) throws {
        for statement in statements { try connection.script(statement) }
    }

    /// Takes one away, if it is there.
    static func drop(_ connection: Connection, _ name: String) throws {
        let name = quoted(connection.dialect.name(name))
        try connection.script(
            connection.dialect.isSQLite
                ? "DROP TRIGGER IF EXISTS \(name)" : "DROP FUNCTION IF EXISTS \(name)() CASCADE")
    }

    /// What stands of the triggers of these names, to be compared with `marks(of:)`.
    static func standing(_ connection: Connection, _ names: Set<String>) throws -> Set<String> {
        let sql =
            connection.dialect.isSQLite
            ? "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            : """
            SELECT t.tgname, coalesce(obj_description(t.tgfoid, 'pg_proc'), '') FROM pg_trigger AS t \
            JOIN pg_class AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal \
            AND t.tgenabled = 'O' AND c.relnamespace = \
            (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
            """
        let known = Set(names.map(connection.dialect.name))
        return Set(
            try connection.query(sql) { ($0.text(0), $0.text(1)) }
                .filter { known.contains($0.0) }.map(\.1))
    }

    /// By what the engine can tell that a trigger is as it was made.
    static func marks(of statements: [String], _ dialect: Dialect) -> Set<String> {
        guard !dialect.isSQLite else { return Set(statements) }
        return Set(
            statements.compactMap { statement in
                statement.split(separator: "'", omittingEmptySubsequences: false).dropLast().last
                    .map(String.init)
            })
    }
}

extension TableTrigger.Writers {
    /// Of a server's trigger: those that it is not for do not even call its function.
    fileprivate var clause: String {
        let whose = WriteContext.kind
        return switch self {
        case .all: " FOR EACH ROW"
        case .foreign: " FOR EACH ROW WHEN (\(whose) = '')"
        case .own: " FOR EACH ROW WHEN (\(whose) <> '')"
        case .singleOrForeign: " FOR EACH ROW WHEN (\(whose) <> '[')"
        case .single: " FOR EACH ROW WHEN (\(whose) NOT IN ('', '['))"
        case .group:
            " REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT WHEN (\(whose) = '[')"
        }
    }
}
