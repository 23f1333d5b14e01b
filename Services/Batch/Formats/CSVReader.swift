/// One row of a CSV file as bytes, not yet decoded.
public struct CSVRow: Sendable {
    /// What is wrong with the row itself.
    public enum Fault: Sendable, Hashable {
        /// Something stands between a closing quote and the next separator.
        case textAfterQuote
        /// The file ends within quotes.
        case openQuote
    }

    struct Field: Sendable {
        var end: Int
        var quoted: Bool
    }

    /// The line on which it begins, from 1.
    public internal(set) var line = 1
    /// Where the next row begins, as an offset in the file: a reader can start there again.
    public internal(set) var end = 0
    /// The line on which the next row begins.
    public internal(set) var endLine = 1
    /// The bytes of the row as they stand in the file, without the line end.
    public internal(set) var raw: [UInt8] = []
    public internal(set) var fault: Fault?
    var content: [UInt8] = []
    var fields: [Field] = []

    public var count: Int { fields.count }

    /// An empty line (in a file of one column it is a row with nothing in it).
    public var isBlank: Bool { raw.isEmpty }

    /// The bytes of a field; nil where nothing stands between the separators (`""` is an empty
    /// text).
    public func bytes(_ field: Int) -> ArraySlice<UInt8>? {
        let start = field == 0 ? 0 : fields[field - 1].end
        let end = fields[field].end
        return start == end && !fields[field].quoted ? nil : content[start..<end]
    }
}

/// Splits a stream of bytes into rows: RFC 4180 and what is met in the world (any separator and
/// quote, LF and CR as line ends, quotes within unquoted fields, a byte order mark). Pure: `feed`
/// bytes as they come, in pieces of any size, and take rows from `next` until it answers nil.
public struct CSVReader: Sendable {
    private enum State { case fieldStart, plain, quoted, quoteInQuoted, afterQuote, carriageReturn }

    private let separator: UInt8
    private let quote: UInt8
    private let encoding: TextEncoding
    private var buffer: [UInt8] = []
    /// Where the current row begins in `buffer`, and the next byte to look at.
    private var start = 0
    private var at = 0
    /// The file's offset of `buffer[0]`.
    private var base: Int
    private var line: Int
    private var previous: UInt8 = 0
    private var state = State.fieldStart
    private var row = CSVRow()
    private var markChecked: Bool
    /// Set by a line feed outside of quotes.
    private var rowEnded = false
    private var finished = false

    /// Starts at `offset` of the file, where a row begins on `line`.
    public init(_ options: CSVOptions, offset: Int = 0, line: Int = 1) {
        separator = options.separator
        quote = options.quote
        encoding = options.encoding
        base = offset
        self.line = line
        markChecked = offset > 0
        row.line = line
    }

    /// More bytes of the file.
    public mutating func feed(_ bytes: some Collection<UInt8>) {
        if start > 0 {
            buffer.removeSubrange(..<start)
            base += start
            at -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// No more bytes will come.
    public mutating func finish() { finished = true }

    /// The next row; nil where more bytes are needed, or, after `finish`, at the end.
    public mutating func next() throws(CSVError) -> CSVRow? {
        guard try checkMark() else { return nil }
        while at < buffer.count {
            let byte = buffer[at]
            if state == .carriageReturn {
                if byte == 10 { at += 1 }
                return complete(rawEnd: byte == 10 ? at - 2 : at - 1)
            }
            at += 1
            countLine(byte)
            try take(byte)
            if rowEnded {
                rowEnded = false
                return complete(rawEnd: at - 1)
            }
            guard at - start <= CSVLimit.rowBytes else { throw .rowTooLong(line: row.line) }
        }
        return finished ? lastRow() : nil
    }

    private mutating func take(_ byte: UInt8) throws(CSVError) {
        switch state {
        case .fieldStart where byte == quote:
            state = .quoted
        case .fieldStart, .plain, .afterQuote:
            try takeOutside(byte)
        case .quoted:
            if byte == quote { state = .quoteInQuoted } else { row.content.append(byte) }
        case .quoteInQuoted:
            if byte == quote {
                row.content.append(byte)
                state = .quoted
            } else {
                state = .afterQuote
                try takeOutside(byte)
            }
        case .carriageReturn:
            break
        }
    }

    private mutating func takeOutside(_ byte: UInt8) throws(CSVError) {
        let quoted = state == .afterQuote
        switch byte {
        case separator:
            try endField(quoted: quoted)
            state = .fieldStart
        case 10:
            try endField(quoted: quoted)
            state = .fieldStart
            rowEnded = true
        case 13:
            try endField(quoted: quoted)
            state = .carriageReturn
        default:
            if quoted { row.fault = .textAfterQuote }
            row.content.append(byte)
            if !quoted { state = .plain }
        }
    }

    private mutating func endField(quoted: Bool) throws(CSVError) {
        guard row.fields.count < CSVLimit.fields else { throw .tooManyFields(line: row.line) }
        row.fields.append(CSVRow.Field(end: row.content.count, quoted: quoted))
    }

    private mutating func countLine(_ byte: UInt8) {
        if byte == 13 || (byte == 10 && previous != 13) { line += 1 }
        previous = byte
    }

    private mutating func complete(rawEnd: Int) -> CSVRow {
        previous = 0
        row.raw = Array(buffer[start..<rawEnd])
        row.end = base + at
        row.endLine = line
        defer {
            row = CSVRow()
            row.line = line
            start = at
            state = .fieldStart
        }
        return row
    }

    private mutating func lastRow() -> CSVRow? {
        guard at > start else { return nil }
        if state == .carriageReturn { return complete(rawEnd: at - 1) }
        if state == .quoted { row.fault = .openQuote }
        row.fields.append(
            CSVRow.Field(
                end: row.content.count, quoted: state != .fieldStart && state != .plain))
        return complete(rawEnd: at)
    }

    /// False where more bytes are needed to know whether a mark stands in front.
    private mutating func checkMark() throws(CSVError) -> Bool {
        if markChecked { return true }
        guard buffer.count >= 4 || finished else { return false }
        markChecked = true
        let head = Array(buffer.prefix(4))
        if head.starts(with: [0xff, 0xfe]) || head.starts(with: [0xfe, 0xff])
            || head == [0, 0, 0xfe, 0xff]
        {
            throw .wideEncoding
        }
        if head.starts(with: [0xef, 0xbb, 0xbf]) {
            guard encoding == .utf8 else { throw .markedAsUTF8 }
            start = 3
            at = 3
        }
        return true
    }
}
