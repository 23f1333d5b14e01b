import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Batch

private let items = """
    create table items (no text primary key, name text, price real, stock integer,
        changed text not null);
    create index items_changed on items (changed);
    """

private func row(_ no: String, _ name: String, _ price: String, _ stock: String, _ time: String)
    -> String
{
    "insert or replace into items values ('\(no)', \(name), \(price), \(stock), '\(time)');"
}

@Suite struct `A synchronization pulls` {
    @Test func `all of a table, then what changed, and deletes what is gone`() async throws {
        let bench = try await SyncBench()
        try await bench.sql(
            items + row("b", "'Bolt'", "1.5", "7", "2026-11-29 10:00:00")
                + row("a", "'Axle'", "0.1 + 0.2", "null", "2026-11-29 10:00:00")
                + row("c", "null", "2", "-1", "2026-11-29 10:00:01"))
        let first = try await bench.sync()
        #expect(first["state"] == "succeeded", "\(first.text)")
        #expect(first["verified"] == true && first["verifiedThrough"]?.string != nil)
        #expect(first["kind"] == "sync" && first["definition"] == "shop.s")
        #expect(first.syncCounts == [3, 3, 0, 0, 0, 0])
        #expect(try await bench.ours() == ["a|Axle|0.30|", "b|Bolt|1.50|7", "c||2.00|-1"])

        try await bench.sql(
            row("b", "'Bolt M8'", "1.5", "7", "2026-11-29 10:00:01")
                + "delete from items where no = 'c';")
        let second = try await bench.sync()
        #expect(second["verified"] == true, "\(second.text)")
        #expect(second.syncCounts[1...2] == [0, 1] && second.syncCounts[4] == 1)
        #expect(try await bench.ours() == ["a|Axle|0.30|", "b|Bolt M8|1.50|7"])

        let third = try await bench.sync()
        #expect(third["verified"] == true && third.syncCounts[1...2] == [0, 0])
        #expect(try await bench.ours() == bench.theirs())
        try await bench.stop()
    }

