/// How far a file was read: a reader can go on from there.
public struct FilePlace: Sendable, Hashable, Codable {
    /// Bytes before the next row, where the format can go on in the middle; else 0.
    public var offset = 0
    /// The line of the next row.
    public var line = 1
    /// Rows of data before it.
    public var rows = 0

    public init(offset: Int = 0, line: Int = 1, rows: Int = 0) {
        self.offset = offset
        self.line = line
        self.rows = rows
    }
}

/// Reads a file row by row in bounded memory. Made by `FileOptions.reader`. Blocks while it reads
/// its source: `RowStream` keeps it on a thread of its own.
public protocol RowReader {
    /// What the cells of each row are: the names in the header, positions from 1 where there is no
    /// header, or the names that were asked for (JSON, NDJSON, XML: they have no order).
    var columns: [String] { get }

    /// The header as it stands in the file, for `RejectWriter`; empty where there is none.
    var header: [UInt8] { get }

    /// Where the row after the last one begins.
    var place: FilePlace { get }

    /// Fills in the next row; false at the end. A row with `fault` is passed on, the next ones can
    /// be read; a file that cannot be read on throws.
    mutating func next(_ row: inout FileRow) throws -> Bool
}

/// Bytes that are read from any place, such as an open file. Reads block.
public protocol ByteSource: Sendable {
    var size: Int { get }

    /// Up to `count` bytes from `offset`; fewer only at the end, empty behind it.
    func read(at offset: Int, count: Int) throws -> [UInt8]
}

/// Bytes in memory.
public struct MemoryBytes: ByteSource {
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var size: Int { bytes.count }

    public func read(at offset: Int, count: Int) -> [UInt8] {
        Array(bytes[min(offset, size)..<min(offset + count, size)])
    }
}
