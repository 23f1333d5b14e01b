import Glibc

/// One JSON object a line on standard error: time, level, service, message, `requestId`, `traceId`,
/// fields. The message is constant; what varies is a field. Never a secret, never a body: a field
/// whose name speaks of a password, secret, token or cookie is written as `[redacted]`.
public struct Log: Sendable {
    /// How much it matters.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case debug, info, warning, error

        public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }

        /// `debug`, `info`, `warning`, `error`.
        public var name: String {
            switch self {
            case .debug: "debug"
            case .info: "info"
            case .warning: "warning"
            case .error: "error"
            }
        }

        /// Nil for another word.
        public init?(name: String) {
            guard let level = Level.allCases.first(where: { $0.name == name }) else { return nil }
            self = level
        }
    }

    /// A field's value.
    public enum Value: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
        ExpressibleByStringInterpolation
    {
        case string(String), integer(Int), double(Double), boolean(Bool)
        public init(stringLiteral value: String) { self = .string(value) }
        public init(integerLiteral value: Int) { self = .integer(value) }
    }

    /// A longer text in a field is cut to this many bytes.
    public static let textLimit = 2048
    public let service: String
    public let level: Level
    private let clock: any WallClock
    private let sink: @Sendable ([UInt8]) -> Void

    /// A log of `service` that drops what is below `level`; `sink` takes whole lines (default:
    /// standard error).
    public init(
        service: String, level: Level = .info, clock: any WallClock = SystemClock(),
        sink: (@Sendable ([UInt8]) -> Void)? = nil
    ) {
        self.service = service
        self.level = level
        self.clock = clock
        self.sink = sink ?? Log.writeToStandardError
    }

    /// The same log under the name of another service (five services in one process).
    public func named(_ service: String, level: Level? = nil) -> Log {
        Log(service: service, level: level ?? self.level, clock: clock, sink: sink)
    }

    public func log(
        _ level: Level, _ message: StaticString, trace: TraceContext? = nil,
        _ fields: @autoclosure () -> KeyValuePairs<String, Value> = [:]
    ) {
        guard level >= self.level else { return }
        var line = LogLine()
        line.add("time", .string(clock.now().text))
        line.add("level", .string(level.name))
        line.add("service", .string(service))
        line.add("message", .string(message.description))
        if let trace {
            line.add("requestId", .string(trace.requestID))
            if let id = trace.traceID { line.add("traceId", .string(id)) }
        }
        for (name, value) in fields() {
            line.add(name, Log.isSecret(name) ? .string("[redacted]") : value)
        }
        sink(line.finish())
    }

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

    private static func isSecret(_ name: String) -> Bool {
        let lower = name.lowercased()
        return ["password", "secret", "token", "cookie", "authorization"].contains {
            lower.contains($0)
        }
    }

    /// One `write`, so that lines of several threads and processes do not mix. What the terminal or
    /// collector does not take is lost: a log never stops a service.
    @Sendable private static func writeToStandardError(_ line: [UInt8]) {
        var done = 0
        while done < line.count {
            let count = line.withUnsafeBytes {
                write(2, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            done += count
        }
    }
}

/// A JSON object in the making. The JSON module stands above this one, so that this small writer is
/// the log's own.
private struct LogLine {
    private var bytes: [UInt8] = [0x7B]

    mutating func add(_ name: String, _ value: Log.Value) {
        if bytes.count > 1 { bytes.append(0x2C) }
        quote(name)
        bytes.append(0x3A)
        switch value {
        case .string(let text): quote(text)
        case .integer(let number): bytes.append(contentsOf: String(number).utf8)
        case .double(let number):
            bytes.append(contentsOf: (number.isFinite ? "\(number)" : "null").utf8)
        case .boolean(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        }
    }

    private mutating func quote(_ text: String) {
        let hex = Array("0123456789abcdef".utf8)
        bytes.append(0x22)
        var text = text
        if text.utf8.count > Log.textLimit {
            text = String(decoding: text.utf8.prefix(Log.textLimit), as: UTF8.self) + "…"
        }
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes.append(contentsOf: [0x5C, byte])
            case 0x0A: bytes.append(contentsOf: [0x5C, 0x6E])
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: [
                    0x5C, 0x75, 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)],
                ])
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    consuming func finish() -> [UInt8] {
        bytes.append(contentsOf: [0x7D, 0x0A])
        return bytes
    }
}
