import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Rows of files, written many at a time.
@Suite struct RowTests {
    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        return store
    }

    private func rows(
        _ rows: JSONValue, _ mode: WriteRows.Mode = .upsert, plan: Bool = false,
        expect: JSONValue? = nil
    ) -> WriteRows {
        WriteRows(
            ticket, mode: mode,
            columns: [
                .init("mail_id"), .init("subject"), .init("spent"),
                .init("customer", by: "number"),
            ],
            key: mode == .insert ? [] : ["mail_id"], rows: JSONBytes(rows.bytes),
            plan: plan ? true : nil, expect: expect.map { JSONBytes($0.bytes) })
    }

    private func write(
        _ store: TestStore, _ call: WriteRows, as context: CallContext = .system
    ) async throws -> [JSONValue] {
        try await JSONValue(parsing: store.records.writeRows(call, context).bytes)["results"]?
            .array ?? []
    }

    private func write(
        _ store: TestStore, _ items: JSONValue, atomic: Bool = false, plan: Bool = false
    ) async throws -> [JSONValue] {
        let call = WriteKnown(
            ticket, items: JSONBytes(items.bytes), atomic: atomic, plan: plan)
        let answer = try await store.records.writeKnown(call, .system)
        return try JSONValue(parsing: answer.bytes)["results"]?.array ?? []
    }

    private func fault(_ result: JSONValue) -> String {
        let first = result["problem"]?["errors"]?.array?.first
        return "\(first?["pointer"]?.string ?? "?") \(first?["code"]?.string ?? "?")"
    }

    @Test func `rows are inserted, changed, left alone and refused, each for itself`() async throws
    {
        let store = try await make()
        try await store.create(customer, ["name": "Acme", "number": 7])
        let first = try await write(
            store,
            rows([
                ["a", "A", 1, 7], ["b", "B", nil, nil], ["c", "C", "x", nil],
                ["d", "D", 1, 8], [nil, "E", 1, nil],
            ]))
        #expect(first[0] == ["insert", 1, 1])
        #expect(first[1] == ["insert", 2, 1])
        #expect(fault(first[2]) == "/spent wrong-type")
        #expect(fault(first[3]) == "/customer not-found")
        #expect(fault(first[4]) == "/mail_id required")
        #expect(try await store.get(ticket, 1)["customer"] == 1)

        let second = try await write(
            store, rows(try json(#"[["a","A",1,7],["b","B2",2.5,7],["a","",1,null]]"#)))
        #expect(second[0] == ["none", 1, 1])
        #expect(
            second[1]
                == (try json(
                    #"["change",2,2,{"subject":["B","B2"],"spent":[null,2.50],"#
                        + #""customer":[null,1]}]"#
                )))
        #expect(fault(second[2]) == "/subject required")
        #expect(second[2]["id"] == 1)
        #expect(first[3]["id"] == .null && first[4]["id"] == nil)
        let history = try await store.history(ticket, 2)
        #expect(history.map { $0["operation"] } == ["insert", "change"])
    }

    @Test func `a mode of updates makes no record, and one of inserts finds none`() async throws {
        let store = try await make()
        let missing = try await write(store, rows([["a", "A", 1, nil]], .update))
        #expect(fault(missing[0]) == " not-found")
        let made = try await write(
            store, rows([["a", "A", 1, nil], ["a", "B", 1, nil]], .insert))
        #expect(made[0] == ["insert", 1, 1])
        #expect(fault(made[1]) == "/mail_id not-unique")
        #expect(try await store.ids(ticket) == [1])
    }

    @Test func `a plan writes nothing, and is then done exactly or not at all`() async throws {
        let store = try await make()
        _ = try await write(store, rows([["a", "A", 1, nil], ["b", "B", 1, nil]]))
        let change: JSONValue = [["a", "A2", 1, nil], ["c", "C", 1, nil], ["b", "B", 1, nil]]
        let planned = try await write(store, rows(change, plan: true))
        #expect(planned[0] == ["change", 1, 2, ["subject": ["A", "A2"]]])
        #expect(planned[1].array?.prefix(3) == ["insert", nil, 1])
        #expect(planned[1].array?.last?["subject"] == [nil, "C"])
        #expect(planned[2] == ["none", 2, 1])
        #expect(try await store.ids(ticket).count == 2)
        #expect(try await store.history(ticket, 1).count == 1)

        try await store.change(ticket, 2, ["subject": "moved"])
        let problem = await refusal {
            try await write(store, rows(change, expect: .array(planned)))
        }
        #expect(problem?.code == "plan-moved" && problem?.faults == ["/2 moved"])
        #expect(try await store.ids(ticket).count == 2)
        try await store.change(ticket, 2, ["subject": "B"])
        let again = try await write(store, rows(change, plan: true))
        let done = try await write(store, rows(change, expect: .array(again)))
        #expect(done[0] == again[0] && done[2] == again[2])
        // A server gives no number twice, not even one that was planned.
        #expect(done[1].array?.first == "insert" && done[1].array?[2] == 1)
        #expect(try await store.ids(ticket).count == 3)
    }

    @Test func `records that are known change, go and come back at their versions`() async throws {
        let store = try await make()
        _ = try await write(store, rows([["a", "A", 1, nil], ["b", "B", 1, nil]]))
        let items: JSONValue = [
            ["change", 1, 1, ["subject": "A2"]], ["delete", 2, 9], ["delete", 2, 1],
        ]
        let planned = try await write(store, items, plan: true)
        #expect(planned[0] == ["change", 1, 2, ["subject": ["A", "A2"]]])
        #expect(planned[1]["problem"]?["type"] == "/problems/version-mismatch")
        #expect(planned[1]["id"] == 2 && planned[2] == ["delete", 2, 2])
        let problem = await refusal { try await write(store, items, atomic: true) }
        #expect(problem?.faults == ["/1 version-mismatch"])
        #expect(try await store.ids(ticket).count == 2)
        #expect(try await write(store, items) == planned)
        #expect(try await store.ids(ticket) == [1])
        #expect(try await write(store, [["restore", 2, 2]]) == [["restore", 2, 3]])
        #expect(try await store.ids(ticket).count == 2)
    }

    @Test func `rows are held to the caller's rights, and a key makes them once`() async throws {
        let store = try await make()
        let clerk = CallContext.caller("zoe", "clerk")
        let problem = await refusal {
            try await write(store, rows([["a", "A", 1, nil]]), as: clerk)
        }
        #expect(problem?.status == 403 || problem?.status == 422)
        let keyed = CallContext.make(.system, key: "k")
        let call = rows([["a", "A", 1, nil]], .insert)
        let first = try await write(store, call, as: keyed)
        #expect(try await write(store, call, as: keyed) == first)
        #expect(try await store.ids(ticket).count == 1)
        let unknown = await refusal {
            var call = call
            call.columns[1] = .init("colour")
            call.columns[3] = .init("customer", by: "name")
            return try await write(store, call)
        }
        #expect(unknown?.faults == ["/columns/1/code unknown-column", "/columns/3/by not-unique"])
    }

    @Test func `without history and without rules nobody is told, and totals are new`()
        async throws
    {
        let store = try await TestStore()
        let quiet = try helpdesk { text in
            text = text.replacing(
                #""code": "ticket", "name""#, with: #""code": "ticket", "history": false, "name""#)
        }
        try await store.apply(quiet)
        var call = rows([["a", "A", 1, nil]])
        call.rules = false
        _ = try await write(store, call)
        #expect(try await store.list(ticket, count: true)["count"] == 1)
        call.rows = JSONBytes(Array(#"[["a","A",2,null],["b","B",2,null]]"#.utf8))
        _ = try await write(store, call)
        #expect(try await store.list(ticket, count: true)["count"] == 2)
        #expect(try await store.foreign("SELECT count(*) FROM change_log").output == "0\n")
        call.rules = nil
        _ = try await write(store, call)
        _ = try await write(store, rows([["c", "C", 1, nil]]))
        #expect(
            try await store.foreign("SELECT count(*), sum(kept) FROM change_log").output
                == "1|0\n")
    }
}
