/// Reads the rows of a CSV file.
struct CSVRowReader: RowReader {
    /// Bytes read at a time.
    private static let pieceBytes = 256 << 10

    private(set) var columns: [String] = []
    private(set) var header: [UInt8] = []
    private(set) var place: FilePlace
    private let options: CSVOptions
    private let source: any ByteSource
    private var reader: CSVReader
    private var offset: Int
    private var held: CSVRow?
    private var atEnd = false

    init(_ options: CSVOptions, _ source: any ByteSource, from place: FilePlace) throws {
        self.options = options
        self.source = source
        self.place = FilePlace()
        offset = 0
        reader = CSVReader(options)
        // The first row is read even where reading goes on behind it: it says the columns.
        guard let first = try nextRow() else { return }
        if options.header {
            header = first.raw
            columns = names(first)
            self.place = FilePlace(offset: first.end, line: first.endLine)
        } else {
            columns = (1...max(1, first.count)).map { String($0) }
            held = first
        }
        guard place.offset > 0 else { return }
        held = nil
        atEnd = false
        offset = place.offset
        self.place = place
        reader = CSVReader(options, offset: place.offset, line: place.line)
    }

    mutating func next(_ row: inout FileRow) throws -> Bool {
        while true {
            var found = held
            held = nil
            if found == nil { found = try nextRow() }
            guard let found else { return false }
            let rows = place.rows
            place = FilePlace(offset: found.end, line: found.endLine, rows: rows)
            if found.isBlank, columns.count > 1 { continue }
            place.rows += 1
            fill(&row, found)
            return true
        }
    }

    private func fill(_ row: inout FileRow, _ found: CSVRow) {
        row.removeAll()
        row.number = place.rows
        row.line = found.line
        row.raw = found.raw
        row.fault = fault(found)
        if row.fault != nil { return }
        for index in 0..<found.count {
            guard let bytes = found.bytes(index) else {
                row.appendNothing()
                continue
            }
            guard let text = options.encoding.decode(bytes), !text.utf8.contains(0) else {
                row.fault = "\(columns[index]): not \(options.encoding.rawValue) text."
                return
            }
            row.append(.text, options.formulaSafe ? FormulaGuard.expose(text) : text)
        }
    }

    private func fault(_ row: CSVRow) -> String? {
        switch row.fault {
        case .textAfterQuote:
            "Something stands between a closing quote and the next separator."
        case .openQuote: "The quote that is opened here is never closed."
        case nil where row.count != columns.count:
            "The row has \(row.count) fields instead of \(columns.count)."
        case nil: nil
        }
    }

    private func names(_ row: CSVRow) -> [String] {
        (0..<row.count).map { index in
            let text = row.bytes(index).flatMap { options.encoding.decode($0) } ?? ""
            var trimmed = Substring(options.formulaSafe ? FormulaGuard.expose(text) : text)
            while trimmed.first == " " { trimmed.removeFirst() }
            while trimmed.last == " " { trimmed.removeLast() }
            return String(trimmed)
        }
    }

    private mutating func nextRow() throws -> CSVRow? {
        while true {
            do throws(CSVError) {
                if let row = try reader.next() { return row }
            } catch {
                throw FormatError(error.sentence)
            }
            if atEnd { return nil }
            let piece = try source.read(at: offset, count: Self.pieceBytes)
            offset += piece.count
            atEnd = piece.isEmpty
            if atEnd { reader.finish() } else { reader.feed(piece) }
        }
    }
}
