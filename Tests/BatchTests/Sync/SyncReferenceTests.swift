import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Batch

/// References that both sides name by a number, over a real SQLite file.
@Suite struct `A reference in a synchronization` {
    private static func model(_ direction: String, by: String = "number") -> String {
        let operations = #""read", "insert", "change", "delete", "import", "export""#
        let grants = #""grants": [{"role": "clerk", "operations": [\#(operations)]}]"#
        return """
            {"code": "shop", "roles": ["clerk"], "classes": [
              {"code": "item", "webAccess": true, "columns": [{"code": "code", "type": "text", \
            "unique": true}, {"code": "name", "type": "text"}, {"code": "price", \
            "type": "decimal", "scale": 2}, {"code": "stock", "type": "integer"}, \
            {"code": "maker", "type": "reference", "class": "maker"}], \(grants)},
              {"code": "maker", "webAccess": true, "columns": [{"code": "number", \
            "type": "integer", "unique": true}, {"code": "name", "type": "text"}], \(grants)}],
             "syncs": [{"code": "s", "class": "item", "source": \(SyncBench.sqlite),
               "key": {"code": "no"}, "direction": "\(direction)", "deletes": "detect",
               "columns": {"name": "name", "maker": {"column": "maker_no", "by": "\(by)"}}}]}
            """
    }

    private func bench(_ direction: String) async throws -> SyncBench {
        let bench = try await SyncBench()
        try await bench.define(`A reference in a synchronization`.model(direction))
        for (number, name) in [(7, "Acme"), (8, "Bolts")] {
            let body: JSONValue = [
                "number": .number(JSONNumber(Int64(number))), "name": .string(name),
            ]
            _ = try await bench.records.call(
                CreateRecord(
                    FullCode(model: "shop", code: "maker"),
                    body: JSONBytes(body.bytes)), as: bench.context())
        }
        try await bench.sql(
            """
            create table items (no text primary key, name text, maker_no integer);
            insert into items values ('a', 'A', 7), ('b', 'B', null), ('c', 'C', 8)
            """)
        return bench
    }

    private func maker(_ bench: SyncBench, _ code: String) async throws -> Int64? {
        let answer = try await bench.records.call(
            ListRecords(SyncBench.type, filter: "code eq '\(code)'", expand: ["maker"]),
            as: bench.context())
        let item = try JSONValue(parsing: answer.bytes)["items"]?.array?.first
        return item?["maker"]?["number"]?.integer
    }

    @Test func `is looked up by its number`() async throws {
        let bench = try await bench("pull")
        let first = try await bench.sync()
        #expect(first["verified"] == true, "\(first.text)")
        #expect(try await maker(bench, "a") == 7)
        #expect(try await maker(bench, "b") == nil)
        try await bench.sql(
            "update items set maker_no = 8 where no = 'a'; update items set maker_no = 99 where no = 'b'"
        )
        let second = try await bench.sync()
        #expect(second["verified"] == false, "\(second.text)")
        let errors = second["problem"]?["errors"]?.array ?? []
        #expect(errors.map { $0["pointer"] } == ["/rows/b"])
        #expect(errors.first?["detail"]?.string?.contains("99") == true)
        #expect(try await maker(bench, "a") == 8)
        try await bench.sql("update items set maker_no = 7 where no = 'b'")
        #expect(try await bench.sync()["verified"] == true)
        #expect(try await maker(bench, "b") == 7)
        try await bench.stop()
    }

    @Test func `goes both ways`() async throws {
        let bench = try await bench("both")
        #expect(try await bench.sync()["verified"] == true)
        let id = try await bench.records.call(
            ListRecords(
                FullCode(model: "shop", code: "maker"), filter: "number eq 8", select: ["id"]),
            as: bench.context())
        let eight = try JSONValue(parsing: id.bytes)["items"]?.array?.first?["id"] ?? .null
        try await bench.change("b", ["maker": eight])
        try await bench.create(["code": "d", "name": "D", "maker": eight])
        try await bench.sql("update items set maker_no = null where no = 'c'")
        let run = try await bench.sync()
        #expect(run["verified"] == true, "\(run.text)")
        #expect(try await maker(bench, "c") == nil)
        #expect(
            try await bench.sql("select no, coalesce(maker_no, '') from items order by no")
                == "a|7\nb|8\nc|\nd|8\n")
        let last = try await bench.sync()
        #expect(last["verified"] == true && last.syncCounts[1...2] == [0, 0])
        try await bench.stop()
    }

    @Test func `needs a unique column`() async throws {
        let bench = try await bench("pull")
        try await bench.define(`A reference in a synchronization`.model("pull", by: "name"))
        let run = try await bench.sync()
        #expect(run["state"] == "failed", "\(run.text)")
        try await bench.stop()
    }
}
