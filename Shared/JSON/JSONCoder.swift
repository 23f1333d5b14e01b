/// `Codable` over `JSONValue`: exact numbers, pointers in errors, unknown members refused.
/// `JSONValue`, `JSONNumber` and `JSONBytes` inside a type are taken as they are.
public enum JSONCoder {
    public static func decode<T: Decodable>(_ type: T.Type, from value: JSONValue)
        throws(JSONError) -> T
    { fatalError("stub") }
    public static func encode<T: Encodable>(_ value: T) -> JSONValue { fatalError("stub") }
}

extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws { fatalError("stub") }
    public func encode(to encoder: any Encoder) throws { fatalError("stub") }
}

extension JSONBytes: Codable {
    public init(from decoder: any Decoder) throws { fatalError("stub") }
    public func encode(to encoder: any Encoder) throws { fatalError("stub") }
}
