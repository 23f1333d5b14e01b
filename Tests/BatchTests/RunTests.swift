import Contracts
import Database
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Batch

@Test func `an import inserts, updates, leaves alone and rejects`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let first = try await bench.start("prices", Array("Code;Price;Note\nA;1.50;x\nB;007;\n".utf8))
    let run = try await bench.ended(first)
    #expect(run["state"] == "succeeded")
    #expect(run.counts == [2, 2, 0, 0, 0])
    #expect(run["kind"] == "import" && run["definition"] == "shop.prices")
    #expect(run["account"] == "clerk" && run["problem"] == .null)
    #expect(run["file"] == "/api/runs/1/file")
    #expect(bench.fake.items[1]["price"] == 7)
    #expect(bench.fake.items[1]["note"] == .null)

    let file = "Code;Price;Note\nA;1.50;x\nB;8;'=1+1\n\nC;dear;\nD;1\n\"E\"e;1;\nF;2;\u{1F5A8}\n"
    let second = try await bench.ended(bench.start("prices", Array(file.utf8)))
    #expect(second.counts == [6, 1, 1, 1, 3])
    #expect(bench.fake.items[1]["note"] == "=1+1")

    let id = second["run"]?.integer ?? 0
    let errors = try await bench.text(bench.actions.errors(id, as: bench.context()))
    #expect(
        errors == """
            Code;Price;Note;_line;_error\r
            C;dear;;5;price: A decimal is needed.\r
            D;1;;6;The row has 2 fields instead of 3.\r
            "E"e;1;;7;Something stands between a closing quote and the next separator.\r

            """)
    try await bench.stop()
}

@Test func `an expression sees each value, and its errors reject the row`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let run = try await bench.ended(bench.start("shouted", Array("Price,Code\n1,a\n2,\n3,c".utf8)))
    #expect(run.counts == [3, 2, 0, 0, 1])
    #expect(bench.fake.items.map { $0["code"] } == ["A", "C"])
    try await bench.stop()
}

@Test func `a file without the columns fails with every fault`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let run = try await bench.ended(bench.start("prices", Array("Code;Preis;Code\n".utf8)))
    #expect(run["state"] == "failed")
    #expect(
        run["problem"]?["errors"]?.array?.map { $0["pointer"] } == [
            "/columns/0/from", "/columns/1/from", "/columns/2/from",
        ])
    let wide = try await bench.ended(bench.start("prices", [0xff, 0xfe, 0, 0xd8, 0x41, 0]))
    #expect(wide["problem"]?["detail"]?.string?.contains("UTF-16") == true)
    try await bench.stop()
}

@Test func `uploads are limited, never empty, and one under one key`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    await #expect(throws: BatchError.self) { try await bench.start("prices", []) }
    let big = [UInt8](repeating: 65, count: (8 << 20) + 1)
    await #expect(throws: BatchError.self) { try await bench.start("prices", big) }
    let file = Array("Code;Price;Note\nA;1;\n".utf8)
    let one = try await bench.start("prices", file, key: "k")
    #expect(try await bench.start("prices", file, key: "k") == one)
    await #expect(throws: BatchError.self) {
        try await bench.start("prices", file + [10], key: "k")
    }
    _ = try await bench.ended(one)
    #expect(TestFile.names(in: bench.folder.path + "/batch").count == 1)
    try await bench.stop()
}

@Test func `rights are those of the class, and runs are seen by their account`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let file = Array("Code;Price;Note\nA;1;\n".utf8)
    let id = try await bench.start("prices", file)
    _ = try await bench.ended(id)
    let other = Principal(account: "other")
    await #expect(throws: BatchError.self) {
        try await bench.actions.run(id, as: bench.context(other))
    }
    let operating = Principal(account: "other", permissions: ["batch:operate"])
    _ = try await bench.actions.run(id, as: bench.context(operating))
    bench.fake.state.withLock { $0.operations = ["read", "insert"] }
    await #expect(throws: BatchError.self) { try await bench.start("prices", file) }
    await #expect(throws: BatchError.self) { try await bench.startExport() }
    try await bench.stop()
}

@Test func `while Records is away a run waits, and then goes on`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let away = Shared(true)
    bench.fake.state.withLock { state in
        state.beforeCreate = { _ in
            if away.value { throw Problem.unavailable("Records is away.") }
        }
    }
    let id = try await bench.start("prices", Array("Code;Price;Note\nA;1;\n".utf8))
    try await eventually("three attempts") { bench.fake.state.withLock(\.calls) >= 3 }
    #expect(try await bench.run(id)["state"] == "running")
    away.value = false
    #expect(try await bench.ended(id).counts == [1, 1, 0, 0, 0])
    try await bench.stop()
}

@Test func `a run that is cancelled stops before its next chunk`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let rows = (1...3000).map { "\($0);1;" }.joined(separator: "\n")
    let id = Shared<Int64>(0)
    let gate = Gate()
    bench.fake.state.withLock { state in
        state.afterCreate = { number in if number == 2 { try await gate.wait() } }
    }
    id.value = try await bench.start("prices", Array("Code;Price;Note\n\(rows)".utf8))
    try await eventually("second chunk") { gate.isWaited }
    _ = try await bench.actions.cancel(id.value, as: bench.context())
    gate.open()
    let run = try await bench.ended(id.value)
    #expect(run["state"] == "cancelled")
    #expect(run.counts == [1000, 1000, 0, 0, 0])
    #expect(bench.fake.items.count == 1000)
    await #expect(throws: Never.self) {
        try await bench.actions.cancel(id.value, as: bench.context())
    }
    try await bench.stop()
}

