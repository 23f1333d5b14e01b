import JSON

/// Writes rows as an XLSX file with one sheet: numbers as numbers as far as a spreadsheet can hold
/// them exactly, dates as dates, text in its cell. What looks like a formula is marked as text.
struct XLSXRowWriter: RowWriter {
    /// The looks of cells, by their place in `styles.xml`.
    private enum Style: String { case date = "1", datetime = "2", text = "3" }

    /// The sheet goes into the archive when it has so many bytes.
    private static let pieceBytes = 128 << 10

    private let columns: [String]
    private let hasHeader: Bool
    private let letters: [[UInt8]]
    private let parts: [(name: String, bytes: [UInt8])]
    private var zip: ZipWriter
    private var sheet: [UInt8] = []
    private var bytes: [UInt8] = []
    private var rows: Int
    private var digits: [UInt8] = []

    init(columns: [String], sheet: String?, hasHeader: Bool, state: JSONValue?) throws(FormatError)
    {
        self.columns = columns
        self.hasHeader = hasHeader
        letters = columns.indices.map { Self.letters($0) }
        parts = SheetParts.all(sheet ?? "Sheet1")
        rows = Int(state?["rows"]?.integer ?? 0)
        zip = try ZipWriter(state?["zip"])
    }

    mutating func begin() throws {
        for part in parts { zip.store(part.name, part.bytes, into: &bytes) }
        zip.begin(SheetParts.sheet, into: &bytes)
        sheet += Array(SheetParts.head.utf8)
        guard hasHeader else { return }
        var header = FileRow()
        for column in columns { header.append(.text, column) }
        try row(header)
    }

    mutating func row(_ row: FileRow) throws {
        guard rows < XLSXLimit.rows else {
            throw FormatError("A sheet has at most \(XLSXLimit.rows) rows; write CSV.")
        }
        let before = sheet.count
        rows += 1
        digits = Array(String(rows).utf8)
        sheet.append(contentsOf: "<row r=\"".utf8)
        sheet.append(contentsOf: digits)
        sheet.append(contentsOf: "\">".utf8)
        for cell in 0..<row.count where row.kind(cell) != .nothing {
            guard row.withBytes(cell, { append(cell, row.kind(cell), $0) }) else {
                sheet.removeSubrange(before...)
                rows -= 1
                throw FormatError(
                    "\(columns[cell]): a cell has at most \(XLSXLimit.cellCharacters) characters;"
                        + " write CSV.")
            }
        }
        sheet.append(contentsOf: "</row>".utf8)
        if sheet.count >= Self.pieceBytes { try pack() }
    }

    mutating func finish() throws {
        sheet += Array(SheetParts.tail.utf8)
        try pack()
        zip.finish(parts.map { ($0.name, $0.bytes) }, SheetParts.sheet, into: &bytes)
    }

    mutating func take() throws -> [UInt8] {
        if !sheet.isEmpty {
            try pack()
            zip.flush(into: &bytes)
        }
        defer { bytes = [] }
        return bytes
    }

    var state: JSONValue { ["rows": JSONValue(rows), "zip": zip.state] }

    private mutating func pack() throws {
        try zip.pack(sheet, into: &bytes)
        sheet.removeAll(keepingCapacity: true)
    }

    /// False where the text is too long.
    private mutating func append(
        _ column: Int, _ kind: CellKind, _ text: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        switch kind {
        case .number where SheetNumber.digits(ArraySlice(text)) <= SheetNumber.exactDigits:
            open(column, nil, nil)
            value(text)
        case .boolean:
            open(column, "b", nil)
            sheet.append(contentsOf: (text.count == 4 ? "<v>1</v>" : "<v>0</v>").utf8)
        case .date, .datetime:
            let isDay = kind == .date
            let written = String(decoding: text, as: UTF8.self)
            guard let number = SheetDate.number(written),
                SheetDate.text(number, isDay ? .date : .datetime, isFrom1904: false)?.text
                    == written
            else { return append(column, .text, text) }
            open(column, nil, isDay ? .date : .datetime)
            let exact = isDay ? String(Int(number)) : String(number)
            Array(exact.utf8).withUnsafeBufferPointer { value($0) }
        default:
            if text.count > XLSXLimit.cellCharacters,
                String(decoding: text, as: UTF8.self).utf16.count > XLSXLimit.cellCharacters
            {
                return false
            }
            open(column, "inlineStr", FormulaGuard.isFormula(text) ? .text : nil)
            sheet.append(contentsOf: "<is><t xml:space=\"preserve\">".utf8)
            escape(text)
            sheet.append(contentsOf: "</t></is>".utf8)
        }
        sheet.append(contentsOf: "</c>".utf8)
        return true
    }

