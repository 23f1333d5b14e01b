import Contracts
import HTTP
import JSON
import TestSupport
import Testing

@testable import Batch

/// Sources of imports, looked at again and again.
@Suite struct SourceTests {
    private static func start(_ bench: BatchBench, key: String? = nil) async throws -> Int64 {
        let answer = try await bench.actions.startImport(
            StartImportFromSource(definition: FullCode(model: "shop", code: "taken")),
            as: bench.context(key: key))
        return try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0
    }

    private static func bench() async throws -> BatchBench {
        let bench = try await BatchBench(TemporaryFolder())
        TestFile.makeFolder(bench.folder.path + "/exchange")
        let source = """
            {"code": "taken", "class": "price", "format": "csv", "mode": "insert",
             "columns": [{"from": "Code", "to": "code"}],
             "source": {"kind": "folder", "path": "\(bench.folder.path)/exchange", "files": "*.csv"}}
            """
        let model = BatchBench.model.replacing(
            #""imports": ["#, with: #""imports": [\#(source),"#)
        _ = try await bench.actions.take(
            TakeModel(code: "shop", version: 2, document: JSONBytes(Array(model.utf8))))
        return bench
    }

    @Test func `files that were taken and stay do not hide those that are new`() async throws {
        let bench = try await Self.bench()
        for number in 1...103 {
            try TestFile.write(
                "Code\nc\(number)\n",
                to: bench.folder.path + "/exchange/f\(1000 + number).csv")
        }
        var counts: [Int64] = []
        for _ in 1...3 {
            let run = try await bench.ended(try await Self.start(bench))
            counts.append(run["counters"]?["read"]?.integer ?? -1)
        }
        #expect(counts == [100, 3, 0])
        try await bench.stop()
    }

    @Test func `the same wish is one run, and two wishes at once take a file once`() async throws {
        let bench = try await Self.bench()
        try TestFile.write("Code\na\n", to: bench.folder.path + "/exchange/a.csv")
        let first = try await Self.start(bench, key: "k")
        let second = try await Self.start(bench, key: "k")
        #expect(first == second)
        let other = try await Self.start(bench)
        var parts = 0
        for run in [first, other] {
            parts += try await bench.ended(run)["runs"]?.array?.count ?? 0
        }
        #expect(parts == 1)
        let again = try await Self.start(bench, key: "k")
        #expect(again == first)
        try await bench.stop()
    }

    @Test func `a source without a new file is a run without a file`() async throws {
        let bench = try await Self.bench()
        let id = try await Self.start(bench)
        let run = try await bench.ended(id)
        #expect(run["state"] == "succeeded" && run["file"] == .null)
        #expect(run["runs"]?.array?.isEmpty == true)
        await #expect(throws: BatchError.self) {
            try await bench.actions.file(id, as: bench.context())
        }
        try await bench.stop()
    }
}
