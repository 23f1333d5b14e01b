import Contracts
import Database
import JSON

/// A key in the order that both sides have: whole numbers by value, texts by their bytes, several
/// columns one after the other.
enum SyncKey: Sendable, Hashable, Comparable {
    case integer(Int64)
    case text(String)
    /// Of a key of two columns or more.
    indirect case several([SyncKey])

    /// Its columns.
    var parts: [SyncKey] {
        if case .several(let parts) = self { return parts }
        return [self]
    }

    static func < (a: SyncKey, b: SyncKey) -> Bool {
        switch (a, b) {
        case (.integer(let left), .integer(let right)): left < right
        case (.text(let left), .text(let right)):
            left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.several(let left), .several(let right)): left.lexicographicallyPrecedes(right)
        case (.integer, _), (.text, .several): true
        case (.text, .integer), (.several, _): false
        }
    }

    static func == (a: SyncKey, b: SyncKey) -> Bool {
        switch (a, b) {
        case (.integer(let left), .integer(let right)): left == right
        // By bytes: one accent has two spellings, and these are two keys.
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        case (.several(let left), .several(let right)): left == right
        case (.integer, _), (.text, _), (.several, _): false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let integer): hasher.combine(integer)
        case .text(var text): text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        case .several(let parts): for part in parts { part.hash(into: &hasher) }
        }
    }

    init?(_ value: SyncValue) {
        switch value {
        case .null: return nil
        case .integer(let integer): self = .integer(integer)
        case .text(let text): self = .text(text)
        }
    }

    /// One part, or an array of them.
    init?(json: JSONValue) {
        if let array = json.array {
            let parts = array.compactMap(SyncKey.init(json:))
            guard parts.count == array.count, parts.count > 1 else { return nil }
            self = .several(parts)
            return
        }
        guard let value = SyncValue(json: json), let key = SyncKey(value) else { return nil }
        self = key
    }

    /// Of one part.
    var value: SyncValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        case .several: .null
        }
    }

    /// Of one part, as it is bound.
    var sql: SQLValue {
        switch self {
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        case .several: .null
        }
    }

    var json: JSONValue {
        switch self {
        case .integer(let integer): .number(JSONNumber(integer))
        case .text(let text): .string(text)
        case .several(let parts): .array(parts.map(\.json))
        }
    }

    func feed(_ hash: inout RowHash) {
        if case .several(let parts) = self {
            for part in parts { part.value.feed(&hash) }
        } else {
            value.feed(&hash)
        }
    }

    /// Bytes in the keys' order, as what is kept of a row is found by.
    var ordered: [UInt8] {
        switch self {
        case .integer(let integer):
            let word = UInt64(bitPattern: integer) ^ (1 << 63)
            return (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        case .text(let text): return Array(text.utf8)
        // No text has the byte 0: it ends one, before all that could follow.
        case .several(let parts):
            return parts.flatMap { part in
                if case .text = part { return part.ordered + [0] }
                return part.ordered
            }
        }
    }

    var text: String {
        switch self {
        case .integer(let integer): String(integer)
        case .text(let text): text
        case .several(let parts): parts.map(\.text).joined(separator: ", ")
        }
    }
}
