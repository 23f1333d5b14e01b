/// How a CSV file is written, beyond RFC 4180.
public struct CSVOptions: Sendable, Hashable {
    /// What the file itself shall tell.
    public struct Detection: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// One of comma, semicolon, tab and bar; the line `sep=;` of spreadsheets.
        public static let separator = Detection(rawValue: 1)
        /// `"` or `'`.
        public static let quote = Detection(rawValue: 2)
        /// By the byte order mark, else by what is valid.
        public static let encoding = Detection(rawValue: 4)
        public static let all: Detection = [.separator, .quote, .encoding]
    }

    /// Between two fields: one ASCII character.
    public var separator = UInt8(ascii: ",")
    /// Around a field: one ASCII character.
    public var quote = UInt8(ascii: "\"")
    public var encoding = TextEncoding.utf8
    /// What a reader finds out from the file instead.
    public var detected: Detection = []
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
    /// Bytes that are looked at for the encoding, and for separator and quote.
    public static let encodingSample = 64 << 20
    public static let separatorSample = 64 << 10
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
    /// A surrogate without its other half, or half a character at the end.
    case notUTF16(offset: Int)
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
            "The file is UTF-16 or UTF-32, but the definition says otherwise; save it as UTF-8."
        case .markedAsUTF8:
            "The file begins with the mark of UTF-8, but the definition names another encoding."
        case .notUTF16(let offset):
            "The file is not valid UTF-16 near byte \(offset); save it as UTF-8."
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
        guard isProtected(text.utf8) else { return text }
        return String(text.unicodeScalars.dropFirst())
    }

    /// Whether an apostrophe must be put before it.
    static func isFormula(_ text: some Sequence<UInt8>) -> Bool {
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

    /// Whether its first apostrophe was put there.
    static func isProtected(_ text: some Collection<UInt8>) -> Bool {
        text.first == UInt8(ascii: "'") && isFormula(text.dropFirst())
    }
}
