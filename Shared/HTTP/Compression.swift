/// gzip over zlib.
public enum Gzip {
    public static func compress(_ bytes: [UInt8], level: Int = 6) -> [UInt8] { fatalError("stub") }
    /// Nil where it is not gzip or would pass `limit`.
    public static func decompress(_ bytes: [UInt8], limit: Int) -> [UInt8]? { fatalError("stub") }
}
