import TestSupport

/// DBOS, a library for durable workflows: three steps, each a function whose result is kept. It
/// runs in the process that starts its workflows, without a server and without anybody's rights.
struct DBOS: Sendable {
    /// A URL of SQLAlchemy.
    let store: String
    private let program: String

    /// How many workflows are under way at once: what it does best with on two cores.
    private static let width = 16

    init(store: String, in folder: String) throws {
        self.store = store
        TestFile.makeFolder(folder)
        program = folder + "/contender.py"
        try TestFile.write(DBOS.source, to: program)
    }

    /// One after another; each is called and its result waited for.
    func sequential(seconds: Int) async throws -> Sample { try await run(1, seconds) }

    func parallel(seconds: Int) async throws -> Sample { try await run(DBOS.width, seconds) }

    private func run(_ width: Int, _ seconds: Int) async throws -> Sample {
        let (code, output) = try await ChildProcess.run(
            "python3", [program, store, "\(width)", "\(seconds)"],
            within: .seconds(Int64(seconds + 60)))
        let line = output.split(separator: "\n").last { $0.hasPrefix("RESULT ") }
        let numbers = (line ?? "").split(separator: " ").dropFirst().compactMap { Double($0) }
        guard code == 0, numbers.count == 3 else { throw BenchmarkError("dbos:\n\(output)") }
        return Sample(rate: numbers[0], median: numbers[1], p99: numbers[2])
    }

    private static let source = """
        import sys, time
        from collections import deque
        from dbos import DBOS

        store, width, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
        DBOS(config={"name": "bench", "system_database_url": store, "run_admin_server": False,
                     "log_level": "ERROR"})

        @DBOS.step()
        def one(n): return n + 1

        @DBOS.step()
        def two(n): return n + 1

        @DBOS.step()
        def three(n): return n + 1

        @DBOS.workflow()
        def flow(n): return three(two(one(n)))

        DBOS.launch()
        assert flow(0) == 3
        times, under_way = [], deque()
        start = time.perf_counter()
        while time.perf_counter() - start < seconds:
            if width == 1:
                began = time.perf_counter()
                assert flow(1) == 4
                times.append(time.perf_counter() - began)
                continue
            while len(under_way) < width:
                under_way.append((time.perf_counter(), DBOS.start_workflow(flow, 1)))
            began, handle = under_way.popleft()
            assert handle.get_result() == 4
            times.append(time.perf_counter() - began)
        for began, handle in under_way:
            assert handle.get_result() == 4
            times.append(time.perf_counter() - began)
        spent = time.perf_counter() - start
        times.sort()
        print("RESULT", len(times) / spent, times[len(times) // 2] * 1000,
              times[len(times) * 99 // 100] * 1000, flush=True)
        DBOS.destroy()
        """
}
