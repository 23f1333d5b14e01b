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

    /// The quotes around the body of a function of ours.
    public static let bodyQuote = "$geartrain$"

    /// The quotes around a body that has what somebody else wrote: it has none of the like, not
    /// even within its own quotes, which the server would not heed.
    public static func bodyQuote(around body: String) -> String {
        var (quote, number) = (bodyQuote, 0)
        while body.contains(quote) {
            number += 1
            quote = "$geartrain\(number)$"
        }
        return quote
    }

    /// The quotes with which a text begins, if it does with such.
    static func bodyQuote(beginning text: Substring) -> Substring? {
        guard text.hasPrefix(bodyQuote.dropLast()) else { return nil }
        let number = text.dropFirst(bodyQuote.utf8.count - 1).drop { $0.isNumber }
        return number.first == "$" ? text[...number.startIndex] : nil
    }

    /// Bytes of an identifier of PostgreSQL; a file's may have any number.
    public static let nameLimit = 63

    /// An identifier of ours as the engine keeps it: one that is too long has a hash for its end.
    public func name(_ identifier: String) -> String {
        guard !isSQLite, identifier.utf8.count > Dialect.nameLimit else { return identifier }
        return String(decoding: identifier.utf8.prefix(Dialect.nameLimit - 17), as: UTF8.self) + "-"
            + Fingerprint.text(of: identifier)
    }

    /// Whether two values differ, where either may be empty. SQLite has the words of the standard
    /// since 3.39, and other programs bring their own: these read our triggers too.
    public var isDistinct: String { isSQLite ? "IS NOT" : "IS DISTINCT FROM" }

    /// A quoted identifier, whatever is in it.
    public func quote(_ identifier: String) -> String { Dialect.quote(identifier) }

    static func quote(_ identifier: String) -> String { quote(identifier, UInt8(ascii: "\"")) }

    /// A text as a statement has it, for where none of its values can be given apart.
    public static func literal(_ text: String) -> String { quote(text, UInt8(ascii: "'")) }

    private static func quote(_ text: String, _ mark: UInt8) -> String {
        var quoted = [mark]
        quoted.reserveCapacity(text.utf8.count + 2)
        for byte in text.utf8 {
            if byte == mark { quoted.append(mark) }
            quoted.append(byte)
        }
        quoted.append(mark)
        return String(decoding: quoted, as: UTF8.self)
    }
}
