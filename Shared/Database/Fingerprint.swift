/// FNV-1a of a text: against a slip, not against malice. It is the same in every process and for
/// ever, since installations keep it.
public enum Fingerprint {
    public static func of(_ text: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    /// The same in hexadecimal digits.
    public static func text(of text: String) -> String { String(of(text), radix: 16) }
}
