import Contracts
import Database
import JSON
import ServiceRuntime

/// A value as Records stores it, which is the form in which both sides are compared: decimals are
/// whole numbers of their last decimal, booleans 0 or 1, all others texts.
enum SyncValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)

    /// As `StoredRows` answers it.
    init?(json: JSONValue) {
        switch json {
        case .null: self = .null
        case .number(let number):
            guard let integer = number.integer else { return nil }
            self = .integer(integer)
        case .string(let text): self = .text(text)
        case .boolean, .array, .object: return nil
        }
    }

    func feed(_ hash: inout RowHash) {
        switch self {
        case .null: hash.null()
        case .integer(let integer): hash.integer(integer)
        case .text(let text): hash.text(text)
        }
    }
}

/// A key in the order that both sides have: whole numbers by value, texts by their bytes.
enum SyncKey: Sendable, Hashable, Comparable {
    case integer(Int64)
    case text(String)

    static func < (a: SyncKey, b: SyncKey) -> Bool {
        switch (a, b) {
        case (.integer(let left), .integer(let right)): left < right
        case (.text(let left), .text(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.integer, .text): true
        case (.text, .integer): false
        }
    }

    static func == (a: SyncKey, b: SyncKey) -> Bool {
        switch (a, b) {
        case (.integer(let left), .integer(let right)): left == right
        // By bytes: one accent has two spellings, and these are two keys.
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.integer, .text), (.text, .integer): false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let integer): hasher.combine(integer)
        case .text(var text): text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    init?(_ value: SyncValue) {
        switch value {
        case .null: return nil
        case .integer(let integer): self = .integer(integer)
        case .text(let text): self = .text(text)
        }
    }

    init?(json: JSONValue) {
        guard let value = SyncValue(json: json), let key = SyncKey(value) else { return nil }
        self = key
    }

    var value: SyncValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        }
    }

    var json: JSONValue {
        switch self {
        case .integer(let integer): .number(JSONNumber(integer))
        case .text(let text): .string(text)
        }
    }

    /// Bytes in the keys' order, as what is kept of a row is found by.
    var ordered: [UInt8] {
        switch self {
        case .integer(let integer):
            let word = UInt64(bitPattern: integer) ^ (1 << 63)
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        case .text(let text): return Array(text.utf8)
        }
    }

    var text: String {
        switch self {
        case .integer(let integer): String(integer)
        case .text(let text): text
        }
    }
}

/// A row of either side in the form in which both are compared.
struct SyncRow: Sendable {
    var key: SyncKey
    /// In the order of the definition's columns.
    var values: [SyncValue]
    let hash: UInt64
    /// Of ours.
    var id: Int64 = 0
    var version: Int64 = 0

    init(key: SyncKey, values: [SyncValue], id: Int64 = 0, version: Int64 = 0) {
        self.key = key
        self.values = values
        self.id = id
        self.version = version
        var hash = RowHash()
        key.value.feed(&hash)
        for value in values { value.feed(&hash) }
        self.hash = hash.value
    }
}

/// A row of the other side that cannot be one of ours.
struct RefusedRow: Sendable, Error {
    var key: String
    var reason: String

    /// The key as a field of a CSV file.
    var field: [UInt8] {
        let isPlain = !key.utf8.contains { [0x0A, 0x0D, 0x22, 0x2C].contains($0) }
        return Array((isPlain ? key : "\"\(key.replacing("\"", with: "\"\""))\"").utf8)
    }
}
