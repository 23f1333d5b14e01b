import JSON

/// The formats of files.
public enum FileFormat: String, Sendable, CaseIterable {
    case csv, json, ndjson, xml, xlsx
}

/// A format with what a definition says about it: makes the readers and writers.
public struct FileOptions: Sendable {
    public var format = FileFormat.csv
    /// `header` counts for XLSX too.
    public var csv = CSVOptions()
    /// XML: where the rows stand.
    public var item: XMLItemPath?
    /// XLSX: the sheet; else the first.
    public var sheet: String?

    public init(_ format: FileFormat = .csv) { self.format = format }

    public init(_ csv: CSVOptions) { self.csv = csv }

    /// Whether rows name what they hold: else columns are positions from 1.
    public var hasHeader: Bool { format == .csv || format == .xlsx ? csv.header : true }

    /// The ending of file names, without the dot.
    public var fileExtension: String { format.rawValue }

    /// As `Content-Type` has it.
    public var mediaType: String {
        switch format {
        case .csv: "text/csv; charset=\(csv.encoding.rawValue)"
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .xml: "application/xml"
        case .xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        }
    }

    /// A reader of `source` that goes on from `place`; `names` are the columns that are wanted,
    /// which formats without a header need to be told. Throws `FormatError`, and what `source`
    /// throws. It reads the header.
    public func reader(
        _ source: any ByteSource, names: [String] = [], from place: FilePlace = FilePlace()
    ) throws -> any RowReader {
        switch format {
        case .csv: try CSVRowReader(csv, source, names: names, from: place)
        case .json: try JSONRowReader(source, isArray: true, names: names, from: place)
        case .ndjson: try JSONRowReader(source, isArray: false, names: names, from: place)
        case .xml: try XMLRowReader(source, path: item, names: names, from: place)
        case .xlsx:
            try XLSXRowReader(source, sheet: sheet, hasHeader: csv.header, from: place)
        }
    }

    /// A writer of these columns, of a new file or of one that goes on from `state`.
    public func writer(columns: [String], from state: JSONValue? = nil) throws -> any RowWriter {
        switch format {
        case .csv: CSVRowWriter(csv, columns: columns, isNew: state == nil)
        case .json: JSONRowWriter(columns: columns, isArray: true, state: state)
        case .ndjson: JSONRowWriter(columns: columns, isArray: false, state: state)
        case .xml: try XMLRowWriter(columns: columns, path: item)
        case .xlsx:
            try XLSXRowWriter(
                columns: columns, sheet: sheet, hasHeader: csv.header, state: state)
        }
    }

    /// A writer of the rejected rows of a file that had these columns and this header.
    public func rejectWriter(columns: [String], header: [UInt8]) throws -> any RejectWriter {
        switch format {
        case .csv: CSVRejectWriter(csv, columns: columns, header: header)
        case .json: JSONRejectWriter(isArray: true)
        case .ndjson: JSONRejectWriter(isArray: false)
        case .xml: XMLRejectWriter(path: item)
        case .xlsx:
            try XLSXRejectWriter(columns: columns, sheet: sheet, hasHeader: csv.header)
        }
    }
}
