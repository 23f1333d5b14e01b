import Database

extension MailService {
    /// How its store is moved.
    public static let layout = StoreLayout(
        service: "mail", migrations: MailMigrations.all,
        prepare: { source, target in
            // Accounts got their queues when they were first configured.
            let prefix = "queue_" + MailMigrations.outgoing(of: "").name
            let tables = try source.query("select name from sqlite_schema where type = 'table'") {
                $0.text(0)
            }
            for table in tables where table.hasPrefix(prefix) {
                let account = String(table.dropFirst(prefix.count))
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
