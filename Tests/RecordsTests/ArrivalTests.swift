import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Records that callers create at the same time on a server.
@Suite(.enabled(if: TestStore.isServer, "of a server alone")) struct ArrivalTests {
    private static let count = 150

    private let store: TestStore
    private let group = FullCode(model: "m", code: "group")

    init() async throws {
        store = try await TestStore()
        try await store.apply(
            json(
                #"""
                {"code": "m", "name": "M", "roles": ["clerk", "other"],
                 "classes": [{"code": "item", "webAccess": true, "search": ["text"], "columns": [
                    {"code": "text", "type": "text"}, {"code": "key", "type": "text", "unique": true},
                    {"code": "number", "type": "integer"}, {"code": "place", "type": "boolean"},
                    {"code": "price", "type": "decimal", "scale": 2},
                    {"code": "list", "type": "text", "many": true},
                    {"code": "double", "type": "computed", "value": "=number * 2"},
                    {"code": "group", "type": "reference", "class": "group"}],
                   "grants": [{"role": "clerk", "operations": ["read", "insert", "change"]},
                     {"role": "other", "operations": ["insert"]}]},
                  {"code": "group", "webAccess": true, "columns": [{"code": "name", "type": "text"}],
                   "grants": [{"role": "clerk", "operations": ["read"]}]}]}
                """#))
        try await store.create(group, ["name": "the one"])
    }

    /// What must come back as it was sent.
    private static let texts = [
        "plain", "", #"a "quote", and a \ more"#, "{braces},NULL", "NULL", "tab\tline\nend",
        "žluťoučký 🐎",
        "'; DROP TABLE store; --", "$geartrain$", #"\x41"#, "  ",
    ]

    private func caller(_ number: Int) -> CallContext {
        CallContext.make(
            Principal(account: "ann\(number % 3)", roles: [number % 5 == 4 ? "other" : "clerk"]),
            cause: Cause(root: "request:\(number)"))
    }

    /// Every seventh refers to a group, which the caller `other` may not see.
    private func body(_ number: Int, key: String? = nil) -> JSONValue {
        let text = ArrivalTests.texts[number % ArrivalTests.texts.count]
        return [
            "text": text.isEmpty ? .null : .string(text),
            "key": key.map { .string($0) } ?? .null,
            "number": number % 4 == 0 ? .null : .number(JSONNumber(Int64(number))),
            "place": number % 3 == 0 ? .null : .boolean(number % 3 == 1),
            "price": .number(JSONNumber(unscaled: Int64(number) - 20, scale: 2)),
            "group": number % 7 == 3 && number % 5 != 4 ? 1 : .null,
            "list": number % 2 == 0 ? [] : [.string(text + "!"), "b"],
        ]
    }

    /// Creates all at once; answers what each was told, by its number.
    private func createAll(
        _ body: @escaping @Sendable (Int) -> JSONValue
    ) async throws -> [Int: Result<JSONValue, any Error>] {
        let store = store
        return await withTaskGroup(of: (Int, Result<JSONValue, any Error>).self) { group in
            for number in 0..<ArrivalTests.count {
                group.addTask {
                    do {
                        let context = self.caller(number)
                        return (
                            number,
                            .success(try await store.create(item, body(number), as: context))
                        )
                    } catch { return (number, .failure(error)) }
                }
            }
            var found: [Int: Result<JSONValue, any Error>] = [:]
            for await (number, result) in group { found[number] = result }
            return found
        }
    }

    @Test func `each gets its own record, under its own name, and many go in one transaction`()
        async throws
    {
        let answers = try await createAll { body($0) }
        var ids: Set<Int64> = []
        for number in 0..<ArrivalTests.count {
            let answer = try #require(answers[number]).get()
            ids.insert(answer.id)
            let stands = try await store.get(item, answer.id)
            // Who may not read what he created is told its id and version.
            if number % 5 == 4 {
                #expect(answer.object?.keys == ["id", "version"], "\(number)")
            } else {
                #expect(answer == stands, "\(number)")
            }
            let sent = body(number)
            for code in ["text", "number", "place", "list", "price", "group"] {
                #expect(stands[code] == sent[code], "\(number) \(code)")
            }
            #expect(stands["double"]?.integer == sent["number"]?.integer.map { $0 * 2 })
            #expect(stands["creator"]?.string == "ann\(number % 3)", "\(number)")
            let history = try await store.history(item, answer.id)
            #expect(history.map { $0["operation"]?.string } == ["insert"], "\(number)")
            #expect(history[0]["account"]?.string == "ann\(number % 3)", "\(number)")
            #expect(history[0]["cause"]?.string == "request:\(number)", "\(number)")
        }
        #expect(ids.count == ArrivalTests.count)
        let transactions = try await store.database.read {
            try $0.count("SELECT count(DISTINCT CAST(CAST(xmin AS TEXT) AS BIGINT)) FROM DataRow_1")
        }
        #expect(transactions < ArrivalTests.count / 2)
        let order = try await store.database.read {
            try $0.query("SELECT record FROM change_log WHERE class = 1 ORDER BY seq") {
                $0.integer(0)
            }
        }
        #expect(order == order.sorted() && order.count == ArrivalTests.count)
        let found = ListRecords(item, limit: 200, search: "žluťoučký")
        let horses = try JSONValue(parsing: await store.records.list(found, .system).bytes)
        let sent = (0..<ArrivalTests.count).count { body($0)["text"] == "žluťoučký 🐎" }
        #expect(horses.ids.count == sent)
    }

    @Test func `what one is refused for is told to that one alone`() async throws {
        try await store.create(item, ["key": "taken"])
        let answers = try await createAll { number in
            switch number {
            case 20: body(number, key: "taken")
            case 40: ["unknown": 1]
            case 41, 42: body(number, key: "both")
            case 43: ["group": 2]
            case 44: ["group": 1]
            case 60: ["text": .string(String(repeating: "x", count: 100_000))]
            default: body(number, key: "k\(number)")
            }
        }
        func faults(_ number: Int) async -> [String] {
            await refusal { try answers[number]?.get() }?.faults ?? []
        }
        #expect(await faults(20) == ["/key not-unique"])
        #expect(await faults(40) == ["/unknown unknown-member"])
        #expect(await faults(43) == ["/group not-found"])
        // Whose caller may not see it.
        #expect(await faults(44) == ["/group not-found"])
        let both = [await faults(41), await faults(42)].sorted { $0.count < $1.count }
        #expect(both == [[], ["/key not-unique"]])
        for number in 0..<ArrivalTests.count where ![20, 40, 41, 42, 43, 44].contains(number) {
            #expect(await faults(number) == [], "\(number)")
        }
        let count = Int64(ArrivalTests.count)
        #expect(try await store.list(item, limit: 1, count: true)["count"]?.integer == count - 4)
        #expect(
            try await store.database.read {
                try $0.count("SELECT count(*) FROM change_log WHERE class = 1")
            }
                == count - 4)
    }

    @Test
    func `a trigger of another program that leaves a record out leaves none of the others out`()
        async throws
    {
        let made = try await store.foreign(
            """
            CREATE FUNCTION leave_out() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.text = 'plain' THEN RETURN NULL; END IF; RETURN NEW; END $$;
            CREATE TRIGGER leave_out BEFORE INSERT ON DataRow_1 FOR EACH ROW
            EXECUTE FUNCTION leave_out();
            """)
        #expect(made.code == 0, "\(made.output)")
        let answers = try await createAll { body($0) }
        for (number, answer) in answers {
            let sent = body(number)["text"]
            switch answer {
            case .success(let record):
                #expect(try await store.get(item, record.id)["text"] == sent, "\(number)")
            case .failure: #expect(sent == "plain", "\(number)")
            }
        }
        let count = (0..<ArrivalTests.count).count { body($0)["text"] != "plain" }
        #expect(try await store.ids(item).count == count)
    }

    @Test
    func `what a trigger of another program writes as well is logged once, for whoever caused it`()
        async throws
    {
        let made = try await store.foreign(
            """
            CREATE FUNCTION write_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO DataRow_2 (name) VALUES (NEW.creator), (NEW.creator);
            UPDATE DataRow_2 SET name = 'the one ' || NEW.id WHERE id = 1; RETURN NULL; END $$;
            CREATE TRIGGER write_more AFTER INSERT ON DataRow_1 FOR EACH ROW
            EXECUTE FUNCTION write_more();
            """)
        #expect(made.code == 0, "\(made.output)")
        let answers = try await createAll { body($0) }
        for answer in answers.values { _ = try answer.get() }
        try await store.create(item, .array((0..<100).map { body($0) }), as: caller(1))
        let logged = try await store.database.read {
            try $0.query(
                """
                SELECT operation, account, count(*) FROM change_log WHERE class = 2 AND seq > 1
                GROUP BY operation, account ORDER BY operation, account
                """
            ) { "\($0.text(0)) \($0.text(1)) \($0.integer(2))" }
        }
        #expect(
            logged == [
                "change ann0 50", "change ann1 150", "change ann2 50",
                "insert ann0 100", "insert ann1 300", "insert ann2 100",
            ])
        let strangers = try await store.database.read {
            try $0.count(
                """
                SELECT count(*) FROM change_log AS l JOIN DataRow_2 AS g ON g.id = l.record
                WHERE l.class = 2 AND l.operation = 'insert' AND l.seq > 1 AND g.name <> l.account
                AND g.id > 1
                """)
        }
        #expect(strangers == 0)
    }

    @Test func `who says that Records writes, and does not say for whom, is refused`() async throws
    {
        try await store.create(item, ["text": "a"])
        for sql in [
            "UPDATE DataRow_1 SET text = 'b'", "DELETE FROM DataRow_1", "TRUNCATE DataRow_1",
            "INSERT INTO DataRow_1 (text) VALUES ('b')",
        ] {
            for word in ["[]", "{}", "[{}]", "[", "[1", "x"] {
                let answer = try await store.foreign("SET geartrain.write = '\(word)'; \(sql)")
                #expect(answer.code != 0, "\(word) \(sql)")
            }
        }
        #expect(try await store.get(item, 1)["text"] == "a")
    }

    @Test func `an array is written in its order, whatever is wrong with some of it`() async throws
    {
        let wrong: [Int: JSONValue] = [
            10: ["unknown": 1], 70: body(70, key: "same"), 71: body(71, key: "same"),
            149: ["text": 5],
        ]
        let sent = (0..<ArrivalTests.count).map { wrong[$0] ?? body($0) }
        let answer = try await store.create(item, .array(sent), as: caller(0))
        let results = try #require(answer["results"]?.array)
        #expect(results.count == sent.count)
        var ids: [Int64] = []
        for (number, result) in results.enumerated() {
            guard ![10, 71, 149].contains(number) else {
                #expect(result["problem"] != nil, "\(number)")
                continue
            }
            #expect(result["operation"] == "insert" && result["version"] == 1, "\(number)")
            ids.append(result.id)
            let stands = try await store.get(item, result.id)
            #expect(stands["text"] == sent[number]["text"], "\(number)")
            #expect(stands["price"] == sent[number]["price"], "\(number)")
        }
        #expect(ids == ids.sorted() && Set(ids).count == ArrivalTests.count - 3)
        let logged = try await store.database.read {
            try $0.query("SELECT record FROM change_log WHERE account = 'ann0' ORDER BY seq") {
                $0.integer(0)
            }
        }
        #expect(logged == ids)
    }

    @Test func `an upsert finds what its own array has just brought`() async throws {
        let sent = (0..<100).map { body($0, key: "k\($0 % 60)") }
        let answer = try await store.create(
            item, .array(sent), as: caller(0), upsert: ["key"])
        let effects = answer["results"]?.array?.map { $0["operation"]?.string } ?? []
        #expect(effects.prefix(60).allSatisfy { $0 == "insert" })
        #expect(effects.dropFirst(60).allSatisfy { $0 == "change" })
        let first = try #require(answer["results"]?.array?.first).id
        #expect(try await store.get(item, first)["price"] == sent[60]["price"])
    }
}
