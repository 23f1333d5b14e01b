import JSON

/// Writes rows as CSV.
struct CSVRowWriter: RowWriter {
    private let columns: [String]
    private var writer: CSVWriter

    init(_ options: CSVOptions, columns: [String], isNew: Bool) {
        self.columns = columns
        writer = CSVWriter(options, continuing: !isNew)
    }

    mutating func begin() throws {
        if writer.options.header { try write(columns.map { .text($0) }) }
    }

    mutating func row(_ row: FileRow) throws {
        try write(
            (0..<row.count).map { cell in
                guard let text = row.text(cell) else { return .null }
                let isText = row.kind(cell) == .text || row.kind(cell) == .json
                return isText ? .text(text) : .plain(text)
            })
    }

    mutating func finish() {}

    mutating func take() -> [UInt8] { writer.take() }

    /// The size of the file is all that is needed.
    var state: JSONValue { true }

    private mutating func write(_ fields: [CSVWriter.Field]) throws(FormatError) {
        do throws(CSVError) {
            try writer.row(fields)
        } catch {
            throw FormatError(error.sentence)
        }
    }
}

/// Writes rejected rows of a CSV file byte for byte as they came. What the file's encoding does not
/// have becomes `?` in the reason.
struct CSVRejectWriter: RejectWriter {
    private let options: CSVOptions
    private let width: Int
    private let header: [UInt8]
    private var bytes: [UInt8] = []

    init(_ options: CSVOptions, columns: [String], header: [UInt8]) {
        self.options = options
        self.header = header
        width = columns.count
    }

    mutating func begin() {
        guard options.header, !header.isEmpty else { return }
        let separator = [options.separator]
        bytes += header + separator + Array("_line".utf8) + separator + Array("_error\r\n".utf8)
    }

    mutating func row(raw: [UInt8], line: Int, reason: String) {
        var reader = CSVReader(options, offset: 1)
        reader.feed(raw)
        reader.finish()
        let fields = (try? reader.next())?.count ?? width
        bytes += raw
        for _ in fields..<max(width, fields) { bytes.append(options.separator) }
        bytes.append(options.separator)
        var writer = CSVWriter(options, continuing: true)
        let ascii = String(decoding: reason.utf8.map { $0 < 0x80 ? $0 : 0x3f }, as: UTF8.self)
        for text in [reason, ascii] {
            if (try? writer.row([.plain(String(line)), .text(text)])) != nil { break }
        }
        bytes += writer.take()
    }

    mutating func finish() {}

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
