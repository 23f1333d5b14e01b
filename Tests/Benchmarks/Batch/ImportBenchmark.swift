import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport

/// A CSV file of typed rows with a key, imported through the gateway, beside `sqlite3 .import` into
/// a table with a key and beside sqlite-utils.
struct ImportBenchmark {
    let options: Options
    let folder: String

    private static let plain = "import of csv, Geartrain, no history"
    private static let kept = "import of csv, Geartrain, history"
    private static let shell = "import of csv, sqlite3 .import"
    private static let python = "import of csv, sqlite-utils"
    /// Megabytes of the service at its most.
    private static let memoryLimit = 64.0
    private static let patience = Duration.seconds(900)

    private static func model(_ code: String, history: Bool) -> String {
        """
        {"code": "\(code)", "name": "Bench", "roles": ["agent"], "classes": [
          {"code": "item", "name": "Item", "webAccess": true, "history": \(history),
           "columns": [
            {"code": "code", "type": "text", "unique": true, "required": true, "max": 20},
            {"code": "name", "type": "text", "required": true, "max": 100},
            {"code": "price", "type": "decimal", "scale": 2, "min": 0},
            {"code": "stock", "type": "integer", "min": 0, "max": 100000},
            {"code": "active", "type": "boolean"},
            {"code": "weight", "type": "decimal", "scale": 3, "min": 0}],
           "grants": [{"role": "agent", "operations": ["read", "insert", "change", "import"]}]}],
         "imports": [{"code": "\(code)_items", "class": "item", "format": "csv", "mode": "insert",
          "rules": false, "columns": [\(columns)]}]}
        """
    }

    private static let names = ["code", "name", "price", "stock", "active", "weight"]
    private static let columns = names.map { #"{"from": "\#($0)", "to": "\#($0)"}"# }
        .joined(separator: ", ")

    func run(_ report: inout Report) async throws {
        let count = options.manyRows
        let file = folder + "/items.csv"
        say("A CSV file of \(count) rows …")
        try write(count, to: file)
        let bytes = TestFile.bytes(file) ?? []
        for round in 1...options.rounds {
            say("Imports, round \(round) of \(options.rounds)")
            report.add(Self.shell, rate(count, try await sqlite(file, round)))
            if round == 1 {
                report.add(Self.python, rate(count, try await utilities(file, round)))
            }
            let train = Train(.apart)
            try await train.start()
            let api = try await train.admin()
            for (code, history) in [("plain", false), ("kept", true)] {
                let model = Array(Self.model(code, history: history).utf8)
                let put = try await api.send(.put, "/api/models/\(code)", body: model)
                guard put.status == 201 else { throw BenchmarkError(put.text) }
                let seconds = try await geartrain(train, api, code, bytes, count)
                report.add(history ? Self.kept : Self.plain, rate(count, seconds))
                if history { continue }
                memory(train, &report)
            }
            _ = try await train.stop()
        }
        report.ratio(
            "CSV import, no history, to sqlite3 .import", Self.plain, Self.shell, target: 0.5)
        report.ratio("CSV import, no history, to sqlite-utils", Self.plain, Self.python, target: 10)
        report.ratio("CSV import, history on, to off", Self.kept, Self.plain, target: 0)
    }

    private func rate(_ count: Int, _ seconds: Double) -> Sample {
        Sample(rate: Double(count) / seconds, median: 0, p99: 0)
    }

    private func memory(_ train: Train, _ report: inout Report) {
        for service in ["batch", "records"] {
            guard let child = train.child(service) else { continue }
            let kilobytes = ProcessUsage.kilobytes(of: [child], peak: true)
            let seconds = Double(ProcessUsage.microseconds(of: [child])) / 1e6
            say("\(service): \(kilobytes / 1024) MB at most, \(seconds) s of processor")
            if service == "batch" {
                report.limit(
                    "Peak memory of an import, Batch", Double(kilobytes) / 1024,
                    atMost: Self.memoryLimit, unit: "MB")
            }
        }
    }

    private func write(_ count: Int, to path: String) throws {
        var text = Self.names.joined(separator: ",") + "\n"
        text.reserveCapacity(count * 60)
        for row in 1...count {
            // The keys are in no order, as those of other systems are.
            let code = row &* 7_368_787 % 100_000_007
            text += "K\(code),Article number \(row % 9973) of \(row),\(row % 900).\(10 + row % 90),"
            text += "\(row % 5000),\(row % 3 == 0),\(row % 40).\(100 + row % 900)\n"
        }
        try TestFile.write(text, to: path)
    }

    private func timed(_ body: () async throws -> Void) async rethrows -> Double {
        let start = SystemClock().monotonicNanoseconds()
        try await body()
        return Double(SystemClock().monotonicNanoseconds() - start) / 1e9
    }

    private func sqlite(_ file: String, _ round: Int) async throws -> Double {
        let database = "\(folder)/shell-\(round).db"
        let table = """
            pragma journal_mode = wal; pragma synchronous = full;
            create table item (code text primary key, name text not null, price numeric,
                stock integer, active text, weight numeric);
            """
        return try await timed {
            let done = try await ChildProcess.run(
                "sqlite3", [database, table, ".import --csv --skip 1 \(file) item"],
                within: Self.patience)
            guard done.code == 0 else { throw BenchmarkError(done.output) }
        }
    }

    private func utilities(_ file: String, _ round: Int) async throws -> Double {
        try await timed {
            let done = try await ChildProcess.run(
                "sqlite-utils",
                ["insert", "\(folder)/utils-\(round).db", "item", file, "--csv", "--pk", "code"],
                within: Self.patience)
            guard done.code == 0 else { throw BenchmarkError(done.output) }
        }
    }

    /// From the upload's first byte to the run's end.
    private func geartrain(
        _ train: Train, _ api: APIClient, _ code: String, _ bytes: [UInt8], _ count: Int
    ) async throws -> Double {
        var run: JSONValue = .null
        try await train.waitFor("the import") {
            let probe = try await api.send(
                .post, "/api/imports/\(code)_items/runs", body: [], type: "text/csv")
            return probe.status != 404
        }
        let seconds = try await timed {
            let answer = try await api.send(
                .post, "/api/imports/\(code)_items/runs", body: bytes, type: "text/csv")
            guard answer.status == 202 else { throw BenchmarkError(answer.text) }
            let path = "/api/runs/\(try answer.json["run"]?.integer ?? 0)"
            try await train.waitFor("the end of the import", within: .seconds(900)) {
                run = try await api.get(path)
                return run["state"] != "planned" && run["state"] != "running"
            }
        }
        guard run["counters"]?["inserted"]?.integer == Int64(count) else {
            throw BenchmarkError(run.text)
        }
        return seconds
    }
}
