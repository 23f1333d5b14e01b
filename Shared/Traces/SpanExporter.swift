import Curl
import ServiceRuntime

/// Delivers spans to the collector in batches, each once: what it does not take is dropped and
/// counted, since nobody waits for a trace and the next ones have a better chance.
final class SpanExporter: Service {
    /// How long spans wait for others.
    static let interval = Duration.seconds(5)
    static let deliveryTimeout = Duration.seconds(3)
    /// For the last spans, while the process ends.
    static let farewellTimeout = Duration.seconds(2)
    private static let answerLimit = 64 << 10

    let name = "traces"
    private let export: TraceExport
    private let buffer: SpanBuffer
    private let client: OutgoingHTTP
    private let runtime: Runtime
    private let turns: AsyncStream<Void>
    private let turn: AsyncStream<Void>.Continuation

    init(_ export: TraceExport, buffer: SpanBuffer, runtime: Runtime) throws {
        self.export = export
        self.buffer = buffer
        self.runtime = runtime
        (turns, turn) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        // The operator names the collector, wherever it stands. Its calls are not counted.
        var own = runtime
        own.metrics = Metrics()
        let everywhere = ["0.0.0.0/0", "::/0"].compactMap { NetworkRange($0) }
        client = try OutgoingHTTP(
            configuration: OutgoingConfiguration(
                policy: OutgoingPolicy(opened: everywhere), authorities: export.authorities,
                timeout: SpanExporter.deliveryTimeout), runtime: own)
    }

    func run() async throws {
        buffer.onFull { [turn] in turn.yield() }
        let timer = Task { [turn, clock = runtime.clock] in
            while (try? await clock.sleep(for: SpanExporter.interval)) != nil { turn.yield() }
        }
        var isReached = true
        for await _ in turns {
            await deliver(timeout: SpanExporter.deliveryTimeout, isReached: &isReached)
        }
        timer.cancel()
        // Not tried where the collector was away a moment ago: the process is to end.
        await deliver(
            timeout: isReached ? SpanExporter.farewellTimeout : .zero, isReached: &isReached)
        // What is left is lost, and said so.
        await deliver(timeout: .zero, isReached: &isReached)
        client.close()
    }

    func shutdown() async { turn.finish() }

    /// All that waits.
    private func deliver(timeout: Duration, isReached: inout Bool) async {
        while true {
            let spans = buffer.take()
            guard !spans.isEmpty else { return }
            let fault = timeout > .zero ? await send(spans, timeout) : "the process ends"
            for span in spans { span.count(isSent: fault == nil) }
            if let fault, isReached {
                // Once for an outage.
                runtime.log.warning(
                    "the collector of traces takes none", ["reason": .string(fault)])
            } else if fault == nil, !isReached {
                runtime.log.info("the collector of traces takes them again")
            }
            isReached = fault == nil
            // The rest would fare no better; it stays in its bounds until the next turn.
            if !isReached, timeout > .zero { return }
        }
    }

    /// Why the collector did not take them, or nil.
    private func send(_ spans: [Span], _ timeout: Duration) async -> String? {
        let headers = export.headers.map {
            OutgoingRequest.Header($0.name, $0.value, isSecret: true)
        }
        let request = OutgoingRequest(
            method: "POST", url: export.url,
            headers: [.init("Content-Type", "application/json")] + headers,
            body: OTLP.body(of: spans), followsRedirects: false, timeout: timeout,
            responseLimit: SpanExporter.answerLimit)
        do {
            let answer = try await client.send(request)
            return (200..<300).contains(answer.status) ? nil : "it answers \(answer.status)"
        } catch {
            return "\(error)"
        }
    }
}
