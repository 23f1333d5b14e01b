import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Arrays and repeated calls.
@Suite struct BulkTests {
    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        return store
    }

    @Test func `an array answers one result per item, in order`() async throws {
        let store = try await make()
        let answer = try await store.create(
            ticket, [["subject": "a"], ["status": "gone"], ["subject": "c"]])
        let results = answer["results"]?.array ?? []
        #expect(results.count == 3)
        #expect(results[0] == (try json(#"{"id": 1, "version": 1, "operation": "insert"}"#)))
        #expect(results[1]["problem"]?["code"] == nil)
        #expect(results[1]["problem"]?["type"] == "/problems/validation-failed")
        #expect(results[1]["problem"]?["status"] == 422)
        #expect(
            results[1]["problem"]?["errors"]?.array?.compactMap { $0["pointer"]?.string }.sorted()
                == ["/status", "/subject"])
        #expect(results[2]["id"] == 2)
        #expect(try await store.ids(ticket).count == 2)
        #expect(try await store.create(ticket, [])["results"] == [])
    }

    @Test func `an atomic array is written whole or not at all, with every fault`() async throws {
        let store = try await make()
        let problem = await refusal {
            try await store.create(
                ticket, [["subject": "a"], ["status": "gone"], ["subject": 5]], atomic: true)
        }
        #expect(problem?.status == 422)
        #expect(
            Set(problem?.faults ?? []) == [
                "/1/status not-a-choice", "/1/subject required", "/2/subject wrong-type",
            ])
        #expect(try await store.ids(ticket).isEmpty)
        #expect(try await store.foreign("SELECT count(*) FROM change_log").output == "0\n")
        let good = try await store.create(
            ticket, [["subject": "a"], ["subject": "b"]], atomic: true)
        #expect(good["results"]?.array?.count == 2)
    }

    @Test func `an array with a transaction of its own is held to the same`() async throws {
        let store = try await make()
        let count = RecordStore.largeCount
        var items: [JSONValue] = (0..<count).map { ["subject": .string("s\($0)")] }
        items[count / 2] = ["status": "gone", "subject": "x"]
        let problem = await refusal {
            try await store.create(ticket, .array(items), atomic: true)
        }
        #expect(problem?.faults == ["/\(count / 2)/status not-a-choice"])
        #expect(try await store.foreign("SELECT count(*) FROM change_log").output == "0\n")
        let key = CallContext.make(.system, key: "k")
        let answer = try await store.create(ticket, .array(items), as: key)
        #expect(answer["results"]?.array?.filter { $0["problem"] != nil }.count == 1)
        #expect(try await store.create(ticket, .array(items), as: key) == answer)
        let logged = try await store.foreign("SELECT count(*) FROM change_log").output
        #expect(logged == "\(count - 1)\n")
    }

    @Test func `an item of an array sees the items before it`() async throws {
        let store = try await make()
        let answer = try await store.create(
            ticket, [["subject": "a", "mail_id": "m"], ["subject": "b", "mail_id": "m"]])
        let results = answer["results"]?.array ?? []
        #expect(results[0]["id"] == 1)
        #expect(results[1]["problem"]?["errors"]?.array?.first?["code"] == "not-unique")
    }

    @Test func `an upsert changes the record that has the key and inserts the others`() async throws
    {
        let store = try await make()
        try await store.create(customer, ["name": "Anna", "number": 1])
        let items: JSONValue = [
            ["name": "Anna B.", "number": 1], ["name": "Bert", "number": 2],
            ["name": "Bert", "number": 2], ["name": "Nobody"],
        ]
        let answer = try await store.create(customer, items, upsert: ["number"])
        let results = answer["results"]?.array ?? []
        #expect(
            results.map { $0["operation"]?.string } == [
                "change", "insert", "none", "insert",
            ])
        #expect(results.map(\.id) == [1, 2, 2, 3])
        #expect(try await store.get(customer, 1)["name"] == "Anna B.")
        for keys in [["name"], ["nothing"], ["number", "name"], []] {
            let problem = await refusal { try await store.create(customer, [], upsert: keys) }
            #expect(problem?.faults == ["/upsert not-unique"], "\(keys)")
        }
    }

    @Test func `an upsert goes by a set of columns that are unique together`() async throws {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #"{"code": "number", "type": "integer", "unique": true}],"#,
                    with: #"{"code": "number", "type": "integer", "readOnly": true}], "#
                        + #""unique": [["name", "number"]],"#)
            })
        let items: JSONValue = [
            ["name": "a", "number": 1], ["name": "a", "number": 2], ["name": "b", "number": 1],
            ["number": 2, "name": "a"],
        ]
        let answer = try await store.create(customer, items, upsert: ["number", "name"])
        let results = answer["results"]?.array ?? []
        #expect(
            results.map { $0["operation"]?.string } == ["insert", "insert", "insert", "none"])
        #expect(results.map(\.id) == [1, 2, 3, 2])
        for keys in [["name"], ["number"], ["name", "number", "name"]] {
            let problem = await refusal { try await store.create(customer, [], upsert: keys) }
            #expect(problem?.faults == ["/upsert not-unique"], "\(keys)")
        }
    }

    @Test func `an upsert needs the right to change`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"], as: .caller("zoe", "customer"))
        let problem = await refusal {
            try await store.create(ticket, [], as: .caller("zoe", "customer"), upsert: ["mail_id"])
        }
        #expect(problem?.faults == ["/upsert not-unique"])
    }

    @Test func `an array has at most a thousand items`() async throws {
        let store = try await make()
        let items = JSONValue.array(Array(repeating: ["subject": "a"], count: 1001))
        #expect(await refusal { try await store.create(ticket, items) }?.status == 413)
        let most = JSONValue.array(Array(repeating: ["subject": "a"], count: 1000))
        #expect(try await store.create(ticket, most)["results"]?.array?.count == 1000)
    }

    @Test func `a repeated key does the thing once and answers the same`() async throws {
        let store = try await make()
        let caller = CallContext.caller("ann", "agent", key: "k1")
        let first = try await store.create(ticket, ["subject": "a"], as: caller)
        try await store.change(ticket, 1, ["subject": "b"])
        let again = try await store.create(ticket, ["subject": "a"], as: caller)
        #expect(first == again)
        #expect(try await store.ids(ticket) == [1])
        let other = await refusal { try await store.create(ticket, ["subject": "c"], as: caller) }
        #expect(other?.status == 409)
        #expect(other?.code == "idempotency-key-reused")
        // Another account's key is another key.
        let bob = CallContext.caller("bob", "agent", key: "k1")
        #expect(try await store.create(ticket, ["subject": "a"], as: bob).id == 2)
        // And so it is over a restart, and for changes and deletions.
        await store.database.close()
        let later = try await TestStore(folder: store.folder)
        #expect(try await later.create(ticket, ["subject": "a"], as: caller) == first)
        let change = CallContext.caller("ann", "agent", key: "k2")
        let changed = try await later.change(ticket, 2, version: 1, ["subject": "x"], as: change)
        #expect(
            try await later.change(ticket, 2, version: 1, ["subject": "x"], as: change) == changed)
        let delete = CallContext.caller("ann", "agent", key: "k3")
        try await later.delete(ticket, 2, as: delete)
        try await later.delete(ticket, 2, as: delete)
    }

    @Test func `a key whose call failed may be used again`() async throws {
        let store = try await make()
        let caller = CallContext.caller("ann", "agent", key: "k1")
        #expect(await refusal { try await store.create(ticket, [:], as: caller) }?.status == 422)
        #expect(try await store.create(ticket, ["subject": "a"], as: caller).id == 1)
    }

    @Test func `the same key from many at once does the thing once`() async throws {
        let store = try await make()
        let caller = CallContext.caller("ann", "agent", key: "k1")
        let ids = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<20 {
                group.addTask { try await store.create(ticket, ["subject": "a"], as: caller).id }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids == [1])
        #expect(try await store.ids(ticket) == [1])
    }
}