/// Where a run is interrupted: before a chunk reaches Records, or after it did and before Batch
/// knows.
@Test(arguments: [true, false])
func `a run that is interrupted ends with the same counters`(before: Bool) async throws {
    let folder = TemporaryFolder()
    var bench = try await BatchBench(folder)
    let rows = (1...2600).map { $0 % 100 == 0 ? "\($0);bad;" : "\($0);\($0).5;n" }
    let gate = Gate()
    bench.fake.state.withLock { state in
        let stop: @Sendable (Int) async throws -> Void = { number in
            guard number == 3 else { return }
            try await gate.wait()
            throw Problem.unavailable("gone")
        }
        if before { state.beforeCreate = stop } else { state.afterCreate = stop }
    }
    let id = try await bench.start(
        "prices", Array(("Code;Price;Note\n" + rows.joined(separator: "\n")).utf8))
    try await eventually("third chunk") { gate.isWaited }
    bench.stopping.set()
    gate.open()
    try await bench.stop()

    bench.fake.state.withLock { state in
        state.beforeCreate = nil
        state.afterCreate = nil
    }
    bench = try await BatchBench(folder, records: bench.fake)
    let run = try await bench.ended(id)
    #expect(run["state"] == "succeeded")
    #expect(run.counts == [2600, 2574, 0, 0, 26])
    #expect(bench.fake.items.count == 2574)
    try await bench.stop()
}

@Test func `what is exported and imported again changes nothing`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let seed = UInt64.random(in: 0...UInt64.max)
    print("round trip seed \(seed)")
    var random = TestRandom(seed: seed)
    let words = ["=1+1", "-x", "'=", "a;b", "\"q\"", "line\r\nbreak", "", "é€🖨", " ", "0012", "@"]
    var options = CSVOptions()
    options.separator = UInt8(ascii: ";")
    var writer = try FileOptions(options).writer(columns: ["Code", "Price", "Note"])
    try writer.begin()
    var row = FileRow()
    for number in 0..<2500 {
        let price = Int.random(in: 0..<4, using: &random)
        let note = words.randomElement(using: &random)
        row.removeAll()
        row.append(.text, "\(words[number % words.count])\(number)")
        if price == 0 { row.appendNothing() } else { row.append(.number, "\(number).\(price)0") }
        if price != 1, let note { row.append(.text, note) } else { row.appendNothing() }
        try writer.row(row)
    }
    let first = try await bench.ended(bench.start("prices", try writer.take()))
    #expect(first.counts == [2500, 2500, 0, 0, 0])

    let export = try await bench.ended(bench.startExport())
    #expect(export["state"] == "succeeded")
    #expect(export["counters"]?["read"] == 2500)
    let id = export["run"]?.integer ?? 0
    #expect(export["file"] == .string("/api/runs/\(id)/file"))
    let file = try await bench.text(bench.actions.file(id, as: bench.context()))
    let again = try await bench.ended(bench.start("prices", Array(file.utf8)))
    #expect(again.counts == [2500, 0, 0, 2500, 0])
    try await bench.stop()
}

@Test func `a file that no run names is removed at the start`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let id = try await bench.start("prices", Array("Code;Price;Note\nA;1;\n".utf8))
    _ = try await bench.ended(id)
    try TestFile.write("left", to: bench.folder.path + "/batch/left.csv")
    let named = Set(try await bench.database.read { try RunStore.files($0) })
    // Another copy may be writing it.
    try await bench.files.clean(keeping: named, isShared: true)
    #expect(TestFile.names(in: bench.folder.path + "/batch").count == 2)
    try await bench.files.clean(keeping: named)
    #expect(TestFile.names(in: bench.folder.path + "/batch").count == 1)
    try await bench.stop()
}

@Test func `runs that ended long ago go with all that they kept`() async throws {
    let bench = try await BatchBench(TemporaryFolder())
    let id = try await bench.start("prices", Array("Code;Price;Note\nA;1;\nB;x;\n".utf8))
    _ = try await bench.ended(id)
    #expect(try await bench.keeping(.seconds(3600)).sweep() == 0)
    let rows = try await bench.actions.rows(ListRunRows(run: id), as: bench.context())
    #expect(try JSONValue(parsing: rows.bytes)["items"]?.array?.count == 1)
    #expect(try await bench.keeping(.seconds(-3600)).sweep() == 1)
    await #expect(throws: BatchError.self) { try await bench.run(id) }
    #expect(TestFile.names(in: bench.folder.path + "/batch") == [])
    for table in ["receipt", "rejected_row", "run_log", "run"] {
        let left = try await bench.database.read { try $0.count("select count(*) from \(table)") }
        #expect(left == 0, "\(table)")
    }
    try await bench.stop()
}
