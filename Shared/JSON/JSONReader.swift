/// A pull reader over bytes with full validation, for the hot path: no tree in between.
///
/// Object: `try beginObject(); while let key = try nextKey() { switch key { case "a": try readString() … default: try skip() } }`.
/// Array: `try beginArray(); while try nextElement() { … }`.
public struct JSONReader {
    public init(_ bytes: [UInt8], depth: Int = 64) { fatalError("stub") }
    public mutating func beginObject() throws(JSONError) { fatalError("stub") }
    /// The next key, or nil at the end of the object. Repeated keys are an error.
    public mutating func nextKey() throws(JSONError) -> String? { fatalError("stub") }
    public mutating func beginArray() throws(JSONError) { fatalError("stub") }
    /// Whether another element follows.
    public mutating func nextElement() throws(JSONError) -> Bool { fatalError("stub") }
    public mutating func readString() throws(JSONError) -> String { fatalError("stub") }
    public mutating func readInteger() throws(JSONError) -> Int64 { fatalError("stub") }
    public mutating func readNumber() throws(JSONError) -> JSONNumber { fatalError("stub") }
    public mutating func readBoolean() throws(JSONError) -> Bool { fatalError("stub") }
    /// Consumes `null` if it is next.
    public mutating func readNull() throws(JSONError) -> Bool { fatalError("stub") }
    public mutating func readValue() throws(JSONError) -> JSONValue { fatalError("stub") }
    /// The bytes of the next value, validated.
    public mutating func readRaw() throws(JSONError) -> JSONBytes { fatalError("stub") }
    public mutating func skip() throws(JSONError) { fatalError("stub") }
    /// Nothing but blanks may follow.
    public mutating func finish() throws(JSONError) { fatalError("stub") }
    /// The pointer to where the reader stands.
    public var pointer: String { fatalError("stub") }
    /// An error of kind `unexpected` at this place.
    public func unexpected(_ detail: String) -> JSONError { fatalError("stub") }
}

/// A type that reads itself from JSON. `Decodable` types get it for nothing (through `JSONCoder`); hot
/// calls write it by hand.
public protocol JSONReadable {
    init(json reader: inout JSONReader) throws(JSONError)
}

/// A type that writes itself as JSON.
public protocol JSONWritable {
    func write(json writer: inout JSONWriter)
}

extension JSONValue: JSONReadable, JSONWritable {
    public init(json reader: inout JSONReader) throws(JSONError) { self = try reader.readValue() }
    public func write(json writer: inout JSONWriter) { writer.value(self) }
}

extension JSONBytes: JSONReadable, JSONWritable {
    public init(json reader: inout JSONReader) throws(JSONError) { self = try reader.readRaw() }
    public func write(json writer: inout JSONWriter) { writer.raw(self) }
}

extension JSONReadable where Self: Decodable {
    public init(json reader: inout JSONReader) throws(JSONError) {
        self = try JSONCoder.decode(Self.self, from: reader.readValue())
    }
}

extension JSONWritable where Self: Encodable {
    public func write(json writer: inout JSONWriter) { writer.value(JSONCoder.encode(self)) }
}
