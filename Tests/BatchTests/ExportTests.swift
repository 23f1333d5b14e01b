import Contracts
import Database
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Batch

/// An import and an export of the same columns in each format.
private let model: String = {
    let formats = FileFormat.allCases.map(\.rawValue)
    let columns = ["code", "price", "note"]
    let imports = formats.map { format in
        let list = columns.map {
            #"{"from": "\#($0)", "to": "\#($0)", "key": \#($0 == "code")}"#
        }.joined(separator: ",")
        return #"{"code": "\#(format)", "class": "price", "format": "\#(format)", "#
            + #""mode": "upsert", "columns": [\#(list)]}"#
    }
    let exports = formats.map { format in
        let list = columns.map { #"{"column": "\#($0)"}"# }.joined(separator: ",")
        return #"{"code": "\#(format)", "from": "price", "format": "\#(format)", "#
            + #""columns": [\#(list)]}"#
    }
    let others = [
        #"{"code": "load", "query": "load", "parameters": {"least": 2}, "format": "json","#
            + #" "columns": [{"column": "n", "as": {"en": "Count", "de": "Zahl"}}],"#
            + #" "language": "de"}"#,
        #"{"code": "gone", "from": "price", "records": "deleted", "format": "ndjson","#
            + #" "columns": [{"column": "note"}], "language": "de"}"#,
        #"{"code": "out", "from": "price", "format": "csv", "target": "file:out/p-{run}.csv","#
            + #" "done": ".ok", "columns": [{"column": "code"}]}"#,
        #"{"code": "whole", "from": "price", "format": "csv"}"#,
        #"{"code": "badxml", "from": "price", "format": "xml","#
            + #" "columns": [{"column": "code", "as": "no name"}]}"#,
    ]
    return """
        {"code": "shop", "classes": [{"code": "price", "columns": [
            {"code": "code", "type": "text", "unique": true}, {"code": "price", "type": "decimal"},
            {"code": "note", "type": "text"}]}],
         "imports": [\(imports.joined(separator: ","))],
         "exports": [\((exports + others).joined(separator: ","))]}
        """
}()

private func bench() async throws -> BatchBench {
    let bench = try await BatchBench(TemporaryFolder())
    let document = JSONBytes(Array(model.utf8))
    _ = try await bench.actions.take(TakeModel(code: "shop", version: 2, document: document))
    return bench
}

extension BatchBench {
    /// Runs an export; answers the run and, where it made one, the bytes of its file.
    fileprivate func export(_ code: String) async throws -> (run: JSONValue, file: [UInt8]) {
        let call = StartExport(definition: FullCode(model: "shop", code: code))
        let answer = try await actions.startExport(call, as: context())
        let id = try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0
        let run = try await ended(id)
        guard run["state"] == "succeeded" else { return (run, []) }
        let name = try await database.read { try RunStore.run($0, id)?.file } ?? ""
        return (run, TestFile.bytes(files.path(name)) ?? [])
    }
}

@Test(arguments: FileFormat.allCases)
func `an export that is imported again changes nothing`(_ format: FileFormat) async throws {
    let bench = try await bench()
    let seed = UInt64.random(in: 0...UInt64.max)
    print("\(format) seed \(seed)")
    var random = TestRandom(seed: seed)
    let notes = [
        "=1+1", "-x", "'=", "a;b", "\"q\"", "line\r\nbreak", "", "é€🖨", " ", "0012", "@", "_x0041_",
        "<&>", "1e5", "true", "2026-01-01", "null",
    ]
    var items: [JSONObject] = []
    for number in 0..<2300 {
        var item = JSONObject()
        item["id"] = JSONValue(number + 1)
        item["code"] = .string("\(notes[number % notes.count])\(number)")
        let decimals = ["0.10", "-12.50", "99999999999999999.99", "0"]
        let price = decimals.randomElement(using: &random) ?? "0"
        item["price"] = number % 5 == 0 ? .null : .number(JSONNumber(text: price) ?? JSONNumber(0))
        item["note"] = number % 7 == 0 ? .null : .string(notes.randomElement(using: &random) ?? "")
        items.append(item)
    }
    let all = items
    bench.fake.state.withLock { $0.items = all }
    let (run, file) = try await bench.export(format.rawValue)
    #expect(run["counters"]?["read"] == 2300)
    let again = try await bench.ended(bench.start(format.rawValue, file))
    #expect(again.counts == [2300, 0, 0, 2300, 0], "seed \(seed) \(again)")
    #expect(bench.fake.items == all, "seed \(seed)")
    try await bench.stop()
}

@Test func `an export of a query has its columns, and titles in the language asked for`()
    async throws
{
    let bench = try await bench()
    bench.fake.state.withLock { state in
        state.query = { call in
            #expect(call.parameters == ["least": 2] && call.query.description == "shop.load")
            let isFirst = call.cursor == nil
            return ["items": [["n": isFirst ? 5 : 6]], "next": isFirst ? .string("2") : .null]
        }
    }
    let (_, file) = try await bench.export("load")
    #expect(String(decoding: file, as: UTF8.self) == "[\n{\"Zahl\":5},\n{\"Zahl\":6}\n]\n")
    try await bench.stop()
}

@Test func `an export into a folder puts its file there, whole, with its done-file`() async throws {
    let bench = try await bench()
    let item = JSONObject([("id", 1), ("code", "a")])
    bench.fake.state.withLock { $0.items = [item] }
    let (run, file) = try await bench.export("out")
    #expect(run["state"] == "succeeded")
    let (out, name) = (bench.folder.path + "/exchange/out", "p-\(run["run"]?.integer ?? 0).csv")
    #expect(TestFile.names(in: out).sorted() == [name, name + ".ok"])
    #expect(TestFile.bytes(out + "/" + name) == file && file == Array("code\r\na\r\n".utf8))
    try await bench.stop()
}

@Test func `an export says which records it wants, and what it cannot write`() async throws {
    let bench = try await bench()
    let item = JSONObject([("id", 1), ("code", "a"), ("note", "x")])
    bench.fake.state.withLock { $0.items = [item] }
    let (run, file) = try await bench.export("gone")
    #expect(run["state"] == "succeeded")
    #expect(bench.fake.state.withLock(\.deleted) == "only")
    #expect(String(decoding: file, as: UTF8.self) == "{\"note\":\"x\"}\n")
    let (bad, _) = try await bench.export("badxml")
    #expect(bad["state"] == "failed")
    #expect(bad["problem"]?["detail"]?.string?.contains("no name") == true)
    try await bench.stop()
}

@Test func `a page becomes rows without a tree, and its cursor is found before it is read`() throws
{
    let model: JSONValue = [
        "code": "x", "query": "q", "format": "csv",
        "columns": [["column": "b"], ["column": "a"], ["column": "b"]],
    ]
    let definition = try #require(Models.exportDefinition(model, model: "shop"))
    let columns = try ExportColumn.all(definition, nil)
    func read(_ text: String) throws -> (next: String?, ids: [Int64], rows: [[String?]]) {
        let page = ExportPage(bytes: Array(text.utf8))
        var (ids, rows): ([Int64], [[String?]]) = ([], [])
        let count = try page.read(columns) { id, row in
            ids.append(id)
            rows.append((0..<row.count).map { row.text($0) })
        }
        #expect(count == rows.count)
        return (page.next, ids, rows)
    }
    let page = try read(
        #"{"items":[{"id":7,"a":"\"next\":\"no\"","c":[1],"b":1.50},{"b":{"next":"no"}}],"#
            + #""next":"a\"b","count":2}"#)
    #expect(page.next == "a\"b" && page.ids == [7, 0])
    #expect(
        page.rows == [
            ["1.50", #""next":"no""#, "1.50"], [#"{"next":"no"}"#, nil, #"{"next":"no"}"#],
        ])
    #expect(try read(#"{"items":[],"next":null}"#).next == nil)
    #expect(try read(#"{"items":[{"a":null,"b":true}]}"#).rows == [["true", nil, "true"]])
    #expect(throws: JSONError.self) { try read(#"{"items":[{"a":1"#) }
}

@Test func `a file is given away as long as each of its columns may be taken`() async throws {
    let bench = try await bench()
    let item = JSONObject([("id", 1), ("code", "a"), ("note", "x")])
    bench.fake.state.withLock { $0.items = [item] }
    var runs: [String: Int64] = [:]
    // One names its column; the other has all of them, as they were.
    for code in ["gone", "whole"] {
        runs[code] = try await bench.export(code).run["run"]?.integer
    }
    func mayGive(_ code: String) async throws -> Bool {
        do {
            _ = try await bench.actions.checkFile(runs[code] ?? 0, as: bench.context())
            return true
        } catch let error as BatchError {
            #expect(error.problem.status == 403)
            return false
        }
    }
    for (closed, named, all) in [
        ([], true, true), (["price"], true, false), (["note"], false, false), ([], true, true),
    ] as [(Set<String>, Bool, Bool)] {
        bench.fake.state.withLock { $0.closed = closed }
        #expect(try await mayGive("gone") == named, "\(closed)")
        #expect(try await mayGive("whole") == all, "\(closed)")
    }
    try await bench.stop()
}
