import ServiceRuntime

public enum Method: String, Sendable, Hashable, CaseIterable {
    case get = "GET", head = "HEAD", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE"
    case options = "OPTIONS"
    /// Known so that they are refused by every path (405) rather than as words that nobody knows.
    case trace = "TRACE", query = "QUERY"
}

/// A request as a handler sees it: head parsed and checked, body still on the wire.
public struct Request: Sendable {
    public var method: Method
    /// Decoded segments are in `path`; this is as it came, without the query.
    public var rawPath: String
    /// Percent-decoded segments.
    public var path: [String]
    public var query: Query
    public var headers: Headers
    public var body: RequestBody
    /// Values of the `{names}` in the route.
    public var parameters: Parameters
    public var trace: TraceContext
    /// The peer's address without port.
    public var remoteAddress: String

    /// For tests and transports without a socket; a target that a server would refuse has the path
    /// `[""]`, which no route matches.
    public init(
        method: Method, target: String, headers: Headers = [:], body: RequestBody = .empty,
        trace: TraceContext = TraceContext(requestID: "-"), remoteAddress: String = "127.0.0.1"
    ) {
        let parsed =
            RequestTarget(target)
            ?? RequestTarget(rawPath: target, path: [""], query: .empty)
        self.init(
            method: method, target: parsed, headers: headers, body: body, trace: trace,
            remoteAddress: remoteAddress)
    }

    init(
        method: Method, target: RequestTarget, headers: Headers, body: RequestBody,
        trace: TraceContext, remoteAddress: String
    ) {
        self.method = method
        rawPath = target.rawPath
        path = target.path
        query = target.query
        self.headers = headers
        self.body = body
        parameters = [:]
        self.trace = trace
        self.remoteAddress = remoteAddress
    }
}

/// The values of a route's `{names}`.
public struct Parameters: Sendable, ExpressibleByDictionaryLiteral {
    private var names: [String]
    private var values: [String]

    public init(dictionaryLiteral elements: (String, String)...) {
        names = elements.map(\.0)
        values = elements.map(\.1)
    }

    init(names: [String], values: [String]) {
        self.names = names
        self.values = values
    }

    public subscript(name: String) -> String? {
        get { names.firstIndex(of: name).map { values[$0] } }
        set {
            let place = names.firstIndex(of: name)
            switch (place, newValue) {
            case (let place?, let value?): values[place] = value
            case (let place?, nil):
                names.remove(at: place)
                values.remove(at: place)
            case (nil, let value?):
                names.append(name)
                values.append(value)
            case (nil, nil): break
            }
        }
    }

    public subscript(name: String, default value: String) -> String { self[name] ?? value }
}

/// `?a=1&b=2`, percent and plus decoded, in order.
public struct Query: Sendable {
    public let items: [(name: String, value: String)]

    static let empty = Query(items: [])

    private init(items: [(name: String, value: String)]) { self.items = items }

    /// Nil where it is not valid percent-encoded UTF-8.
    public init?(_ text: String) {
        var items: [(name: String, value: String)] = []
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = Percent.decode(pair[..<equals], plusIsSpace: true),
                let value = Percent.decode(pair[equals...].dropFirst(), plusIsSpace: true)
            else { return nil }
            items.append((name, value))
        }
        self.items = items
    }

    public subscript(name: String) -> String? { items.first { $0.name == name }?.value }
}

extension Percent {
    /// Nil where an escape is broken, or what comes out is not UTF-8 or has a NUL.
    public static func decode(_ text: String, plusIsSpace: Bool = false) -> String? {
        decode(text.utf8, plusIsSpace: plusIsSpace)
    }

    static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
        let isPlain = text.allSatisfy {
            $0 != UInt8(ascii: "%") && $0 < 0x80 && !(plusIsSpace && $0 == UInt8(ascii: "+"))
        }
        if isPlain { return String(decoding: text, as: UTF8.self) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hexValue),
                    let low = rest.next().flatMap(hexValue), high | low != 0
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The value of a hexadecimal digit.
func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
}
