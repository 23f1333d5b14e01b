import Crypto
import Database

/// An array as PostgreSQL reads it.
enum SQLArray {
    static func text(_ values: [SQLValue]) -> String {
        var text = "{"
        for (index, value) in values.enumerated() {
            if index > 0 { text += "," }
            switch value {
            case .null: text += "NULL"
            case .integer(let number): text += String(number)
            case .real(let number): text += "\(number)"
            case .text(let word):
                text += "\""
                if word.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C }) {
                    for scalar in word.unicodeScalars {
                        if scalar == "\"" || scalar == "\\" { text += "\\" }
                        text.unicodeScalars.append(scalar)
                    }
                } else {
                    text += word
                }
                text += "\""
            case .blob(let bytes): text += "\"\\\\x\(Hex.encode(bytes))\""
            }
        }
        return text + "}"
    }
}
