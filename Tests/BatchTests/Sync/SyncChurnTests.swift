import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Batch

@Suite struct `A source that does not hold still` {
    private static let table = """
        pragma journal_mode = wal;
        create table items (no text primary key, name text, price real, stock integer,
            changed text not null);
        create index items_changed on items (changed);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 9500)
        insert into items select printf('k%05d', i), 'name ' || i, i / 4.0, i % 7,
            printf('2026-11-29 10:%02d:00', i % 3) from n;
        """

    /// One transaction of another program: some rows change, come, go or get another key. Times are
    /// few, so that many are equal, and often older than what was read already: commits come late.
    private static func transaction(_ random: inout TestRandom) -> [String] {
        func key() -> String { "k0\(Int.random(in: 1000...9999, using: &random))" }
        func time() -> String {
            let minute = Int.random(in: 0...59, using: &random)
            return "2026-11-\(minute < 20 ? 27 : 29) 10:\(minute < 10 ? "0" : "")\(minute):00"
        }
        return (0..<Int.random(in: 1...6, using: &random)).map { _ in
            let number = Int.random(in: 0...9, using: &random)
            return switch number {
            case 0...4:
                """
                insert into items values ('\(key())', 'new \(number)', \(number) / 4.0, \(number), \
                '\(time())') on conflict (no) do update set name = excluded.name || 'x', \
                changed = excluded.changed
                """
            case 5...6: "update items set stock = stock + 1 where no = '\(key())'"
            case 7: "update or ignore items set no = '\(key())' where no = '\(key())'"
            default: "delete from items where no = '\(key())'"
            }
        }
    }

    @Test func `is verified while it changes, and equal in the end`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("sync churn seed \(seed)")
        let bench = try await SyncBench()
        try await bench.sql(`A source that does not hold still`.table)
        let source = try ForeignDatabase(path: bench.path, isWritten: true)
        let ends = Shared(false)
        let changing = Task {
            var random = TestRandom(seed: seed)
            var count = 0
            while !ends.value {
                let statements = `A source that does not hold still`.transaction(&random)
                try await source.write { (session: any ForeignSession) in
                    for statement in statements { try session.run(statement, []) }
                }
                count += 1
            }
            return count
        }
        var verified = 0
        for _ in 0..<6 {
            let run = try await bench.sync()
            #expect(run["verified"] == true, "seed \(seed): \(run.text)")
            if run["verified"] == true { verified += 1 }
        }
        ends.value = true
        let count = try await changing.value
        print("sync churn: \(count) transactions, \(verified) verified runs")
        #expect(count > 20)
        let last = try await bench.sync()
        #expect(last["verified"] == true, "seed \(seed): \(last.text)")
        let (ours, theirs) = (try await bench.ours(), try await bench.theirs())
        let differing = Set(ours).symmetricDifference(theirs)
        #expect(ours == theirs, "seed \(seed): \(differing.sorted().prefix(6))")
        source.close()
        try await bench.stop()
    }

    @Test func `that goes away in the middle is told, and the run goes on`() async throws {
        let folder = TemporaryFolder()
        var bench = try await SyncBench(in: folder)
        try await bench.sql(`A source that does not hold still`.table)
        bench.stopping.set()
        let id = try await bench.start()
        let database = bench.database
        try await eventually("a kept place") {
            try await database.read { try SyncStore.progress($0, id) } != nil
        }
        try await bench.stop()
        #expect(rename(bench.path, bench.path + ".away") == 0)
        bench = try await SyncBench(in: folder)
        let away = bench
        try await eventually("the problem") {
            try await away.run(id)["problem"]?["type"] == "/problems/source-away"
        }
        #expect(try await bench.run(id)["state"] == "running")
        #expect(rename(bench.path + ".away", bench.path) == 0)
        let run = try await bench.ended(id)
        #expect(run["verified"] == true && run["problem"] == .null, "\(run.text)")
        #expect(run.syncCounts == [9500, 9500, 0, 0, 0, 0])
        #expect(try await bench.ours() == bench.theirs())
        try await bench.stop()
    }
}

@Suite struct `What is done so that both sides are the same` {
    private struct World {
        var theirs: [SyncKey: SyncRow] = [:]
        var ours: [SyncKey: SyncRow] = [:]
        var shadow: [[UInt8]: UInt64] = [:]

        func sorted(_ rows: [SyncKey: SyncRow]) -> [SyncRow] {
            rows.values.sorted { $0.key < $1.key }
        }

        static func sum(_ rows: [SyncKey: SyncRow]) -> RowSum {
            var sum = RowSum()
            for row in rows.values { sum.add(row.hash) }
            return sum
        }

        mutating func carryOut(_ plan: SyncMerge.Plan) {
            for row in plan.inserts + plan.changes.map(\.theirs) { ours[row.key] = row }
            for row in plan.removals { ours[row.key] = nil }
            for write in plan.writes {
                theirs[write.row.key] = write.kind == .delete ? nil : write.row
            }
            for (key, hash) in plan.agreed { shadow[key] = hash }
        }
    }

