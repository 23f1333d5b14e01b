import Contracts
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Batch

/// A list as a file, without a run.
@Suite struct ListExportTests {
    private func bytes(_ response: Response) async throws -> [UInt8] {
        guard case .stream(_, let write) = response.body else { return [] }
        let (pieces, ending) = AsyncStream.makeStream(of: [UInt8].self)
        try await write(BodyWriter { ending.yield($0) })
        ending.finish()
        var all: [UInt8] = []
        for await piece in pieces { all += piece }
        return all
    }

    private func call(
        _ format: String, columns: [String] = ["id", "code", "price"]
    ) -> ExportList {
        ExportList(
            FullCode(model: "shop", code: "price"), filter: "price gt 1", orderby: "code",
            search: nil, columns: columns, format: format, language: "en")
    }

    @Test func `a list is written page by page with its filter, order and columns`() async throws {
        let bench = try await BatchBench(TemporaryFolder())
        let rows = (0..<2500).map { "C\($0);\($0);=a" }.joined(separator: "\n")
        _ = try await bench.ended(
            try await bench.start("prices", Array("Code;Price;Note\n\(rows)\n".utf8)))
        let context = bench.context(Principal(account: "anna"))
        let response = try await bench.actions.export(call("csv"), as: context)
        #expect(response.headers["Content-Type"] == "text/csv; charset=utf-8")
        let text = String(decoding: try await bytes(response), as: UTF8.self)
        let lines = text.split(separator: "\r\n")
        #expect(lines.count == 2501 && lines[0] == "\u{FEFF}id,code,price")
        #expect(lines[1].hasSuffix(",C0,0") && lines[2500].hasSuffix(",C2499,2499"))
        let last = bench.fake.state.withLock(\.listed)
        let listed = try #require(last)
        #expect(listed.filter == "price gt 1" && listed.orderby == "code")
        #expect(listed.export == true && listed.select == ["id", "code", "price"])
        let sheet = try await bytes(await bench.actions.export(call("xlsx"), as: context))
        #expect(sheet.starts(with: Array("PK".utf8)))
        try await bench.stop()
    }

    @Test func `who may not export gets no file, and no format is made up`() async throws {
        let bench = try await BatchBench(TemporaryFolder())
        let context = bench.context(Principal(account: "anna"))
        await #expect(throws: Problem.self) {
            _ = try await bench.actions.export(call("pdf"), as: context)
        }
        bench.fake.state.withLock { $0.operations = ["read"] }
        do {
            _ = try await bench.actions.export(call("csv"), as: context)
            Issue.record("it was exported")
        } catch let problem as Problem {
            #expect(problem.status == 403)
        }
        try await bench.stop()
    }
}
