/// Where a span stands: the ids of W3C trace context.
public struct SpanContext: Sendable, Hashable {
    /// The trace's 128 bits, never all zeros.
    public let high: UInt64
    public let low: UInt64
    /// Of the span, never 0.
    public let span: UInt64
    /// Whether the spans of this trace are kept.
    public let isSampled: Bool

    init(high: UInt64, low: UInt64, span: UInt64, isSampled: Bool) {
        self.high = high
        self.low = low
        self.span = span
        self.isSampled = isSampled
    }

    /// Of a `traceparent` that is well-formed (`TraceContext.isValid`).
    init?(traceparent: String) {
        let utf8 = traceparent.utf8
        guard utf8.count == 55 else { return nil }
        func number(_ start: Int, _ count: Int) -> UInt64? {
            UInt64(String(decoding: utf8.dropFirst(start).prefix(count), as: UTF8.self), radix: 16)
        }
        guard let high = number(3, 16), let low = number(19, 16), let span = number(36, 16),
            let flags = number(53, 2)
        else { return nil }
        self.init(high: high, low: low, span: span, isSampled: flags & 1 == 1)
    }

    /// The trace of a request id, the same in every process: what a request causes much later, with
    /// nothing but its id, is still of its trace.
    init(requestID: String, isSampled: (UInt64) -> Bool) {
        // FNV-1a from two beginnings, then the finalizer of SplitMix64 for even bits.
        var high: UInt64 = 0xCBF2_9CE4_8422_2325
        var low: UInt64 = 0x9AE1_6A3B_2F90_404F
        for byte in requestID.utf8 {
            high = (high ^ UInt64(byte)) &* 0x100_0000_01B3
            low = (low ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        high = SpanContext.mixed(high)
        low = SpanContext.mixed(low) | 1
        self.init(high: high, low: low, span: low, isSampled: isSampled(low))
    }

    private static func mixed(_ number: UInt64) -> UInt64 {
        var z = number
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// `00-<trace>-<span>-<flags>`.
    public var traceparent: String { "00-\(traceText)-\(spanText)-0\(isSampled ? 1 : 0)" }

    /// 32 hexadecimal digits.
    public var traceText: String { SpanContext.hex(high) + SpanContext.hex(low) }

    /// 16 hexadecimal digits.
    public var spanText: String { SpanContext.hex(span) }

    /// 16 hexadecimal digits of a number.
    public static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}

extension TraceContext {
    /// `traceparent` for who is asked outside: the one that came, or one made of the request id, so
    /// that everything of one beginning is one trace. `part` tells the calls of a trace apart.
    public func outgoing(part: String) -> String {
        if let traceparent { return traceparent }
        let own = SpanContext(requestID: requestID) { _ in true }
        let call = SpanContext(requestID: requestID + part) { _ in true }
        return SpanContext(high: own.high, low: own.low, span: call.low, isSampled: true)
            .traceparent
    }
}
