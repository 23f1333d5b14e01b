import JSON

/// Writes rows as a file into bytes that the caller takes away. What it writes, the reader of the
/// same options reads back the same. Made by `FileOptions.writer`.
public protocol RowWriter {
    /// What a new file begins with (header, opening).
    mutating func begin() throws

    /// Writes a row: as many cells as the writer has columns. Nothing of it where it throws.
    mutating func row(_ row: FileRow) throws

    /// What the file ends with.
    mutating func finish() throws

    /// Takes the bytes written so far.
    mutating func take() throws -> [UInt8]

    /// Right after `take`: what `FileOptions.writer` needs to go on with this file.
    var state: JSONValue { get }
}

/// Writes rejected rows as a file in the format that they came in, with the line and the reason as
/// two further cells, `_line` and `_error`: to be mended and imported again.
public protocol RejectWriter {
    mutating func begin() throws
    /// `raw` as `FileRow` has it.
    mutating func row(raw: [UInt8], line: Int, reason: String) throws
    mutating func finish() throws
    mutating func take() throws -> [UInt8]
}
