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