    @Test func `large rows in pieces that fit into memory`() async throws {
        let bench = try await SyncBench()
        let text = "printf('%.*c', 900000, 'x')"
        try await bench.sql(
            items
                + (0..<30).map { row("k\($0 + 10)", text, "1", "1", "2026-11-29 10:00:00") }
                .joined())
        let definition = try #require(
            Models.syncDefinition(
                JSONValue(parsing: Array(SyncBench.model(SyncBench.pull).utf8))["syncs"]?.array?[0]
                    ?? .null, model: "shop"))
        let source = try ForeignDatabase(path: bench.folder.path + "/crm.db", isWritten: false)
        let declared = try await source.columns(of: "items") ?? []
        let description = try await bench.records.call(
            DescribeClass(SyncBench.type), as: bench.context())
        let table = SQLTable(
            source, definition, try SyncColumns(definition, description, [:], declared))
        let limit = SyncWork.rangeRows
        let page = try await table.rows(after: nil, through: nil, limit: limit)
        #expect(page.bytes <= limit * ExternalRows.rowBytes + 1_000_000)
        #expect(page.rows.count < 12 && page.cut == page.rows.last?.key)
        let keys = (0..<30).map { SyncKey.text("k\($0 + 10)") }
        let some = try await table.rows(Array(repeating: keys, count: 8).flatMap { $0 })
        #expect(!some.left.isEmpty)
        table.close()
        let first = try await bench.sync()
        #expect(first["verified"] == true, "\(first.text)")
        #expect(first.syncCounts == [30, 30, 0, 0, 0, 0])
        try await bench.sql("update items set name = name || 'y', changed = '2026-11-30 10:00:00';")
        let second = try await bench.sync()
        #expect(second["verified"] == true, "\(second.text)")
        #expect(second.syncCounts[2] == 30)
        try await bench.stop()
    }

    @Test func `a late commit behind the cursor, and what somebody changed here`() async throws {
        let bench = try await SyncBench()
        try await bench.sql(
            items + row("a", "'A'", "1", "1", "2026-11-29 10:00:00")
                + row("b", "'B'", "1", "1", "2026-11-29 10:00:00"))
        _ = try await bench.sync()
        try await bench.sql(row("0", "'Late'", "1", "1", "2020-01-01 00:00:00"))
        try await bench.change("a", ["name": "mine", "number": 5])
        let run = try await bench.sync()
        #expect(run["verified"] == true, "\(run.text)")
        #expect(run.syncCounts[1...2] == [1, 1])
        #expect(try await bench.ours() == bench.theirs())
        // What is not synchronized stays.
        #expect(try await bench.record("a")["number"] == 5)
        try await bench.stop()
    }

    @Test func `rows that are refused keep a run from being green`() async throws {
        let bench = try await SyncBench()
        try await bench.sql(
            items + row("a", "'A'", "1", "1", "t1") + row("b", "'B'", "-1", "2", "t1")
                + row("c", "'C'", "1", "'many'", "t1") + row("d", "x'00ff'", "1", "1", "t2"))
        let run = try await bench.sync()
        #expect(run["state"] == "failed" && run["verified"] == false)
        #expect(run["problem"]?["type"] == "/problems/not-verified", "\(run.text)")
        #expect(run.syncCounts == [4, 1, 0, 0, 0, 3])
        let errors = run["problem"]?["errors"]?.array ?? []
        #expect(errors.map { $0["pointer"] } == ["/rows/c", "/rows/d", "/rows/b"])
        #expect(errors[0]["detail"]?.string?.contains("stock") == true)
        let id = run["run"]?.integer ?? 0
        let file = try await bench.errors(id)
        #expect(file.hasPrefix("key,_line,_error\r\nc,0,stock: The value of stock"), "\(file)")
        // A refused row is not gone: what was taken of it before stays.
        try await bench.sql(
            "delete from items where no in ('b', 'd'); update items set stock = 3 where no = 'c';")
        #expect(try await bench.sync()["verified"] == true)
        try await bench.sql("update items set stock = 'many' where no = 'c'")
        #expect(try await bench.sync()["state"] == "failed")
        #expect(try await bench.ours() == ["a|A|1.00|1", "c|C|1.00|3"])
        try await bench.stop()
    }

    @Test func `a table that lost most of its rows deletes nothing`() async throws {
        let bench = try await SyncBench()
        let rows = (10..<40).map { row("\($0)", "'n'", "1", "1", "t") }.joined()
        try await bench.sql(items + rows)
        _ = try await bench.sync()
        try await bench.sql("delete from items where no > '12'")
        let run = try await bench.sync()
        #expect(run["problem"]?["type"] == "/problems/too-many-deletions", "\(run.text)")
        #expect(try await bench.ours().count == 30)
        try await bench.define(
            SyncBench.model(SyncBench.pull + #", "deleteLimit": 100"#))
        let allowed = try await bench.sync()
        #expect(allowed["verified"] == true && allowed.syncCounts[4] == 27, "\(allowed.text)")
        try await bench.stop()
    }

    @Test func `without deletes ours stays, and the rest is verified`() async throws {
        let bench = try await SyncBench(
            #""key": {"code": "no"}, "columns": {"name": "name", "price": "price", "stock": "stock"}"#
        )
        try await bench.create(["code": "own", "name": "Own"])
        try await bench.sql(items + row("a", "'A'", "1", "1", "t"))
        for _ in 0..<2 {
            let run = try await bench.sync()
            #expect(run["verified"] == true, "\(run.text)")
        }
        #expect(try await bench.ours() == ["a|A|1.00|1", "own|Own||"])
        try await bench.stop()
    }

    @Test func `drift, doubled keys and missing files are told`() async throws {
        let bench = try await SyncBench()
        #expect(try await bench.sync()["problem"]?["type"] == "/problems/source-unusable")
        try await bench.sql("create table items (no text, name text, price real, amount integer)")
        let drift = try await bench.sync()
        #expect(drift["problem"]?["type"] == "/problems/schema-drift", "\(drift.text)")
        #expect(
            drift["problem"]?["errors"]?.array?.map { $0["pointer"] } == [
                "/columns/stock", "/cursor",
            ])
        try await bench.sql(
            "drop table items; create table items (no text, name text, price real, stock integer,"
                + " changed text); insert into items values ('a', '1', 1, 1, 't'), ('a', '2', 2, 2, 't')"
        )
        #expect(try await bench.sync()["problem"]?["type"] == "/problems/repeated-key")
        try await bench.sql(
            "delete from items where name = '2'; insert into items(name) values (3)")
        let keyless = try await bench.sync()
        #expect(keyless["state"] == "failed", "\(keyless.text)")
        #expect(keyless["problem"]?["detail"]?.string?.contains("1 rows have no good key") == true)
        try TestFile.write(String(repeating: "no database ", count: 100), to: bench.path)
        #expect(try await bench.sync()["problem"]?["type"] == "/problems/source-unusable")
        try await bench.stop()
    }

    @Test func `it stays in its folder and away from the platform's own files`() async throws {
        let bench = try await SyncBench()
        let outside = TemporaryFolder()
        symlink(outside.path + "/other.db", bench.folder.path + "/link.db")
        try TestFile.write("", to: outside.path + "/other.db")
        for path in [
            "records.db", "./batch.db", "records.db-wal", "../x.db", "link.db", "/etc/passwd",
        ] {
            try await bench.define(
                SyncBench.model(SyncBench.pull).replacing("crm.db", with: path))
            let run = try await bench.sync()
            #expect(run["problem"]?["type"] == "/problems/source-unusable", "\(path) \(run.text)")
        }
        try await bench.stop()
    }

    @Test func `it needs the grants to read all, and to import`() async throws {
        let bench = try await SyncBench()
        try await bench.sql(items + row("a", "'A'", "1", "1", "t"))
        await #expect(throws: Problem.self) {
            try await bench.start(as: Principal(account: "nobody"))
        }
        let grants = [
            #"{"role": "clerk", "operations": ["read", "insert", "change", "import"], "rows": {"scope": "own"}}"#,
            #"{"role": "clerk", "operations": ["read", "import"]}"#,
        ]
        for grant in grants {
            try await bench.define(SyncBench.model(SyncBench.pull, grants: grant))
            let run = try await bench.sync()
            #expect(run["state"] == "failed", "\(run.text)")
        }
        try await bench.stop()
    }
}