    private mutating func open(_ column: Int, _ type: String?, _ style: Style?) {
        sheet.append(contentsOf: "<c r=\"".utf8)
        sheet.append(contentsOf: letters[column])
        sheet.append(contentsOf: digits)
        if let style {
            sheet.append(contentsOf: "\" s=\"".utf8)
            sheet.append(contentsOf: style.rawValue.utf8)
        }
        if let type {
            sheet.append(contentsOf: "\" t=\"".utf8)
            sheet.append(contentsOf: type.utf8)
        }
        sheet.append(contentsOf: "\">".utf8)
    }

    private mutating func value(_ number: UnsafeBufferPointer<UInt8>) {
        sheet.append(contentsOf: "<v>".utf8)
        sheet.append(contentsOf: number)
        sheet.append(contentsOf: "</v>".utf8)
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for (index, byte) in text.enumerated() {
            let escaped: String
            switch byte {
            case UInt8(ascii: "&"): escaped = "&amp;"
            case UInt8(ascii: "<"): escaped = "&lt;"
            case UInt8(ascii: ">"): escaped = "&gt;"
            case 0..<9, 11..<32:
                let hex = String(byte, radix: 16, uppercase: true)
                escaped = "_x00\(byte < 16 ? "0" : "")\(hex)_"
            case UInt8(ascii: "_") where SheetEscape.isEscape(text, index): escaped = "_x005F_"
            case 0xbf where Self.isNoncharacter(text, index):
                // U+FFFF and U+FFFE, which XML does not have.
                sheet.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index - 2]))
                sheet.append(contentsOf: "_xFFFF_".utf8)
                start = index + 1
                continue
            case 0xbe where Self.isNoncharacter(text, index):
                sheet.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index - 2]))
                sheet.append(contentsOf: "_xFFFE_".utf8)
                start = index + 1
                continue
            default: continue
            }
            sheet.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
            sheet.append(contentsOf: escaped.utf8)
            start = index + 1
        }
        sheet.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
    }

    private static func isNoncharacter(_ text: UnsafeBufferPointer<UInt8>, _ last: Int) -> Bool {
        last >= 2 && text[last - 1] == 0xbf && text[last - 2] == 0xef
    }

    /// The letters of a column: A to Z, AA…
    private static func letters(_ column: Int) -> [UInt8] {
        var letters: [UInt8] = []
        var rest = column + 1
        while rest > 0 {
            letters.insert(UInt8(65 + (rest - 1) % 26), at: 0)
            rest = (rest - 1) / 26
        }
        return letters
    }
}

/// Writes rejected rows of a sheet again, with `_line` and `_error` as two further columns.
struct XLSXRejectWriter: RejectWriter {
    private var writer: XLSXRowWriter
    private let width: Int

    init(columns: [String], sheet: String?, hasHeader: Bool) throws(FormatError) {
        width = columns.count
        writer = try XLSXRowWriter(
            columns: columns + ["_line", "_error"], sheet: sheet, hasHeader: hasHeader, state: nil)
    }

    mutating func begin() throws { try writer.begin() }

    mutating func row(raw: [UInt8], line: Int, reason: String) throws {
        var row = FileRow()
        for cell in (try? JSONValue(parsing: raw))?.array ?? [] where row.count < width {
            if let pair = cell.array, pair.count == 2, let text = pair[1].string,
                let kind = CellKind(rawValue: UInt8(truncatingIfNeeded: pair[0].integer ?? 1))
            {
                row.append(kind, text)
            } else {
                row.appendNothing()
            }
        }
        while row.count < width { row.appendNothing() }
        row.append(.number, String(line))
        row.append(.text, reason)
        try writer.row(row)
    }

    mutating func finish() throws { try writer.finish() }
    mutating func take() throws -> [UInt8] { try writer.take() }
}
