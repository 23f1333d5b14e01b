/// How a CSV file is written, beyond RFC 4180.
public struct CSVOptions: Sendable, Hashable {
    /// Between two fields: one ASCII character.
    public var separator = UInt8(ascii: ",")
    /// Around a field: one ASCII character.
    public var quote = UInt8(ascii: "\"")
    public var encoding = TextEncoding.utf8
    /// Whether the first row names the columns.
    public var header = true
    /// Whether a written file begins with a byte order mark (some spreadsheets want one for UTF-8).
    public var byteOrderMark = false
    /// Whether text that a spreadsheet would take for a formula is written with an apostrophe in
    /// front, and read without it.
    public var formulaSafe = true

    public init() {}
}

/// Limits of a CSV file.
public enum CSVLimit {
    /// Bytes of one row, line breaks within quotes included.
    public static let rowBytes = 1 << 20
    public static let fields = 1000
}

/// What makes a whole CSV file unreadable.
public enum CSVError: Error, Sendable, Hashable {
    /// A row over the limit, most likely a quote that is never closed.
    case rowTooLong(line: Int)
    case tooManyFields(line: Int)
    /// UTF-16 or UTF-32 by its byte order mark.
    case wideEncoding
    /// The file says UTF-8 by its byte order mark, the definition says otherwise.
    case markedAsUTF8
    /// A character that the chosen encoding does not have.
    case notEncodable(field: Int)

    /// What a person should know.
    public var sentence: String {
        switch self {
        case .rowTooLong(let line):
            "The row that begins on line \(line) is longer than \(CSVLimit.rowBytes) bytes; "
                + "most likely a quote is not closed there."
        case .tooManyFields(let line):
            "The row that begins on line \(line) has more than \(CSVLimit.fields) fields."
        case .wideEncoding:
            "The file is UTF-16 or UTF-32; save it as UTF-8."
        case .markedAsUTF8:
            "The file begins with the mark of UTF-8, but the definition names another encoding."
        case .notEncodable(let field):
            "Field \(field + 1) has a character that the encoding of the file does not have."
        }
    }
}

/// Text that spreadsheets take for a formula, made harmless in a way that can be undone exactly:
/// one apostrophe is put before `=`, `+`, `-`, `@`, tab or CR, and before apostrophes in front of
/// these.
public enum FormulaGuard {
    /// What is written.
    public static func protect(_ text: String) -> String {
        isFormula(text.utf8) ? "'" + text : text
    }

    /// What was meant.
    public static func expose(_ text: String) -> String {
        guard text.utf8.first == UInt8(ascii: "'"), isFormula(text.utf8.dropFirst()) else {
            return text
        }
        return String(text.unicodeScalars.dropFirst())
    }

    private static func isFormula(_ text: some Sequence<UInt8>) -> Bool {
        for byte in text {
            switch byte {
            case UInt8(ascii: "'"): continue
            case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 9, 13:
                return true
            default: return false
            }
        }
        return false
    }
}
