/// Base64 (standard and URL alphabets) and hex.
public enum Base64 {
    public static func encode(_ bytes: [UInt8]) -> String { fatalError("stub") }
    /// Standard alphabet, padding needed; blanks and line ends are skipped where `lenient`.
    public static func decode(_ text: String, lenient: Bool = false) -> [UInt8]? {
        fatalError("stub")
    }
    /// URL alphabet without padding.
    public static func encodeURL(_ bytes: [UInt8]) -> String { fatalError("stub") }
    public static func decodeURL(_ text: String) -> [UInt8]? { fatalError("stub") }
}

public enum Hex {
    public static func encode(_ bytes: [UInt8]) -> String { fatalError("stub") }
    public static func decode(_ text: String) -> [UInt8]? { fatalError("stub") }
}
