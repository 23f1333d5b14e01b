/// A type that reads itself from JSON. `Decodable` types get it for nothing (through `JSONCoder`);
/// hot calls write it by hand.
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
