/// Limits of a JSON, NDJSON or XML file.
public enum ItemLimit {
    /// Bytes of one object or element.
    public static let bytes = 4 << 20
}

/// Splits a file of JSON into its values: the elements of one array, or one value a line (NDJSON).
/// Only brackets, strings and line ends are looked at; each value is read afterwards.
struct JSONItems {
    private let isArray: Bool
    private let isWide: Bool
    private var pieces: TextPieces
    private var buffer: [UInt8] = []
    private var at = 0
    private var base: Int
    private var isLast = false
    /// Whether the array's bracket was passed, and whether it was closed.
    private var isOpen: Bool
    private var isClosed = false
    private var needsComma: Bool
    private(set) var line: Int
    /// The line on which the last value began.
    private(set) var itemLine = 1

    /// Where the next value can be looked for again; 0 in a file that cannot be entered in the
    /// middle.
    var offset: Int { isWide ? 0 : base + at }

    init(_ source: any ByteSource, isArray: Bool, from place: FilePlace, pieceBytes: Int) throws {
        self.isArray = isArray
        let head = try source.read(at: 0, count: 3)
        let isBig = head.starts(with: [0xfe, 0xff])
        isWide = isBig || head.starts(with: [0xff, 0xfe])
        let start = isWide ? 2 : head == [0xef, 0xbb, 0xbf] ? 3 : 0
        base = place.offset > 0 ? place.offset : start
        isOpen = place.offset > 0 || !isArray
        needsComma = place.offset > 0 && isArray && place.rows > 0
        line = place.offset > 0 ? place.line : 1
        pieces = TextPieces(
            source, offset: base, isBigEndian: isWide ? isBig : nil, pieceBytes: pieceBytes)
    }

    /// The bytes of the next value; nil at the end.
    mutating func next() throws -> ArraySlice<UInt8>? {
        if isArray { guard try openArray(), try !closeArray() else { return nil } }
        guard try peek() != nil else {
            if isArray { throw fault("the file ends before the array is closed") }
            return nil
        }
        itemLine = line
        var end: Int? = isArray ? valueEnd() : lineEnd()
        while end == nil {
            guard try fill() else {
                guard isArray else { break }
                throw fault("the file ends within a value")
            }
            end = isArray ? valueEnd() : lineEnd()
        }
        let stop = end ?? buffer.count
        guard stop - at <= ItemLimit.bytes else { throw tooLong() }
        let item = buffer[at..<stop]
        count(item)
        at = stop
        needsComma = isArray
        return item
    }

    private mutating func openArray() throws -> Bool {
        if isOpen { return true }
        guard let byte = try peek() else { return false }
        guard byte == UInt8(ascii: "[") else {
            throw fault("the file must be an array of objects; it does not begin with “[”")
        }
        at += 1
        isOpen = true
        return true
    }

    /// Passes a comma; true where the array ends instead.
    private mutating func closeArray() throws -> Bool {
        if isClosed { return true }
        let byte = try peek()
        if byte == UInt8(ascii: "]") {
            at += 1
            isClosed = true
            guard try peek() == nil else { throw fault("there is something after the array") }
            return true
        }
        if needsComma {
            guard byte == UInt8(ascii: ",") else { throw fault("“,” or “]” is missing here") }
            at += 1
        }
        return false
    }

    /// The next byte that is no blank, nil at the end.
    private mutating func peek() throws -> UInt8? {
        while true {
            while at < buffer.count {
                let byte = buffer[at]
                guard byte == 32 || byte == 9 || byte == 10 || byte == 13 else { return byte }
                if byte == 10 { line += 1 }
                at += 1
            }
            guard try fill() else { return nil }
        }
    }

    private mutating func fill() throws -> Bool {
        if isLast { return false }
        guard buffer.count - at <= ItemLimit.bytes else { throw tooLong() }
        buffer.removeSubrange(..<at)
        base += at
        at = 0
        let piece = try pieces.next()
        isLast = piece.isEmpty
        buffer += piece
        return !isLast
    }

    /// Where the value at `at` ends; nil where that is not in `buffer`.
    private func valueEnd() -> Int? {
        buffer.withUnsafeBufferPointer { text in
            var depth = 0
            var place = at
            while place < text.count {
                switch text[place] {
                case UInt8(ascii: "\""):
                    guard let end = stringEnd(text, place) else { return nil }
                    place = end
                    if depth == 0 { return place }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return place }
                    depth -= 1
                    if depth == 0 { return place + 1 }
                case UInt8(ascii: ","), 32, 9, 10, 13:
                    if depth == 0 { return place }
                default: break
                }
                place += 1
            }
            return nil
        }
    }

    private func stringEnd(_ text: UnsafeBufferPointer<UInt8>, _ quote: Int) -> Int? {
        var place = quote + 1
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "\\"): place += 2
            case UInt8(ascii: "\""): return place + 1
            default: place += 1
            }
        }
        return nil
    }

    private func lineEnd() -> Int? { buffer[at...].firstIndex(of: 10) }

    private mutating func count(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes where byte == 10 { line += 1 }
    }

    private func tooLong() -> FormatError {
        fault(
            "the value here is longer than \(ItemLimit.bytes) bytes; most likely it is not closed")
    }

    private func fault(_ reason: String) -> FormatError {
        FormatError("Line \(line): \(reason).")
    }
}
