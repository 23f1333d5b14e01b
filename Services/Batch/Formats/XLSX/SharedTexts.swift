/// The table of texts that cells share.
struct SharedTexts {
    private var bytes: [UInt8] = []
    private var ends: [UInt32] = []

    var count: Int { ends.count }

    /// Reads the table; none where the file has none.
    init(_ archive: ZipArchive) throws {
        guard let entry = archive.entries["xl/sharedStrings.xml"] else { return }
        var tokens = SheetTokens(try archive.open(entry))
        var isText = false
        var skips = 0
        while let token = try tokens.next() {
            switch token {
            case .open:
                if tokens.isNamed("t") { isText = skips == 0 }
                if tokens.isNamed("rPh") { skips += 1 }
            case .close:
                if tokens.isNamed("t") { isText = false }
                if tokens.isNamed("rPh") { skips -= 1 }
                guard tokens.isNamed("si") else { continue }
                ends.append(UInt32(bytes.count))
                guard ends.count <= XLSXLimit.sharedTexts else { throw Self.tooMany }
            case .text:
                if isText { try tokens.appendText(to: &bytes) }
                guard bytes.count <= XLSXLimit.sharedTextBytes else { throw Self.tooMany }
            }
        }
        guard TextEncoding.isUTF8(bytes[...]) else {
            throw ZipArchive.damaged("its texts are not UTF-8")
        }
    }

    func text(_ index: Int) -> ArraySlice<UInt8>? {
        guard ends.indices.contains(index) else { return nil }
        return bytes[(index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])]
    }

    private static var tooMany: FormatError {
        FormatError(
            "The texts of the file have more than \(XLSXLimit.sharedTextBytes) bytes; save it as"
                + " CSV.")
    }
}

/// `_x000D_`: how spreadsheets write characters that XML does not have.
enum SheetEscape {
    /// Whether four hexadecimal digits between `_x` and `_` stand at `place`.
    static func isEscape(_ text: some RandomAccessCollection<UInt8>, _ place: Int) -> Bool {
        guard place + 7 <= text.endIndexAsInt, text.byte(place) == UInt8(ascii: "_"),
            text.byte(place + 1) == UInt8(ascii: "x"), text.byte(place + 6) == UInt8(ascii: "_")
        else { return false }
        return (2..<6).allSatisfy { Character(Unicode.Scalar(text.byte(place + $0))).isHexDigit }
    }

    /// Undoes the escapes; nil where there are none.
    static func undone(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let bytes = Array(text)
        guard bytes.indices.contains(where: { bytes[$0] == 0x5f && isEscape(bytes, $0) }) else {
            return nil
        }
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            guard bytes[place] == 0x5f, isEscape(bytes, place),
                let scalar = UInt32(
                    String(decoding: bytes[place + 2..<place + 6], as: UTF8.self), radix: 16
                ).flatMap({ Unicode.Scalar($0) })
            else {
                result.append(bytes[place])
                place += 1
                continue
            }
            result.append(contentsOf: String(scalar).utf8)
            place += 7
        }
        return result
    }
}

extension RandomAccessCollection<UInt8> {
    fileprivate var endIndexAsInt: Int { count }

    fileprivate func byte(_ offset: Int) -> UInt8 { self[index(startIndex, offsetBy: offset)] }
}
