import Crypto

/// Writes header fields: folded below 78 bytes, other characters than ASCII as encoded words (RFC
/// 2047), parameters by RFC 2231. Refuses controls, so that no value can begin a line of its own.
struct HeaderWriter {
    private(set) var bytes: [UInt8] = []
    /// Addresses outside ASCII are shown, not written.
    private let hidesForeignAddresses: Bool
    /// Where a line should end (RFC 5322 §2.1.1).
    private static let lineLength = 76
    /// An encoded word, delimiters included.
    private static let wordLength = 75
    /// Where less is left of a line, an encoded word begins the next.
    private static let shortestWord = 30

    init(hidesForeignAddresses: Bool = false) {
        self.hidesForeignAddresses = hidesForeignAddresses
    }

    /// Unstructured text: a subject.
    mutating func text(_ name: String, _ value: String) throws(MessageFault) {
        try check(name, value)
        begin(name)
        let isPlain =
            value.utf8.allSatisfy { $0 < 127 } && !value.contains("=?")
            && value.split(separator: " ").allSatisfy { $0.utf8.count <= 900 }
            && value.first != " " && value.last != " "
        if isPlain {
            fold(value.split(separator: " ", omittingEmptySubsequences: false).map(String.init))
        } else {
            encodedWords(value)
        }
        end()
    }

    /// A value of ours that is ASCII and is folded at its blanks only (dates, Message-IDs).
    mutating func structured(_ name: String, _ value: String) throws(MessageFault) {
        try check(name, value)
        begin(name)
        fold(value.split(separator: " ").map(String.init))
        end()
    }

    mutating func addresses(_ name: String, _ list: [MailAddress]) throws(MessageFault) {
        guard !list.isEmpty else { return }
        begin(name)
        for (index, address) in list.enumerated() {
            try check(name, address.name)
            try check(name, address.address)
            let comma = index < list.count - 1 ? "," : ""
            if hidesForeignAddresses, address.address.utf8.contains(where: { $0 >= 128 }) {
                // A group of nobody, whose name says who it is.
                phrase(
                    [address.name, address.address].filter { !$0.isEmpty }.joined(separator: " "))
                fold([":;\(comma)"])
                continue
            }
            if address.name.isEmpty {
                fold([address.address + comma])
            } else {
                phrase(address.name)
                fold(["<\(address.address)>\(comma)"])
            }
        }
        end()
    }

    /// `attachment; filename=…`.
    mutating func parameters(
        _ name: String, _ value: String, _ parameters: [(name: String, value: String)]
    ) throws(MessageFault) {
        try check(name, value)
        begin(name)
        var pieces = [value]
        for parameter in parameters {
            try check(name, parameter.value)
            pieces += HeaderWriter.encoded(parameter.name, parameter.value)
        }
        fold(pieces.enumerated().map { $0 < pieces.count - 1 ? $1 + ";" : $1 })
        end()
    }

    // MARK: -

    private var column = 0

    private func check(_ name: String, _ value: String) throws(MessageFault) {
        guard !value.unicodeScalars.contains(where: AddressSyntax.isControl) else {
            throw MessageFault(field: name, reason: "holds a control character")
        }
    }

    private mutating func begin(_ name: String) {
        bytes += name.utf8
        bytes.append(ASCII.colon)
        column = name.utf8.count + 1
    }

    private mutating func end() {
        bytes += [ASCII.cr, ASCII.lf]
        column = 0
    }

    /// Words with a blank before each, on a new line where the line would be too long.
    private mutating func fold(_ words: [String]) {
        for word in words {
            let length = word.utf8.count + 1
            // An empty word is a second blank: a line of nothing but blanks may not begin.
            if column + length > HeaderWriter.lineLength, !word.isEmpty, bytes.last != ASCII.space {
                if bytes.last != ASCII.colon {
                    bytes += [ASCII.cr, ASCII.lf]
                    column = 0
                }
            }
            bytes.append(ASCII.space)
            bytes += word.utf8
            column += length
        }
    }

    private mutating func phrase(_ name: String) {
        if name.utf8.allSatisfy({ $0 < 127 }), !name.contains("=?") {
            let isAtoms = name.utf8.allSatisfy {
                $0 == ASCII.space || AddressSyntax.isAtomByte($0)
            }
            if isAtoms, !name.contains("  ") {
                fold(name.split(separator: " ").map(String.init))
            } else {
                let escaped = name.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
                fold(["\"\(String(escaped))\""])
            }
        } else {
            encodedWords(name)
        }
    }

    /// Base64 words, each of whole characters; the first takes what is left of the line.
    private mutating func encodedWords(_ value: String) {
        let prefix = "=?utf-8?B?"
        let left = HeaderWriter.lineLength - column - 1
        var length = left < HeaderWriter.shortestWord ? HeaderWriter.wordLength : left
        var words: [String] = []
        var chunk: [UInt8] = []
        for scalar in value.unicodeScalars {
            let encoded = Array(String(scalar).utf8)
            // Four characters for each three bytes.
            let most = (min(length, HeaderWriter.wordLength) - prefix.utf8.count - 2) / 4 * 3
            if chunk.count + encoded.count > most {
                words.append(prefix + Base64.encode(chunk) + "?=")
                chunk.removeAll(keepingCapacity: true)
                length = HeaderWriter.wordLength
            }
            chunk += encoded
        }
        if !chunk.isEmpty { words.append(prefix + Base64.encode(chunk) + "?=") }
        fold(words)
    }

    /// `name="value"`, or RFC 2231's pieces where it is long or not ASCII.
    private static func encoded(_ name: String, _ value: String) -> [String] {
        if value.utf8.allSatisfy({ (32..<127).contains($0) }), value.utf8.count <= 60 {
            let isToken =
                !value.isEmpty
                && value.utf8.allSatisfy {
                    ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 45 || $0 == 46 || $0 == 95
                }
            if isToken { return ["\(name)=\(value)"] }
            let escaped = value.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
            return ["\(name)=\"\(String(escaped))\""]
        }
        var pieces: [String] = []
        var piece = "utf-8''"
        for byte in value.utf8 {
            if piece.utf8.count > 57 {
                pieces.append(piece)
                piece = ""
            }
            if ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == 45 || byte == 46 {
                piece.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                piece += "%"
                piece.unicodeScalars.append(Unicode.Scalar(ASCII.hexDigits[Int(byte >> 4)]))
                piece.unicodeScalars.append(Unicode.Scalar(ASCII.hexDigits[Int(byte & 15)]))
            }
        }
        if pieces.isEmpty { return ["\(name)*=\(piece)"] }
        pieces.append(piece)
        return pieces.enumerated().map { "\(name)*\($0)*=\($1)" }
    }
}

/// Why a message cannot be written.
struct MessageFault: Error, Hashable {
    let field: String
    let reason: String
}
