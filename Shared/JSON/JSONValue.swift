/// A JSON value with exact numbers and members in their order.
public indirect enum JSONValue: Sendable, Hashable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Parses a whole document (UTF-8, at most `depth` levels, nothing after it, no repeated key).
    public init(parsing bytes: [UInt8], depth: Int = 64) throws(JSONError) { fatalError("stub") }
    /// Compact UTF-8.
    public var bytes: [UInt8] { fatalError("stub") }
    /// Compact text.
    public var text: String { fatalError("stub") }

    public subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }
    public var string: String? { if case .string(let s) = self { s } else { nil } }
    public var integer: Int64? { if case .number(let n) = self { n.integer } else { nil } }
    public var boolean: Bool? { if case .boolean(let b) = self { b } else { nil } }
    public var array: [JSONValue]? { if case .array(let a) = self { a } else { nil } }
    public var object: JSONObject? { if case .object(let o) = self { o } else { nil } }
    public var isNull: Bool { self == .null }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(JSONNumber(Int64(value))) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements))
    }
    public init(nilLiteral: ()) { self = .null }
}

/// Members in order, each key once.
public struct JSONObject: Sendable, Hashable {
    public private(set) var members: [(key: String, value: JSONValue)] = []
    public init() {}
    /// The last value wins where a key is repeated.
    public init(_ members: [(String, JSONValue)]) { fatalError("stub") }
    /// Setting nil removes the member; a new key goes to the end.
    public subscript(key: String) -> JSONValue? {
        get { fatalError("stub") }
        set { fatalError("stub") }
    }
    public var keys: [String] { members.map(\.key) }
    /// Equal where the same keys have the same values, in any order.
    public static func == (a: JSONObject, b: JSONObject) -> Bool { fatalError("stub") }
    public func hash(into hasher: inout Hasher) { fatalError("stub") }
}

/// A JSON number as it was written: exact, whatever its size.
public struct JSONNumber: Sendable, Hashable {
    /// The text of RFC 8259's grammar.
    public let text: String
    public init(_ value: Int64) { text = String(value) }
    /// Nil where `text` is not a JSON number.
    public init?(text: String) { fatalError("stub") }
    /// The number `unscaled / 10^scale`, written with exactly `scale` decimals (`10`, 2 → `0.10`).
    public init(unscaled: Int64, scale: Int) { fatalError("stub") }
    /// The value where it is a whole number within Int64 (`1.0` and `1e2` are).
    public var integer: Int64? { fatalError("stub") }
    /// `value * 10^scale` where that is exact and within Int64, else nil.
    public func unscaled(scale: Int) -> Int64? { fatalError("stub") }
    public var double: Double { fatalError("stub") }
    /// Equal by value: `1.0 == 1`.
    public static func == (a: JSONNumber, b: JSONNumber) -> Bool { fatalError("stub") }
    public func hash(into hasher: inout Hasher) { fatalError("stub") }
}

/// JSON already in bytes (valid, compact or not), passed through without being parsed.
public struct JSONBytes: Sendable, Hashable {
    public var bytes: [UInt8]
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
}
