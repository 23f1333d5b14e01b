import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// What becomes of records when one that they refer to is deleted: `onDelete`.
@Suite struct ReferenceActionTests {
    private let order = FullCode(model: "shop", code: "order")
    private let line = FullCode(model: "shop", code: "line")
    private let note = FullCode(model: "shop", code: "note")

    /// Notes refer to lines, lines to orders and to other orders.
    private func make(
        _ onOrder: String, _ onLine: String = "cascade", order: String = "logical",
        line: String = "logical"
    ) async throws -> TestStore {
        let store = try await TestStore()
        let words = { (action: String) in action.isEmpty ? "" : #", "onDelete": "\#(action)""# }
        try await store.apply(
            json(
                """
                {"code": "shop", "name": "Shop", "roles": ["clerk"], "classes": [
                 {"code": "order", "deletion": "\(order)", "webAccess": true,
                  "grants": [{"role": "clerk", "operations": ["read", "delete"]}]},
                 {"code": "line", "deletion": "\(line)", "columns": [
                  {"code": "order", "type": "reference", "class": "order"\(words(onOrder))},
                  {"code": "others", "type": "reference", "class": "order", "many": true,
                   "onDelete": "clear"}]},
                 {"code": "note", "columns": [
                  {"code": "line", "type": "reference", "class": "line"\(words(onLine))},
                  {"code": "up", "type": "reference", "class": "note", "onDelete": "cascade"}]}]}
                """))
        for _ in 0..<2 { try await store.create(self.order, [:]) }
        try await store.create(self.line, ["order": 1, "others": [1, 2]])
        try await store.create(self.line, ["order": 2, "others": [1]])
        try await store.create(note, ["line": 1])
        try await store.create(note, ["up": 1])
        return store
    }

    private func counts(_ store: TestStore) async throws -> [Int] {
        var result: [Int] = []
        for type in [order, line, note] { result.append(try await store.ids(type).count) }
        return result
    }

    @Test(arguments: ["logical", "physical"])
    func `a cascade takes what refers to the record, and what refers to that, with one cause`(
        _ deletion: String
    ) async throws {
        let store = try await make("cascade", order: deletion, line: deletion)
        // The caller holds no grant on lines and notes.
        let caller = CallContext.make(
            Principal(account: "carl", roles: ["clerk"]), cause: Cause(root: "request:x"))
        try await store.delete(order, 1, as: caller)
        #expect(try await counts(store) == [1, 1, 0])
        // The other line has lost one of its references.
        #expect(try await store.get(line, 2)["others"] == [])
        for (type, id) in [(order, 1), (line, 1), (note, 1), (note, 2)] as [(FullCode, Int64)] {
            let last = try #require(try await store.history(type, id).last)
            #expect(last["operation"] == "delete" && last["account"] == "carl")
            #expect(last["root"] == "request:x")
        }
        let change = try #require(try await store.history(line, 2).last)
        #expect(change["operation"] == "change" && change["account"] == "carl")
    }

    @Test func `clear leaves the record without the reference`() async throws {
        let store = try await make("clear")
        try await store.delete(order, 1)
        #expect(try await counts(store) == [1, 2, 2])
        let record = try await store.get(line, 1)
        #expect(record["order"] == .null && record["others"] == [2] && record.version == 3)
    }

    @Test(arguments: ["logical", "physical"])
    func `refuse holds the record, whichever way it would go`(_ deletion: String) async throws {
        let store = try await make("refuse", order: deletion)
        let problem = await refusal { try await store.delete(order, 1) }
        #expect(problem?.status == 409 && problem?.detail?.contains("shop.line") == true)
        #expect(try await counts(store) == [2, 2, 2])
        // A cascade that would end at one that refuses does nothing at all.
        let far = try await make("cascade", "refuse")
        #expect(await refusal { try await far.delete(order, 1) }?.status == 409)
        #expect(try await counts(far) == [2, 2, 2])
    }

    @Test func `without a word a logical deletion leaves references and a physical one is refused`()
        async throws
    {
        let logical = try await make("")
        try await logical.delete(order, 1)
        #expect(try await logical.get(line, 1)["order"] == 1)
        let expanded = try await logical.get(line, 1, expand: ["order"])
        #expect(expanded["order"] == ["id": 1])
        let physical = try await make("", order: "physical")
        #expect(await refusal { try await physical.delete(order, 1) }?.status == 409)
    }

    @Test func `a cascade has a limit, and then nothing is done`() async throws {
        let store = try await make("cascade")
        let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)"
        let (code, output) = try await store.foreign(
            "\(rows) INSERT INTO DataRow_2 (\"order\") SELECT 2 FROM n")
        #expect(code == 0, "\(output)")
        let problem = await refusal { try await store.delete(order, 2) }
        #expect(problem?.status == 409 && problem?.detail?.contains("10000") == true)
        #expect(try await store.get(order, 2).version == 1)
    }

