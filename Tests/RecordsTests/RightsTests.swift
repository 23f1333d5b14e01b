import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Who sees and does what: grants, own rows, columns and doors.
@Suite struct RightsTests {
    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        try await store.create(customer, ["name": "Anna"])
        let body: JSONValue = [
            "subject": "s", "body": "secret", "status": "open", "score": 5, "customer": 1,
        ]
        try await store.create(ticket, body, as: .caller("ada", "agent"))
        var principal = Principal.system
        principal.account = "bob"
        try await store.create(ticket, body, as: .make(principal))
        return store
    }

    /// Who, and the status of: reading 1 (ada's), reading 2 (bob's), listing, creating, changing 1,
    /// deleting 1.
    private static let table: [(String, CallContext, [Int])] = [
        ("the platform", .system, [200, 200, 200, 200, 200, 200]),
        ("an agent", .caller("ada", "agent"), [200, 200, 200, 200, 200, 200]),
        ("a clerk", .caller("bob", "clerk"), [200, 200, 200, 403, 403, 403]),
        (
            "a customer, of others' records", .caller("zoe", "customer"),
            [404, 404, 200, 200, 404, 404]
        ),
        (
            "a customer, of an own record", .caller("ada", "customer"),
            [200, 404, 200, 200, 403, 403]
        ),
        ("a person without a role", .caller("eve"), [404, 404, 404, 404, 404, 404]),
        ("a stranger's role", .caller("eve", "boss"), [404, 404, 404, 404, 404, 404]),
        (
            "both", .make(Principal(account: "bob", roles: ["customer", "clerk"])),
            [200, 200, 200, 200, 403, 403]
        ),
    ]

    @Test func `each caller may do what its roles grant, and nothing else`() async throws {
        for (who, caller, expected) in RightsTests.table {
            let store = try await make()
            let statuses = [
                await refusal { try await store.get(ticket, 1, as: caller) },
                await refusal { try await store.get(ticket, 2, as: caller) },
                await refusal { try await store.list(ticket, as: caller) },
                await refusal { try await store.create(ticket, ["subject": "n"], as: caller) },
                await refusal { try await store.change(ticket, 1, ["status": "new"], as: caller) },
                await refusal { try await store.delete(ticket, 1, as: caller) },
            ].map { $0?.status ?? 200 }
            #expect(statuses == expected, "\(who)")
            await store.database.close()
        }
    }

    @Test func `columns that are not granted are nowhere`() async throws {
        let store = try await make()
        // Bob is a clerk: of his own record he sees all, of ada's the subject and status.
        let clerk = CallContext.caller("bob", "clerk")
        let others = try await store.get(ticket, 1, as: clerk)
        #expect(
            others.object?.keys == [
                "id", "version", "describe", "created", "creator", "modified", "modifier",
                "subject", "status",
            ])
        #expect(try await store.get(ticket, 2, as: clerk)["body"] == "secret")
        let list = try await store.list(ticket, as: clerk)["items"]?.array ?? []
        #expect(list.map { $0["body"] } == [nil, "secret"])
        // A filter, an order and a search see of others' columns nothing.
        #expect(try await store.ids(ticket, filter: "body eq 'secret'", as: clerk) == [2])
        #expect(try await store.ids(ticket, filter: "body ne 'secret'", as: clerk) == [1])
        #expect(try await store.ids(ticket, filter: "contains(body,'s')", as: clerk) == [2])
        #expect(try await store.ids(ticket, filter: "score gt 1", as: clerk) == [2])
        #expect(try await store.ids(ticket, orderby: "score desc", as: clerk) == [2, 1])
        let history = try await store.history(ticket, 1, as: clerk)
        let columns = history[0]["changes"]?.array?.compactMap { $0["column"]?.string }
        #expect(columns == ["subject", "status"])
    }

    @Test func `describe leaves out what may not be read`() async throws {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing("#{id} {subject}", with: "#{id} {subject} {score} {spent}")
            })
        try await store.create(ticket, ["subject": "s", "score": 5, "spent": 1])
        let clerk = try await store.get(ticket, 1, as: .caller("bob", "clerk"))
        #expect(clerk["describe"] == "#1 s  ")
        #expect(try await store.get(ticket, 1)["describe"] == "#1 s 5 1.00")
    }

    @Test(arguments: [
        "body eq 'secret'", "nothing eq 'secret'", "score gt 1", "customer/name eq 'Anna'",
        "customer/nothing eq 'x'", "nothing/name eq 'x'", "startswith(body,'s')", "body in ('a')",
    ])
    func `a column that may not be read is as unknown as one that is not there`(filter: String)
        async throws
    {
        let store = try await make()
        let caller = CallContext.caller("ada", "customer")
        let problem = await refusal { try await store.list(ticket, filter: filter, as: caller) }
        #expect(problem?.status == 400)
        #expect(problem?.code == "invalid-filter")
        let name = filter.split { !$0.isLetter && $0 != "/" && $0 != "_" }.first {
            $0 != "startswith"
        }
        #expect(problem?.detail?.contains("names \(name ?? "?"), which is no column here") == true)
    }

    @Test func `what may not be read can be neither ordered by, nor selected, nor expanded`()
        async throws
    {
        let store = try await make()
        let caller = CallContext.caller("ada", "customer")
        for column in ["body", "nothing", "customer/name"] {
            let refused = await refusal {
                try await store.list(ticket, orderby: column, as: caller)
            }
            #expect(refused?.code == "invalid-filter")
        }
        for column in ["body", "nothing"] {
            let refused = await refusal {
                try await store.list(ticket, select: [column], as: caller)
            }
            #expect(refused?.code == "invalid-filter")
        }
        let refused = await refusal {
            try await store.list(ticket, expand: ["customer"], as: caller)
        }
        #expect(refused?.code == "invalid-filter")
    }

    @Test func `a reference leads only to what the caller may read`() async throws {
        let store = try await make()
        // The clerk may read the reference in its own record, and no customer at all.
        let clerk = CallContext.caller("bob", "clerk")
        let record = try await store.get(ticket, 2, expand: ["customer"], as: clerk)
        #expect(record["customer"] == 1 || record["customer"] == ["id": 1])
        #expect(
            await refusal {
                try await store.list(ticket, filter: "customer/name eq 'Anna'", as: clerk)
            }?
            .code == "invalid-filter")
        let agent = CallContext.caller("ada", "agent")
        #expect(
            try await store.ids(ticket, filter: "customer/name eq 'Anna'", as: agent) == [1, 2])
    }

    @Test func `a column is written only where it is granted`() async throws {
        let store = try await make()
        let caller = CallContext.caller("zoe", "customer")
        // It can neither read nor write the body: for it there is none, whatever is in it.
        for body in ["x", 5] as [JSONValue] {
            let problem = await refusal {
                try await store.create(ticket, ["subject": "a", "body": body], as: caller)
            }
            #expect(problem?.faults == ["/body unknown-member"])
        }
        let store2 = try await TestStore()
        try await store2.apply(
            json(
                """
                {"code": "m", "name": "M", "roles": ["r"], "classes": [
                 {"code": "item", "webAccess": true,
                 "columns": [{"code": "a", "type": "text"}, {"code": "b", "type": "text"}],
                 "grants": [{"role": "r", "operations": ["read"]},
                            {"role": "r", "operations": ["insert", "change"], "columns": ["a"]}]}]}
                """))
        let writer = CallContext.caller("ann", "r")
        let problem = await refusal {
            try await store2.create(item, ["a": "1", "b": "2"], as: writer)
        }
        #expect(problem?.status == 403)
        #expect(problem?.faults == ["/b forbidden"])
        try await store2.create(item, ["a": "1"], as: writer)
        let change = await refusal { try await store2.change(item, 1, ["b": "2"], as: writer) }
        #expect(change?.status == 403)
        #expect(try await store2.change(item, 1, ["a": "2"], as: writer)["a"] == "2")
    }

    @Test func `who may write and not read gets id and version`() async throws {
        let store = try await TestStore()
        try await store.apply(
            json(
                """
                {"code": "m", "name": "M", "roles": ["w"], "classes": [
                 {"code": "item", "webAccess": true,
                 "columns": [{"code": "a", "type": "text"}],
                 "grants": [{"role": "w", "operations": ["insert", "change"]}]}]}
                """))
        let caller = CallContext.caller("ann", "w")
        #expect(try await store.create(item, ["a": "1"], as: caller) == ["id": 1, "version": 1])
        #expect(try await store.change(item, 1, ["a": "2"], as: caller) == ["id": 1, "version": 2])
        #expect(await refusal { try await store.get(item, 1, as: caller) }?.status == 403)
        #expect(await refusal { try await store.list(item, as: caller) }?.status == 403)
    }

    @Test func `a class without webAccess has no door to the outside`() async throws {
        let store = try await TestStore()
        try await store.apply(
            helpdesk { $0 = $0.replacing(#""webAccess": true"#, with: #""webAccess": false"#) })
        for door in [Door.page, .api, .call, .soap] {
            let caller = CallContext.caller("ada", "agent", door: door)
            #expect(await refusal { try await store.list(ticket, as: caller) }?.status == 404)
            #expect(store.models.current.list(caller).items.isEmpty)
        }
        for door in [Door.rule, .workflow, .import, .mail, .job] {
            let caller = CallContext.caller("ada", "agent", door: door)
            #expect(try await store.list(ticket, as: caller).ids.isEmpty)
        }
        #expect(try await store.list(ticket).ids.isEmpty)
    }

    @Test func `a class without webAccess is not reached through one that has it`() async throws {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #""describe": "{name}", "webAccess": true"#,
                    with: #""describe": "{name}", "webAccess": false"#)
            })
        try await store.create(customer, ["name": "Anna"])
        try await store.create(ticket, ["subject": "s", "customer": 1])
        let outside = CallContext.caller("ada", "agent")
        #expect(
            try await store.get(ticket, 1, expand: ["customer"], as: outside)["customer"] == 1)
        for call in ["customer/name eq 'Anna'", "not (customer/name eq 'x')"] {
            #expect(
                await refusal { try await store.list(ticket, filter: call, as: outside) }?.code
                    == "invalid-filter")
        }
        #expect(
            await refusal { try await store.list(ticket, orderby: "customer/name", as: outside) }?
                .code == "invalid-filter")
        #expect(
            await refusal {
                try await store.create(ticket, ["subject": "t", "customer": 1], as: outside)
            }?.faults == ["/customer not-found"])
        let inside = CallContext.caller("ada", "agent", door: .workflow)
        let record = try await store.get(ticket, 1, expand: ["customer"], as: inside)
        #expect(record["customer"]?["name"] == "Anna")
        #expect(
            try await store.ids(ticket, filter: "customer/name eq 'Anna'", as: inside) == [1])
    }

    @Test func `a reference to a record that the caller may not read is not found`() async throws {
        let store = try await make()
        let hidden = try await store.create(customer, ["name": "Hidden"])
        try await store.delete(customer, hidden.id)
        let problem = await refusal {
            try await store.create(
                ticket, ["subject": "a", "customer": 2], as: .caller("ada", "agent"))
        }
        #expect(problem?.faults == ["/customer not-found"])
    }

    @Test func `a class is described as far as the caller may use it`() async throws {
        let store = try await make()
        let snapshot = store.models.current
        let agent = try snapshot.describe(ticket, .caller("ada", "agent"))
        #expect(agent.operations == ["read", "insert", "change", "delete"])
        #expect(agent.columns.count == 10)
        #expect(agent.columns[2].choices == ["new", "open", "closed"])
        #expect(agent.columns[8].target == customer)
        let caller = try snapshot.describe(ticket, .caller("zoe", "customer"))
        #expect(caller.columns.map(\.code) == ["subject", "status"])
        let clerk = try snapshot.describe(ticket, .caller("zoe", "clerk"))
        #expect(clerk.columns.allSatisfy { !$0.writable })
        #expect(snapshot.list(.caller("ada", "agent")).items.map(\.type) == [customer, ticket])
        #expect(snapshot.list(.caller("zoe", "customer")).items.map(\.type) == [ticket])
        #expect(
            await refusal { try snapshot.describe(ticket, .caller("eve")) }?.status == 404)
    }

    @Test func `a change of grants holds from the next call on`() async throws {
        let store = try await make()
        let caller = CallContext.caller("bob", "clerk")
        #expect(try await store.get(ticket, 1, as: caller)["subject"] == "s")
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #""clerk", "operations": ["read"], "columns""#,
                    with: #""clerk", "operations": ["export"], "columns""#)
            })
        #expect(await refusal { try await store.get(ticket, 1, as: caller) }?.status == 404)
    }
}
