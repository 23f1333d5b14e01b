import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Records

/// Workflow as far as Records asks it before a save: answers what a test says.
private final class Rules: Sendable {
    typealias Answer = @Sendable (RunBeforeRules.Item) throws -> BeforeRulesRun.Result
    let calls = Mutex<[RunBeforeRules]>([])
    let contexts = Mutex<[CallContext]>([])
    let answer = Mutex<Answer>({ _ in .set(JSONObject()) })
    let during = Mutex<(@Sendable (Int) async throws -> Void)?>(nil)
    private let routes: RPCRoutes

    init() {
        let clock = SystemClock()
        routes = RPCRoutes(
            service: "workflow", signer: TestStore.signer(clock),
            runtime: TestRuntime.make(clock: clock)
        ) { nil }
        routes.on(RunBeforeRules.self) { [self] call, context in
            contexts.withLock { $0.append(context) }
            let count = calls.withLock { calls in
                calls.append(call)
                return calls.count
            }
            if let during = during.withLock({ $0 }) { try await during(count) }
            let answer = answer.withLock { $0 }
            return BeforeRulesRun(results: try call.items.map(answer))
        }
    }

    var transport: any Transport { RouterTransport(routes.router) }
    var count: Int { calls.withLock { $0.count } }
    var items: [RunBeforeRules.Item] { calls.withLock { $0.flatMap(\.items) } }
}

@Suite struct BeforeRuleTests {
    private let rules = Rules()

    private func make(_ moments: String..., folder: TemporaryFolder = TemporaryFolder())
        async throws -> TestStore
    {
        let store = try await TestStore(folder: folder, peers: ["workflow": rules.transport])
        let list = moments.map { moment -> JSONValue in
            [
                "code": .string("r_\(moment)"), "class": "ticket", "on": .string(moment),
                "do": [["set": ["score": 1]]],
            ]
        }
        var document = try helpdesk().object ?? JSONObject()
        document["rules"] = .array(list)
        try await store.apply(.object(document))
        return store
    }

    private func set(_ columns: JSONValue) {
        rules.answer.withLock { $0 = { _ in .set(columns.object ?? JSONObject()) } }
    }

    @Test func `rules are asked only where the class has any for the moment`() async throws {
        let store = try await make("changing", "inserted")
        try await store.create(customer, ["name": "Anna"])
        try await store.create(ticket, ["subject": "a"])
        try await store.delete(ticket, 1)
        #expect(rules.count == 0)
        try await store.create(ticket, ["subject": "b"])
        try await store.change(ticket, 2, ["subject": "b"])
        #expect(rules.count == 0, "a change without a difference is none")
        try await store.change(ticket, 2, ["subject": "c"])
        #expect(rules.count == 1)
    }

    @Test func `rules see the record as it would be and as it is, and the caller`() async throws {
        let store = try await make("inserting", "changing", "deleting")
        try await store.create(
            ticket, ["subject": "a", "spent": 15, "due": "2026-11-22T10:00:00+02:00"],
            as: .caller("ann", "agent"))
        try await store.change(ticket, 1, ["score": 2])
        try await store.delete(ticket, 1)
        let items = rules.items
        #expect(items.map(\.moment) == [.inserting, .changing, .deleting])
        let created = try JSONValue(parsing: items[0].record.bytes)
        #expect(created["id"] == .null)
        #expect(created["creator"] == "ann")
        #expect(created["status"] == "new")
        #expect(created["spent"]?.text == "15.00")
        #expect(created["due"] == "2026-11-22T08:00:00.000Z")
        #expect(items[0].previous.bytes == Array("null".utf8))
        let changed = try JSONValue(parsing: items[1].record.bytes)
        let previous = try JSONValue(parsing: items[1].previous.bytes)
        #expect(changed.id == 1 && previous["score"] == .null && changed["score"] == 2)
        #expect(changed["describe"] == "#1 a")
        #expect(try JSONValue(parsing: items[2].record.bytes)["score"] == 2)
        let context = rules.contexts.withLock { $0[0] }
        #expect(context.principal.account == "ann")
        #expect(rules.calls.withLock { $0[0].models } == ["helpdesk": 1])
    }

    @Test func `what rules set is written though the caller may not, and is held to the columns`()
        async throws
    {
        let store = try await make("inserting", "changing")
        let zoe = CallContext.caller("zoe", "customer")
        set(["status": "open", "score": 7])
        let created = try await store.create(ticket, ["subject": "a"], as: zoe)
        #expect(created["status"] == "open")
        #expect(try await store.get(ticket, 1)["score"] == 7)
        let own = await refusal { try await store.create(ticket, ["score": 1], as: zoe) }
        #expect(own?.status == 422, "the caller's own values are held to its grants")
        set(["score": 99, "nothing": 1])
        let problem = await refusal { try await store.change(ticket, 1, ["subject": "b"]) }
        #expect(Set(problem?.faults ?? []) == ["/score too-large", "/nothing unknown-member"])
    }

