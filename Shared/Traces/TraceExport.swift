import Curl
import ServiceRuntime

/// The export of an executable's traces: OTLP over HTTP, as JSON, to the collector that the
/// standard names say.
public struct TraceExport: Companion {
    /// `/v1/traces` below the endpoint.
    let url: String
    let headers: [(name: String, value: String)]
    /// Of the traces that begin here, from 0 to 1.
    let share: Double
    /// A PEM file of certificate authorities instead of the system's.
    let authorities: String?

    /// Reads `OTEL_EXPORTER_OTLP_ENDPOINT` and what belongs to it; nil where there is none.
    public init?(reading reader: ConfigurationReader) {
        let endpoint = reader.optionalString(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            help: "collector of traces by OTLP over HTTP (http://collector:4318); none: no traces")
        let fields = reader.optionalString(
            "OTEL_EXPORTER_OTLP_HEADERS",
            help: "headers for the collector: name=value, comma separated, values percent-encoded",
            secret: true)
        let share = reader.string(
            "OTEL_TRACES_SAMPLER_ARG", default: "1",
            help: "share of the traces that begin here and are kept, 0 to 1")
        authorities = reader.optionalString(
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            help: "PEM file of certificate authorities for the collector")
        headers = TraceExport.headers(fields ?? "", reader)
        self.share = Double(share) ?? -1
        if !(0...1).contains(self.share) {
            reader.problem("OTEL_TRACES_SAMPLER_ARG is “\(share)”; it must be from 0 to 1")
        }
        guard var endpoint else { return nil }
        if !endpoint.hasPrefix("http://"), !endpoint.hasPrefix("https://") {
            reader.problem("OTEL_EXPORTER_OTLP_ENDPOINT must begin with http:// or https://")
        }
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        url = endpoint + "/v1/traces"
    }

    /// Never with a value in a message.
    private static func headers(
        _ text: String, _ reader: ConfigurationReader
    ) -> [(name: String, value: String)] {
        text.split(separator: ",").compactMap { part in
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = pair[0].drop { $0 == " " }
            guard pair.count == 2, !name.isEmpty, let value = decoded(pair[1]) else {
                reader.problem(
                    "OTEL_EXPORTER_OTLP_HEADERS is not of the form name=value,name=value")
                return nil
            }
            return (String(name), value)
        }
    }

    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    public func start(_ service: String, _ runtime: inout Runtime) throws -> (any Service)? {
        let buffer = SpanBuffer()
        let exporter = try SpanExporter(self, buffer: buffer, runtime: runtime)
        runtime.tracer = Tracer(
            service: service, into: buffer, share: share, clock: runtime.clock,
            random: runtime.random, metrics: runtime.metrics)
        return exporter
    }
}
