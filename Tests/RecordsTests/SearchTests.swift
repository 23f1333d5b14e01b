import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Full text over declared columns.
@Suite struct SearchTests {
    private static func model(search: String = #""search": ["subject", "body"], "#) throws
        -> JSONValue
    {
        try helpdesk {
            $0 = $0.replacing(
                ##""describe": "#{id} {subject}","##,
                with: ##"\##(search)"describe": "#{id} {subject}","##)
        }
    }

    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(SearchTests.model())
        return store
    }

    private func add(
        _ store: TestStore, _ subject: String, _ body: String = "", _ account: String = "ada"
    ) async throws {
        try await store.create(
            ticket, ["subject": .string(subject), "body": .string(body)],
            as: .caller(account, "agent"))
    }

    private func found(
        _ store: TestStore, _ text: String, filter: String? = nil, orderby: String? = "id",
        deleted: String? = nil, as context: CallContext = .system
    ) async throws -> [Int64] {
        let call = ListRecords(
            ticket, filter: filter, orderby: orderby, deleted: deleted, search: text)
        return try JSONValue(parsing: await store.records.list(call, context).bytes).ids
    }

    @Test func `a search finds words, beginnings of words and phrases`() async throws {
        let store = try await make()
        try await add(store, "Printer on fire", "The printer burns")
        try await add(store, "Drucker brennt", "Feuer im Büro, fire brigade came")
        try await add(store, "Coffee", "fire the printer")
        let cases: [(String, [Int64])] = [
            ("printer", [1, 3]), ("PRINTER fire", [1, 3]), ("print*", [1, 3]), ("print", []),
            ("\"printer on fire\"", [1]), ("\"fire printer\"", []), ("buro", [2]), ("Büro", [2]),
            ("fire", [1, 2, 3]), ("fire -printer", [1, 3]), ("fire NOT printer", []),
            ("printer OR coffee", []), ("subject:printer", []), ("", []), ("*", []), ("\"", []),
            ("\"printer on", [1]), ("NEAR(printer fire)", []), ("fire) OR (1", []),
            ("burns\"fire\"", [1]), ("'; drop table x", []), ("{subject}: fire", []),
        ]
        for (text, ids) in cases {
            #expect(try await found(store, text) == ids, "\(text)")
        }
        #expect(try await found(store, "fire", filter: "id gt 1") == [2, 3])
        let long = String(repeating: "x ", count: 21)
        #expect(await refusal { try await found(store, long) }?.code == "invalid-filter")
        let none = ListRecords(customer, search: "x")
        #expect(
            await refusal { try await store.records.list(none, .system) }?.code == "invalid-filter")
    }

    @Test func `the best is first where no order is asked, and a cursor goes on`() async throws {
        let store = try await make()
        for n in 0..<9 {
            let body = String(repeating: "nothing of the kind ", count: n == 7 ? 0 : n + 1)
            try await add(store, n == 7 ? "fire fire fire" : "report \(n)", body + "fire")
        }
        let all = try await found(store, "fire", orderby: nil)
        #expect(all.count == 9 && all[0] == 8)
        var seen: [Int64] = []
        var cursor: String?
        repeat {
            let call = ListRecords(ticket, limit: 2, cursor: cursor, count: true, search: "fire")
            let page = try JSONValue(parsing: await store.records.list(call, .system).bytes)
            #expect(page["count"] == 9)
            seen += page.ids
            cursor = page["next"]?.string
        } while cursor != nil
        #expect(seen == all)
    }

    @Test func `words that very many records have are found by id, page after page`() async throws {
        let store = try await make()
        var left = ClassSearch.rankLimit + 10
        while left > 0 {
            let count = min(1000, left)
            left -= count
            try await store.create(
                ticket, .array((0..<count).map { _ in ["subject": "fire"] }))
        }
        try await add(store, "flood flood")
        func page(_ cursor: String? = nil) async throws -> JSONValue {
            let call = ListRecords(
                ticket, limit: 400, cursor: cursor, count: true, search: "f*")
            return try JSONValue(parsing: await store.records.list(call, .system).bytes)
        }
        let first = try await page()
        #expect(first.ids == Array(1...400))
        #expect(first["count"]?.integer == Int64(ClassSearch.rankLimit + 11))
        // The order of the first page stays, whatever is found meanwhile.
        for id in 1...20 { try await store.delete(ticket, Int64(id)) }
        var (ids, cursor) = (first.ids, first["next"]?.string)
        while let place = cursor {
            let next = try await page(place)
            ids += next.ids
            cursor = next["next"]?.string
        }
        #expect(ids == (1...Int64(ClassSearch.rankLimit + 11)).map { $0 })
        #expect(try await page().ids.first == Int64(ClassSearch.rankLimit + 11))
    }

