import JSON
import ServiceRuntime

/// OpenTelemetry's protocol in its JSON form (`ExportTraceServiceRequest`).
enum OTLP {
    private static let failed: Int64 = 2

    /// The body of a delivery; each service of the process is a resource.
    static func body(of spans: [Span]) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 * spans.count)
        writer.beginObject()
        writer.key("resourceSpans")
        writer.beginArray()
        let services = Dictionary(grouping: spans, by: \.service).sorted { $0.key < $1.key }
        for (service, spans) in services { write(service, spans, &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ service: String, _ spans: [Span], _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("resource")
        writer.beginObject()
        write(
            [("service.name", .text(service)), ("service.namespace", .text("geartrain"))],
            &writer)
        writer.endObject()
        writer.key("scopeSpans")
        writer.beginArray()
        writer.beginObject()
        writer.key("scope")
        writer.beginObject()
        writer.key("name")
        writer.string("geartrain")
        writer.endObject()
        writer.key("spans")
        writer.beginArray()
        for span in spans { write(span, &writer) }
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ span: Span, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("traceId")
        writer.string(span.context.traceText)
        writer.key("spanId")
        writer.string(span.context.spanText)
        if let parent = span.parent {
            writer.key("parentSpanId")
            writer.string(SpanContext.hex(parent))
        }
        writer.key("name")
        writer.string(span.name)
        writer.key("kind")
        writer.integer(Int64(span.kind.rawValue))
        // 64-bit numbers are texts in protobuf's JSON.
        writer.key("startTimeUnixNano")
        writer.string(String(span.start))
        writer.key("endTimeUnixNano")
        writer.string(String(span.end))
        let error = span.error.map { [(key: "error.type", value: Span.Attribute.text($0))] } ?? []
        write(span.attributes + error, &writer)
        if span.error != nil {
            writer.key("status")
            writer.beginObject()
            writer.key("code")
            writer.integer(failed)
            writer.endObject()
        }
        writer.endObject()
    }

    private static func write(
        _ attributes: [(key: String, value: Span.Attribute)], _ writer: inout JSONWriter
    ) {
        writer.key("attributes")
        writer.beginArray()
        for (key, value) in attributes {
            writer.beginObject()
            writer.key("key")
            writer.string(key)
            writer.key("value")
            writer.beginObject()
            switch value {
            case .text(let text):
                writer.key("stringValue")
                writer.string(text)
            case .number(let number):
                writer.key("intValue")
                writer.string(String(number))
            }
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
    }
}
