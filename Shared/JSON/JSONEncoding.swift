/// A value in the making: containers handed out by an encoder go on writing into it.
final class JSONNode {
    enum Content {
        case value(JSONValue)
        case array([JSONNode])
        case object([(key: String, node: JSONNode)])
    }

    var content = Content.value(.null)
    /// Keys that cannot repeat are not looked for.
    var isDictionary = false

    var value: JSONValue {
        switch content {
        case .value(let value): value
        case .array(let nodes): .array(nodes.map(\.value))
        case .object(let members):
            .object(JSONObject(distinct: members.map { ($0.key, $0.node.value) }))
        }
    }

    func append() -> JSONNode {
        let node = JSONNode()
        if case .array(var nodes) = content {
            // Emptied first, so that the array has one owner and is not copied.
            content = .value(.null)
            nodes.append(node)
            content = .array(nodes)
        } else {
            content = .array([node])
        }
        return node
    }

    /// The node of a member; a key that is written twice keeps the last value.
    func member(_ key: String) -> JSONNode {
        let node = JSONNode()
        if case .object(var members) = content {
            content = .value(.null)
            if isDictionary || !members.contains(where: { $0.key == key }) {
                members.append((key, node))
            } else {
                members = members.filter { $0.key != key } + [(key, node)]
            }
            content = .object(members)
        } else {
            content = .object([(key, node)])
        }
        return node
    }

    var count: Int { if case .array(let nodes) = content { nodes.count } else { 0 } }
}

/// An encoder that writes into one node.
struct JSONEncoding: Encoder, SingleValueEncodingContainer {
    let node: JSONNode
    let path: JSONPath?
    var codingPath: [any CodingKey] { JSONPath.keys(path) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func require(_ encoder: any Encoder) throws -> JSONEncoding {
        guard let encoding = encoder as? JSONEncoding else {
            throw EncodingError.invalidValue(
                (),
                .init(
                    codingPath: encoder.codingPath, debugDescription: "only JSONCoder writes this"))
        }
        return encoding
    }

    /// The one place that knows which types are taken as they are.
    func write<T: Encodable>(_ value: T) throws {
        // Comparing types first: a dynamic cast that fails costs as much as the rest of a member.
        if T.self == String.self, let text = value as? String { return encode(text) }
        if T.self == Int64.self, let number = value as? Int64 { return encode(number) }
        if T.self == Int.self, let number = value as? Int { return encode(number) }
        if T.self == Bool.self, let flag = value as? Bool { return encode(flag) }
        if T.self == JSONValue.self, let value = value as? JSONValue {
            return node.content = .value(value)
        }
        try value.encode(to: self)
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .object = node.content {} else { node.content = .object([]) }
        // The keys of Swift's dictionaries; only theirs may be many.
        node.isDictionary = Key(stringValue: "\u{0}") != nil
        return KeyedEncodingContainer(JSONMemberWriter(node: node, path: path))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array = node.content {} else { node.content = .array([]) }
        return JSONElementWriter(node: node, path: path)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { node.content = .value(.null) }
    func encode(_ value: Bool) { node.content = .value(.boolean(value)) }
    func encode(_ value: String) { node.content = .value(.string(value)) }
    func encode(_ value: Double) {
        let number = value.isFinite ? JSONNumber(text: value.description) : nil
        node.content = .value(number.map(JSONValue.number) ?? .null)
    }
    func encode(_ value: Float) {
        let number = value.isFinite ? JSONNumber(text: value.description) : nil
        node.content = .value(number.map(JSONValue.number) ?? .null)
    }
    func encode(_ value: Int) { integer(value) }
    func encode(_ value: Int8) { integer(value) }
    func encode(_ value: Int16) { integer(value) }
    func encode(_ value: Int32) { integer(value) }
    func encode(_ value: Int64) { integer(value) }
    func encode(_ value: UInt) { integer(value) }
    func encode(_ value: UInt8) { integer(value) }
    func encode(_ value: UInt16) { integer(value) }
    func encode(_ value: UInt32) { integer(value) }
    func encode(_ value: UInt64) { integer(value) }
    func encode<T: Encodable>(_ value: T) throws { try write(value) }

    private func integer(_ value: some FixedWidthInteger) {
        node.content = .value(.number(JSONNumber(valid: String(value))))
    }
}

private struct JSONMemberWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    let path: JSONPath?
    var codingPath: [any CodingKey] { JSONPath.keys(path) }

    func at(_ key: any CodingKey) -> JSONEncoding {
        JSONEncoding(node: node.member(key.stringValue), path: JSONPath(path, key))
    }

    func encodeNil(forKey key: Key) { at(key).encodeNil() }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try at(key).write(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
        -> KeyedEncodingContainer<Nested>
    { at(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        at(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { at(JSONSuperKey()) }
    func superEncoder(forKey key: Key) -> any Encoder { at(key) }
}

private struct JSONElementWriter: UnkeyedEncodingContainer {
    let node: JSONNode
    let path: JSONPath?
    var codingPath: [any CodingKey] { JSONPath.keys(path) }

    var count: Int { node.count }

    func next() -> JSONEncoding {
        JSONEncoding(node: node.append(), path: JSONPath(path, JSONIndex(count)))
    }

    func encodeNil() { next().encodeNil() }
    func encode<T: Encodable>(_ value: T) throws { try next().write(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type)
        -> KeyedEncodingContainer<Nested>
    { next().container(keyedBy: type) }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { next().unkeyedContainer() }
    func superEncoder() -> any Encoder { next() }
}
