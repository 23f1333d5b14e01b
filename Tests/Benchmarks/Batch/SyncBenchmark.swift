import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport

/// A table of another program's SQLite file, synchronized through the gateway and verified, beside
/// what `sqlite3` does with ATTACH and one statement, and beside dlt.
struct SyncBenchmark {
    let options: Options
    let folder: String

    private static let full = "sync of a table, Geartrain"
    private static let attach = "sync of a table, ATTACH and INSERT"
    private static let dlt = "sync of a table, dlt"
    private static let changed = "1 % changed, Geartrain"
    private static let statement = "1 % changed, ATTACH and one upsert of what differs"
    /// Seconds of a verification of a million rows that are the same.
    private static let verification = 3.0
    private static let patience = Duration.seconds(1800)

    private static let model = """
        {"code": "bench", "name": "Bench", "roles": ["agent"], "classes": [
          {"code": "item", "name": "Item", "webAccess": true, "history": false, "columns": [
            {"code": "code", "type": "text", "unique": true, "max": 20},
            {"code": "name", "type": "text", "max": 100},
            {"code": "price", "type": "decimal", "scale": 2},
            {"code": "stock", "type": "integer"}],
           "grants": [{"role": "agent",
             "operations": ["read", "insert", "change", "delete", "import"]}]}],
         "syncs": [{"code": "crm", "class": "item", "direction": "pull", "deletes": "detect",
           "source": {"kind": "sqlite", "path": "crm.db", "table": "items"}, "rules": false,
           "key": {"code": "code"}, "cursor": "changed", "overlap": "1s",
           "columns": {"name": "name", "price": "price", "stock": "stock"}}]}
        """

    private static let copy = """
        pragma journal_mode = wal; pragma synchronous = full;
        create table item (code text primary key, name text, price numeric, stock integer);
        attach '%' as s;
        insert into item select code, name, price, stock from s.items;
        """
    private static let upsert = """
        pragma synchronous = full; attach '%' as s;
        insert into item select code, name, price, stock from s.items where true
        on conflict (code) do update set
            name = excluded.name, price = excluded.price, stock = excluded.stock
            where (name, price, stock) is not (excluded.name, excluded.price, excluded.stock);
        delete from item where not exists (select 1 from s.items as i where i.code = item.code);
        """
    private static let load = """
        import sys, dlt
        from dlt.sources.sql_database import sql_table
        pipeline = dlt.pipeline("bench", pipelines_dir=sys.argv[2] + "/dlt", dataset_name="bench",
            destination=dlt.destinations.sqlalchemy("sqlite:///" + sys.argv[2] + "/dlt.db"))
        pipeline.run(sql_table("sqlite:///" + sys.argv[1], table="items"),
            write_disposition="replace", primary_key="code")
        """

    func run(_ report: inout Report) async throws {
        let count = options.manyRows
        for round in 1...options.rounds {
            say("Synchronizations of \(count) rows, round \(round) of \(options.rounds)")
            let train = Train(.apart)
            try await train.start()
            let api = try await train.admin()
            let source = train.data + "/crm.db"
            try await sqlite(source, SyncBenchmark.rows(count))
            let put = try await api.send(
                .put, "/api/models/bench", body: Array(SyncBenchmark.model.utf8))
            guard put.status == 201 else { throw BenchmarkError(put.text) }

            let copy = "\(folder)/copy-\(round).db"
            func one(_ sql: String) async throws -> Double {
                try await timed { try await sqlite(copy, sql.replacing("%", with: source)) }
            }
            let first = try await one(SyncBenchmark.copy)
            report.add(Self.attach, rate(count, first))
            if round == 1 { report.add(Self.dlt, rate(count, try await dlt(source))) }
            report.add(Self.full, rate(count, try await sync(train, api)))

            try await sqlite(
                source,
                "update items set name = name || ' x', changed = changed + 86400"
                    + " where rowid % 100 = 7")
            report.add(Self.statement, rate(count, try await one(SyncBenchmark.upsert)))
            report.add(Self.changed, rate(count, try await sync(train, api)))
            report.limit(
                "Verification of \(count) rows that are the same", try await sync(train, api),
                atMost: Self.verification * Double(count) / 1e6, unit: "s")
            for service in ["batch", "records"] {
                guard let child = train.child(service) else { continue }
                let kilobytes = ProcessUsage.kilobytes(of: [child], peak: true)
                let seconds = Double(ProcessUsage.microseconds(of: [child])) / 1e6
                say("\(service): \(kilobytes / 1024) MB at most, \(seconds) s of processor")
            }
            _ = try await train.stop()
        }
        report.ratio("Sync in full, to ATTACH and INSERT", Self.full, Self.attach, target: 0.3)
        report.ratio("Sync in full, to dlt", Self.full, Self.dlt, target: 6)
        report.ratio(
            "Sync of 1 % changed, to ATTACH and one statement", Self.changed, Self.statement,
            target: 1.0 / 3)
    }

    /// Keys in no order, as those of other systems are; times as seconds.
    private static func rows(_ count: Int) -> String {
        """
        create table items (code text primary key, name text, price real, stock integer,
            changed integer);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < \(count))
        insert into items select 'K' || (i * 7368787 % 100000007),
            'Article number ' || (i % 9973) || ' of ' || i, (i % 90000) / 100.0, i % 5000,
            1700000000 + i from n;
        create index items_changed on items (changed);
        """
    }

    private func rate(_ count: Int, _ seconds: Double) -> Sample {
        Sample(rate: Double(count) / seconds, median: 0, p99: 0)
    }

    private func timed(_ body: () async throws -> Void) async rethrows -> Double {
        let start = SystemClock().monotonicNanoseconds()
        try await body()
        return Double(SystemClock().monotonicNanoseconds() - start) / 1e9
    }

    private func sqlite(_ database: String, _ sql: String) async throws {
        let done = try await ChildProcess.run(
            "sqlite3", [database, sql], within: Self.patience)
        guard done.code == 0 else { throw BenchmarkError(done.output) }
    }

    private func dlt(_ source: String) async throws -> Double {
        try await timed {
            let done = try await ChildProcess.run(
                "python3", ["-c", Self.load, source, folder],
                environment: [
                    "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR",
                ], within: Self.patience)
            guard done.code == 0 else { throw BenchmarkError(done.output) }
        }
    }

    /// From the request to the end of a run that is verified.
    private func sync(_ train: Train, _ api: APIClient) async throws -> Double {
        try await train.waitFor("the synchronization") {
            try await api.send(.get, "/api/models/bench").status == 200
        }
        return try await timed {
            let answer = try await api.send(.post, "/api/syncs/crm/runs")
            guard answer.status == 202 else { throw BenchmarkError(answer.text) }
            let path = "/api/runs/\(try answer.json["run"]?.integer ?? 0)"
            var run: JSONValue = .null
            try await train.waitFor("the end of the run", within: Self.patience) {
                run = try await api.get(path)
                return run["ended"]?.isNull == false
            }
            guard run["verified"] == true else { throw BenchmarkError(run.text) }
        }
    }
}
