/// The few differences between engines, all in one place.
public struct Dialect: Sendable {
    enum Engine { case sqlite }
    let engine: Engine

    /// `integer primary key autoincrement` or `bigint generated always as identity primary key`.
    public var identityColumn: String { "integer primary key autoincrement" }
    /// `blob` or `bytea`.
    public var blobType: String { "blob" }
    /// A quoted identifier, whatever is in it.
    public func quote(_ identifier: String) -> String {
        var quoted = "\""
        for character in identifier.unicodeScalars {
            if character == "\"" { quoted.unicodeScalars.append(character) }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}
