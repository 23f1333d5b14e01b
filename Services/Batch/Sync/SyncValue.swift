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
        key.feed(&hash)
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
