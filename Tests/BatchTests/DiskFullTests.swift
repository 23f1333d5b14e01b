import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Batch

/// A disk that is full, as a real file system: nothing is lost, the run says why it waits, and goes
/// on when there is room.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible)) struct DiskFullTests {
    private static let noRoom: JSONValue = "/problems/insufficient-storage"

    private func items(_ count: Int, _ bytes: Int) -> [JSONObject] {
        let note = String(repeating: "n", count: bytes)
        return (1...count).map { number in
            JSONObject([
                ("id", JSONValue(number)), ("code", .string("c\(number)")), ("note", .string(note)),
            ])
        }
    }

    @Test func `an upload that finds no room is refused and leaves nothing`() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let bench = try await BatchBench(TemporaryFolder(at: disk.path))
        let large = [UInt8](repeating: 65, count: 6 << 20)
        do {
            _ = try await bench.start("prices", large)
            Issue.record("it was taken")
        } catch let error as BatchError {
            #expect(error.problem.status == 507 && error.problem.code == "insufficient-storage")
        }
        #expect(TestFile.names(in: disk.path + "/batch").isEmpty)
        let small = try await bench.ended(
            try await bench.start("prices", Array("Code;Price;Note\nA;1;\n".utf8)))
        #expect(small.counts == [1, 1, 0, 0, 0])
        try await bench.stop()
    }

    @Test func `a file of a source that is larger than the room is left where it is`() async throws
    {
        let disk = try SmallDisk(bytes: 6 << 20)
        let bench = try await BatchBench(TemporaryFolder(at: disk.path))
        let exchange = disk.path + "/exchange"
        TestFile.makeFolder(exchange)
        let source = """
            {"code": "taken", "class": "price", "format": "csv", "mode": "insert",
             "columns": [{"from": "Code", "to": "code"}],
             "source": {"kind": "folder", "path": "\(exchange)", "files": "*.csv"}}
            """
        let model = BatchBench.model.replacing(
            #""imports": ["#, with: #""imports": [\#(source),"#)
        _ = try await bench.actions.take(
            TakeModel(code: "shop", version: 2, document: JSONBytes(Array(model.utf8))))
        // Of holes: it takes no room where it is.
        let large = creat(exchange + "/large.csv", 0o644)
        #expect(ftruncate(large, 7 << 20) == 0)
        close(large)
        try TestFile.write("Code\na\n", to: exchange + "/small.csv")
        let answer = try await bench.actions.startImport(
            StartImportFromSource(definition: FullCode(model: "shop", code: "taken")),
            as: bench.context())
        let run = try await bench.ended(
            try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0)
        #expect(run["state"] == "failed" && run["counters"]?["inserted"] == 1, "\(run.text)")
        let reason = run["leftOut"]?.array?.first?["reason"]?.string ?? ""
        #expect(reason.hasPrefix("it has 7340032 bytes, and the disk has room for "), "\(reason)")
        try await bench.stop()
    }

    @Test func `an export waits for room, and its file is whole then`() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        let bench = try await BatchBench(TemporaryFolder(at: disk.path))
        let all = items(4000, 1500)
        bench.fake.state.withLock { $0.items = all }
        let id = try await bench.startExport()
        try await eventually("the run to say that there is no room") {
            try await bench.run(id)["problem"]?["type"] == Self.noRoom
        }
        let waiting = try await bench.run(id)
        #expect(waiting["state"] == "running" && waiting["file"] == .null)
        try disk.grow(to: 64 << 20)
        let run = try await bench.ended(id)
        #expect(run["state"] == "succeeded" && run["problem"] == .null, "\(run.text)")
        let file = try await bench.text(bench.actions.file(id, as: bench.context()))
        let expected = all.map { "\($0["code"]?.string ?? "");;\($0["note"]?.string ?? "")\r\n" }
        #expect(file == "Code;Price;Note\r\n" + expected.joined())
        try await bench.stop()
    }

    @Test func `a target without room is waited for, and half a file is never seen`() async throws {
        let folder = TemporaryFolder()
        let disk = try SmallDisk(bytes: 1 << 20, at: folder.path + "/exchange")
        let bench = try await BatchBench(folder)
        let model = BatchBench.model.replacing(
            #""exports": ["#,
            with: """
                "exports": [{"code": "out", "from": "price", "format": "csv", "done": ".ok",
                  "target": "file:out/p.csv", "columns": [{"column": "note"}]},
                """)
        _ = try await bench.actions.take(
            TakeModel(code: "shop", version: 2, document: JSONBytes(Array(model.utf8))))
        let all = items(2000, 1000)
        bench.fake.state.withLock { $0.items = all }
        let call = StartExport(definition: FullCode(model: "shop", code: "out"))
        let started = try await bench.actions.startExport(call, as: bench.context())
        let id = try JSONValue(parsing: started.bytes)["run"]?.integer ?? 0
        try await eventually("the target's problem") {
            try await bench.run(id)["problem"]?["type"] == "/problems/target-away"
        }
        let detail = try await bench.run(id)["problem"]?["detail"]?.string ?? ""
        #expect(detail.contains("No space left"), "\(detail)")
        #expect(TestFile.names(in: disk.path + "/out").isEmpty)
        try disk.grow(to: 16 << 20)
        let run = try await bench.ended(id)
        #expect(run["state"] == "succeeded", "\(run.text)")
        #expect(TestFile.names(in: disk.path + "/out").sorted() == ["p.csv", "p.csv.ok"])
        #expect(TestFile.bytes(disk.path + "/out/p.csv")?.count == 6 + 2000 * 1002)
        try await bench.stop()
    }
}
