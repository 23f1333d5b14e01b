import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Batch

/// Keys of two columns over a real SQLite file.
@Suite struct `A key of several columns` {
    private static let type = FullCode(model: "shop", code: "line")

    private static func model(_ sync: String, unique: String = #"[["order", "position"]]"#)
        -> String
    {
        let operations = #""read", "insert", "change", "delete", "import", "export""#
        return """
            {"code": "shop", "roles": ["clerk"], "classes": [{"code": "line", "webAccess": true,
              "columns": [{"code": "order", "type": "text"}, {"code": "position", "type": "integer"},
                {"code": "amount", "type": "integer"}], "unique": \(unique),
              "grants": [{"role": "clerk", "operations": [\(operations)]}]}],
             "syncs": [{"code": "s", "class": "line", "source": \(SyncBench.sqlite),
               "key": {"order": "no", "position": "pos"}, "columns": {"amount": "amount"},
               "deletes": "detect", \(sync)}]}
            """
    }

    private static let items = """
        create table items (no text not null, pos integer not null, amount integer, changed integer,
            primary key (no, pos));
        insert into items values ('a', 2, 1, 1), ('a', -10, 2, 1), ('a b', 1, 3, 1), ('b', 1, 4, 2);
        """

    private func ours(_ bench: SyncBench) async throws -> [String] {
        let answer = try await bench.records.call(
            ListRecords(`A key of several columns`.type, orderby: "order,position", limit: 1000),
            as: bench.context())
        return (try JSONValue(parsing: answer.bytes)["items"]?.array ?? []).map { item in
            ["order", "position", "amount"].map { key in
                item[key]?.string ?? item[key]?.integer.map(String.init) ?? ""
            }.joined(separator: "|")
        }
    }

    private func theirs(_ bench: SyncBench) async throws -> [String] {
        try await bench.sql("select no, pos, coalesce(amount, '') from items order by no, pos")
            .split(separator: "\n").map(String.init)
    }

    @Test func `pulls what changed and what is gone`() async throws {
        let bench = try await SyncBench()
        try await bench.define(
            `A key of several columns`.model(#""direction": "pull", "cursor": "changed""#))
        try await bench.sql(`A key of several columns`.items)
        let first = try await bench.sync()
        #expect(first["verified"] == true, "\(first.text)")
        #expect(first.syncCounts[1] == 4)
        #expect(try await ours(bench) == ["a|-10|2", "a|2|1", "a b|1|3", "b|1|4"])
        try await bench.sql(
            """
            update items set amount = 9, changed = 3 where no = 'a' and pos = 2;
            update items set pos = 7 where no = 'b'; delete from items where no = 'a b'
            """)
        let second = try await bench.sync()
        #expect(second["verified"] == true, "\(second.text)")
        #expect(second.syncCounts[1...2] == [1, 1] && second.syncCounts[4] == 2)
        #expect(try await ours(bench) == theirs(bench))
        try await bench.stop()
    }

    @Test func `goes both ways over many ranges`() async throws {
        let bench = try await SyncBench()
        try await bench.define(`A key of several columns`.model(#""direction": "both""#))
        try await bench.sql(
            `A key of several columns`.items + """
                with recursive n(i) as (select 1 union all select i + 1 from n where i < 9000)
                insert into items select printf('k%d', i % 90), i, i, 1 from n
                """)
        #expect(try await bench.sync()["verified"] == true)
        let answer = try await bench.records.call(
            ListRecords(
                `A key of several columns`.type, filter: "order eq 'a'", orderby: "position"),
            as: bench.context())
        let known = try JSONValue(parsing: answer.bytes)["items"]?.array ?? []
        for (item, position) in zip(known, [3, 2]) {
            let id = item["id"]?.integer ?? 0
            let body: JSONValue = [
                "position": .number(JSONNumber(Int64(position))), "amount": 77,
            ]
            _ = try await bench.records.call(
                ChangeRecord(
                    `A key of several columns`.type, id: id, version: item["version"]?.integer,
                    body: JSONBytes(body.bytes)), as: bench.context())
        }
        try await bench.sql("update items set amount = -1 where no = 'k5'")
        let run = try await bench.sync()
        #expect(run["verified"] == true, "\(run.text)")
        let lines = try await theirs(bench)
        #expect(lines.prefix(3) == ["a|2|77", "a|3|77", "a b|1|3"])
        #expect(try await ours(bench) == Array(lines.prefix(1000)))
        let last = try await bench.sync()
        #expect(last.syncCounts[1...2] == [0, 0] && last["verified"] == true)
        try await bench.stop()
    }

    @Test func `is a set that the class has, and stands for one row`() async throws {
        let bench = try await SyncBench()
        await #expect(throws: Problem.self) {
            try await bench.define(
                `A key of several columns`.model(#""direction": "pull""#, unique: "[]"))
        }
        try await bench.define(`A key of several columns`.model(#""direction": "pull""#))
        try await bench.sql(
            "create table items (no text, pos integer, amount integer);"
                + " insert into items values ('a', 1, 1), ('a', 1, 2), (null, 1, 3)")
        #expect(try await bench.sync()["problem"]?["type"] == "/problems/repeated-key")
        try await bench.sql("delete from items where amount = 2")
        let keyless = try await bench.sync()
        #expect(keyless["problem"]?["detail"]?.string?.contains("1 rows have no good key") == true)
        try await bench.stop()
    }
}
