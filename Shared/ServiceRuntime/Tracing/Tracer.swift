import CLinux
import Glibc
import Synchronization

/// Makes the spans of a service. Where no collector is set it is `off` and costs a comparison.
///
/// A trace is sampled by who began it; here by a share of the trace ids, so that every process
/// decides alike. Ending a span puts it into a bounded buffer and waits for nothing.
public struct Tracer: Sendable {
    /// What became of a service's spans.
    struct Counts: Sendable {
        let sent: Counter
        let dropped: Counter
    }

    private struct Tools: Sendable {
        let buffer: SpanBuffer
        let share: Double
        let clock: any WallClock
        let random: any RandomSource
        /// What turns the clock that never goes back into nanoseconds since 1970.
        let epoch: UInt64
    }

    /// Keeps nothing.
    public static let off = Tracer(service: "", tools: nil, counts: nil)

    private let service: String
    private let tools: Tools?
    private let counts: Counts?

    private init(service: String, tools: Tools?, counts: Counts?) {
        self.service = service
        self.tools = tools
        self.counts = counts
    }

    /// `share` of the traces that begin here are kept, from 0 to 1.
    public init(
        service: String, into buffer: SpanBuffer, share: Double, clock: any WallClock,
        random: any RandomSource, metrics: Metrics
    ) {
        let wall =
            clock is SystemClock
            ? UInt64(geartrain_nanoseconds(CLOCK_REALTIME))
            : UInt64(clamping: clock.now().milliseconds) * 1_000_000
        self.init(
            service: service,
            tools: Tools(
                buffer: buffer, share: share, clock: clock, random: random,
                epoch: wall &- clock.monotonicNanoseconds()),
            counts: Tracer.counts(metrics))
    }

    private static func counts(_ metrics: Metrics) -> Counts {
        func counter(_ outcome: String) -> Counter {
            metrics.counter(
                "geartrain_trace_spans_total", help: "Spans by what became of them.",
                labels: ["outcome": outcome])
        }
        return Counts(sent: counter("sent"), dropped: counter("dropped"))
    }

    /// The same for another service of this process.
    public func serving(_ service: String, metrics: Metrics) -> Tracer {
        tools == nil
            ? self : Tracer(service: service, tools: tools, counts: Tracer.counts(metrics))
    }

    public var isOn: Bool { tools != nil }

    /// Begins a span in the trace of a request; nil where nothing is traced. Calls that it makes go
    /// on from its `traceparent`.
    public func begin(_ kind: Span.Kind, in trace: TraceContext) -> OpenSpan? {
        guard let tools else { return nil }
        let work = Tracer.currentWork
        work?.follow(trace)
        let (context, parent) = place(in: trace, work: work, tools)
        return OpenSpan(
            tracer: self, kind: kind, context: context, parent: parent,
            start: tools.clock.monotonicNanoseconds())
    }

    private func place(
        in trace: TraceContext, work: WorkSpan?, _ tools: Tools
    ) -> (SpanContext, parent: UInt64?) {
        if let parent = trace.traceparent.flatMap(SpanContext.init(traceparent:)) {
            return (child(of: parent, tools), parent.span)
        }
        let own = beginning(of: trace, tools)
        let parent = work?.context.flatMap {
            $0.high == own.high && $0.low == own.low ? $0.span : nil
        }
        return (child(of: own, tools), parent)
    }

    private func beginning(of trace: TraceContext, _ tools: Tools) -> SpanContext {
        SpanContext(requestID: trace.requestID) { low in
            Double(low >> 11) < tools.share * Double(UInt64(1) << 53)
        }
    }

    private func child(of parent: SpanContext, _ tools: Tools) -> SpanContext {
        guard parent.isSampled else { return parent }
        let span = tools.random.bytes(8).reduce(0) { $0 << 8 | UInt64($1) } | 1
        return SpanContext(high: parent.high, low: parent.low, span: span, isSampled: true)
    }

    fileprivate func keep(
        _ open: OpenSpan, _ name: String, _ error: String?,
        _ attributes: [(key: String, value: Span.Attribute)]
    ) {
        guard let tools else { return }
        tools.buffer.add(
            Span(
                service: service, name: name, kind: open.kind, context: open.context,
                parent: open.parent, start: tools.epoch &+ open.start,
                end: tools.epoch &+ tools.clock.monotonicNanoseconds(), attributes: attributes,
                error: error, counts: counts))
    }
}

/// A span that has begun.
public struct OpenSpan: Sendable {
    fileprivate let tracer: Tracer
    fileprivate let kind: Span.Kind
    let context: SpanContext
    fileprivate let parent: UInt64?
    fileprivate let start: UInt64

    /// For the calls that it makes.
    public var traceparent: String { context.traceparent }

    /// Ends it; without effect where its trace is not sampled. `error` is a code or a type.
    public func end(
        _ name: @autoclosure () -> String, error: @autoclosure () -> String? = nil,
        _ attributes: @autoclosure () -> [(key: String, value: Span.Attribute)] = []
    ) {
        guard context.isSampled else { return }
        tracer.keep(self, name(), error(), attributes())
    }
}

// Work that no request waits for.
extension Tracer {
    @TaskLocal fileprivate static var currentWork: WorkSpan?

    /// `handle` with a span around each item that it is given. The item's trace is that of the
    /// first call that it makes, or of `follow`.
    public func work<Item: Sendable, Outcome: Sendable>(
        _ queue: String, _ handle: @escaping @Sendable (Item) async throws -> Outcome
    ) -> @Sendable (Item) async throws -> Outcome {
        guard let tools else { return handle }
        return { item in
            let work = WorkSpan(tracer: self, start: tools.clock.monotonicNanoseconds())
            do {
                let outcome = try await Tracer.$currentWork.withValue(work) {
                    try await handle(item)
                }
                work.end(queue, outcome: Mirror(reflecting: outcome).children.first?.label)
                return outcome
            } catch {
                work.end(queue, error: "\(type(of: error))")
                throw error
            }
        }
    }

    /// Says which request's trace the item belongs to that is being handled; the first counts.
    public static func follow(_ trace: @autoclosure () -> TraceContext) {
        guard let work = currentWork else { return }
        work.follow(trace())
    }

    fileprivate func open(following trace: TraceContext, start: UInt64) -> OpenSpan? {
        guard let tools else { return nil }
        let (context, parent) = place(in: trace, work: nil, tools)
        return OpenSpan(
            tracer: self, kind: .work, context: context, parent: parent, start: start)
    }
}

/// The span of an item; it is placed in a trace once that is known.
private final class WorkSpan: Sendable {
    private let tracer: Tracer
    private let start: UInt64
    private let place = Mutex<OpenSpan?>(nil)

    init(tracer: Tracer, start: UInt64) {
        self.tracer = tracer
        self.start = start
    }

    var context: SpanContext? { place.withLock { $0?.context } }

    func follow(_ trace: TraceContext) {
        place.withLock { place in
            if place == nil { place = tracer.open(following: trace, start: start) }
        }
    }

    /// Without a trace there is nothing to see it beside.
    func end(_ queue: String, outcome: String? = nil, error: String? = nil) {
        guard let span = place.withLock({ $0 }) else { return }
        var attributes: [(key: String, value: Span.Attribute)] = [
            ("geartrain.queue", .text(queue))
        ]
        if let outcome { attributes.append(("geartrain.outcome", .text(outcome))) }
        let failed = outcome == "bury" ? outcome : error
        span.end("queue \(queue)", error: failed, attributes)
    }
}
