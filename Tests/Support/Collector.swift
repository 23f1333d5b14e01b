import HTTP
import JSON
import ServiceRuntime
import Synchronization

/// A collector of traces: a real HTTP server that takes OTLP as JSON and keeps the spans.
public final class Collector: Sendable {
    /// A span as it came.
    public struct Span: Sendable {
        public let service: String
        public let name: String
        public let kind: Int64
        public let trace: String
        public let id: String
        public let parent: String?
        public let start: UInt64
        public let end: UInt64
        public let attributes: [String: String]
        public let isError: Bool
    }

    private struct State {
        var spans: [Span] = []
        var requests: [(path: String, headers: Headers, body: String)] = []
        var status: Int
    }

    public let port: Int
    private let server: HTTPServer
    private let state: Mutex<State>
    private let task: Task<Void, any Error>

    /// Answers with `status`; what it refuses it does not keep.
    public init(status: Int = 200) throws {
        let state = State(status: status)
        self.state = Mutex(state)
        let box = Box()
        server = HTTPServer(
            name: "collector", configuration: HTTPServerConfiguration(),
            runtime: TestRuntime.make()
        ) { request in
            guard let collector = box.collector else { return Response(status: 503) }
            return await collector.take(request)
        }
        port = try server.bind()
        task = Task { [server] in try await server.run() }
        box.set(self)
    }

    public var url: String { "http://127.0.0.1:\(port)" }
    public var spans: [Span] { state.withLock(\.spans) }
    public var requests: [(path: String, headers: Headers, body: String)] {
        state.withLock(\.requests)
    }

    public func answer(_ status: Int) { state.withLock { $0.status = status } }

    public func stop() async throws {
        await server.shutdown()
        try await task.value
    }

    private func take(_ request: Request) async -> Response {
        guard let bytes = try? await request.body.collect(limit: 16 << 20),
            let json = try? JSONValue(parsing: bytes)
        else { return Response(status: 400) }
        return state.withLock { state in
            state.requests.append(
                (
                    request.rawPath, request.headers, String(decoding: bytes, as: UTF8.self)
                ))
            if state.status == 200 { state.spans += Collector.spans(of: json) }
            return Response(status: state.status)
        }
    }

    private static func spans(of json: JSONValue) -> [Span] {
        (json["resourceSpans"]?.array ?? []).flatMap { resource -> [Span] in
            let service = attributes(resource["resource"])["service.name"] ?? ""
            return (resource["scopeSpans"]?.array ?? []).flatMap { scope in
                (scope["spans"]?.array ?? []).map { span(of: $0, service) }
            }
        }
    }

    private static func span(of json: JSONValue, _ service: String) -> Span {
        func text(_ name: String) -> String { json[name]?.string ?? "" }
        return Span(
            service: service, name: text("name"), kind: json["kind"]?.integer ?? 0,
            trace: text("traceId"), id: text("spanId"), parent: json["parentSpanId"]?.string,
            start: UInt64(text("startTimeUnixNano")) ?? 0,
            end: UInt64(text("endTimeUnixNano")) ?? 0, attributes: attributes(json),
            isError: json["status"]?["code"]?.integer == 2)
    }

    private static func attributes(_ json: JSONValue?) -> [String: String] {
        var result: [String: String] = [:]
        for item in json?["attributes"]?.array ?? [] {
            let value = item["value"]
            result[item["key"]?.string ?? ""] =
                value?["stringValue"]?.string ?? value?["intValue"]?.string
        }
        return result
    }

    /// So that the server can name its collector before that is whole.
    private final class Box: Sendable {
        private let held = Mutex<Held>(Held())
        private struct Held { weak var collector: Collector? }
        var collector: Collector? { held.withLock { $0.collector } }
        func set(_ collector: Collector) { held.withLock { $0.collector = collector } }
    }
}
