/// What stands in a cell of a file.
public enum CellKind: UInt8, Sendable {
    /// Nothing: an empty field of CSV, a missing member or `null` of JSON, an empty cell.
    case nothing
    /// Text by people; of CSV and XML every value is text.
    case text
    /// A number as it is written, in the grammar of JSON.
    case number
    /// `true` or `false`.
    case boolean
    /// `2026-02-28`.
    case date
    /// `2026-02-28T12:30:00.000Z`; a spreadsheet, which knows no zone, is read as UTC.
    case datetime
    /// An array or an object as JSON text.
    case json
}

/// One row of a file in any format: cells as UTF-8 bytes with their kind, in the order of the
/// reader's `columns`, or of the writer's.
public struct FileRow: Sendable {
    /// Counts the rows of data from 1: the header and empty lines do not count.
    public var number = 0
    /// Where it begins in the file, for people: the line from 1 (XLSX: the row of the sheet).
    public var line = 0
    /// The row as it came, for `RejectWriter`: CSV the bytes without the line end, NDJSON and JSON
    /// the object, XML the element, XLSX its cells as a JSON array.
    public var raw: [UInt8] = []
    /// Why the row as such cannot be taken, as a sentence; its cells mean nothing then.
    public var fault: String?

    private var content: [UInt8] = []
    private var cells: [(end: Int, kind: CellKind)] = []

    public init() {}

    public var count: Int { cells.count }

    public func kind(_ cell: Int) -> CellKind { cells[cell].kind }

    /// The bytes of a cell, valid UTF-8; empty where nothing stands there.
    public func bytes(_ cell: Int) -> ArraySlice<UInt8> {
        content[(cell == 0 ? 0 : cells[cell - 1].end)..<cells[cell].end]
    }

    /// Looks at the bytes of a cell without a copy.
    func withBytes<T>(_ cell: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T) rethrows -> T {
        let start = cell == 0 ? 0 : cells[cell - 1].end
        let end = cells[cell].end
        return try content.withUnsafeBufferPointer {
            try body(UnsafeBufferPointer(rebasing: $0[start..<end]))
        }
    }

    /// The text of a cell; nil where nothing stands there.
    public func text(_ cell: Int) -> String? {
        kind(cell) == .nothing ? nil : String(decoding: bytes(cell), as: UTF8.self)
    }

    /// One more cell.
    public mutating func append(_ kind: CellKind, _ bytes: some Sequence<UInt8>) {
        content.append(contentsOf: bytes)
        cells.append((content.count, kind))
    }

    public mutating func append(_ kind: CellKind, _ text: String) { append(kind, text.utf8) }

    public mutating func appendNothing() { cells.append((content.count, .nothing)) }

    /// Forgets the cells and keeps the room.
    public mutating func removeAll() {
        content.removeAll(keepingCapacity: true)
        cells.removeAll(keepingCapacity: true)
        raw.removeAll(keepingCapacity: true)
        fault = nil
    }
}

/// What makes a whole file unreadable or unwritable, as a sentence that says what to do.
public struct FormatError: Error, Sendable, Hashable {
    public var sentence: String

    public init(_ sentence: String) { self.sentence = sentence }
}