    @Test func `a rule may give a required column that the caller left out`() async throws {
        let store = try await make("inserting")
        let missing = await refusal { try await store.create(ticket, [:]) }
        #expect(missing?.faults == ["/subject required"])
        set(["subject": "from a rule"])
        #expect(try await store.create(ticket, [:])["subject"] == "from a rule")
    }

    @Test func `a refusal writes nothing, and each item of an array is judged by itself`()
        async throws
    {
        let store = try await make("inserting", "deleting")
        rules.answer.withLock { answer in
            answer = { item in
                let record = try JSONValue(parsing: item.record.bytes)
                if record["subject"] != "bad" { return .set(JSONObject([("score", 3)])) }
                return .refused(Problem(status: 422, code: "rule-refused", title: "A rule"))
            }
        }
        let answer = try await store.create(
            ticket, [["subject": "a"], ["subject": "bad"], ["subject": 5], ["subject": "d"]])
        let results = answer["results"]?.array ?? []
        #expect(results[0]["id"] == 1)
        #expect(results[1]["problem"]?["type"] == "/problems/rule-refused")
        #expect(results[2]["problem"]?["type"] == "/problems/validation-failed")
        #expect(results[3]["id"] == 2)
        #expect(rules.count == 1, "one question for the whole array")
        let whole = await refusal {
            try await store.create(ticket, [["subject": "a"], ["subject": "bad"]], atomic: true)
        }
        #expect(whole?.code == "rule-refused")
        #expect(try await store.ids(ticket) == [1, 2])
        rules.answer.withLock { answer in
            answer = { _ in .refused(Problem(status: 422, code: "rule-refused", title: "A rule")) }
        }
        #expect(await refusal { try await store.delete(ticket, 1) }?.code == "rule-refused")
        #expect(try await store.ids(ticket) == [1, 2])
    }

