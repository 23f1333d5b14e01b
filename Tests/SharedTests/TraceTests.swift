import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing
import Traces

@Suite struct TraceTests {
    /// A service that is traced, a peer of it, and the exporter.
    private final class Bench: Sendable {
        let runtime: Runtime
        let peer: Peer
        private let exporter: any Service
        private let task: Task<Void, any Error>

        init(_ endpoint: String, share: String = "1", headers: String = "") throws {
            let reader = ConfigurationReader(
                service: "test",
                environment: [
                    "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": share,
                    "OTEL_EXPORTER_OTLP_HEADERS": headers,
                ])
            let export = try #require(TraceExport(reading: reader))
            try reader.finish()
            var runtime = TestRuntime.make()
            exporter = try #require(try export.start("test", &runtime))
            self.runtime = runtime
            let signer = PrincipalSigner(
                key: [UInt8](repeating: 7, count: 32), clock: runtime.clock)
            let routes = RPCRoutes(service: "test", signer: signer, runtime: runtime) { nil }
            routes.on(Echo.self) { call, _ in
                if call.text == "secret body" { throw Problem.unavailable("it is away") }
                return Echo.Response(text: call.text)
            }
            peer = Peer(
                name: "test", transport: RouterTransport(routes.router), signer: signer,
                runtime: runtime)
            let exporter = exporter
            task = Task { try await exporter.run() }
        }

        /// What waits is delivered at the end.
        func stop() async throws {
            await exporter.shutdown()
            try await task.value
        }

        func context(_ id: String, traceparent: String? = nil) -> CallContext {
            CallContext(
                principal: Principal(account: "anna"), door: .api,
                cause: Cause(root: "request:\(id)"),
                trace: TraceContext(requestID: id, traceparent: traceparent))
        }

