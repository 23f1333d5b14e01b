import CSQLite

extension SQLiteLink {
    /// It is compiled over an empty database, so that its tables must all be subqueries of its own.
    func fault(of sql: String, within confinement: Confinement) throws -> String? {
        do {
            let link = try SQLiteLink(path: ":memory:", access: .confined, busyTimeout: .zero)
            _ = try link.confined(by: confinement) { try link.prepared(sql) }
            return nil
        } catch DatabaseError.failed(_, let message, _) {
            return message
        } catch {
            return "it cannot be compiled: \(error)"
        }
    }

    /// Runs `body`, whose statements keep within `confinement`.
    func confined<T>(by confinement: Confinement, _ body: () throws -> T) throws -> T {
        warden.confinement = confinement
        defer { warden.confinement = nil }
        return try timed(confinement.time, body)
    }

    /// Refuses a new statement that counts the rows of a table: the engine names the table then
    /// without saying whether it is one or a subquery of that name.
    func admit(_ statement: Statement) throws {
        guard let confinement = warden.confinement else { return }
        defer { warden.counted = [] }
        guard sqlite3_stmt_readonly(statement.handle) != 0,
            sqlite3_stmt_isexplain(statement.handle) == 0
        else { throw SQLiteLink.refusal("it does more than read") }
        let names = warden.counted.subtracting(confinement.readers)
        guard !names.isEmpty else { return }
        warden.confinement = nil
        defer { warden.confinement = confinement }
        var known: Set<String> = []
        _ = try step(
            """
            SELECT lower(name) FROM sqlite_master UNION
            SELECT lower(name) FROM pragma_module_list
            """, []
        ) { row in
            known.insert(row.text(0))
            return true
        }
        for name in names {
            let name = name.lowercased()
            if known.contains(name) || name.hasPrefix("sqlite_") || name.hasPrefix("pragma_") {
                throw SQLiteLink.refusal("\(name) is not to be read here")
            }
        }
    }

    private static func refusal(_ message: String) -> DatabaseError {
        .failed(code: Int(SQLITE_AUTH), message: message, sql: "")
    }
}
