import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Deleted records are listed, read and restored; versions come back; many records change at once.
@Suite struct RestoreTests {
    private static let grants = """
        {"role": "agent", "operations": ["read", "insert", "change", "delete"]},
        {"role": "boss", "operations": ["read", "insert", "change", "delete", "changeMany",
                                        "deleteMany"]},
        """

    private func make(
        deletion: String = "logical", onCommit: @escaping @Sendable () -> Void = {}
    ) async throws -> TestStore {
        let store = try await TestStore(onCommit: onCommit)
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    """
                    {"role": "agent", "operations": ["read", "insert", "change", "delete"]},
                    """, with: RestoreTests.grants)
                $0 = $0.replacing(#""clerk"],"#, with: #""clerk", "boss"],"#)
                $0 = $0.replacing(
                    ##""describe": "#{id} {subject}""##,
                    with: ##""describe": "#{id} {subject}", "deletion": "\##(deletion)""##)
            })
        return store
    }

    private let ada = CallContext.caller("ada", "agent")
    private let boss = CallContext.caller("ben", "boss")
    private let clerk = CallContext.caller("cid", "clerk")

    // MARK: Deleted records

    @Test func `deleted records are listed for who may delete them, with when and by whom`()
        async throws
    {
        let store = try await make()
        for subject in ["a", "b", "c"] {
            try await store.create(ticket, ["subject": .string(subject)], as: ada)
        }
        try await store.delete(ticket, 2, as: ada)
        #expect(try await store.list(ticket, as: ada).ids == [1, 3])
        let only = try await store.list(ticket, deleted: "only", as: ada)
        #expect(only.ids == [2])
        let item = only["items"]?.array?.first
        #expect(item?["deleted"]?["account"] == "ada")
        #expect(item?["deleted"]?["time"] == item?["modified"])
        #expect(item?["version"] == 2)
        let all = try await store.list(ticket, count: true, deleted: "include", as: ada)
        #expect(all.ids == [1, 2, 3])
        #expect(all["count"] == 3)
        #expect(all["items"]?.array?.first?["deleted"] == .null)
        let filtered = try await store.list(
            ticket, filter: "subject eq 'b'", orderby: "subject desc", deleted: "only", as: ada)
        #expect(filtered.ids == [2])
        let first = try await store.list(ticket, limit: 2, deleted: "include", as: ada)
        let next = try #require(first["next"]?.string)
        #expect(
            try await store.list(ticket, cursor: next, deleted: "include", as: ada).ids == [3])
        #expect(
            await refusal { try await store.list(ticket, cursor: next, as: ada) }?.code
                == "invalid-cursor")
        #expect(
            await refusal { try await store.list(ticket, deleted: "only", as: clerk) }?.status
                == 403)
    }

    @Test func `one deleted record is read by who may delete it, and by nobody else`()
        async throws
    {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"], as: ada)
        try await store.delete(ticket, 1, as: ada)
        #expect(await refusal { try await store.get(ticket, 1, as: ada) }?.status == 404)
        let record = try await store.get(ticket, 1, deleted: "include", as: ada)
        #expect(record["subject"] == "a" && record["deleted"]?["account"] == "ada")
        #expect(
            await refusal { try await store.get(ticket, 1, deleted: "include", as: clerk) }?.status
                == 403)
    }

    @Test func `rows of a delete grant hold for deleted records too`() async throws {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #"{"role": "clerk", "operations": ["read"], "rows": {"scope": "own"}}"#,
                    with: #"{"role": "clerk", "operations": ["read", "insert", "delete"], "#
                        + #""rows": {"scope": "own"}}"#)
            })
        try await store.create(ticket, ["subject": "mine"], as: clerk)
        try await store.create(ticket, ["subject": "hers"], as: ada)
        try await store.delete(ticket, 1, as: clerk)
        try await store.delete(ticket, 2, as: ada)
        #expect(try await store.list(ticket, deleted: "only", as: clerk).ids == [1])
        #expect(try await store.list(ticket, deleted: "include", as: clerk).ids == [1])
        #expect(
            await refusal { try await store.get(ticket, 2, deleted: "include", as: clerk) }?.status
                == 404)
        #expect(
            await refusal { try await store.restore(ticket, 2, as: clerk) }?.status == 404)
    }

    // MARK: Restore

    @Test func `an earlier version comes back as a change of its own`() async throws {
        let store = try await make()
        try await store.create(customer, ["name": "Anna"], as: ada)
        let body = try json(
            """
            {"subject": "a", "spent": 1.10, "urgent": true, "day": "2026-11-22", "customer": 1,
             "due": "2026-11-22T10:00:00Z", "mail_id": "m", "score": -3}
            """)
        let first = try await store.create(ticket, body, as: ada)
        try await store.change(
            ticket, 1,
            try json(
                """
                {"subject": "b", "spent": null, "urgent": false, "day": null, "customer": null,
                 "due": null, "mail_id": null, "score": 7, "body": "new"}
                """), as: ada)
        let restored = try await store.restore(ticket, 1, version: 2, to: 1, as: ada)
        #expect(restored.version == 3)
        for column in ["subject", "spent", "urgent", "day", "customer", "due", "mail_id", "score"] {
            #expect(restored[column] == first[column], "\(column)")
        }
        #expect(restored["body"] == .null)
        let last = try await store.history(ticket, 1).last
        #expect(last?["operation"] == "change" && last?["account"] == "ada")
        let same = try await store.restore(ticket, 1, version: 3, to: 1, as: ada)
        #expect(same.version == 3)
    }

    @Test func `a restore is checked like any change`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "mail_id": "m"], as: ada)
        try await store.change(ticket, 1, ["mail_id": "n"], as: ada)
        try await store.create(ticket, ["subject": "b", "mail_id": "m"], as: ada)
        let clash = await refusal { try await store.restore(ticket, 1, to: 1, as: ada) }
        #expect(clash?.faults == ["/mail_id not-unique"])
        #expect(
            await refusal { try await store.restore(ticket, 1, version: 1, to: 1, as: ada) }?.code
                == "version-mismatch")
        #expect(
            await refusal { try await store.restore(ticket, 1, to: 9, as: ada) }?.faults
                == ["/version not-found"])
        #expect(
            await refusal { try await store.restore(ticket, 1, as: ada) }?.faults
                == ["/version required"])
        #expect(
            await refusal { try await store.restore(ticket, 1, to: 1, as: clerk) }?.status == 403)
        #expect(
            await refusal { try await store.restore(ticket, 99, to: 1, as: ada) }?.status == 404)
    }

    @Test func `a restore leaves alone what the caller may not read, and tells nothing of it`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #"{"role": "clerk", "operations": ["read"], "columns""#,
                    with: #"{"role": "clerk", "operations": ["read", "change"], "columns""#)
            })
        try await store.create(ticket, ["subject": "a", "body": "x"], as: ada)
        try await store.change(ticket, 1, ["subject": "b", "body": "y"], as: ada)
        let restored = try await store.restore(ticket, 1, to: 1, as: clerk)
        #expect(restored["subject"] == "a" && restored["body"] == nil)
        #expect(try await store.get(ticket, 1, as: ada)["body"] == "y")
    }

    @Test func `a deleted record comes back as it was, or as an earlier version`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"], as: ada)
        try await store.change(ticket, 1, ["subject": "b"], as: ada)
        try await store.delete(ticket, 1, as: ada)
        let back = try await store.restore(ticket, 1, version: 3, as: ada)
        #expect(back.version == 4 && back["subject"] == "b")
        try await store.delete(ticket, 1, as: ada)
        let first = try await store.restore(ticket, 1, version: 5, to: 1, as: ada)
        #expect(first.version == 6 && first["subject"] == "a")
        let operations = try await store.history(ticket, 1).map { $0["operation"] }
        #expect(operations == ["insert", "change", "delete", "restore", "delete", "restore"])
        #expect(try await store.ids(ticket, as: ada) == [1])
    }

    @Test func `what took its place keeps it: a unique value is told`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "mail_id": "m"], as: ada)
        try await store.delete(ticket, 1, as: ada)
        try await store.create(ticket, ["subject": "b", "mail_id": "m"], as: ada)
        let clash = await refusal { try await store.restore(ticket, 1, as: ada) }
        #expect(clash?.faults == ["/mail_id not-unique"])
    }

    @Test func `what is gone for good does not come back`() async throws {
        let store = try await make(deletion: "physical")
        try await store.create(ticket, ["subject": "a"], as: ada)
        try await store.delete(ticket, 1, as: ada)
        #expect(try await store.list(ticket, deleted: "only", as: ada).ids == [])
        #expect(
            await refusal { try await store.restore(ticket, 1, to: 1, as: ada) }?.status == 404)
    }

    // MARK: Many

    @Test func `many records change at once under their own grant, one cause, each in history`()
        async throws
    {
        let store = try await make()
        for number in 0..<20 {
            let status = number % 2 == 0 ? "new" : "open"
            try await store.create(
                ticket, ["subject": .string("s\(number)"), "status": .string(status)], as: ada)
        }
        let body = try json(#"{"status": "closed", "score": 4}"#)
        let filter = "status eq 'new'"
        #expect(
            await refusal { try await store.changeMany(ticket, filter, 10, body, as: ada) }?.status
                == 403)
        let wrong = await refusal { try await store.changeMany(ticket, filter, 9, body, as: boss) }
        #expect(wrong?.status == 412 && wrong?.code == "count-mismatch")
        #expect(wrong?.extra["count"] == 10)
        #expect(try await store.ids(ticket, filter: "status eq 'closed'") == [])
        let done = try await store.changeMany(ticket, filter, 10, body, as: boss)
        #expect(done == (try json(#"{"count": 10, "changed": 10}"#)))
        #expect(try await store.ids(ticket, filter: "score eq 4").count == 10)
        let roots = try await store.database.read { connection in
            try connection.query(
                "SELECT DISTINCT root FROM change_log WHERE operation = 'change'"
            ) { $0.text(0) }
        }
        #expect(roots == ["request:r1"])
        #expect(try await store.history(ticket, 1).last?["account"] == "ben")
    }

    @Test func `one record that cannot be changed holds back all, and is named`() async throws {
        let store = try await make()
        for name in ["a", "b"] { try await store.create(ticket, ["subject": .string(name)]) }
        let clash = await refusal {
            try await store.changeMany(ticket, "id gt 0", 2, ["mail_id": "same"], as: boss)
        }
        #expect(clash?.status == 422 && clash?.faults == ["/mail_id not-unique"])
        #expect(clash?.extra["record"] == 2)
        #expect(try await store.get(ticket, 1)["mail_id"] == .null)
        let faulty = await refusal {
            try await store.changeMany(
                ticket, "id gt 0", 2, ["score": 99, "nothing": 1], as: boss)
        }
        #expect(Set(faulty?.faults ?? []) == ["/score too-large", "/nothing unknown-member"])
        let unreadable = await refusal {
            try await store.changeMany(ticket, "nothing eq 1", 2, ["score": 1], as: boss)
        }
        #expect(unreadable?.code == "invalid-filter")
    }

    @Test func `many records are deleted at once, all or none`() async throws {
        let store = try await make()
        for number in 0..<5 {
            try await store.create(ticket, ["subject": .string("s\(number)")], as: ada)
        }
        #expect(
            await refusal { try await store.deleteMany(ticket, "id le 3", 3, as: ada) }?.status
                == 403)
        #expect(
            await refusal { try await store.deleteMany(ticket, "id le 3", 4, as: boss) }?.code
                == "count-mismatch")
        let done = try await store.deleteMany(ticket, "id le 3", 3, as: boss)
        #expect(done["changed"] == 3)
        #expect(try await store.ids(ticket) == [4, 5])
        #expect(try await store.list(ticket, deleted: "only", as: boss).ids == [1, 2, 3])
    }

    // MARK: Pages of history

    @Test func `history comes in pages, from either end`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"], as: ada)
        for score in 1...6 {
            try await store.change(ticket, 1, ["score": .number(JSONNumber(Int64(score)))])
        }
        func versions(_ newest: Bool?) async throws -> [[Int64]] {
            var pages: [[Int64]] = []
            var cursor: String?
            repeat {
                let call = RecordHistory(
                    ticket, id: 1, limit: 3, cursor: cursor, newest: newest)
                let page = try JSONValue(parsing: await store.records.history(call, ada).bytes)
                pages.append((page["items"]?.array ?? []).map(\.version))
                cursor = page["next"]?.string
            } while cursor != nil
            return pages
        }
        #expect(try await versions(nil) == [[1, 2, 3], [4, 5, 6], [7]])
        #expect(try await versions(true) == [[7, 6, 5], [4, 3, 2], [1]])
        for cursor in ["x", "b2xk", "bmV3OjE"] {
            let call = RecordHistory(ticket, id: 1, cursor: cursor)
            #expect(
                await refusal { try await store.records.history(call, ada) }?.code
                    == "invalid-cursor")
        }
    }
}

extension TestStore {
    @discardableResult
    fileprivate func restore(
        _ type: FullCode, _ id: Int64, version: Int64? = nil, to: Int64? = nil,
        as context: CallContext
    ) async throws -> JSONValue {
        let call = RestoreRecord(type, id: id, version: version, to: to)
        return try JSONValue(parsing: await records.restore(call, context).bytes)
    }

    @discardableResult
    fileprivate func changeMany(
        _ type: FullCode, _ filter: String, _ expect: Int64, _ body: JSONValue,
        as context: CallContext
    ) async throws -> JSONValue {
        let call = ChangeMany(
            type, filter: filter, expect: expect, body: JSONBytes(body.bytes))
        return try JSONValue(parsing: await records.changeMany(call, context).bytes)
    }

    @discardableResult
    fileprivate func deleteMany(
        _ type: FullCode, _ filter: String, _ expect: Int64, as context: CallContext
    ) async throws -> JSONValue {
        let call = DeleteMany(type, filter: filter, expect: expect)
        return try JSONValue(parsing: await records.deleteMany(call, context).bytes)
    }
}