    @Test func `a search follows changes, deletion and other programs`() async throws {
        let store = try await make()
        try await add(store, "one fire")
        try await store.change(ticket, 1, ["subject": "one flood"])
        #expect(try await found(store, "fire").isEmpty)
        #expect(try await found(store, "flood") == [1])
        let table = "DataRow_2"
        let insert = "INSERT INTO \(table) (subject) VALUES ('foreign fire')"
        #expect(try await store.foreign(insert).code == 0)
        #expect(try await found(store, "foreign") == [2])
        #expect(
            try await store.foreign("UPDATE \(table) SET body = 'ashes' WHERE id = 2").code == 0)
        #expect(try await found(store, "ashes fire") == [2])
        let another =
            TestStore.isServer
            ? "UPDATE \(table) SET subject = 'another', body = NULL WHERE id = 2"
            : "INSERT OR REPLACE INTO \(table) (id, subject) VALUES (2, 'another')"
        #expect(try await store.foreign(another).code == 0)
        #expect(try await found(store, "fire").isEmpty)
        #expect(try await found(store, "another") == [2])
        #expect(try await store.foreign("DELETE FROM \(table) WHERE id = 2").code == 0)
        #expect(try await found(store, "another").isEmpty)
        try await store.delete(ticket, 1)
        #expect(try await found(store, "flood").isEmpty)
    }

    @Test func `a search looks among deleted records too, for who may see them`() async throws {
        let store = try await make()
        for subject in ["fire one", "fire two", "fire three"] {
            try await add(store, subject, "smoke")
        }
        try await store.delete(ticket, 2)
        let written = try await store.foreign("UPDATE DataRow_2 SET deleted = 1 WHERE id = 3")
        #expect(written.code == 0, "\(written.output)")
        #expect(try await found(store, "fire") == [1])
        #expect(try await found(store, "fire", deleted: "only") == [2, 3])
        #expect(try await found(store, "fire", deleted: "include") == [1, 2, 3])
        #expect(try await found(store, "two smoke", orderby: nil, deleted: "include") == [2])
        let agent = CallContext.caller("ada", "agent")
        #expect(try await found(store, "three", deleted: "only", as: agent) == [3])
        let clerk = CallContext.caller("cleo", "clerk")
        #expect(
            await refusal { try await found(store, "fire", deleted: "only", as: clerk) }?.status
                == 403)
        // One that comes back is found as before.
        _ = try await store.records.restore(
            RestoreRecord(ticket, id: 2, version: 2, to: nil), agent)
        #expect(try await found(store, "two") == [2])
        #expect(try await found(store, "fire", deleted: "only") == [3])
        // As a version without this table left it.
        try await store.database.write {
            try $0.script("DROP TABLE DataSearch_2_deleted")
            try TableTrigger.drop($0, "DataRow_2_search_insert")
        }
        try await store.models.renew()
        #expect(try await found(store, "fire", deleted: "only") == [3])
    }

    @Test func `a search never finds by what the caller may not read`() async throws {
        let store = try await make()
        try await add(store, "open words", "hidden words")
        try await add(store, "my words", "own words", "cleo")
        // A clerk reads the subject of all, and everything of her own.
        let cleo = CallContext.caller("cleo", "clerk")
        #expect(try await found(store, "words", as: cleo) == [1, 2])
        #expect(try await found(store, "hidden", as: cleo).isEmpty)
        #expect(try await found(store, "hid*", as: cleo).isEmpty)
        #expect(try await found(store, "own my", as: cleo) == [2])
        #expect(try await found(store, "own", as: .caller("bob", "clerk")).isEmpty)
        // A customer reads the subjects of his own.
        #expect(try await found(store, "my", as: .caller("cleo", "customer")) == [2])
        #expect(try await found(store, "open", as: .caller("cleo", "customer")).isEmpty)
        #expect(try await found(store, "own", as: .caller("cleo", "customer")).isEmpty)
        // Ranks tell of what stands in other records: who does not read all gets the order of ids.
        #expect(try await found(store, "words", orderby: nil, as: cleo) == [1, 2])
    }

    @Test func `a search that is declared later is built over the rows that stand`() async throws {
        let store = try await TestStore()
        try await store.apply(SearchTests.model(search: ""))
        try await add(store, "early fire", "smoke")
        try await store.apply(SearchTests.model(search: #""search": ["subject"], "#))
        #expect(try await found(store, "fire") == [1])
        #expect(try await found(store, "smoke").isEmpty)
        try await store.apply(SearchTests.model())
        #expect(try await found(store, "smoke") == [1])
        try await store.apply(SearchTests.model(search: ""))
        #expect(await refusal { try await found(store, "fire") }?.code == "invalid-filter")
        let faults = try await store.faults(
            SearchTests.model(search: #""search": ["nothing", "spent", "subject", "subject"], "#))
        #expect(
            faults.map { "\($0.pointer) \($0.code)" } == [
                "/classes/1/search/0 unknown-column", "/classes/1/search/1 not-searchable",
                "/classes/1/search/3 repeated",
            ])
    }
}
