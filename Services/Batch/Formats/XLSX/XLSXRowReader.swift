import Glibc
import JSON

/// Reads the rows of a sheet. Formulas are not run: what was computed last is their value. A number
/// with the look of a date is one; an error in a cell rejects its row.
struct XLSXRowReader: RowReader {
    private(set) var columns: [String] = []
    /// The names in the first row, as a JSON array.
    private(set) var header: [UInt8] = []
    private(set) var place = FilePlace()
    private let workbook: Workbook
    private let texts: SharedTexts
    private var tokens: SheetTokens
    private var isInRows = false
    private var hasEnded = false
    private var line = 0
    private var cellCount = 0
    private var held: FileRow?
    private var value: [UInt8] = []

    init(
        _ source: any ByteSource, sheet: String?, hasHeader: Bool, from place: FilePlace
    ) throws {
        let archive = try ZipArchive(source)
        workbook = try Workbook(archive, sheet: sheet)
        guard let entry = archive.entries[workbook.sheet] else {
            throw ZipArchive.damaged("the sheet's part is missing")
        }
        texts = try SharedTexts(archive)
        tokens = SheetTokens(try archive.open(entry))
        var first = FileRow()
        guard try readRow(&first) else { return }
        if hasHeader {
            columns = (0..<first.count).map { index in
                var name = Substring(first.text(index) ?? "")
                while name.first?.isWhitespace == true { name.removeFirst() }
                while name.last?.isWhitespace == true { name.removeLast() }
                return String(name)
            }
            header = JSONValue.array(columns.map { .string($0) }).bytes
        } else {
            columns = (0..<first.count).map { String($0 + 1) }
            held = first
        }
        var row = FileRow()
        while self.place.rows < place.rows, try next(&row) {}
    }

    mutating func next(_ row: inout FileRow) throws -> Bool {
        if let held {
            row = held
            self.held = nil
        } else {
            guard try readRow(&row) else { return false }
        }
        place.rows += 1
        row.number = place.rows
        row.line = line
        place.line = line + 1
        while row.count < columns.count { row.appendNothing() }
        row.raw = Self.raw(row)
        if row.count > columns.count, row.fault == nil {
            row.fault = "The row has a cell behind the last of its \(columns.count) columns."
        }
        return true
    }