    @Test(arguments: ["DELETE FROM DataRow_1", "UPDATE DataRow_1 SET deleted = 1"])
    func `what other programs delete does the same`(_ sql: String) async throws {
        let cascade = try await make("cascade")
        // A note goes with its line; one that would go with that note is more than they can.
        let held = try await cascade.foreign("\(sql) WHERE id = 1")
        #expect(held.output.contains("shop.note.up refers to it"), "\(held)")
        try await cascade.delete(note, 2)
        let done = try await cascade.foreign("\(sql) WHERE id = 1")
        #expect(done.code == 0, "\(done)")
        #expect(try await counts(cascade) == [1, 1, 0])
        let last = try #require(try await cascade.history(note, 1).last)
        #expect(last["operation"] == "delete" && last["door"] == "database")
        let clear = try await make("clear")
        #expect(try await clear.foreign("\(sql) WHERE id = 1").code == 0)
        #expect(try await clear.get(line, 1)["order"] == .null)
        #expect(try await clear.get(line, 1)["others"] == [2])
        #expect(try await clear.history(line, 1).last?["door"] == "database")
        let refuse = try await make("refuse")
        let refused = try await refuse.foreign("\(sql) WHERE id = 1")
        #expect(refused.output.contains("shop.line.order refers to it"))
        #expect(try await counts(refuse) == [2, 2, 2])
        let none = try await make("")
        let gone = try await none.foreign("\(sql) WHERE id = 1")
        #expect((gone.code == 0) == sql.hasPrefix("UPDATE"))
    }

    @Test func `triggers of references survive changes of the model that is referred to`()
        async throws
    {
        let store = try await make("refuse")
        var document = try json(
            String(decoding: store.models.get("shop").bytes, as: UTF8.self)
        ).text
        document = document.replacing(
            #""code":"order","deletion""#,
            with: #""code":"order","columns":[{"code":"x","type":"text"}],"deletion""#)
        #expect(try await store.apply(json(document)).changed)
        #expect(try await store.foreign("DELETE FROM DataRow_1 WHERE id = 1").code != 0)
        // And with another word the trigger is another.
        document = document.replacing(#""onDelete":"refuse""#, with: #""onDelete":"clear""#)
        #expect(try await store.apply(json(document)).changed)
        #expect(try await store.foreign("DELETE FROM DataRow_1 WHERE id = 1").code == 0)
        #expect(try await store.get(line, 1)["order"] == .null)
    }

    @Test func `an action that contradicts its column is a fault`() async throws {
        let store = try await TestStore()
        for more in [
            #""onDelete": "clear", "required": true"#, #""onDelete": "clear", "readOnly": true"#,
            #""onDelete": "cascade", "many": true"#, #""onDelete": "explode""#,
        ] {
            let column = #"{"code": "up", "type": "reference", "class": "item", \#(more)}"#
            let faults = try await store.faults(small(column))
            #expect(faults.map(\.pointer) == ["/classes/0/columns/0/onDelete"], "\(more)")
        }
    }
}
