/// One JSON object a line on standard error: time, level, service, message, `requestId`, `traceId`, fields.
/// The message is constant; what varies is a field. Never a secret, never a body.
public struct Log: Sendable {
    /// How much it matters.
    public enum Level: Int, Sendable, Comparable {
        case debug, info, warning, error
        public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    }

    /// A field's value.
    public enum Value: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
        ExpressibleByStringInterpolation
    {
        case string(String), integer(Int), double(Double), boolean(Bool)
        public init(stringLiteral value: String) { self = .string(value) }
        public init(integerLiteral value: Int) { self = .integer(value) }
    }

    /// A log of `service` that drops what is below `level`; `sink` takes whole lines (default: standard error).
    public init(
        service: String, level: Level = .info, clock: any WallClock = SystemClock(),
        sink: (@Sendable ([UInt8]) -> Void)? = nil
    ) { fatalError("stub") }

    public func log(
        _ level: Level, _ message: StaticString, trace: TraceContext? = nil,
        _ fields: @autoclosure () -> KeyValuePairs<String, Value> = [:]
    ) { fatalError("stub") }

    public func debug(
        _ message: StaticString, trace: TraceContext? = nil,
        _ fields: @autoclosure () -> KeyValuePairs<String, Value> = [:]
    ) { log(.debug, message, trace: trace, fields()) }
    public func info(
        _ message: StaticString, trace: TraceContext? = nil,
        _ fields: @autoclosure () -> KeyValuePairs<String, Value> = [:]
    ) { log(.info, message, trace: trace, fields()) }
    public func warning(
        _ message: StaticString, trace: TraceContext? = nil,
        _ fields: @autoclosure () -> KeyValuePairs<String, Value> = [:]
    ) { log(.warning, message, trace: trace, fields()) }
    public func error(
        _ message: StaticString, trace: TraceContext? = nil,
        _ fields: @autoclosure () -> KeyValuePairs<String, Value> = [:]
    ) { log(.error, message, trace: trace, fields()) }
}
