// What a reader says where the text is not JSON, or not the JSON that was expected.

extension JSONReader {
    func malformed(_ detail: String) -> JSONError { error(.malformed, detail) }

    /// What was expected by JSON's grammar.
    func syntax(_ expected: String) -> JSONError {
        guard let byte = peek else {
            return malformed("the text ends where \(expected) must follow")
        }
        return malformed("\(expected) must follow, not \(JSONReader.shown(byte))")
    }

    /// A value of another type, or none at all.
    func mismatch(_ expected: String) -> JSONError {
        switch peek {
        case 0x22: unexpected("this must be \(expected), not a string")
        case 0x7B: unexpected("this must be \(expected), not an object")
        case 0x5B: unexpected("this must be \(expected), not an array")
        case 0x74, 0x66: unexpected("this must be \(expected), not a boolean")
        case 0x6E: unexpected("this must be \(expected), not null")
        case .some(let byte) where byte == 0x2D || (0x30...0x39).contains(byte):
            unexpected("this must be \(expected), not a number")
        default: syntax("a value")
        }
    }

    private static func shown(_ byte: UInt8) -> String {
        if (0x21...0x7E).contains(byte) { return "“\(Character(Unicode.Scalar(byte)))”" }
        return "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }

    func error(_ kind: JSONError.Kind, _ detail: String) -> JSONError {
        var line = 1
        var lineStart = 0
        let end = min(position, bytes.count)
        for place in 0..<end where bytes[place] == 0x0A {
            line += 1
            lineStart = place + 1
        }
        return JSONError(
            kind: kind, detail: detail, line: line, column: end - lineStart + 1, pointer: pointer)
    }
}