        func metric(_ outcome: String) -> Int {
            let line = "geartrain_trace_spans_total{outcome=\"\(outcome)\"} "
            return runtime.metrics.render().split(separator: "\n")
                .first { $0.hasPrefix(line) }.flatMap { Int($0.dropFirst(line.count)) } ?? -1
        }
    }

    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `a call and its answer are spans of the trace that came`() async throws {
        let collector = try Collector()
        let bench = try Bench(
            collector.url + "/", headers: "authorization=Bearer%20s3cret,x-team=a")
        let context = bench.context("r-1", traceparent: parent)
        _ = try await bench.peer.call(Echo(text: "hello"), as: context)
        await #expect(throws: Problem.self) {
            try await bench.peer.call(Echo(text: "secret body"), as: context)
        }
        try await bench.stop()
        let spans = collector.spans
        #expect(spans.count == 4)
        #expect(Set(spans.map(\.trace)) == ["4bf92f3577b34da6a3ce929d0e0e4736"])
        let calls = spans.filter { $0.kind == 3 }
        #expect(calls.map(\.parent) == ["00f067aa0ba902b7", "00f067aa0ba902b7"])
        #expect(calls.map(\.name) == ["call test/echo", "call test/echo"])
        let answers = spans.filter { $0.kind == 2 }
        #expect(answers.map(\.parent) == calls.map(\.id))
        #expect(answers.map(\.name) == ["POST /rpc/test/echo", "POST /rpc/test/echo"])
        #expect(spans.map(\.isError) == [false, false, true, true])
        #expect(calls.last?.attributes["error.type"] == "unavailable")
        #expect(answers.last?.attributes["http.response.status_code"] == "503")
        for (call, answer) in zip(calls, answers) {
            #expect(call.start <= answer.start && answer.end <= call.end)
        }
        #expect(bench.metric("sent") == 4)
        // What is said, and to whom; never what was in the calls.
        let request = try #require(collector.requests.first)
        #expect(request.path == "/v1/traces")
        #expect(request.headers["Authorization"] == "Bearer s3cret")
        #expect(request.headers["X-Team"] == "a")
        #expect(!request.body.contains("secret body") && !request.body.contains("anna"))
        try await collector.stop()
    }

    @Test func `work takes the trace of what caused it, in every process`() async throws {
        let collector = try Collector()
        let bench = try Bench(collector.url)
        let other = try Bench(collector.url)
        let work = bench.runtime.tracer.work("things") { (id: String) -> Result<Int, Never> in
            // Nothing but the id has come through the queue.
            _ = try await bench.peer.call(Echo(text: "later"), as: bench.context(id))
            return .success(1)
        }
        _ = try await other.peer.call(Echo(text: "first"), as: other.context("r-2"))
        _ = try await work("r-2")
        _ = try await work("r-3")
        try await bench.stop()
        try await other.stop()
        let traces = Dictionary(grouping: collector.spans, by: \.trace)
        #expect(traces.count == 2)
        let long = try #require(traces.values.first { $0.count == 5 })
        let item = try #require(long.first { $0.kind == 1 })
        #expect(item.name == "queue things")
        #expect(item.attributes["geartrain.outcome"] == "success")
        #expect(long.filter { $0.parent == item.id }.map(\.name) == ["call test/echo"])
        try await collector.stop()
    }

    @Test func `a collector that is away costs a request nothing but its spans`() async throws {
        let port = FreePort.take(1)[0]
        let bench = try Bench("http://127.0.0.1:\(port)")
        // Two spans each: more than may wait.
        for number in 0..<3000 {
            _ = try await bench.peer.call(Echo(text: "x"), as: bench.context("r-\(number)"))
        }
        try await bench.stop()
        #expect(bench.metric("dropped") == 6000)
        #expect(bench.metric("sent") == 0)
    }

    @Test func `what a collector refuses is dropped, and the next is taken`() async throws {
        let collector = try Collector(status: 429)
        let bench = try Bench(collector.url)
        for number in 0..<300 {
            _ = try await bench.peer.call(Echo(text: "x"), as: bench.context("r-\(number)"))
        }
        // A full batch goes at once.
        try await eventually("a refusal") { bench.metric("dropped") >= 512 }
        collector.answer(200)
        for number in 300..<600 {
            _ = try await bench.peer.call(Echo(text: "x"), as: bench.context("r-\(number)"))
        }
        try await eventually("a delivery") { bench.metric("sent") >= 512 }
        try await bench.stop()
        #expect(bench.metric("sent") + bench.metric("dropped") == 1200)
        #expect(collector.spans.count == bench.metric("sent"))
        try await collector.stop()
    }

    @Test func `a share of the traces is kept, whole`() async throws {
        let collector = try Collector()
        let bench = try Bench(collector.url, share: "0.25")
        for number in 0..<1000 {
            _ = try await bench.peer.call(Echo(text: "x"), as: bench.context("r-\(number)"))
        }
        // What came with a decision keeps to it.
        let unsampled = parent.dropLast() + "0"
        _ = try await bench.peer.call(
            Echo(text: "x"), as: bench.context("no", traceparent: String(unsampled)))
        try await bench.stop()
        let traces = Dictionary(grouping: collector.spans, by: \.trace)
        #expect((200...300).contains(traces.count), "\(traces.count)")
        #expect(traces.values.allSatisfy { $0.count == 2 })
        #expect(traces["4bf92f3577b34da6a3ce929d0e0e4736"] == nil)
        try await collector.stop()
    }

    @Test func `settings that cannot be used are said without their values`() {
        func problems(_ environment: [String: String]) -> [String] {
            let reader = ConfigurationReader(service: "test", environment: environment)
            _ = TraceExport(reading: reader)
            return reader.problems
        }
        #expect(problems([:]).isEmpty)
        let all = problems([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318", "OTEL_TRACES_SAMPLER_ARG": "2",
            "OTEL_EXPORTER_OTLP_HEADERS": "token s3cret",
        ])
        #expect(all.count == 3)
        #expect(!all.joined().contains("s3cret"))
        #expect(problems(["OTEL_EXPORTER_OTLP_HEADERS": "a=%zz"]).count == 1)
    }

    @Test func `without a collector nothing is traced and nothing changes`() async throws {
        let runtime = TestRuntime.make()
        #expect(!runtime.tracer.isOn)
        #expect(runtime.tracer.begin(.server, in: TraceContext(requestID: "r")) == nil)
        #expect(!runtime.metrics.render().contains("geartrain_trace_spans_total"))
    }
}
