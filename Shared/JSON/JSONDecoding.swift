/// The way from the root to a value, kept as a list so that going down costs one small object.
final class JSONPath {
    let parent: JSONPath?
    let key: any CodingKey

    init(_ parent: JSONPath?, _ key: any CodingKey) {
        self.parent = parent
        self.key = key
    }

    static func keys(_ path: JSONPath?) -> [any CodingKey] {
        var keys: [any CodingKey] = []
        var place = path
        while let step = place {
            keys.append(step.key)
            place = step.parent
        }
        return keys.reversed()
    }

    static func pointer(_ path: JSONPath?) -> String {
        keys(path).map { "/" + JSONPointer.escaped($0.stringValue) }.joined()
    }
}

/// A decoder at one value.
struct JSONDecoding: Decoder, SingleValueDecodingContainer {
    let value: JSONValue
    let path: JSONPath?

    var codingPath: [any CodingKey] { JSONPath.keys(path) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func require(_ decoder: any Decoder) throws -> JSONDecoding {
        guard let decoding = decoder as? JSONDecoding else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "only JSONCoder reads this")
            )
        }
        return decoding
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else { throw mismatch("an object") }
        for member in object.members where Key(stringValue: member.key) == nil {
            throw JSONError(
                kind: .unexpected, detail: "the member “\(member.key)” is not known here",
                pointer: JSONPath.pointer(path) + "/" + JSONPointer.escaped(member.key))
        }
        return KeyedDecodingContainer(JSONMembers(object: object, path: path))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch("an array") }
        return JSONElements(elements: elements, path: path)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    /// The one place that knows which types are taken as they are.
    func decoded<T: Decodable>(_ type: T.Type) throws -> T {
        if type == JSONValue.self, let result = value as? T { return result }
        if type == String.self, let result = try decode(String.self) as? T { return result }
        if type == Int64.self, let result = try decode(Int64.self) as? T { return result }
        if type == Int.self, let result = try decode(Int.self) as? T { return result }
        if type == Bool.self, let result = try decode(Bool.self) as? T { return result }
        return try T(from: self)
    }

    func mismatch(_ expected: String) -> JSONError {
        JSONError(
            kind: .unexpected, detail: "this must be \(expected), not \(value.kindName)",
            pointer: JSONPath.pointer(path))
    }

    func decodeNil() -> Bool { value.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard case .boolean(let flag) = value else { throw mismatch("true or false") }
        return flag
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .string(let text) = value else { throw mismatch("a string") }
        return text
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard case .number(let number) = value else { throw mismatch("a number") }
        return number.double
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer() }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
    func decode(_ type: UInt.Type) throws -> UInt { try integer() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoded(type) }

    private func integer<T: FixedWidthInteger>() throws -> T {
        guard case .number(let number) = value else { throw mismatch("a whole number") }
        if let whole = number.integer, let result = T(exactly: whole) { return result }
        // Only UInt64 has values beyond Int64.
        if let result = T(number.text) { return result }
        throw JSONError(
            kind: .unexpected, detail: "this must be a whole number from \(T.min) to \(T.max)",
            pointer: JSONPath.pointer(path))
    }
}

extension JSONValue {
    /// For messages.
    var kindName: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

private struct JSONMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let object: JSONObject
    let path: JSONPath?
    /// For objects with many members (dictionaries), where looking at each one would be slow.
    private let byKey: [String: JSONValue]?

    init(object: JSONObject, path: JSONPath?) {
        self.object = object
        self.path = path
        byKey =
            object.count > 32
            ? Dictionary(object.members.map { ($0.key, $0.value) }) { first, _ in first } : nil
    }

    var codingPath: [any CodingKey] { JSONPath.keys(path) }
    var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.key) } }

    func find(_ key: String) -> JSONValue? { byKey.map { $0[key] } ?? object[key] }
    func contains(_ key: Key) -> Bool { find(key.stringValue) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { find(key.stringValue)?.isNull ?? true }

    func at(_ key: any CodingKey) throws -> JSONDecoding {
        guard let value = find(key.stringValue) else {
            throw JSONError(
                kind: .unexpected, detail: "the member “\(key.stringValue)” is missing",
                pointer: JSONPath.pointer(path))
        }
        return JSONDecoding(value: value, path: JSONPath(path, key))
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try at(key).decoded(type)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) throws
        -> KeyedDecodingContainer<Nested>
    { try at(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try at(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try at(JSONSuperKey()) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try at(key) }
}

private struct JSONElements: UnkeyedDecodingContainer {
    let elements: [JSONValue]
    let path: JSONPath?
    var currentIndex = 0

    init(elements: [JSONValue], path: JSONPath?) {
        self.elements = elements
        self.path = path
    }

    var codingPath: [any CodingKey] { JSONPath.keys(path) }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    mutating func next() throws -> JSONDecoding {
        guard !isAtEnd else {
            throw JSONError(
                kind: .unexpected, detail: "the array has only \(elements.count) elements",
                pointer: JSONPath.pointer(path))
        }
        defer { currentIndex += 1 }
        return JSONDecoding(
            value: elements[currentIndex], path: JSONPath(path, JSONIndex(currentIndex)))
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next().decoded(type) }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws
        -> KeyedDecodingContainer<Nested>
    { try next().container(keyedBy: type) }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try next() }
}
