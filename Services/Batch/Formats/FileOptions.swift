import JSON

/// The formats of files.
public enum FileFormat: String, Sendable, CaseIterable {
    case csv, json, ndjson, xml, xlsx
}

/// A format with what a definition says about it: makes the readers and writers.
public struct FileOptions: Sendable {
    public var format = FileFormat.csv
    public var csv = CSVOptions()

    public init() {}

    public init(_ csv: CSVOptions) { self.csv = csv }

    /// Whether the file itself names its columns.
    public var hasHeader: Bool { format == .csv ? csv.header : true }

    /// The ending of file names, without the dot.
    public var fileExtension: String { format.rawValue }

    /// As `Content-Type` has it.
    public var mediaType: String { "text/csv; charset=\(csv.encoding.rawValue)" }

    /// A reader of `source` that goes on from `place`; `names` are the columns that are wanted,
    /// which formats without a header need to be told. Throws `FormatError`, and what `source`
    /// throws. It reads the header.
    public func reader(
        _ source: any ByteSource, names: [String] = [], from place: FilePlace = FilePlace()
    ) throws -> any RowReader {
        try CSVRowReader(csv, source, names: names, from: place)
    }

    /// A writer of these columns, of a new file or of one that goes on from `state`.
    public func writer(columns: [String], from state: JSONValue? = nil) throws -> any RowWriter {
        CSVRowWriter(csv, columns: columns, isNew: state == nil)
    }

    /// A writer of the rejected rows of a file that had these columns and this header.
    public func rejectWriter(columns: [String], header: [UInt8]) -> any RejectWriter {
        CSVRejectWriter(csv, columns: columns, header: header)
    }
}
