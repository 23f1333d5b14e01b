import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// One record: created, read, changed, deleted.
@Suite struct RecordTests {
    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        return store
    }

    @Test func `a record is answered with its values, exact, and what every record has`()
        async throws
    {
        let store = try await make()
        try await store.create(customer, ["name": "Anna"])
        let body = try json(
            """
            {"subject": "Printer", "body": "on \\u0001 fire 🔥", "spent": 0.1, "urgent": true,
             "score": -3, "due": "2026-11-22T10:00:00+02:00", "day": "2026-11-22", "customer": 1,
             "mail_id": "<a@b>"}
            """)
        let created = try await store.create(ticket, body, as: .caller("bob", "agent"))
        #expect(created == (try await store.get(ticket, 1)))
        #expect(created.id == 1 && created.version == 1)
        #expect(created["describe"] == "#1 Printer")
        #expect(created["creator"] == "bob" && created["modifier"] == "bob")
        #expect(created["created"] == created["modified"])
        #expect(created["body"] == "on \u{1} fire 🔥")
        #expect(created["spent"]?.text == "0.10")
        #expect(created["urgent"] == true)
        #expect(created["score"] == -3)
        #expect(created["due"] == "2026-11-22T08:00:00.000Z")
        #expect(created["status"] == "new")
        #expect(
            created.object?.keys == [
                "id", "version", "describe", "created", "creator", "modified", "modifier",
                "subject", "body", "status", "spent", "urgent", "score", "due", "day", "customer",
                "mail_id",
            ])
    }

    @Test func `select answers what it names, and expand makes objects of references`() async throws
    {
        let store = try await make()
        try await store.create(customer, ["name": "Anna", "number": 7])
        try await store.create(ticket, ["subject": "a", "customer": 1])
        try await store.create(ticket, ["subject": "b"])
        let few = try await store.get(ticket, 1, select: ["subject", "describe"])
        #expect(
            few == (try json(##"{"id": 1, "version": 1, "describe": "#1 a", "subject": "a"}"##)))
        let wide = try await store.get(ticket, 1, expand: ["customer"])
        #expect(wide["customer"]?["name"] == "Anna")
        #expect(wide["customer"]?["describe"] == "Anna")
        let empty = try await store.get(ticket, 2, select: ["customer"], expand: ["customer"])
        #expect(empty == (try json(#"{"id": 2, "version": 1, "customer": null}"#)))
        try await store.delete(customer, 1)
        let gone = try await store.get(ticket, 1, select: [], expand: ["customer"])
        #expect(gone == (try json(#"{"id": 1, "version": 1, "customer": {"id": 1}}"#)))
        for names in [["nothing"], ["subject", "id; drop"]] {
            #expect(
                await refusal { try await store.get(ticket, 1, select: names) }?.code
                    == "invalid-filter")
        }
        #expect(
            await refusal { try await store.get(ticket, 1, expand: ["subject"]) }?.code
                == "invalid-filter")
    }

    @Test func `every fault of a body is told at once with pointer and code`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "mail_id": "m"])
        let body = try json(
            """
            {"subject": "this is longer than twenty", "body": 5, "status": "gone", "spent": -1.5,
             "urgent": "yes", "score": 11, "due": "soon", "day": "2026-02-30", "customer": 99,
             "mail_id": "m", "nothing": 1, "id": 7, "a/b": 1}
            """)
        let problem = await refusal { try await store.create(ticket, body) }
        #expect(problem?.status == 422)
        #expect(problem?.code == "validation-failed")
        #expect(
            Set(problem?.faults ?? []) == [
                "/subject too-long", "/body wrong-type", "/status not-a-choice", "/spent too-small",
                "/urgent wrong-type", "/score too-large", "/due wrong-type", "/day wrong-type",
                "/customer not-found", "/mail_id not-unique", "/nothing unknown-member",
                "/id read-only", "/a~1b unknown-member",
            ])
        #expect(try await store.ids(ticket) == [1])
    }

    @Test(arguments: [
        (#"{}"#, "/subject required"), (#"{"subject": null}"#, "/subject required"),
        (#"{"subject": ""}"#, "/subject required"),
        (#"{"subject": "a\u0000"}"#, "/subject wrong-format"),
        (#"{"subject": "a", "spent": 0.005}"#, "/spent too-many-decimals"),
        (#"{"subject": "a", "spent": 1e30}"#, "/spent too-many-decimals"),
        (#"{"subject": "a", "spent": "1"}"#, "/spent wrong-type"),
        (#"{"subject": "a", "score": 1.5}"#, "/score wrong-type"),
        (#"{"subject": "a", "customer": "1"}"#, "/customer wrong-type"),
        (#"{"subject": "a", "customer": 0}"#, "/customer wrong-type"),
        (#"5"#, " wrong-type"),
    ])
    func `a value that does not fit is refused`(body: String, fault: String) async throws {
        let store = try await make()
        let problem = await refusal { try await store.create(ticket, json(body)) }
        #expect(problem?.status == 422)
        #expect(problem?.faults == [fault])
    }

    @Test func `lengths count characters, not bytes`() async throws {
        let store = try await make()
        let twenty = String(repeating: "日", count: 20)
        #expect(
            try await store.create(ticket, ["subject": .string(twenty)])["subject"]?.string
                == twenty)
        let problem = await refusal {
            try await store.create(ticket, ["subject": .string(twenty + "日")])
        }
        #expect(problem?.faults == ["/subject too-long"])
    }

    @Test func `a change writes what differs and raises the version`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "spent": 1])
        let changed = try await store.change(
            ticket, 1, version: 1,
            ["status": "open", "spent": .number(JSONNumber(unscaled: 100, scale: 2))],
            as: .caller("eve", "agent"))
        #expect(changed.version == 2)
        #expect(changed["modifier"] == "eve" && changed["creator"] == "system")
        let history = try await store.history(ticket, 1)
        #expect(history.count == 2)
        #expect(
            history[1]["changes"]
                == (try json(#"[{"column": "status", "old": "new", "new": "open"}]"#)))
        let same = try await store.change(ticket, 1, version: 2, ["status": "open"])
        #expect(same.version == 2)
        #expect(try await store.history(ticket, 1).count == 2)
        let cleared = try await store.change(ticket, 1, ["spent": nil])
        #expect(cleared["spent"] == .null)
        let problem = await refusal { try await store.change(ticket, 1, ["subject": nil]) }
        #expect(problem?.faults == ["/subject required"])
    }

    @Test func `a stale version is refused with the fields that changed meanwhile`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"])
        try await store.change(ticket, 1, version: 1, ["status": "open"])
        try await store.change(ticket, 1, version: 2, ["score": 1, "body": "x"])
        let problem = await refusal {
            try await store.change(ticket, 1, version: 1, ["subject": "b"])
        }
        #expect(problem?.status == 412)
        #expect(problem?.code == "version-mismatch")
        #expect(problem?.extra["version"] == 3)
        #expect(problem?.extra["changed"] == ["body", "status", "score"])
        #expect(await refusal { try await store.delete(ticket, 1, version: 2) }?.status == 412)
        #expect(try await store.get(ticket, 1)["subject"] == "a")
    }

    @Test func `two who change the same version do not both win`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"])
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    await refusal {
                        try await store.change(
                            ticket, 1, version: 1, ["body": .string("\(number)")])
                    } == nil
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 }.count == 1)
        #expect(try await store.get(ticket, 1).version == 2)
    }

    @Test func `a deleted record is gone for everybody, and its unique value is free`() async throws
    {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "mail_id": "m"])
        try await store.delete(ticket, 1, version: 1)
        #expect(await refusal { try await store.get(ticket, 1) }?.status == 404)
        #expect(
            await refusal { try await store.change(ticket, 1, ["subject": "b"]) }?.status == 404)
        #expect(await refusal { try await store.delete(ticket, 1) }?.status == 404)
        #expect(try await store.ids(ticket).isEmpty)
        #expect(try await store.create(ticket, ["subject": "b", "mail_id": "m"]).id == 2)
        let history = try await store.history(ticket, 1)
        #expect(history.map { $0["operation"]?.string } == ["insert", "delete"])
        #expect(history.map(\.version) == [1, 2])
    }

    @Test func `physical deletion removes the row, keeps history, and spares what is referred to`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #""describe": "{name}""#, with: #""describe": "{name}", "deletion": "physical""#
                )
            })
        try await store.create(customer, ["name": "Anna"])
        try await store.create(ticket, ["subject": "a", "customer": 1])
        let problem = await refusal { try await store.delete(customer, 1) }
        #expect(problem?.status == 409)
        #expect(problem?.detail?.contains("helpdesk.ticket") == true)
        try await store.change(ticket, 1, ["customer": nil])
        try await store.delete(customer, 1)
        #expect(try await store.foreign("SELECT count(*) FROM DataRow_1").output == "0\n")
        #expect(
            try await store.history(customer, 1).map { $0["operation"]?.string } == [
                "insert", "delete",
            ])
        #expect(try await store.create(customer, ["name": "New"]).id == 2)
        #expect(await refusal { try await store.history(customer, 99) }?.status == 404)
    }

    @Test func `unknown classes and records are not found`() async throws {
        let store = try await make()
        let nowhere = FullCode(model: "helpdesk", code: "nowhere")
        #expect(await refusal { try await store.get(nowhere, 1) }?.status == 404)
        #expect(await refusal { try await store.create(nowhere, [:]) }?.status == 404)
        #expect(await refusal { try await store.get(ticket, 99) }?.status == 404)
        #expect(await refusal { try await store.get(ticket, -1) }?.status == 404)
        #expect(await refusal { try await store.history(ticket, 99) }?.status == 404)
    }

    @Test func `a body that is not JSON is malformed`() async throws {
        let store = try await make()
        let call = CreateRecord(ticket, body: JSONBytes(Array(#"{"subject": }"#.utf8)))
        #expect(
            await refusal { try await store.records.create(call, .system) }?.code
                == "malformed-json")
    }

    @Test func `a record too large for its history is refused, and the next is not`() async throws {
        let store = try await make()
        let big = String(repeating: "日", count: 1_000_000)
        try await store.apply(
            small(#"{"code": "a", "type": "text"}, {"code": "b", "type": "text"}"#))
        let problem = await refusal {
            try await store.create(item, ["a": .string(big), "b": .string(big)])
        }
        #expect(problem?.status == 413)
        #expect(try await store.create(item, ["a": .string(big)]).id > 0)
    }
}
