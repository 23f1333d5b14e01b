/// A text file piece by piece, as bytes that agree with ASCII: UTF-16 and what has
/// several bytes a character come as UTF-8, every other encoding as it is.
struct TextPieces {
    /// Bytes read at a time.
    static let pieceBytes = 256 << 10

    private let source: any ByteSource
    private let pieceBytes: Int
    private let isBigEndian: Bool?
    private var offset: Int
    private var odd: [UInt8] = []
    private let transcoder: TextTranscoder?
    private var isAtEnd = false

    /// From `offset` of the file; `isBigEndian` for UTF-16, else nil.
    init(
        _ source: any ByteSource, offset: Int, isBigEndian: Bool? = nil,
        encoding: TextEncoding = .utf8, pieceBytes: Int = TextPieces.pieceBytes
    ) {
        self.source = source
        self.offset = offset
        self.isBigEndian = isBigEndian
        self.pieceBytes = pieceBytes
        transcoder = encoding.multibyteName.flatMap { TextTranscoder(from: $0, to: "UTF-8") }
    }

    /// The next piece; empty at the end.
    mutating func next() throws -> [UInt8] {
        let piece = try source.read(at: offset, count: pieceBytes)
        offset += piece.count
        if let transcoder {
            if isAtEnd { return [] }
            isAtEnd = piece.isEmpty
            var faults = 0
            let text = transcoder.convert(piece, isLast: isAtEnd, faults: &faults)
            return text.isEmpty && !isAtEnd ? try next() : text
        }
        guard let isBigEndian else { return piece }
        guard !piece.isEmpty else {
            if odd.isEmpty { return [] }
            throw FormatError(CSVError.notUTF16(offset: offset).sentence)
        }
        let bytes = odd + piece
        var units: [UInt16] = []
        units.reserveCapacity(bytes.count / 2)
        for at in stride(from: 0, to: bytes.count - 1, by: 2) {
            let (first, second) = (UInt16(bytes[at]), UInt16(bytes[at + 1]))
            units.append(isBigEndian ? first << 8 | second : second << 8 | first)
        }
        var used = units.count * 2
        if let last = units.last, last & 0xfc00 == 0xd800 {
            units.removeLast()
            used -= 2
        }
        odd = Array(bytes[used...])
        guard let text = String(validating: units, as: UTF16.self) else {
            throw FormatError(CSVError.notUTF16(offset: offset - bytes.count).sentence)
        }
        // What was only half a character: the next piece has the other half.
        return text.isEmpty ? try next() : Array(text.utf8)
    }
}
