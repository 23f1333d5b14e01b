import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// The records that each account opened last, for its start page. Names are asked for anew each
/// time: rights may have changed.
struct RecentRecords: Sendable {
    /// Records of an account that are kept.
    static let limit: Int64 = 8

    let database: Database
    let clock: any WallClock

    struct Entry: Sendable, Equatable {
        let type: FullCode
        let id: Int64
    }

    /// A record as it is called now.
    struct Named: Sendable {
        let entry: Entry
        let name: String
    }

    static let migration = Migration("0012-recent-records") { connection in
        try connection.script(
            """
            create table recent_record (
                account bigint not null references account (id), model text not null,
                class text not null, record bigint not null, opened bigint not null,
                primary key (account, model, class, record));
            """)
    }

    /// The last one first.
    func entries(of account: Int64) async throws -> [Entry] {
        try await database.pointRead { try RecentRecords.entries(of: account, $0) }
    }

    private static func entries(of account: Int64, _ connection: Connection) throws -> [Entry] {
        var entries: [Entry] = []
        try connection.each(
            "select model, class, record from recent_record where account = ?"
                + " order by opened desc, record desc", [.integer(account)]
        ) { row in
            let type = FullCode(model: row.text(0), code: row.text(1))
            entries.append(Entry(type: type, id: row.integer(2)))
            return true
        }
        return entries
    }

    /// The account opened a record. Where that cannot be kept nothing is lost but this.
    func note(_ entry: Entry, by account: Int64) async {
        guard let known = try? await entries(of: account), known.first != entry else { return }
        let now = clock.now().milliseconds
        try? await database.write { connection in
            try connection.run(
                """
                insert into recent_record (account, model, class, record, opened)
                values (?, ?, ?, ?, ?)
                on conflict (account, model, class, record) do update set opened = excluded.opened
                """,
                [
                    .integer(account), .text(entry.type.model), .text(entry.type.code),
                    .integer(entry.id), .integer(now),
                ])
            let all = try RecentRecords.entries(of: account, connection)
            for old in all.dropFirst(Int(RecentRecords.limit)) {
                try connection.run(
                    "delete from recent_record"
                        + " where account = ? and model = ? and class = ? and record = ?",
                    [
                        .integer(account), .text(old.type.model), .text(old.type.code),
                        .integer(old.id),
                    ])
            }
        }
    }

    /// What the caller may read of them, as it is called.
    func named(of account: Int64, _ records: Peer, _ context: CallContext) async -> [Named] {
        let entries = (try? await entries(of: account)) ?? []
        let names = await RecordNames(records: records, context: context).names(entries)
        return entries.compactMap { entry in
            names[entry.text].map { Named(entry: entry, name: $0) }
        }
    }
}

extension RecentRecords.Entry {
    /// `model.class/id`.
    var text: String { "\(type)/\(id)" }
}

/// What records are called now, as far as the caller may read them.
struct RecordNames: Sendable {
    let records: Peer
    let context: CallContext

    /// By `model.class/id`; a class a call, side by side.
    func names(_ entries: [RecentRecords.Entry]) async -> [String: String] {
        let types = Dictionary(grouping: entries, by: \.type)
        return await withTaskGroup(of: [(String, String)].self) { group in
            for (type, entries) in types {
                group.addTask { (try? await names(type, entries.map(\.id))) ?? [] }
            }
            var all: [String: String] = [:]
            for await found in group { for (key, name) in found { all[key] = name } }
            return all
        }
    }

    private func names(_ type: FullCode, _ ids: [Int64]) async throws -> [(String, String)] {
        let list = ids.map(String.init).joined(separator: ",")
        let call = ListRecords(
            type, filter: "id in (\(list))", select: ["describe"], limit: ids.count)
        let answer = try JSONValue(parsing: await records.forward(call, as: context).bytes)
        return (answer["items"]?.array ?? []).compactMap { item in
            item["id"]?.integer.map { id in
                ("\(type)/\(id)", item["describe"]?.string ?? "#\(id)")
            }
        }
    }
}