    @Test func `an atomic upsert that names a record twice is refused where rules run`()
        async throws
    {
        let store = try await make("inserting", "changing")
        let items: JSONValue = [
            ["subject": "a", "mail_id": "1"], ["subject": "b", "mail_id": "2"],
            ["subject": "c", "mail_id": "1"],
        ]
        let problem = await refusal {
            try await store.create(ticket, items, atomic: true, upsert: ["mail_id"])
        }
        #expect(problem?.status == 422 && problem?.faults == ["/2/mail_id repeated"])
        #expect(try await store.ids(ticket) == [])
        #expect(rules.count == 0)
        let each = try await store.create(ticket, items, upsert: ["mail_id"])
        #expect(
            each["results"]?.array?.map { $0["operation"] } == ["insert", "insert", "change"])
    }

    @Test func `rules are asked again about a record that was changed while they ran`() async throws
    {
        let store = try await make("changing")
        try await store.create(ticket, ["subject": "a"])
        let change: @Sendable (Int) async throws -> Void = { count in
            guard count <= 2 else { return }
            _ = try await store.foreign("UPDATE DataRow_2 SET score = \(count) WHERE id = 1")
        }
        rules.during.withLock { $0 = change }
        try await store.change(ticket, 1, ["subject": "b"])
        #expect(rules.count == 3)
        let seen = try rules.items.map { item -> Int64? in
            try JSONValue(parsing: item.record.bytes)["score"]?.integer
        }
        #expect(seen == [nil, 1, 2])
        #expect(try await store.get(ticket, 1)["score"] == 2)
        // Another program that never rests.
        rules.during.withLock { during in
            during = { count in
                _ = try await store.foreign("UPDATE DataRow_2 SET score = \(-count) WHERE id = 1")
            }
        }
        let problem = await refusal { try await store.change(ticket, 1, ["subject": "c"]) }
        #expect(problem?.status == 409)
        #expect(rules.count == 7)
    }

    @Test func `nothing is written while Workflow is away`() async throws {
        let store = try await make("inserting")
        rules.answer.withLock { answer in answer = { _ in throw Problem.internalError } }
        let problem = await refusal { try await store.create(ticket, ["subject": "a"]) }
        #expect(problem?.status == 503)
        #expect(problem?.retryAfter != nil)
        let alone = try await TestStore()
        var document = try helpdesk().object ?? JSONObject()
        document["rules"] = [["code": "r", "class": "ticket", "on": "inserting"]]
        try await alone.apply(.object(document))
        #expect(await refusal { try await alone.create(ticket, ["subject": "a"]) }?.status == 503)
        #expect(try await alone.ids(ticket).isEmpty)
    }

    @Test func `rules of another model on the class run too`() async throws {
        let store = try await make()
        try await store.apply(
            [
                "code": "audit", "roles": [], "classes": [],
                "rules": [
                    [
                        "code": "r", "class": "helpdesk.ticket", "on": "inserting",
                        "do": [["set": ["score": 1]]],
                    ]
                ],
            ])
        set(["score": 5])
        #expect(try await store.create(ticket, ["subject": "a"])["score"] == 5)
        #expect(rules.calls.withLock { $0[0].models } == ["audit": 1])
    }

    @Test func `a repeated key answers without asking the rules again`() async throws {
        let store = try await make("inserting")
        let caller = CallContext.caller("ann", "agent", key: "k1")
        let first = try await store.create(ticket, ["subject": "a"], as: caller)
        #expect(try await store.create(ticket, ["subject": "a"], as: caller) == first)
        #expect(rules.count == 1)
    }

    @Test func `a call without rules asks none, and its history says so`() async throws {
        let store = try await make("inserting")
        let caller = CallContext.make(
            .system, door: .import, cause: Cause(root: "run:1", via: "import:helpdesk.prices"))
        try await store.create(ticket, ["subject": "a"], as: caller, rules: false)
        #expect(rules.count == 0)
        #expect(
            try await store.history(ticket, 1)[0]["cause"] == "import:helpdesk.prices without rules"
        )
    }

    @Test func `one who may not write hears of no rule`() async throws {
        let store = try await make("inserting", "changing", "deleting")
        try await store.create(ticket, ["subject": "a"])
        let before = rules.count
        rules.answer.withLock { answer in
            answer = { _ in .refused(Problem(status: 422, code: "rule-refused", title: "A rule")) }
        }
        let clerk = CallContext.caller("cleo", "clerk")
        #expect(
            await refusal { try await store.change(ticket, 1, ["status": "open"], as: clerk) }?
                .status
                == 403)
        #expect(
            await refusal { try await store.create(ticket, ["subject": "x"], as: clerk) }?.status
                == 403)
        let zoe = CallContext.caller("zoe", "customer")
        #expect(await refusal { try await store.delete(ticket, 1, as: zoe) }?.status == 404)
        #expect(rules.count == before)
    }

    @Test func `rules see computed columns as they would be`() async throws {
        let store = try await TestStore(peers: ["workflow": rules.transport])
        try await store.apply(
            json(
                """
                {"code": "shop", "roles": [], "classes": [{"code": "line", "columns": [
                   {"code": "qty", "type": "integer"},
                   {"code": "price", "type": "decimal", "scale": 2},
                   {"code": "sum", "type": "computed", "value": "=qty * price"},
                   {"code": "twice", "type": "computed", "value": "=sum * 2"}]}],
                 "rules": [{"code": "a", "class": "line", "on": "inserting"},
                           {"code": "b", "class": "line", "on": "changing"}]}
                """))
        let line = FullCode(model: "shop", code: "line")
        try await store.create(line, ["qty": 3, "price": 2])
        try await store.change(line, 1, ["qty": 4])
        let seen = try rules.items.map { try JSONValue(parsing: $0.record.bytes)["twice"]?.text }
        #expect(seen == ["12.00", "16.00"])
        let previous = try JSONValue(parsing: rules.items[1].previous.bytes)
        #expect(previous["sum"]?.text == "6.00")
    }

    @Test func `a record of a family meets the rules of its own class by whatever address`()
        async throws
    {
        let store = try await TestStore(peers: ["workflow": rules.transport])
        try await store.apply(
            json(
                """
                {"code": "shop", "roles": [], "classes": [
                   {"code": "asset", "columns": [{"code": "name", "type": "text"}]},
                   {"code": "car", "parent": "asset",
                    "columns": [{"code": "plate", "type": "text"}]}],
                 "rules": [{"code": "a", "class": "car", "on": "changing"},
                           {"code": "b", "class": "asset", "on": "inserting"}]}
                """))
        let asset = FullCode(model: "shop", code: "asset")
        let car = FullCode(model: "shop", code: "car")
        try await store.create(asset, ["name": "desk"])
        try await store.create(car, ["name": "van", "plate": "A 1"])
        #expect(rules.count == 2)
        try await store.change(asset, 1, ["name": "table"])
        #expect(rules.count == 2, "the rule is of cars")
        set(["plate": "B 2"])
        try await store.change(asset, 2, ["name": "lorry"])
        #expect(rules.calls.withLock { $0.last?.types } == [car, asset])
        #expect(try JSONValue(parsing: rules.items[2].record.bytes)["plate"] == "A 1")
        #expect(try await store.get(car, 2)["plate"] == "B 2")
    }

    @Test func `an item of an array meets the rules as the items before it left the record`()
        async throws
    {
        let store = try await make("inserting", "changing")
        rules.answer.withLock { answer in
            answer = { item in
                let record = try JSONValue(parsing: item.record.bytes)
                let score = (record["score"]?.integer ?? 0) + 1
                return .set(JSONObject([("score", .number(JSONNumber(score)))]))
            }
        }
        let items: JSONValue = .array(
            ["a", "b", "c", "d"].map { ["subject": .string($0), "mail_id": "m"] }
                + [["subject": "other", "mail_id": "n"], ["subject": "none"]])
        let caller = CallContext.make(.system, key: "k1")
        let answer = try await store.create(ticket, items, as: caller, upsert: ["mail_id"])
        #expect(
            answer["results"]?.array?.map { $0["operation"]?.string } == [
                "insert", "change", "change", "change", "insert", "insert",
            ])
        #expect(try await store.get(ticket, 1)["score"] == 4)
        #expect(try await store.get(ticket, 1)["subject"] == "d")
        let again = try await store.create(ticket, items, as: caller, upsert: ["mail_id"])
        #expect(again == answer)
        #expect(try await store.ids(ticket) == [1, 2, 3])
    }
}
