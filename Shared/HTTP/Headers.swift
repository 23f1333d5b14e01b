/// Header fields in their order; names compare without case.
public struct Headers: Sendable, ExpressibleByDictionaryLiteral {
    public private(set) var fields: [(name: String, value: String)] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        fields.reserveCapacity(elements.count)
        for (name, value) in elements { fields.append((name, value)) }
    }

    /// The first value; setting replaces all of that name.
    public subscript(name: String) -> String? {
        get {
            for field in fields where Headers.areEqual(field.name, name) { return field.value }
            return nil
        }
        set {
            guard let newValue else { return fields.removeAll { Headers.areEqual($0.name, name) } }
            guard let first = fields.firstIndex(where: { Headers.areEqual($0.name, name) }) else {
                return fields.append((name, newValue))
            }
            fields[first].value = newValue
            var position = fields.count - 1
            while position > first {
                if Headers.areEqual(fields[position].name, name) { fields.remove(at: position) }
                position -= 1
            }
        }
    }

    public func all(_ name: String) -> [String] {
        fields.filter { Headers.areEqual($0.name, name) }.map(\.value)
    }

    public mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

    mutating func reserve(_ count: Int) { fields.reserveCapacity(count) }

    /// Whether two names or words are the same but for the case of ASCII letters.
    static func areEqual(_ a: String, _ b: String) -> Bool {
        let (a, b) = (a.utf8, b.utf8)
        guard a.count == b.count else { return false }
        var (left, right) = (a.makeIterator(), b.makeIterator())
        while let x = left.next(), let y = right.next() {
            guard x == y || (lower(x) == lower(y)) else { return false }
        }
        return true
    }

    static func lower(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }

    /// Whether the comma-separated list `value` has `word`, any case.
    static func list(_ value: String, has word: String) -> Bool {
        for item in value.utf8.split(separator: UInt8(ascii: ",")) {
            let trimmed = item.drop { $0 == 0x20 || $0 == 0x09 }
            let text = trimmed.prefix { $0 != 0x20 && $0 != 0x09 && $0 != UInt8(ascii: ";") }
            if areEqual(String(Substring(text)), word) { return true }
        }
        return false
    }
}
