/// The few differences between engines, all in one place.
public struct Dialect: Sendable {
    public enum Engine: Sendable { case sqlite, postgresql }
    public let engine: Engine

    public var isSQLite: Bool { engine == .sqlite }

    /// A column that numbers its rows; `PostgresSchema` says what it is there.
    public var identityColumn: String { "integer primary key autoincrement" }
    /// `PostgresSchema` says what it is there.
    public var blobType: String { "blob" }

    /// `?, ?, ?` for the values of a list; the list of nothing has a null, which nothing equals.
    public static func marks(_ count: Int) -> String {
        count == 0 ? "null" : Array(repeating: "?", count: count).joined(separator: ", ")
    }

    /// The quotes around the body of a function, which nothing in it ends.
    public static let bodyQuote = "$geartrain$"

    /// Bytes of an identifier; a file's may have any number.
    private static let nameLimit = 63

    /// An identifier of ours as the engine keeps it: one that is too long has a hash for its end.
    public func name(_ identifier: String) -> String {
        guard !isSQLite, identifier.utf8.count > Dialect.nameLimit else { return identifier }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in identifier.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(decoding: identifier.utf8.prefix(46), as: UTF8.self) + "-"
            + String(hash, radix: 16)
    }

    /// A quoted identifier, whatever is in it.
    public func quote(_ identifier: String) -> String { Dialect.quote(identifier) }

    static func quote(_ identifier: String) -> String {
        var quoted = "\""
        for character in identifier.unicodeScalars {
            if character == "\"" { quoted.unicodeScalars.append(character) }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}
