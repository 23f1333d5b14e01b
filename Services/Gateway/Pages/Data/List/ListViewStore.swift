import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Lists that people named and kept: for themselves, or for everybody who may read the class.
struct ListViewStore: Sendable {
    /// Views of one account in one class, and shared ones of a class.
    static let limit: Int64 = 30
    /// Characters of a name, bytes of an address.
    static let nameLimit = 60
    static let queryLimit = 3000

    let database: Database
    let clock: any WallClock

    struct View: Sendable, Equatable {
        let id: Int64
        let type: FullCode
        let account: Int64
        let name: String
        /// What stands behind the `?` of its address.
        let query: String
        let isShared: Bool

        /// The list, marked as this view.
        var list: ListQuery {
            var list = ListQuery(type, text: query) ?? ListQuery(type)
            list.saved = id
            return list
        }
    }

    static let migration = Migration("0011-list-views") { connection in
        try connection.script(
            """
            create table list_view (
                id \(connection.dialect.identityColumn), model text not null, class text not null,
                account bigint not null references account (id), name text not null,
                query text not null, shared integer not null, created bigint not null,
                modified bigint not null);
            create index list_view_class on list_view (model, class);
            create index list_view_account on list_view (account);
            """)
    }

    /// The account's own and the shared ones, in the order in which they were made; of one class,
    /// or of all.
    func views(of account: Int64, in type: FullCode? = nil) async throws -> [View] {
        let columns = "select id, model, class, account, name, query, shared from list_view "
        let condition = "(account = ? or shared = 1) order by shared desc, id"
        return try await database.pointRead { connection in
            var views: [View] = []
            let take: (Row) -> Void = { views.append(View($0)) }
            if let type {
                try connection.each(
                    columns + "where model = ? and class = ? and " + condition,
                    [.text(type.model), .text(type.code), .integer(account)]
                ) {
                    take($0)
                    return true
                }
            } else {
                try connection.each(columns + "where " + condition, [.integer(account)]) {
                    take($0)
                    return true
                }
            }
            return views
        }
    }

    /// Its id; nil where there are `limit` already.
    func add(
        _ type: FullCode, account: Int64, name: String, query: String, isShared: Bool
    ) async throws -> Int64? {
        let now = clock.now().milliseconds
        return try await database.write { connection -> Int64? in
            let held = try connection.count(
                "select count(*) from list_view where model = ? and class = ?"
                    + " and shared = ? and (shared = 1 or account = ?)",
                [
                    .text(type.model), .text(type.code), .integer(isShared ? 1 : 0),
                    .integer(account),
                ])
            guard held < ListViewStore.limit else { return nil }
            return try connection.insert(
                "insert into list_view (model, class, account, name, query, shared, created,"
                    + " modified) values (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    .text(type.model), .text(type.code), .integer(account), .text(name),
                    .text(query), .integer(isShared ? 1 : 0), .integer(now), .integer(now),
                ])
        }
    }

    /// False where there is none that the account may change: its own, or with `mayShare` a shared
    /// one.
    func change(
        _ id: Int64, in type: FullCode, account: Int64, mayShare: Bool, query: String?
    ) async throws -> Bool {
        let now = clock.now().milliseconds
        let condition =
            " where id = ? and model = ? and class = ?"
            + " and (account = ? and shared = 0 or shared = 1 and ? = 1)"
        let which: [SQLValue] = [
            .integer(id), .text(type.model), .text(type.code), .integer(account),
            .integer(mayShare ? 1 : 0),
        ]
        return try await database.write { connection in
            let found = try connection.count("select count(*) from list_view" + condition, which)
            guard found == 1 else { return false }
            if let query {
                try connection.run(
                    "update list_view set query = ?, modified = ?" + condition,
                    [.text(query), .integer(now)] + which)
            } else {
                try connection.run("delete from list_view" + condition, which)
            }
            return true
        }
    }
}

extension ListViewStore.View {
    fileprivate init(_ row: Row) {
        self.init(
            id: row.integer(0), type: FullCode(model: row.text(1), code: row.text(2)),
            account: row.integer(3), name: row.text(4), query: row.text(5),
            isShared: row.integer(6) == 1)
    }
}
