/// Why a text is not JSON, or not the JSON that was expected.
public struct JSONError: Error, Sendable, Hashable {
    public enum Kind: String, Sendable {
        /// Not JSON at all: syntax, UTF-8, escapes, depth, trailing data, repeated key.
        case malformed
        /// JSON, but of another type, out of range, or without a member that is needed.
        case unexpected
    }
    public let kind: Kind
    /// What is wrong, as a sentence.
    public let detail: String
    /// From 1; 0 where no text is known.
    public let line: Int
    /// From 1, in bytes.
    public let column: Int
    /// RFC 6901.
    public let pointer: String

    public init(kind: Kind, detail: String, line: Int = 0, column: Int = 0, pointer: String = "") {
        self.kind = kind
        self.detail = detail
        self.line = line
        self.column = column
        self.pointer = pointer
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String {
        let place = line > 0 ? "line \(line), column \(column): " : ""
        return place + (pointer.isEmpty ? "" : "\(pointer): ") + detail
    }
}

/// RFC 6901.
public enum JSONPointer {
    /// A key as it stands in a pointer: `~` is `~0` and `/` is `~1`.
    public static func escaped(_ key: String) -> String {
        guard key.utf8.contains(where: { $0 == 0x7E || $0 == 0x2F }) else { return key }
        var result = ""
        for scalar in key.unicodeScalars {
            switch scalar {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// One fault of a document or of a record's fields, as in `errors` of a problem.
public struct FieldProblem: Sendable, Hashable, Codable {
    /// RFC 6901 pointer to the value at fault.
    public let pointer: String
    /// A stable word: `required`, `unknown-member`, `wrong-type`, `too-long`, …
    public let code: String
    /// A sentence that says what to do.
    public let detail: String

    public init(pointer: String, code: String, detail: String) {
        self.pointer = pointer
        self.code = code
        self.detail = detail
    }
}
