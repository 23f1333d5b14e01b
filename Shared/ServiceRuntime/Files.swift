/// The few file operations that services need, over POSIX calls (Foundation is not linked).
public enum Files {
    /// The whole file; throws `FileError` over `limit` bytes or where it cannot be read.
    public static func read(_ path: String, limit: Int = 64 << 20) throws -> [UInt8] {
        fatalError("stub")
    }
    /// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the folder.
    public static func writeDurably(_ bytes: [UInt8], to path: String) throws { fatalError("stub") }
    /// Makes the folder and those above it.
    public static func makeFolder(_ path: String) throws { fatalError("stub") }
    /// The names in a folder, sorted, without `.` and `..`.
    public static func list(_ path: String) throws -> [String] { fatalError("stub") }
    public static func exists(_ path: String) -> Bool { fatalError("stub") }
    public static func rename(_ from: String, to: String) throws { fatalError("stub") }
    public static func remove(_ path: String) throws { fatalError("stub") }
}

/// A failed file operation: what, on which path, and the system's words.
public struct FileError: Error, Sendable, CustomStringConvertible {
    public let operation: String
    public let path: String
    public let errno: Int32
    public var description: String { fatalError("stub") }
}
