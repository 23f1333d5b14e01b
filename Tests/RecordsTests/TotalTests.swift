import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// What a list adds up of all that its filter finds.
@Suite struct TotalTests {
    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        return store
    }

    private func totals(
        _ store: TestStore, _ totals: String, filter: String? = nil, deleted: String? = nil,
        as context: CallContext = .caller("ada", "agent")
    ) async throws -> JSONValue? {
        let call = ListRecords(ticket, filter: filter, limit: 1, deleted: deleted, totals: totals)
        return try JSONValue(parsing: await store.records.list(call, context).bytes)["totals"]
    }

    @Test func `sums are exact, and follow every write and every filter`() async throws {
        let store = try await make()
        let all = "sum(spent),avg(spent),min(spent),max(spent),count(spent),max(score),min(due)"
        #expect(
            try await totals(store, all)?.text
                == #"{"spent":{"sum":0.00,"avg":null,"min":null,"max":null,"count":0},"#
                + #""score":{"max":null},"due":{"min":null}}"#)
        try await store.create(
            ticket,
            json(
                """
                [{"subject": "a", "spent": 0.10, "score": -3, "due": "2026-12-01T10:00:00Z"},
                 {"subject": "b", "spent": 0.20, "score": 4, "due": "2026-11-01T10:00:00Z"},
                 {"subject": "c", "spent": 0.02}, {"subject": "d", "status": "open"}]
                """))
        #expect(
            try await totals(store, all)?.text
                == #"{"spent":{"sum":0.32,"avg":0.106667,"min":0.02,"max":0.20,"count":3},"#
                + #""score":{"max":4},"due":{"min":"2026-11-01T10:00:00.000Z"}}"#)
        #expect(
            try await totals(store, "avg(score),sum(score)", filter: "score ne null")?.text
                == #"{"score":{"avg":0.5,"sum":1}}"#)
        #expect(
            try await totals(store, "sum(spent)", filter: "score eq 4")?.text
                == #"{"spent":{"sum":0.20}}"#)
        try await store.delete(ticket, 2)
        #expect(try await totals(store, "sum(spent)")?["spent"]?["sum"]?.text == "0.12")
        #expect(
            try await totals(store, "sum(spent)", deleted: "only")?["spent"]?["sum"]?.text
                == "0.20")
        #expect(
            try await store.foreign("UPDATE DataRow_2 SET spent = 1000 WHERE id = 1").code == 0)
        #expect(try await totals(store, "sum(spent)")?["spent"]?["sum"]?.text == "10.02")
    }

    @Test func `a sum may be larger than any of its values could be`() async throws {
        let store = try await make()
        let large = Int64.max
        for (id, sign) in [(1, ""), (2, ""), (3, "-")] {
            try await store.create(customer, ["name": "c"])
            let sql = "UPDATE DataRow_1 SET number = \(sign)\(large - Int64(id)) WHERE id = \(id)"
            #expect(try await store.foreign(sql).code == 0)
        }
        let call = ListRecords(customer, filter: "number gt 0", totals: "sum(number),avg(number)")
        let answer = try JSONValue(
            parsing: await store.records.list(call, .caller("ada", "agent")).bytes)
        #expect(answer["totals"]?["number"]?["sum"]?.text == "18446744073709551611")
        #expect(answer["totals"]?["number"]?["avg"]?.text == "9223372036854775805.5")
    }

    @Test func `one adds up what one may read, and nothing else`() async throws {
        let store = try await make()
        for (account, spent) in [("ada", 1), ("zoe", 2), ("zoe", 4)] as [(String, Int64)] {
            try await store.create(
                ticket, ["subject": "x", "spent": .number(JSONNumber(spent)), "score": 1],
                as: .caller(account, "agent"))
        }
        // Rows of one's own; and a column in rows of one's own.
        #expect(
            try await totals(store, "count(subject)", as: .caller("zoe", "customer"))?.text
                == #"{"subject":{"count":2}}"#)
        #expect(
            try await totals(
                store, "count(subject),sum(spent)", as: .caller("zoe", "clerk"))?.text
                == #"{"subject":{"count":3},"spent":{"sum":6.00}}"#)
        let hidden = await refusal {
            try await totals(store, "sum(spent)", as: .caller("zoe", "customer"))
        }
        let unknown = await refusal { try await totals(store, "sum(nothing)") }
        #expect(hidden?.code == "invalid-filter" && unknown?.code == "invalid-filter")
        #expect(hidden?.extra["parameter"]?.string == "totals")
        #expect(
            hidden?.detail == unknown?.detail?.replacing("nothing", with: "spent"))
    }

    @Test(arguments: [
        ("sum", 3), ("sum(", 4), ("sum()", 4), ("sum(spent", 9), ("sum(spent))", 10),
        ("sum(spent),", 11), ("total(spent)", 0), ("sum(subject)", 4), ("sum(customer)", 4),
        ("max(subject)", 4), ("avg(due)", 4), ("sum(spent),sum(spent)", 11),
        ("sum(spent);drop table x", 10), ("sum(urgent)", 4),
    ]) func `what cannot be added up says where`(text: String, place: Int) async throws {
        let store = try await make()
        let problem = await refusal { try await totals(store, text) }
        #expect(problem?.code == "invalid-filter")
        #expect(problem?.extra["position"]?.integer == Int64(place), "\(problem?.detail ?? "")")
    }
}
