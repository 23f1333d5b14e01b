import Database

extension MailService {
    /// How its store is moved.
    public static let layout = StoreLayout(
        service: "mail", migrations: MailMigrations.all,
        prepare: { source, target in
            // Accounts got their queues when they were first configured.
            for account in try MailMigrations.standingAccounts(source) {
                try MailMigrations.outgoing(of: account).create(target)
            }
        },
        isDerived: { $0 == MailWords.tableName },
        derive: { source, target in
            // Not from the mails: their bytes may be gone already.
            let addition = MailWords(target.dialect).addition
            try source.each("select rowid, subject, body from \(MailWords.tableName)") { row in
                try target.run(addition, [row.value(0), row.value(1), row.value(2)])
                return true
            }
        })
}

extension MailMigrations {
    /// The accounts that have a queue, configured now or not.
    static func standingAccounts(_ connection: Connection) throws -> [String] {
        let prefix = "queue_" + outgoing(of: "").name
        let sql =
            connection.dialect.isSQLite
            ? "select name from sqlite_master where type = 'table'"
            : "select tablename from pg_tables where schemaname = current_schema()"
        return try connection.query(sql) { $0.text(0) }.filter { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
    }
}
