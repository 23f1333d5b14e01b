import HTTP
import JSON
import TestSupport
import Testing

/// Names of metrics in an expression; a histogram's by the name that it is declared with.
private func metrics(in expression: String) -> Set<String> {
    var names: Set<String> = []
    let words = expression.split { !($0.isLetter || $0.isNumber || $0 == "_") }
    for word in words where word.hasPrefix("geartrain_") || word.hasPrefix("process_") {
        names.insert(word.hasSuffix("_bucket") ? String(word.dropLast(7)) : String(word))
    }
    return names
}

/// By the file that names them.
private func metrics(of path: String) throws -> Set<String> {
    let text = try #require(TestFile.text(TestFile.repository + "/" + path))
    guard path.hasSuffix(".json") else {
        return text.split(separator: "\n").filter { $0.contains("expr: ") }
            .reduce(into: []) { $0.formUnion(metrics(in: String($1))) }
    }
    var names: Set<String> = []
    for panel in try JSONValue(parsing: Array(text.utf8))["panels"]?.array ?? [] {
        for target in panel["targets"]?.array ?? [] {
            names.formUnion(metrics(in: target["expr"]?.string ?? ""))
        }
    }
    return names
}

@Suite struct MetricsTests {
    @Test func `what the dashboard and the alerts name is there`() async throws {
        // Traces are counted where they are on; this collector is away, and nobody minds.
        let collector = FreePort.take(1)[0]
        let train = Train(
            .apart, settings: ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:\(collector)"])
        try await train.start()
        _ = try await train.admin()
        var shown: Set<String> = []
        for service in Train.services {
            let client = APIClient(port: train.ports[service] ?? 0)
            let text = try await client.expect(200, .get, "/metrics").text
            #expect(text.contains("geartrain_data_free_bytes "), "\(service)")
            for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
                shown.insert(String(line.split(separator: " ")[2]))
            }
        }
        for path in ["compose/grafana/geartrain.json", "compose/prometheus/alerts.yaml"] {
            let named = try metrics(of: path)
            #expect(named.count > 10)
            #expect(named.subtracting(shown) == [], "\(path)")
        }
        _ = try await train.stop()
    }
}
