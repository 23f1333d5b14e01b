import Database
import RPC

// Accounts with all that decides what they may, also where they may nothing.
extension AccountStore {
    struct Explained: Sendable {
        struct Role: Sendable {
            let code: String
            let enabled: Bool
            let disabledModels: [String]
        }

        let account: Account
        /// What it would act as, were it active.
        let principal: Principal
        /// Also those that are switched off.
        let roles: [Role]
    }

    func explained(_ code: String) async throws -> Explained? {
        try await database.read { connection in
            guard let account = try AccountStore.account(connection, code) else { return nil }
            return try AccountStore.explained(connection, account)
        }
    }

    /// In the order of codes, those after `cursor`.
    func explained(after cursor: String, limit: Int) async throws -> [Explained] {
        try await database.read { connection in
            let accounts = try connection.query(
                "select \(AccountStore.accountColumns) from account where code > ?"
                    + " order by code limit ?",
                [.text(cursor), .integer(Int64(limit))], AccountStore.account(of:))
            return try accounts.map { try AccountStore.explained(connection, $0) }
        }
    }

    private static func explained(_ connection: Connection, _ account: Account) throws
        -> Explained
    {
        let roles = try connection.query(
            "select role.code, role.enabled, role.disabled_models from role_member"
                + " join role on role.id = role_member.role"
                + " where role_member.account = ? order by role.code",
            [.integer(account.id)]
        ) {
            Explained.Role(
                code: $0.text(0), enabled: $0.boolean(1), disabledModels: words($0.text(2)))
        }
        let directory = try Directory.version(connection)
        return Explained(
            account: account,
            principal: try SessionStore.principal(connection, account, directory: directory),
            roles: roles)
    }
}
