import Database
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Other programs at work while many write through the service.
@Suite struct ForeignLoadTests {
    private func run(_ statements: [String], on store: TestStore) async throws {
        guard TestStore.isServer else {
            _ = try await ForeignSQL.run(statements, on: store.folder.path + "/records.db")
            return
        }
        for statement in statements {
            let (code, output) = try await store.foreign(statement)
            try #require(code == 0, "\(output)")
        }
    }

    @Test func `others read the view and write the table under load, and nothing is missed`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        var ours: Set<Int64> = []
        let foreign = 40
        try await withThrowingTaskGroup(of: Set<Int64>.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let caller = CallContext.caller("ada\(writer)", "agent")
                    var created: Set<Int64> = []
                    while !Task.isCancelled {
                        let made = try await store.create(
                            ticket, .array((0..<10).map { ["subject": .string("s\($0)")] }),
                            as: caller)
                        let ids = (made["results"]?.array ?? []).map(\.id)
                        created.formUnion(ids)
                    }
                    return created
                }
            }
            async let reads: Void = run(
                Array(
                    repeating: "select count(*) from helpdesk_ticket where subject = 'theirs'",
                    count: foreign), on: store)
            try await run(
                (0..<foreign).map {
                    "insert into DataRow_2 (subject, spent) values ('theirs', \($0))"
                }, on: store)
            _ = try await reads
            group.cancelAll()
            for try await created in group { ours.formUnion(created) }
        }
        let theirs = try await store.list(
            ticket, filter: "subject eq 'theirs'", orderby: "spent", limit: 1000)
        let amounts = (theirs["items"]?.array ?? []).map { $0["spent"] }
        #expect(
            amounts
                == (0..<foreign).map { .number(JSONNumber(unscaled: Int64($0), scale: 2)) })
        let logged = try await store.database.read { connection in
            try connection.query(
                "select record from change_log where door = 'database' order by seq"
            ) { $0.integer(0) }
        }
        #expect(logged.sorted() == theirs.ids.sorted())
        #expect(ours.isDisjoint(with: logged))
        let entries = try await store.database.read {
            try $0.count("select count(*) from change_log where record > 0")
        }
        #expect(Int(entries) == ours.count + foreign)
    }
}
