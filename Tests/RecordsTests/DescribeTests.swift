import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// `describe`: how a record is called, by its own columns and by those of records that it refers
/// to.
@Suite struct DescribeTests {
    private static let region = FullCode(model: "d", code: "region")
    private static let customer = FullCode(model: "d", code: "customer")
    private static let ticket = FullCode(model: "d", code: "ticket")

    /// A region has customers, a customer has tickets; `describe` is the ticket's.
    private func document(
        _ describe: String = "{customer}: {subject}", customer: String = "{name} ({region})",
        open: Bool = true, more: String = ""
    ) throws -> JSONValue {
        try json(
            """
            {"code": "d", "name": "D", "roles": ["agent", "clerk"], "classes": [
              {"code": "ticket", "describe": "\(describe)", "webAccess": true, "columns": [
                {"code": "subject", "type": "text"}, {"code": "tags", "type": "text", "many": true},
                {"code": "customer", "type": "reference", "class": "customer"},
                {"code": "next", "type": "reference", "class": "ticket"}],
               "grants": [{"role": "agent", "operations": ["read"]},
                          {"role": "clerk", "operations": ["read"]}]},
              {"code": "customer", "describe": "\(customer)", "webAccess": \(open), "columns": [
                {"code": "name", "type": "text"}, {"code": "owner", "type": "text"},
                {"code": "debt", "type": "decimal", "scale": 2},
                {"code": "region", "type": "reference", "class": "region"}],
               "grants": [{"role": "agent", "operations": ["read"]},
                          {"role": "clerk", "operations": ["read"], "rows": {"scope": "own"},
                           "columns": ["region"]}]},
              {"code": "region", "describe": "{name}", "webAccess": true, "columns": [
                {"code": "name", "type": "text"}],
               "grants": [{"role": "agent", "operations": ["read"]},
                          {"role": "clerk", "operations": ["read"]}]}\(more)]}
            """)
    }