@Suite struct `A synchronization pushes` {
    private static let push = """
        "direction": "push", "key": {"code": "no"}, "deletes": "detect",
        "columns": {"name": "name", "price": "price", "stock": "stock"}
        """

    @Test func `ours to the other side, by the order of commits`() async throws {
        let bench = try await SyncBench(`A synchronization pushes`.push)
        try await bench.sql(items.replacing("changed text not null", with: "changed text"))
        try await bench.create([
            "code": "a", "name": "Axle", "price": .number(JSONNumber(unscaled: 125, scale: 2)),
        ])
        try await bench.create(["code": "b", "name": "Bolt", "stock": 5])
        let first = try await bench.sync()
        #expect(first["verified"] == true, "\(first.text)")
        #expect(first.syncCounts == [2, 2, 0, 0, 0, 0])
        #expect(try await bench.theirs() == ["a|Axle|1.25|", "b|Bolt||5"])
        try await bench.change("a", ["code": "z", "price": 2])
        try await bench.delete("b")
        try await bench.create(["code": "c", "name": "Cog"])
        try await bench.sql("insert into items (no, name) values ('theirs', 'x')")
        let second = try await bench.sync()
        #expect(second["verified"] == true, "\(second.text)")
        #expect(try await bench.theirs() == ["c|Cog||", "z|Axle|2.00|"])
        #expect(try await bench.ours() == bench.theirs())
        try await bench.stop()
    }

    @Test func `what the other database refuses or changes is told`() async throws {
        let bench = try await SyncBench(`A synchronization pushes`.push)
        try await bench.sql(
            """
            create table items (no text primary key, name text not null, price integer,
                stock integer check (stock < 10));
            create trigger shout after insert on items begin
                update items set name = upper(name) where no = new.no; end;
            create trigger shout_on after update on items begin
                update items set name = upper(name) where no = new.no; end;
            """)
        try await bench.create(["code": "a", "name": "x", "stock": 50])
        try await bench.create(["code": "b", "name": "quiet", "stock": 1])
        try await bench.create(["code": "c", "name": "LOUD", "stock": 1])
        let run = try await bench.sync()
        #expect(run["state"] == "failed" && run.syncCounts[5] == 1, "\(run.text)")
        try await bench.delete("a")
        let second = try await bench.sync()
        #expect(second["state"] == "failed", "\(second.text)")
        #expect(second["problem"]?["detail"]?.string?.contains("with b") == true)
        try await bench.stop()
    }
}

@Suite struct `A synchronization of both sides` {
    private static func both(_ conflict: String) -> String {
        """
        "direction": "both", "key": {"code": "no"}, "deletes": "detect", "cursor": "changed",
        "conflict": "\(conflict)",
        "columns": {"name": "name", "price": "price", "stock": "stock"}
        """
    }

    @Test(arguments: ["source", "records", "refuse"])
    func `takes what changed on either, and settles conflicts by the rule`(_ rule: String)
        async throws
    {
        let bench = try await SyncBench(`A synchronization of both sides`.both(rule))
        try await bench.sql(
            items.replacing("changed text not null", with: "changed text")
                + ["a", "b", "c", "d", "e"].map { row($0, "'\($0)'", "1", "1", "t1") }.joined())
        try await bench.create(["code": "f", "name": "f"])
        let first = try await bench.sync()
        #expect(first["verified"] == true, "\(first.text)")
        #expect(try await bench.ours() == bench.theirs())
        #expect(try await bench.ours().count == 6)

        try await bench.sql(
            row("a", "'their a'", "1", "1", "t2") + row("c", "'their c'", "1", "1", "t2")
                + "delete from items where no = 'd'")
        try await bench.change("b", ["name": "our b"])
        try await bench.change("c", ["name": "our c"])
        try await bench.delete("e")
        let run = try await bench.sync()
        let ours = try await bench.ours().map { $0.split(separator: "|")[1] }
        let theirs = try await bench.theirs().map { $0.split(separator: "|")[1] }
        switch rule {
        case "source":
            #expect(ours == ["their a", "our b", "their c", "f"] && theirs == ours)
            #expect(run["verified"] == true, "\(run.text)")
        case "records":
            #expect(ours == ["their a", "our b", "our c", "f"] && theirs == ours)
            #expect(run["verified"] == true, "\(run.text)")
        default:
            #expect(ours == ["their a", "our b", "our c", "f"])
            #expect(theirs == ["their a", "our b", "their c", "f"])
            #expect(run["state"] == "failed", "\(run.text)")
            #expect(
                run["problem"]?["detail"]?.string?.contains("1 rows changed on both") == true)
        }
        try await bench.stop()
    }
}
