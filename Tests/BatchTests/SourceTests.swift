import Contracts
import Glibc
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

    @Test func `a file that cannot be taken is left out with its reason, and the others are taken`()
        async throws
    {
        let bench = try await Self.bench()
        let folder = bench.folder.path + "/exchange/"
        let names = ["it's \"a\" \\ file.csv", "two\nlines.csv", "über 🖨.csv", "-rf.csv"]
        for (number, name) in names.enumerated() {
            try TestFile.write("Code\nn\(number)\n", to: folder + name)
        }
        // A name that is no text, and a file of more bytes than an upload may have.
        let raw = Array((folder + "x").utf8) + [0xff] + Array(".csv".utf8) + [0]
        let made = creat(raw.map { CChar(bitPattern: $0) }, 0o644)
        #expect(made >= 0)
        close(made)
        let large = creat(folder + "large.csv", 0o644)
        #expect(ftruncate(large, (8 << 20) + 1) == 0)
        close(large)
        let id = try await Self.start(bench)
        let run = try await bench.ended(id)
        #expect(run["state"] == "failed" && run["runs"]?.array?.count == 4, "\(run.text)")
        #expect(run["counters"]?["inserted"] == 4)
        #expect(run["problem"]?["type"] == "/problems/file-not-imported")
        #expect(
            run["leftOut"] == [
                ["name": "large.csv", "reason": "it has more than 8388608 bytes"],
                ["name": "x\u{FFFD}.csv", "reason": "its name is not UTF-8"],
            ])
        let log = try await bench.actions.log(id, as: bench.context())
        #expect(String(decoding: log.bytes, as: UTF8.self).contains("large.csv was left out: it"))
        try await bench.stop()
    }

    @Test func `a file that is written while it is read is left to the next look`() async throws {
        let bench = try await Self.bench()
        let path = bench.folder.path + "/exchange/a.csv"
        try TestFile.write("Code\na\n", to: path)
        let source = ChangingFiles(path: path)
        let place = SourceDefinition(
            place: .folder(bench.folder.path + "/exchange"), pattern: "*.csv")
        let code = FullCode(model: "shop", code: "taken")
        let look = try await bench.intake.look(place, source, import: code)
        #expect(look.fetched.isEmpty && look.changed == ["a.csv"] && look.leftOut.isEmpty)
        #expect(TestFile.names(in: bench.folder.path + "/batch").isEmpty)
        let run = try await bench.ended(try await Self.start(bench))
        #expect(run["counters"]?["inserted"] == 2, "\(run.text)")
        try await bench.stop()
    }

    @Test func `odd names of another machine keep no other file away`() async throws {
        let bench = try await Self.bench()
        let place = SourceDefinition(
            place: .folder(bench.folder.path + "/exchange"), pattern: "*.csv")
        let code = FullCode(model: "shop", code: "taken")
        let look = try await bench.intake.look(place, OddFiles(), import: code)
        #expect(look.fetched.map(\.file.name) == ["good.csv"])
        #expect(
            look.leftOut.map { "\($0.name): \($0.reason)" } == [
                "a\"b.csv: its name has a quote", "gone.csv: there is no file gone.csv",
            ])
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

/// A folder of one file, which grows as soon as somebody has read it.
private struct ChangingFiles: FileSource {
    let path: String

    func list() async throws -> [SourceFile] {
        let size = Int64(TestFile.bytes(path)?.count ?? 0)
        return [SourceFile(name: "a.csv", size: size)]
    }

    func fetch(_ name: String, into target: String, limit: Int64) async throws {
        try TestFile.write(TestFile.bytes(path) ?? [], to: target)
        try TestFile.write("Code\na\nb\n", to: path)
    }

    func move(_ name: String, into folder: String) async throws {}
}

/// What another machine may list.
private struct OddFiles: FileSource {
    func list() async throws -> [SourceFile] {
        [
            SourceFile(name: "a\"b.csv", size: 1, oddity: "its name has a quote"),
            SourceFile(name: "gone.csv", size: 1), SourceFile(name: "good.csv", size: 7),
        ]
    }

    func fetch(_ name: String, into target: String, limit: Int64) async throws {
        guard name == "good.csv" else {
            throw FileRefused(description: "there is no file \(name)")
        }
        try TestFile.write("Code\na\n", to: target)
    }

    func move(_ name: String, into folder: String) async throws {}
}