    private func make(_ document: JSONValue) async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(document)
        try await store.create(DescribeTests.region, ["name": "North"])
        try await store.create(
            DescribeTests.customer, json(#"{"name": "Anna", "region": 1, "debt": 2.5}"#))
        try await store.create(DescribeTests.ticket, ["subject": "Fire", "customer": 1])
        return store
    }

    private func describe(
        _ store: TestStore, _ id: Int64 = 1, as context: CallContext = .system
    ) async throws -> String? {
        try await store.get(DescribeTests.ticket, id, as: context)["describe"]?.string
    }

    @Test(arguments: [
        ("{customer}: {subject}", "Anna (North): Fire"),
        ("{customer.name} owes {customer.debt}", "Anna owes 2.50"),
        ("{subject} in {customer.region}", "Fire in North"),
        ("{customer.id}/{id}", "1/1"),
        ("[{customer.owner}][{next}]", "[][]"),
    ])
    func `a description shows the records that it refers to, or their columns`(
        _ format: String, _ expected: String
    ) async throws {
        let store = try await make(document(format))
        #expect(try await describe(store) == expected)
        let list = try await store.list(DescribeTests.ticket, select: ["describe"])
        #expect(list["items"]?.array?.first?["describe"]?.string == expected)
        // What a rule sees, an event carries and history keeps is the same.
        let logged = try await store.foreign(
            "SELECT json_extract(after, '$.describe') FROM change_log ORDER BY seq DESC LIMIT 1")
        #expect(logged.output == expected + "\n")
        let written = try await store.foreign(
            "INSERT INTO DataRow_1 (subject, customer) VALUES ('Fire', 1)")
        #expect(written.code == 0, "\(written.output)")
        let foreign = try await store.foreign(
            "SELECT json_extract(after, '$.describe') FROM change_log ORDER BY seq DESC LIMIT 1")
        #expect(foreign.output == expected.replacing("/1", with: "/2") + "\n")
    }

    @Test func `a description is of now: it follows what it refers to`() async throws {
        let store = try await make(document())
        try await store.change(DescribeTests.customer, 1, ["name": "Bella"])
        #expect(try await describe(store) == "Bella (North): Fire")
        _ = try await store.foreign("UPDATE DataRow_3 SET name = 'South'")
        #expect(try await describe(store) == "Bella (South): Fire")
        // Nothing was written for it.
        #expect(try await store.get(DescribeTests.ticket, 1).version == 1)
        try await store.delete(DescribeTests.customer, 1)
        #expect(try await describe(store) == ": Fire")
    }

    @Test func `two references are followed, so that a circle ends`() async throws {
        let store = try await make(document("{subject} < {next}"))
        for (id, next) in [(2, 1), (3, 2), (4, 3)] {
            try await store.create(
                DescribeTests.ticket,
                ["subject": .string("t\(id)"), "next": .number(JSONNumber(Int64(next)))])
        }
        #expect(try await describe(store, 4) == "t4 < t3 < t2 < ")
        try await store.change(DescribeTests.ticket, 1, ["next": 1])
        #expect(try await describe(store) == "Fire < Fire < Fire < ")
    }

    @Test func `a description shows of another record only what the caller may read`()
        async throws
    {
        let store = try await make(
            document("{subject}: {customer.name}, {customer.region}, {customer}"))
        var principal = Principal.system
        principal.account = "cleo"
        try await store.create(
            DescribeTests.customer, ["name": "Own", "region": 1], as: .make(principal))
        try await store.create(DescribeTests.ticket, ["subject": "Own", "customer": 2])
        let agent = CallContext.caller("ada", "agent")
        #expect(try await describe(store, as: agent) == "Fire: Anna, North, Anna (North)")
        // A clerk reads the region of its own customers.
        let clerk = CallContext.caller("cleo", "clerk")
        #expect(try await describe(store, as: clerk) == "Fire: , , ")
        #expect(try await describe(store, 2, as: clerk) == "Own: , North,  (North)")
    }

    @Test func `a class that is closed to the door is not shown by those that refer to it`()
        async throws
    {
        let store = try await make(document(open: false))
        let agent = CallContext.caller("ada", "agent")
        #expect(try await describe(store, as: agent) == ": Fire")
        let rule = CallContext.caller("ada", "agent", door: .rule)
        #expect(try await describe(store, as: rule) == "Anna (North): Fire")
    }

    @Test(arguments: [
        ("{nobody}", "no column of the class"),
        ("{customer.nothing}", "no plain value of d.custom"),
        ("{tags}", "no plain value"), ("{subject.x}", "after a reference only"),
        ("{customer.region.name}", "after a reference only"),
        ("{next}{next}{next}{next}{next}{next}", "more than 5 references"),
        ("{subject", "other half"),
    ])
    func `a format that cannot be shown is a fault`(_ format: String, _ words: String)
        async throws
    {
        let faults = try await TestStore().faults(document(format))
        #expect(faults.map(\.pointer) == ["/classes/0/describe"])
        #expect(faults.first?.detail.contains(words) == true, "\(faults)")
    }

    @Test func `a change of the model that is referred to reaches the descriptions`() async throws {
        let store = try await TestStore()
        func base(_ columns: String, _ describe: String) throws -> JSONValue {
            try json(
                """
                {"code": "b", "name": "B", "classes": [{"code": "c", "shared": true,
                 "describe": "\(describe)", "columns": [\(columns)]}]}
                """)
        }
        let (name, code) = (
            #"{"code": "name", "type": "text"}"#, #"{"code": "code", "type": "text"}"#
        )
        try await store.apply(base("\(name), \(code)", "{name}"))
        try await store.apply(
            json(
                """
                {"code": "a", "name": "A", "classes": [{"code": "x", "describe": "{c}/{c.code}",
                 "columns": [{"code": "c", "type": "reference", "class": "b.c"}]}]}
                """))
        try await store.create(FullCode(model: "b", code: "c"), ["name": "n", "code": "k"])
        let x = FullCode(model: "a", code: "x")
        #expect(try await store.create(x, ["c": 1])["describe"] == "n/k")
        // The column that a description of this class showed goes, and with it nothing else.
        try await store.apply(base(code, "<{code}>"), allowDestructive: true)
        #expect(try await store.create(x, ["c": 1])["describe"] == "<k>/k")
        let logged = try await store.foreign(
            "SELECT json_extract(after, '$.describe') FROM change_log ORDER BY seq DESC LIMIT 1")
        #expect(logged.output == "<k>/k\n")
        // What another model names must stay.
        let refused = try await store.faults(base(name, "{name}"))
        #expect(refused.map(\.code) == ["still-referenced"])
    }
}
