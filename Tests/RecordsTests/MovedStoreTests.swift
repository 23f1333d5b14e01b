import Contracts
import Database
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// A store of records moves from a file to a server.
@Suite struct MovedStoreTests {
    private let folder = TemporaryFolder()
    private let laptop = FullCode(model: "inventory", code: "laptop")

    private static let columns = """
        {"code": "no", "type": "sequence", "format": "T-{number:5}", "start": 7},
        {"code": "name", "type": "text"}, {"code": "price", "type": "decimal", "scale": 2},
        {"code": "qty", "type": "integer"}, {"code": "tags", "type": "text", "many": true},
        {"code": "total", "type": "computed", "value": "=qty * price"},
        {"code": "shout", "type": "computed", "value": "=name + '!'"}
        """

    private static let inventory = """
        {"code": "inventory", "name": "I", "classes": [
         {"code": "laptop", "parent": "asset", "columns": [{"code": "cores", "type": "integer"}]},
         {"code": "asset", "name": "A", "webAccess": true, "deletion": "logical",
          "columns": [{"code": "title", "type": "text", "unique": true}]}]}
        """

    private func fill(_ store: TestStore) async throws {
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    ##""describe": "#{id} {subject}","##,
                    with: ##""search": ["subject", "body"], "describe": "#{id} {subject}","##)
            })
        try await store.apply(small(MovedStoreTests.columns))
        try await store.apply(json(MovedStoreTests.inventory))
        let who = try await store.create(customer, ["name": "Žofie", "number": 5])
        for n in 1...30 {
            try await store.create(
                ticket,
                [
                    "subject": .string("Printer \(n)"), "body": "It burns\tand\nburns \\ Büro",
                    "spent": json("1.25"), "urgent": true, "day": "2026-11-29",
                    "customer": .number(.init(1)),
                    "due": "2026-11-29T10:00:00.000Z", "mail_id": .string("m\(n)"),
                ])
            try await store.create(
                item,
                [
                    "name": .string("thing \(n)"), "price": json("0.10"),
                    "qty": .number(.init(Int64(n))),
                    "tags": ["a", "ü\"", ""],
                ])
            try await store.create(
                laptop, ["title": .string("T\(n)"), "cores": .number(.init(Int64(n)))])
        }
        #expect(who.id == 1)
        try await store.change(ticket, 3, ["status": "open", "subject": "Drucker"])
        for id: Int64 in [29, 30] {
            try await store.delete(ticket, id)
            try await store.delete(laptop, id)
        }
        _ = try await ChildProcess.run(
            "sqlite3",
            [folder.path + "/records.db", "UPDATE DataRow_2 SET status = 'closed' WHERE id = 4"])
    }

    private func seal(_ store: TestStore) async throws {
        let sealer = HistorySealer(
            database: store.database, keys: .none, file: HistoryHeadFile(data: folder.path),
            runtime: store.runtime)
        while try await sealer.sealBatch() {}
    }

    /// What callers see of all of it.
    private func sight(_ store: TestStore) async throws -> [JSONValue] {
        var seen: [JSONValue] = []
        for type in [ticket, customer, item, laptop, FullCode(model: "inventory", code: "asset")] {
            seen.append(try await store.list(type, orderby: "id", limit: 100))
            seen.append(try await store.list(type, orderby: "id", deleted: "only"))
        }
        for text in ["drucker", "buro burns", "printer"] {
            let call = ListRecords(ticket, orderby: "id", search: text)
            seen.append(try JSONValue(parsing: await store.records.list(call, .system).bytes))
        }
        for id: Int64 in [3, 4, 30] {
            seen.append(.array(try await store.history(ticket, id)))
        }
        return seen
    }

    @Test func `classes, words, numbers and the chain are there as they were`() async throws {
        let old = try await TestStore(folder: folder, engine: .sqlite)
        try await fill(old)
        try await seal(old)
        let before = try await sight(old)
        await old.database.close()

        let place = try await StoreEngine.postgresql.place("records", in: folder.path)
        do {
            let move = try StoreMove(
                RecordsService.layout, from: folder.path + "/records.db", to: place)
            try move.make(at: old.runtime.clock.now())
            try move.copy()
            let tables = try move.verify()
            #expect(tables.first { $0.name == "datarow_2" }?.rows == 30)
            #expect(tables.allSatisfy { $0.replaced == 0 })
            try StoreMove.finish([move], at: old.runtime.clock.now())
        }

        let new = try await TestStore(folder: folder, engine: .postgresql)
        let after = try await sight(new)
        for (left, right) in zip(before, after) { #expect(left == right) }
        let verified = try await HistoryVerifier.run(
            VerifyHistory(head: nil, from: nil), keys: .none,
            file: HistoryHeadFile(data: folder.path), database: new.database,
            clock: new.runtime.clock)
        #expect(verified.fault == nil && verified.entries > 90)
        // What triggers, sequences, words and constraints do goes on.
        #expect(try await new.create(item, ["name": "next"])["no"] == "T-00037")
        #expect(try await new.create(ticket, ["subject": "Last one"]).id == 31)
        #expect(await refusal { try await new.create(laptop, ["title": "T5"]) } != nil)
        let call = ListRecords(ticket, search: "last")
        #expect(try JSONValue(parsing: await new.records.list(call, .system).bytes).ids == [31])
        #expect(try await new.history(ticket, 31).count == 1)
        let views = try await new.database.read { try $0.count("SELECT count(*) FROM api_view") }
        #expect(views == 5)
        await new.database.close()
    }
}