    /// The cells for `XLSXRejectWriter`: a pair of kind and text each, or null.
    private static func raw(_ row: FileRow) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + 24 * row.count)
        writer.beginArray()
        for cell in 0..<row.count {
            if row.kind(cell) == .nothing {
                writer.null()
                continue
            }
            writer.beginArray()
            writer.integer(Int64(row.kind(cell).rawValue))
            row.withBytes(cell) { writer.string(utf8: $0) }
            writer.endArray()
        }
        writer.endArray()
        return writer.bytes
    }

    /// The next row with something in it.
    private mutating func readRow(_ row: inout FileRow) throws -> Bool {
        while !hasEnded, let token = try tokens.next() {
            switch token {
            case .open:
                if tokens.isNamed("sheetData") { isInRows = true }
                guard isInRows, tokens.isNamed("row") else { continue }
                line = tokens.attribute("r").flatMap(Self.integer) ?? line + 1
                guard line <= XLSXLimit.rows else { throw Self.tooLarge }
                row.removeAll()
                try readCells(&row)
                if row.count > 0 || row.fault != nil { return true }
            case .close:
                if tokens.isNamed("sheetData") { hasEnded = true }
            case .text: continue
            }
        }
        guard hasEnded else { throw SheetTokens.broken }
        // The rest is read too: only then it is known that the part is whole.
        while try tokens.next() != nil {}
        return false
    }

    private mutating func readCells(_ row: inout FileRow) throws {
        var next = 0
        while let token = try tokens.next() {
            switch token {
            case .open where tokens.isNamed("c"):
                cellCount += 1
                guard cellCount <= XLSXLimit.cells else { throw Self.tooLarge }
                let column = tokens.attribute("r").flatMap(Self.column) ?? next
                guard column >= next else {
                    throw ZipArchive.damaged("cells of row \(line) are out of order")
                }
                try readCell(&row, column)
                next = column + 1
            case .close where tokens.isNamed("row"): return
            default: continue
            }
        }
        throw SheetTokens.broken
    }

    private mutating func readCell(_ row: inout FileRow, _ column: Int) throws {
        let type = tokens.attribute("t").map { String(decoding: $0, as: UTF8.self) } ?? "n"
        let style = tokens.attribute("s").flatMap(Self.integer) ?? 0
        value.removeAll(keepingCapacity: true)
        var hasValue = false
        var isTaken = false
        var skips = 0
        reading: while true {
            guard let token = try tokens.next() else { throw SheetTokens.broken }
            switch token {
            case .open:
                if tokens.isNamed("v") || tokens.isNamed("t") && skips == 0 {
                    isTaken = true
                    hasValue = true
                }
                if tokens.isNamed("rPh") { skips += 1 }
            case .close:
                if tokens.isNamed("c") { break reading }
                if tokens.isNamed("rPh") { skips -= 1 }
                if tokens.isNamed("v") || tokens.isNamed("t") { isTaken = false }
            case .text:
                if isTaken { try tokens.appendText(to: &value) }
                guard value.count <= XLSXLimit.tokenBytes else { throw Self.tooLarge }
            }
        }
        guard hasValue else { return }
        guard column < CSVLimit.fields else {
            throw FormatError("The sheet has more than \(CSVLimit.fields) columns.")
        }
        while row.count < column { row.appendNothing() }
        try append(type, style, &row)
    }

    private mutating func append(_ type: String, _ style: Int, _ row: inout FileRow) throws {
        switch type {
        case "s":
            guard let index = Self.integer(value[...]), let text = texts.text(index) else {
                throw ZipArchive.damaged("a cell of row \(line) names a text that is not there")
            }
            appendText(text, &row)
        case "b": row.append(.boolean, value == [UInt8(ascii: "1")] ? "true" : "false")
        case "e":
            row.fault = "Row \(line) has the error \(String(decoding: value, as: UTF8.self))."
            row.append(.text, value)
        case "str", "inlineStr":
            guard TextEncoding.isUTF8(value[...]) else {
                throw ZipArchive.damaged("its texts are not UTF-8")
            }
            appendText(value[...], &row)
        case "d": row.append(value.count == 10 ? .date : .datetime, value)
        default: appendNumber(style, &row)
        }
    }

    private func appendText(_ text: ArraySlice<UInt8>, _ row: inout FileRow) {
        let plain = text.contains(0x5f) ? SheetEscape.undone(text) : nil
        if text.contains(0) || plain?.contains(0) == true {
            row.fault = "There is a zero character in a cell."
        }
        if let plain { row.append(.text, plain) } else { row.append(.text, text) }
    }

    private func appendNumber(_ style: Int, _ row: inout FileRow) {
        let text = String(decoding: value, as: UTF8.self)
        let look = workbook.looks.indices.contains(style) ? workbook.looks[style] : .number
        if look != .number, let number = Double(text),
            let date = SheetDate.text(number, look, isFrom1904: workbook.isFrom1904)
        {
            row.append(date.kind, date.text)
        } else if JSONNumber(text: text) == nil {
            row.append(.text, text)
        } else if SheetNumber.digits(value[...]) > SheetNumber.exactDigits {
            row.append(.number, SheetNumber.rounded(text))
        } else {
            row.append(.number, value)
        }
    }

    private static var tooLarge: FormatError {
        FormatError(
            "The sheet has more than \(XLSXLimit.rows) rows or \(XLSXLimit.cells) cells, or one"
                + " cell more than \(XLSXLimit.tokenBytes) bytes.")
    }

    private static func integer(_ text: ArraySlice<UInt8>) -> Int? {
        guard !text.isEmpty, text.count <= 10 else { return nil }
        var value = 0
        for byte in text {
            guard (48...57).contains(byte) else { return nil }
            value = value * 10 + Int(byte - 48)
        }
        return value
    }

    /// `AB12` is column 27.
    private static func column(_ reference: ArraySlice<UInt8>) -> Int? {
        var column = 0
        for byte in reference.prefix(4) {
            guard (65...90).contains(byte) else { break }
            column = column * 26 + Int(byte - 64)
        }
        return column > 0 ? column - 1 : nil
    }
}

/// Numbers in a spreadsheet are doubles, of which people see 15 digits.
enum SheetNumber {
    static let exactDigits = 15

    /// Significant digits as they are written.
    static func digits(_ text: ArraySlice<UInt8>) -> Int {
        var count = 0
        for byte in text {
            if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") { break }
            if (49...57).contains(byte) || byte == 48 && count > 0 { count += 1 }
        }
        return count
    }

    /// `1.1000000000000001`, as it stands in files, is 1.1.
    static func rounded(_ text: String) -> String {
        var buffer = [CChar](repeating: 0, count: 40)
        let count = withVaList([Double(text) ?? 0]) {
            vsnprintf(&buffer, buffer.count, "%.15g", $0)
        }
        return String(
            decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
