import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Batch

/// `GET /api/runs`.
@Suite struct RunListTests {
    private static let `operator` = Principal(account: "boss", permissions: ["batch:operate"])

    private func list(
        _ bench: BatchBench, _ call: ListRuns, as principal: Principal = RunListTests.operator
    ) async throws -> (runs: [Int64], next: String?) {
        let bytes = try await bench.actions.list(call, as: bench.context(principal)).bytes
        let page = try JSONValue(parsing: bytes)
        let runs = (page["items"]?.array ?? []).compactMap { $0["run"]?.integer }
        return (runs, page["next"]?.string)
    }

    /// Runs 1 to 4: an import, one that fails, an export, and an import of somebody else.
    private func bench() async throws -> BatchBench {
        let bench = try await BatchBench(TemporaryFolder())
        let good = Array("Code;Price;Note\nA;1;\n".utf8)
        _ = try await bench.ended(try await bench.start("prices", good))
        _ = try await bench.ended(try await bench.start("prices", Array("Nothing\n".utf8)))
        _ = try await bench.ended(try await bench.startExport())
        let other = Principal(account: "other")
        let last = try await bench.start("shouted", Array("Code,Price\na,1\n".utf8), as: other)
        try await eventually("the other's run") {
            try await bench.database.read { try RunStore.run($0, last)?.state.hasEnded ?? false }
        }
        return bench
    }

    @Test func `runs are listed newest first, by kind, state and definition, page by page`()
        async throws
    {
        let bench = try await bench()
        #expect(try await list(bench, ListRuns()).runs == [4, 3, 2, 1])
        #expect(try await list(bench, ListRuns(kind: "export")).runs == [3])
        #expect(try await list(bench, ListRuns(state: "failed")).runs == [2])
        #expect(try await list(bench, ListRuns(definition: "shop.prices")).runs == [2, 1])
        #expect(try await list(bench, ListRuns(definition: "prices")).runs == [2, 1])
        #expect(try await list(bench, ListRuns(definition: "none.prices")).runs.isEmpty)
        let both = ListRuns(kind: "import", state: "succeeded")
        #expect(try await list(bench, both).runs == [4, 1])
        let first = try await list(bench, ListRuns(limit: 3))
        #expect(first.runs == [4, 3, 2] && first.next == "2")
        let second = try await list(bench, ListRuns(limit: 3, cursor: first.next))
        #expect(second.runs == [1] && second.next == nil)
        let whole = try await list(bench, ListRuns(limit: 4))
        #expect(whole.next == nil)
        try await bench.stop()
    }

    @Test func `a list has what its caller may see`() async throws {
        let bench = try await bench()
        #expect(try await list(bench, ListRuns(), as: BatchBench.clerk).runs == [3, 2, 1])
        #expect(try await list(bench, ListRuns(), as: Principal(account: "other")).runs == [4])
        var narrowed = RunListTests.operator
        narrowed.models = ["other"]
        #expect(try await list(bench, ListRuns(), as: narrowed).runs.isEmpty)
        let context = bench.context(narrowed)
        await #expect(throws: BatchError.self) { try await bench.actions.run(1, as: context) }
        narrowed.models = ["shop"]
        #expect(try await list(bench, ListRuns(), as: narrowed).runs == [4, 3, 2, 1])
        try await bench.stop()
    }

    @Test(arguments: [
        ListRuns(kind: "mail"), ListRuns(state: "done"), ListRuns(limit: 0),
        ListRuns(limit: 1001), ListRuns(cursor: "x"),
    ])
    func `what a list cannot mean is refused`(_ call: ListRuns) async throws {
        let bench = try await BatchBench(TemporaryFolder())
        await #expect(throws: Problem.self) {
            try await bench.actions.list(call, as: bench.context())
        }
        try await bench.stop()
    }
}
