import JSON
import ServiceRuntime
import Synchronization
import Testing

/// Collects lines.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: [UInt8]) {
        lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }
    var all: [String] { lines.withLock { $0 } }
}

private let start = Timestamp(milliseconds: 1_763_806_530_123)

@Test func `a line of the log is one JSON object`() throws {
    let lines = Lines()
    let log = Log(service: "demo", clock: ManualClock(start: start)) { lines.add($0) }
    let trace = TraceContext(
        requestID: "r-1", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    log.info(
        "all is well", trace: trace,
        ["text": "a\n\"b\"\u{1}\\é", "count": 3, "share": .double(0.5), "is": .boolean(true)])
    log.debug("dropped")
    #expect(
        lines.all == [
            #"{"time":"2025-11-22T10:15:30.123Z","level":"info","service":"demo","message":"all is well","#
                + #""requestId":"r-1","traceId":"0af7651916cd43dd8448eb211c80319c","#
                + #""text":"a\n\"b\"\u0001\\é","count":3,"share":0.5,"is":true}"# + "\n"
        ])
}

@Test func `secrets are not logged and long texts are cut`() throws {
    let lines = Lines()
    let log = Log(service: "demo", level: .debug) { lines.add($0) }
    log.debug(
        "careful",
        [
            "password": "hunter2", "apiToken": "hunter2", "Authorization": "hunter2",
            "long": .string(String(repeating: "é", count: 9000)), "nan": .double(.nan),
        ])
    let line = try #require(lines.all.first)
    #expect(!line.contains("hunter2"))
    #expect(line.utf8.count < 2500)
    let value = try JSONValue(parsing: Array(line.utf8))
    #expect(value["password"]?.string == "[redacted]")
    #expect(value["nan"] == .null)
}

@Test func `a field is not computed for a line that is dropped`() {
    var count = 0
    func field() -> Log.Value {
        count += 1
        return 1
    }
    let log = Log(service: "demo", level: .warning) { _ in }
    log.info("dropped", ["field": field()])
    #expect(count == 0)
    log.warning("kept", ["field": field()])
    #expect(count == 1)
}

@Test func `metrics are rendered in the Prometheus format`() {
    let metrics = Metrics()
    metrics.counter("demo_total", help: "All", labels: ["kind": "a\"b\\c\nd"]).increment(by: 2)
    metrics.counter("demo_total", help: "All", labels: ["kind": "a\"b\\c\nd"]).increment()
    metrics.counter("demo_total", help: "All", labels: ["a": "1", "kind": "b"]).increment()
    metrics.gauge("demo_depth", help: "Depth").set(5)
    metrics.gauge("demo_depth", help: "Depth").add(-7)
    metrics.gauge("demo_read", help: "Read") { 1.5 }
    let histogram = metrics.histogram("demo_seconds", help: "Time", labels: ["route": "/x"])
    for milliseconds in [1, 1, 30, 60_000] {
        histogram.observe(nanoseconds: UInt64(milliseconds) * 1_000_000)
    }
    let text = metrics.render()
    let lines = text.split(separator: "\n").map(String.init)
    #expect(
        lines.prefix(6) == [
            "# HELP demo_depth Depth", "# TYPE demo_depth gauge", "demo_depth -2",
            "# HELP demo_read Read", "# TYPE demo_read gauge", "demo_read 1.5",
        ])
    for line in [
        "# TYPE demo_seconds histogram", #"demo_seconds_bucket{route="/x",le="0.0005"} 0"#,
        #"demo_seconds_bucket{route="/x",le="0.001"} 2"#,
        #"demo_seconds_bucket{route="/x",le="0.05"} 3"#,
        #"demo_seconds_bucket{route="/x",le="10"} 3"#,
        #"demo_seconds_bucket{route="/x",le="+Inf"} 4"#,
        #"demo_seconds_sum{route="/x"} 60.032"#, #"demo_seconds_count{route="/x"} 4"#,
        #"demo_total{kind="a\"b\\c\nd"} 3"#, #"demo_total{a="1",kind="b"} 1"#,
    ] { #expect(lines.contains(line), "\(line)") }
    #expect(text.hasSuffix("\n"))
}

@Test func `counters lose nothing between threads`() async {
    let counter = Metrics().counter("demo_total", help: "All")
    await withTaskGroup { group in
        for _ in 0..<8 { group.addTask { for _ in 0..<10_000 { counter.increment() } } }
    }
    #expect(counter.value == 80_000)
}

@Test func `a process reports its memory, time and files`() {
    let metrics = Metrics()
    metrics.registerProcess()
    let values = metrics.render().split(separator: "\n").filter { !$0.hasPrefix("#") }
        .compactMap { $0.split(separator: " ").last }.compactMap { Double($0) }
    #expect(values.count == 3)
    #expect(values.allSatisfy { $0 > 0 })
}

@Test(arguments: [
    ("r-1.A_z", true), ("", false), ("a b", false), ("a\n", false),
    (String(repeating: "a", count: 65), false),
])
func `request ids are checked`(_ id: String, _ isValid: Bool) {
    #expect(TraceContext.isValid(requestID: id) == isValid)
    let trace = TraceContext(
        requestID: id, traceparent: "junk", random: SeededRandom(seed: 1), now: start)
    #expect((trace.requestID == id) == isValid)
    #expect(TraceContext.isValid(requestID: trace.requestID))
    #expect(trace.traceparent == nil)
}

@Test func `a child keeps the trace and gets a parent of its own`() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let trace = TraceContext(requestID: "r", traceparent: parent)
    let child = trace.child(random: SystemRandom())
    #expect(child.traceID == "0af7651916cd43dd8448eb211c80319c")
    #expect(child.traceparent != parent)
    #expect(child.traceparent.map(TraceContext.isValid(traceparent:)) == true)
    for bad in [
        "", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", parent.uppercased(),
        "01" + parent.dropFirst(2), "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    ] { #expect(!TraceContext.isValid(traceparent: bad), "\(bad)") }
}
