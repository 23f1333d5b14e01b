import Contracts
import Database
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// How lists find the rows that an account reaches by its units.
@Suite struct RowReachTests {
    private static let file = FullCode(model: "office", code: "file")

    /// 2,000 records over 40 units of one tree: `boss` has all below it, `clerk` one unit.
    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(
            json(
                """
                {"code": "office", "name": "Office", "roles": ["reader"], "classes": [
                  {"code": "file", "name": "File", "webAccess": true,
                   "columns": [{"code": "title", "type": "text"},
                               {"code": "status", "type": "choice", "choices": ["a", "b"]},
                               {"code": "department", "type": "unit", "structure": "company"}],
                   "grants": [{"role": "reader", "operations": ["read"],
                               "rows": {"scope": "subtree", "column": "department"}}]}]}
                """))
        let units = (0..<40).map { number in
            DirectoryStructure.Unit(
                code: "u\(number)", parent: number == 0 ? nil : "u\((number - 1) / 3)",
                members: number == 0 ? ["boss"] : number == 39 ? ["clerk"] : [])
        }
        _ = try await store.directory.take(
            TakeDirectory(
                base: 0, version: 1,
                structures: [DirectoryStructure(code: "company", kind: "unit", units: units)]))
        for part in 0..<2 {
            let items = (0..<1000).map { number -> JSONValue in
                let unit = (part * 1000 + number) % 40
                return .object(
                    JSONObject([
                        ("title", .string("t\(number % 7)")),
                        ("status", .string(number % 2 == 0 ? "a" : "b")),
                        ("department", .string("u\(unit)")),
                    ]))
            }
            try await store.create(RowReachTests.file, .array(items))
        }
        return store
    }

    @Test(.ofFile) func `few rows are gone to, many are tested in the order of the list`()
        async throws
    {
        let store = try await make()
        let access = try store.models.current.access(
            RowReachTests.file, .caller("boss", "reader"))
        let reach = try #require(access.reach)
        let now = store.runtime.clock.now()
        let (few, many) = try await store.database.read { connection in
            (
                try reach.few(connection, QueryMoment(account: "clerk", now: now)),
                try reach.few(connection, QueryMoment(account: "boss", now: now))
            )
        }
        #expect(few?.text == "?" && many == nil)
        // The way to few rows leads over the organization to the column's index.
        let list = try RecordList(
            ListRecords(RowReachTests.file, filter: "status eq 'a'"), access: access,
            context: .caller("clerk", "reader"), snapshot: store.models.current)
        let sql = list.statement(for: SQLText(), among: few)
        let values = sql.values(for: QueryMoment(account: "clerk", now: now)) + [.integer(51)]
        let plan = try await store.database.read { connection in
            try connection.query("EXPLAIN QUERY PLAN \(sql.text)", values) { $0.text(3) }
        }
        #expect(plan.contains { $0.hasPrefix("SEARCH r USING INTEGER PRIMARY KEY") }, "\(plan)")
    }

    @Test func `a page and a count are the same whichever way they come`() async throws {
        let store = try await make()
        for (account, count) in [("boss", 2000), ("clerk", 50), ("nobody", 0)] {
            let caller = CallContext.caller(account, "reader")
            for orderby in ["id", "title desc", "status,title"] {
                var ids: [Int64] = []
                var cursor: String?
                repeat {
                    let page = try await store.list(
                        RowReachTests.file, orderby: orderby, limit: 300, cursor: cursor,
                        count: true, as: caller)
                    #expect(page["count"]?.integer == Int64(count))
                    ids += page.ids
                    cursor = page["next"]?.string
                } while cursor != nil
                #expect(ids.count == count && Set(ids).count == count)
            }
        }
    }
}
