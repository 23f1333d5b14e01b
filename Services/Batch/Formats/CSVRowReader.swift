/// Reads the rows of a CSV file.
struct CSVRowReader: RowReader {
    private(set) var columns: [String] = []
    private(set) var header: [UInt8] = []
    private(set) var place = FilePlace()
    /// With what was found out about the file.
    let options: CSVOptions
    private let table: ByteTable?
    private let isWide: Bool
    private var scanner: CSVScanner
    private var pieces: TextPieces
    private var buffer: [UInt8] = []
    /// Where the next row begins in `buffer`, and the file's offset of `buffer[0]`.
    private var at = 0
    private var base: Int
    private var isLast = false

    init(
        _ wanted: CSVOptions, _ source: any ByteSource, names: [String] = [],
        from place: FilePlace = FilePlace(), pieceBytes: Int = TextPieces.pieceBytes
    ) throws {
        let found = try CSVDetection(wanted, source, names: names)
        options = found.options
        isWide = options.encoding.isConverted
        table = options.encoding.table
        scanner = CSVScanner(separator: options.separator, quote: options.quote)
        base = found.start
        self.place.line = found.line
        pieces = TextPieces(
            source, offset: base, isBigEndian: found.isBigEndian, encoding: options.encoding,
            pieceBytes: pieceBytes)
        // The first row is read even where reading goes on behind it: it says the columns.
        guard try findRow() else { return }
        while options.header, scanner.end == at {
            pass()
            guard try findRow() else { return }
        }
        takeColumns()
        if place.offset > 0 {
            buffer = []
            at = 0
            isLast = false
            base = place.offset
            self.place = place
            pieces = TextPieces(source, offset: base, pieceBytes: pieceBytes)
        } else {
            var row = FileRow()
            while self.place.rows < place.rows, try next(&row) {}
        }
    }

    mutating func next(_ row: inout FileRow) throws -> Bool {
        while try findRow() {
            let isBlank = scanner.end == at
            let line = place.line
            if isBlank, columns.count > 1 {
                pass()
                continue
            }
            place.rows += 1
            row.removeAll()
            row.number = place.rows
            row.line = line
            fill(&row)
            pass()
            return true
        }
        return false
    }

    private mutating func takeColumns() {
        let (scanner, options) = (scanner, options)
        if options.header {
            columns = buffer.withUnsafeBufferPointer { Self.names(scanner, $0, options) }
            header = Array(buffer[at..<scanner.end])
            pass()
        } else {
            columns = scanner.fields.indices.map { String($0 + 1) }
        }
    }

    /// The row that was found is done with.
    private mutating func pass() {
        at = scanner.next
        place.line += scanner.lines
        place.offset = isWide ? 0 : base + at
    }

    /// Finds the next row in `buffer`, which more is read into as it is needed; false at the end.
    private mutating func findRow() throws -> Bool {
        while true {
            if at < buffer.count {
                let (start, last) = (at, isLast)
                let isFound = buffer.withUnsafeBufferPointer {
                    scanner.scan($0, from: start, isLast: last)
                }
                if isFound {
                    try checkLimits()
                    return true
                }
            } else if isLast {
                return false
            }
            guard buffer.count - at <= CSVLimit.rowBytes else {
                throw FormatError(CSVError.rowTooLong(line: place.line).sentence)
            }
            buffer.removeSubrange(..<at)
            base += at
            at = 0
            let piece = try pieces.next()
            isLast = piece.isEmpty
            buffer += piece
        }
    }

    private func checkLimits() throws(FormatError) {
        if scanner.hasTooManyFields {
            throw FormatError(CSVError.tooManyFields(line: place.line).sentence)
        }
        if scanner.end - at > CSVLimit.rowBytes {
            throw FormatError(CSVError.rowTooLong(line: place.line).sentence)
        }
    }

    private func fill(_ row: inout FileRow) {
        buffer.withUnsafeBufferPointer { text in
            let raw = UnsafeBufferPointer(rebasing: text[at..<scanner.end])
            row.raw.append(contentsOf: raw)
            if let fault = fault(raw) {
                row.fault = fault
                return
            }
            for (index, field) in scanner.fields.enumerated() {
                let bytes = UnsafeBufferPointer(rebasing: text[field.start..<field.end])
                if bytes.isEmpty, !field.isQuoted {
                    row.appendNothing()
                } else if field.hasQuotes || table != nil {
                    guard let decoded = decoded(bytes, field.hasQuotes) else {
                        row.fault = "\(columns[index]): not \(options.encoding.rawValue) text."
                        return
                    }
                    decoded.withUnsafeBufferPointer { append($0, to: &row) }
                } else {
                    append(bytes, to: &row)
                }
            }
        }
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>, to row: inout FileRow) {
        if options.formulaSafe, bytes.first == UInt8(ascii: "'"), FormulaGuard.isProtected(bytes) {
            row.append(.text, UnsafeBufferPointer(rebasing: bytes.dropFirst()))
        } else {
            row.append(.text, bytes)
        }
    }

    private func decoded(_ bytes: UnsafeBufferPointer<UInt8>, _ hasQuotes: Bool) -> [UInt8]? {
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            plain.append(bytes[index])
            index += bytes[index] == options.quote && hasQuotes ? 2 : 1
        }
        guard let table else { return plain }
        var text: [UInt8] = []
        return table.append(plain, to: &text) ? text : nil
    }

    private func fault(_ raw: UnsafeBufferPointer<UInt8>) -> String? {
        switch scanner.fault {
        case .textAfterQuote:
            return "Something stands between a closing quote and the next separator."
        case .openQuote: return "The quote that is opened here is never closed."
        case nil: break
        }
        if scanner.fields.count != columns.count {
            return "The row has \(scanner.fields.count) fields instead of \(columns.count)."
        }
        var isPlain = true
        for byte in raw {
            if byte == 0 { return "There is a zero byte in the row." }
            isPlain = isPlain && byte < 0x80
        }
        if isPlain || table != nil || TextEncoding.isUTF8(raw) { return nil }
        let index = scanner.fields.firstIndex { field in
            let bytes = raw[(field.start - at)..<(field.end - at)]
            return String(validating: bytes, as: UTF8.self) == nil
        }
        return "\(index.map { columns[$0] + ": " } ?? "")not \(options.encoding.rawValue) text."
    }

    /// The names in a header, without blanks around them.
    static func names(
        _ scanner: CSVScanner, _ text: UnsafeBufferPointer<UInt8>, _ options: CSVOptions
    ) -> [String] {
        scanner.fields.map { field in
            var bytes = Array(text[field.start..<field.end])
            if field.hasQuotes {
                var isSecond = false
                bytes = bytes.filter { byte in
                    isSecond = byte == options.quote && !isSecond
                    return byte != options.quote || isSecond
                }
            }
            let encoding = options.encoding.isConverted ? TextEncoding.utf8 : options.encoding
            let text = encoding.decode(bytes) ?? ""
            var trimmed = Substring(options.formulaSafe ? FormulaGuard.expose(text) : text)
            while trimmed.first?.isWhitespace == true { trimmed.removeFirst() }
            while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
            return String(trimmed)
        }
    }
}
