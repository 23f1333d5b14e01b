/// `Codable` over `JSONValue`: exact numbers, pointers in errors, unknown members refused.
/// `JSONValue`, `JSONNumber` and `JSONBytes` inside a type are taken as they are.
///
/// A member without a value (nil) is left out; a missing or null member reads as nil. `Double` that
/// is not finite is written as null.
public enum JSONCoder {
    public static func decode<T: Decodable>(_ type: T.Type, from value: JSONValue)
        throws(JSONError) -> T
    {
        do {
            return try JSONDecoding(value: value, path: nil).decoded(type)
        } catch let error as JSONError {
            throw error
        } catch let error as DecodingError {
            throw JSONError(error)
        } catch {
            throw JSONError(kind: .unexpected, detail: "\(error)")
        }
    }

    /// A type whose own `encode(to:)` throws is written as null; none of ours does.
    public static func encode<T: Encodable>(_ value: T) -> JSONValue {
        let node = JSONNode()
        do {
            try JSONEncoding(node: node, path: nil).write(value)
            return node.value
        } catch {
            assertionFailure("\(T.self) cannot be written: \(error)")
            return .null
        }
    }
}

extension JSONError {
    /// What Swift's own `Codable` conformances throw (raw values, dates, …).
    init(_ error: DecodingError) {
        let context: DecodingError.Context
        var path: [any CodingKey]
        switch error {
        case .keyNotFound(let key, let found):
            (context, path) = (found, found.codingPath + [key])
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
            (context, path) = (found, found.codingPath)
        @unknown default:
            self.init(kind: .unexpected, detail: "\(error)")
            return
        }
        self.init(
            kind: .unexpected, detail: context.debugDescription,
            pointer: path.map { "/" + JSONPointer.escaped($0.stringValue) }.joined())
    }
}

/// A position in an array as a key.
struct JSONIndex: CodingKey {
    let index: Int
    init(_ index: Int) { self.index = index }
    init?(stringValue: String) { return nil }
    init?(intValue: Int) { index = intValue }
    var stringValue: String { String(index) }
    var intValue: Int? { index }
}

/// `superDecoder()` and `superEncoder()` use this member.
struct JSONSuperKey: CodingKey {
    init() {}
    init?(stringValue: String) { return nil }
    init?(intValue: Int) { return nil }
    var stringValue: String { "super" }
    var intValue: Int? { nil }
}

extension JSONValue: Codable {
    /// Only `JSONCoder` reads it.
    public init(from decoder: any Decoder) throws {
        self = try JSONDecoding.require(decoder).value
    }

    public func encode(to encoder: any Encoder) throws {
        try JSONEncoding.require(encoder).node.content = .value(self)
    }
}

extension JSONNumber: Codable {
    /// Only `JSONCoder` reads it.
    public init(from decoder: any Decoder) throws {
        let decoding = try JSONDecoding.require(decoder)
        guard case .number(let number) = decoding.value else {
            throw decoding.mismatch("a number")
        }
        self = number
    }

    public func encode(to encoder: any Encoder) throws {
        try JSONEncoding.require(encoder).node.content = .value(.number(self))
    }
}

extension JSONBytes: Codable {
    /// Only `JSONCoder` reads it.
    public init(from decoder: any Decoder) throws {
        self.init(try JSONDecoding.require(decoder).value.bytes)
    }

    /// Bytes that are not JSON are an error of the caller; they are refused here, before they could
    /// spoil what stands around them.
    public func encode(to encoder: any Encoder) throws {
        let depth = 512
        try JSONEncoding.require(encoder).node.content =
            .value(JSONValue(parsing: bytes, depth: depth))
    }
}
