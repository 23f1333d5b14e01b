import JSON
import XML

/// Writes rows as XML: an element for each row, in it one for each column that has something, or an
/// attribute where the title begins with `@`.
struct XMLRowWriter: RowWriter {
    private let path: [String]
    private let columns: [String]
    private var bytes: [UInt8] = []

    /// Throws where a column's title cannot be a name in XML.
    init(columns: [String], path: XMLItemPath?) throws(FormatError) {
        self.path = (path ?? XMLItemPath.standard)?.names ?? []
        self.columns = columns
        for column in columns {
            let name = column.hasPrefix("@") ? String(column.dropFirst()) : column
            guard XMLItemPath.isName(name) else {
                throw FormatError(
                    "“\(column)” cannot be the name of an element; give the column another with"
                        + " `as`.")
            }
        }
    }

    mutating func begin() {
        bytes += Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)
        for name in path.dropLast() { bytes += Array("<\(name)>\n".utf8) }
    }

    mutating func row(_ row: FileRow) throws {
        var tag = "<" + (path.last ?? "row")
        var content = ""
        for cell in 0..<row.count {
            guard let text = row.text(cell) else { continue }
            guard text.unicodeScalars.allSatisfy(Self.isAllowed) else {
                throw FormatError("\(columns[cell]): XML has no way to write a character of it.")
            }
            let column = columns[cell]
            if column.hasPrefix("@") {
                tag += " \(column.dropFirst())=\"\(Self.escapedAttribute(text))\""
            } else {
                content += "<\(column)>\(XMLText.escaped(text))</\(column)>"
            }
        }
        bytes += Array("\(tag)>\(content)</\(path.last ?? "row")>\n".utf8)
    }

    mutating func finish() {
        for name in path.dropLast().reversed() { bytes += Array("</\(name)>\n".utf8) }
    }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// The size of the file is all that is needed.
    var state: JSONValue { true }

    /// For a value in double quotes, where line ends and tabs would become blanks.
    static func escapedAttribute(_ text: String) -> String {
        var result = ""
        for scalar in XMLText.escaped(text).unicodeScalars {
            switch scalar {
            case "\n": result += "&#10;"
            case "\t": result += "&#9;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9, 10, 13, 0x20...0xfffd, 0x10000...: true
        default: false
        }
    }
}

/// Writes rejected elements again, with elements `_line` and `_error` at their end.
struct XMLRejectWriter: RejectWriter {
    private let path: [String]
    private var bytes: [UInt8] = []

    init(path: XMLItemPath?) {
        self.path = (path ?? XMLItemPath.standard)?.names ?? []
    }

    mutating func begin() {
        bytes += Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)
        for name in path.dropLast() { bytes += Array("<\(name)>\n".utf8) }
    }

    mutating func row(raw: [UInt8], line: Int, reason: String) {
        guard let end = raw.lastIndex(of: UInt8(ascii: "<")) else { return }
        bytes += raw[..<end]
        bytes += Array("<_line>\(line)</_line><_error>\(XMLText.escaped(reason))</_error>".utf8)
        bytes += raw[end...]
        bytes.append(10)
    }

    mutating func finish() {
        for name in path.dropLast().reversed() { bytes += Array("</\(name)>\n".utf8) }
    }

    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}
