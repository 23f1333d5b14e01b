import JSON

/// Writes rows as CSV (RFC 4180: CRLF, quotes doubled). What it writes, `CSVRowReader` reads back
/// the same: nothing is an empty field, the empty text is `""`.
struct CSVRowWriter: RowWriter {
    let options: CSVOptions
    private let columns: [String]
    private let isNew: Bool
    private var bytes: [UInt8] = []
    private var coded: [UInt8] = []

    init(_ options: CSVOptions, columns: [String], isNew: Bool) {
        self.options = options
        self.columns = columns
        self.isNew = isNew
    }

    mutating func begin() throws {
        if options.encoding == .utf16 || options.encoding == .utf8 && options.byteOrderMark {
            bytes += [0xef, 0xbb, 0xbf]
        }
        guard options.header else { return }
        var header = FileRow()
        for column in columns { header.append(.text, column) }
        try row(header)
    }

    mutating func row(_ row: FileRow) throws {
        let before = bytes.count
        for cell in 0..<row.count {
            if cell > 0 { bytes.append(options.separator) }
            let kind = row.kind(cell)
            if kind == .nothing { continue }
            guard row.withBytes(cell, { append($0, isText: kind == .text || kind == .json) }) else {
                bytes.removeSubrange(before...)
                throw FormatError(CSVError.notEncodable(field: cell).sentence)
            }
        }
        bytes.append(13)
        bytes.append(10)
    }

    mutating func finish() {}

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        if options.encoding.multibyteName != nil {
            return options.encoding.encoded(bytes) ?? bytes
        }
        guard options.encoding == .utf16 else { return bytes }
        return String(decoding: bytes, as: UTF8.self).utf16.flatMap {
            [UInt8($0 & 0xff), UInt8($0 >> 8)]
        }
    }

    /// The size of the file is all that is needed.
    var state: JSONValue { true }

    /// False where the encoding does not have a character.
    private mutating func append(_ text: UnsafeBufferPointer<UInt8>, isText: Bool) -> Bool {
        let isGuarded = options.formulaSafe && isText && FormulaGuard.isFormula(text)
        if options.encoding.multibyteName != nil, text.contains(where: { $0 >= 0x80 }),
            options.encoding.encoded(Array(text)) == nil
        {
            return false
        }
        guard options.encoding.table != nil, text.contains(where: { $0 >= 0x80 }) else {
            quote(text, isGuarded)
            return true
        }
        coded.removeAll(keepingCapacity: true)
        guard options.encoding.encode(String(decoding: text, as: UTF8.self), into: &coded) else {
            return false
        }
        let field = coded
        field.withUnsafeBufferPointer { quote($0, isGuarded) }
        return true
    }

    private mutating func quote(_ field: UnsafeBufferPointer<UInt8>, _ isGuarded: Bool) {
        guard needsQuotes(field) || isGuarded && options.quote == UInt8(ascii: "'") else {
            if isGuarded { bytes.append(UInt8(ascii: "'")) }
            bytes.append(contentsOf: field)
            return
        }
        bytes.append(options.quote)
        for byte in isGuarded ? [UInt8(ascii: "'")] : [] {
            if byte == options.quote { bytes.append(byte) }
            bytes.append(byte)
        }
        for byte in field {
            if byte == options.quote { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(options.quote)
    }

    private func needsQuotes(_ field: UnsafeBufferPointer<UInt8>) -> Bool {
        if field.isEmpty { return true }
        for byte in field
        where byte == options.separator || byte == options.quote || byte == 10 || byte == 13 {
            return true
        }
        // A first field that begins like a byte order mark or like `sep=;` would be taken for one.
        return bytes.isEmpty && isNew
            && (field[0] == 0 || field[0] >= (options.encoding.isConverted ? 0x80 : 0xef)
                || field.starts(with: Array("sep=".utf8)))
    }
}

/// Writes rejected rows of a CSV file byte for byte as they came (of UTF-16 as UTF-8). What the
/// file's encoding does not have becomes `?` in the reason, and in rows of several bytes a
/// character.
struct CSVRejectWriter: RejectWriter {
    private var options: CSVOptions
    private let width: Int
    private let header: [UInt8]
    private var isASCII = false
    /// What is converted when it is taken.
    private let encoding: TextEncoding?
    private var bytes: [UInt8] = []

    init(_ wanted: CSVOptions, columns: [String], header: [UInt8]) {
        options = wanted
        let isKnown = !wanted.detected.contains(.encoding)
        encoding = isKnown && wanted.encoding.multibyteName != nil ? wanted.encoding : nil
        if options.encoding.isConverted { options.encoding = .utf8 }
        options.byteOrderMark = false
        // The header itself tells again how it is to be split.
        let sample = header + [10]
        if let found = try? CSVDetection(options, MemoryBytes(sample), names: columns) {
            // Nobody knows it from the header alone; ASCII fits them all.
            isASCII = options.detected.contains(.encoding)
            options = found.options
        }
        options.detected = []
        self.header = header
        width = columns.count
    }

    mutating func begin() {
        guard options.header, !header.isEmpty else { return }
        let separator = [options.separator]
        bytes += header + separator + Array("_line".utf8) + separator + Array("_error\r\n".utf8)
    }

    mutating func row(raw: [UInt8], line: Int, reason: String) throws {
        var scanner = CSVScanner(separator: options.separator, quote: options.quote)
        _ = raw.withUnsafeBufferPointer { scanner.scan($0, from: 0, isLast: true) }
        bytes += raw
        for _ in scanner.fields.count..<max(width, scanner.fields.count) {
            bytes.append(options.separator)
        }
        bytes.append(options.separator)
        var writer = CSVRowWriter(options, columns: [], isNew: false)
        let ascii = String(decoding: reason.utf8.map { $0 < 0x80 ? $0 : 0x3f }, as: UTF8.self)
        var row = FileRow()
        for text in isASCII ? [ascii] : [reason, ascii] {
            row.removeAll()
            row.append(.number, String(line))
            row.append(.text, text)
            if (try? writer.row(row)) != nil { break }
        }
        bytes += writer.take()
    }

    mutating func finish() {}

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        guard let name = encoding?.multibyteName,
            let transcoder = TextTranscoder(from: "UTF-8", to: name)
        else { return bytes }
        var faults = 0
        return transcoder.convert(bytes, isLast: true, mark: 0x3f, faults: &faults)
    }
}
