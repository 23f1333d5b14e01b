import Crypto
import Database

/// An array as PostgreSQL reads it.
enum SQLArray {
    private static let mark = UInt8(ascii: "\"")
    private static let backslash = UInt8(ascii: "\\")

    static func text(_ values: [SQLValue]) -> String {
        var text = Array("{".utf8)
        for (index, value) in values.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            switch value {
            case .null: text += "NULL".utf8
            case .integer(let number): text += String(number).utf8
            case .real(let number): text += "\(number)".utf8
            case .text(var word): word.withUTF8 { quote($0, into: &text) }
            case .blob(let bytes): text += "\"\\\\x\(Hex.encode(bytes))\"".utf8
            }
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }

    private static func quote(_ word: UnsafeBufferPointer<UInt8>, into text: inout [UInt8]) {
        text.append(mark)
        if word.contains(where: { $0 == mark || $0 == backslash }) {
            for byte in word {
                if byte == mark || byte == backslash { text.append(backslash) }
                text.append(byte)
            }
        } else {
            text.append(contentsOf: word)
        }
        text.append(mark)
    }
}