    private func merge(_ direction: String, _ conflict: String, deletes: Bool) throws -> SyncMerge {
        let text = """
            {"code": "s", "class": "item", "source": {"kind": "sqlite", "path": "x", "table": "t"},
             "direction": "\(direction)", "key": {"code": "no"}, "columns": {"name": "name"},
             "conflict": "\(conflict)", "deletes": "\(deletes ? "detect" : "ignore")"}
            """
        let definition = Models.syncDefinition(
            try JSONValue(parsing: Array(text.utf8)), model: "shop")
        return SyncMerge(try #require(definition))
    }

    @Test func `is what the direction and the rule say, whatever changed`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("sync merge seed \(seed)")
        var random = TestRandom(seed: seed)
        for round in 0..<600 {
            let direction = ["pull", "push", "both"][round % 3]
            let conflict = direction == "pull" ? "source" : "records"
            let deletes = Bool.random(using: &random)
            let merge = try merge(direction, conflict, deletes: deletes)
            var world = World()
            for _ in 0..<4 {
                for _ in 0..<8 {
                    let key = SyncKey.integer(Int64.random(in: 0..<12, using: &random))
                    let value = SyncValue.integer(Int64.random(in: 0..<4, using: &random))
                    let row =
                        Bool.random(using: &random) ? SyncRow(key: key, values: [value]) : nil
                    if Bool.random(using: &random) {
                        world.theirs[key] = row
                    } else {
                        world.ours[key] = row
                    }
                }
                let (theirs, ours) = (world.theirs, world.ours)
                let plan = merge.plan(
                    theirs: world.sorted(theirs), ours: world.sorted(ours), shadow: world.shadow)
                world.carryOut(plan)
                #expect(World.sum(world.ours) == plan.ours, "seed \(seed) round \(round)")
                #expect(World.sum(world.theirs) == plan.theirs, "seed \(seed) round \(round)")
                #expect(plan.conflicts.isEmpty)
                for (key, row) in world.ours {
                    if deletes || direction != "pull" || theirs[key] != nil {
                        #expect(
                            world.theirs[key]?.hash == row.hash, "seed \(seed) round \(round)")
                    }
                }
                if direction == "pull" { #expect(world.theirs.count == theirs.count) }
                if direction == "push" { #expect(world.ours.count == ours.count) }
                let again = merge.plan(
                    theirs: world.sorted(world.theirs), ours: world.sorted(world.ours),
                    shadow: world.shadow)
                #expect(again.isEmpty, "seed \(seed) round \(round)")
            }
        }
    }

    @Test func `a value comes over whole or not at all`() throws {
        func stored(_ value: SQLValue, _ form: SyncColumn.Form) -> SyncValue? {
            try? SyncColumn(ours: "a", theirs: "b", form: form).stored(value)
        }
        #expect(stored("12", .integer) == .integer(12) && stored("1.5", .integer) == nil)
        #expect(stored(.real(3), .integer) == .integer(3) && stored(.real(3.5), .integer) == nil)
        #expect(stored(2, .boolean) == nil && stored("T", .boolean) == .integer(1))
        let money = SyncColumn.Form.decimal(scale: 2)
        #expect(stored(.real(0.1 + 0.2), money) == .integer(30))
        #expect(stored("2.5", money) == .integer(250) && stored("2.555", money) == nil)
        #expect(stored(.real(1e300), money) == nil && stored(.real(.nan), money) == nil)
        #expect(stored(.integer(.max), money) == nil)
        #expect(stored("2026-11-29", .date) == .text("2026-11-29"))
        #expect(stored("2026-11-29 00:00:00", .date) == .text("2026-11-29"))
        #expect(stored("2026-11-29 01:00:00", .date) == nil && stored("2026-02-30", .date) == nil)
        let time = SyncValue.text("2026-11-29T10:15:00.000Z")
        #expect(stored("2026-11-29 10:15:00", .datetime) == time)
        #expect(stored("2026-11-29T12:15:00+02:00", .datetime) == time)
        #expect(stored("", .text) == .text("") && stored("", .date) == .null)
        #expect(stored("a\u{0}b", .text) == nil && stored(.blob([1]), .text) == nil)
        #expect(stored("{\"a\": 1}", .json) == .text("{\"a\":1}") && stored("{", .json) == nil)
        let keys: [SyncKey] = [.integer(.min), .integer(-1), .integer(0), .integer(.max)]
        let bytes = keys.map(\.ordered)
        #expect(zip(bytes, bytes.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        #expect(SyncKey.text("\u{e9}") != SyncKey.text("e\u{301}"))
    }

    @Test func `an earlier place of the cursor`() {
        func earlier(_ value: SQLValue) -> SQLValue {
            SyncCursor(value: value).earlier(by: .seconds(60)).value
        }
        #expect(earlier("2026-11-29 10:00:30") == "2026-11-29 09:59:30")
        #expect(earlier("2026-11-29T00:00:30.123Z") == "2026-11-28T23:59:30")
        #expect(earlier("2026-11-29") == "2026-11-28")
        #expect(earlier("v17") == "v17" && earlier(17) == 17)
        #expect(earlier(1_795_940_901) == 1_795_940_841)
        #expect(earlier(1_795_940_901_000) == 1_795_940_841_000)
        #expect(earlier(.real(1_795_940_901.5)) == .real(1_795_940_841.5))
    }
}
