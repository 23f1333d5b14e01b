import JSON

/// A text with `{{expression}}` in it.
struct Template: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case text(String)
        case expression(String)
    }

    struct Fault: Error, Sendable, Hashable {
        var detail: String
        /// From 1.
        var line: Int
    }

    let parts: [Part]

    /// An expression may hold braces and quotes itself: it ends at the first `}}` outside both.
    init(_ source: String) throws(Fault) {
        var parts: [Part] = []
        var scanner = Scanner(bytes: Array(source.utf8))
        var text: [UInt8] = []
        while let byte = scanner.peek() {
            guard byte == UInt8(ascii: "{"), scanner.peek(1) == UInt8(ascii: "{") else {
                text.append(byte)
                scanner.index += 1
                continue
            }
            let line = scanner.line
            guard let expression = scanner.expression() else {
                throw Fault(detail: "a {{ has no }}", line: line)
            }
            guard expression.contains(where: { !$0.isWhitespace }) else {
                throw Fault(detail: "nothing stands between {{ and }}", line: line)
            }
            if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
            text = []
            parts.append(.expression(expression))
        }
        if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
        self.parts = parts
    }

    var expressions: [String] {
        parts.compactMap { if case .expression(let source) = $0 { source } else { nil } }
    }

    /// The text with the values filled in, in the order of `expressions`.
    func filled(_ values: some Sequence<JSONValue>, escapingHTML: Bool) -> String {
        var iterator = values.makeIterator()
        return parts.map { part in
            switch part {
            case .text(let text): return text
            case .expression:
                let text = Template.text(iterator.next() ?? .null)
                return escapingHTML ? Template.escaped(text) : text
            }
        }.joined()
    }

    /// How a value reads in a text: nothing for null, a string as it is, anything else as JSON.
    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .string(let text): text
        case .boolean, .number, .array, .object: value.text
        }
    }

    /// For HTML text and quoted attributes.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    var line: Int { bytes.prefix(index).reduce(1) { $1 == 10 ? $0 + 1 : $0 } }

    func peek(_ ahead: Int = 0) -> UInt8? {
        index + ahead < bytes.count ? bytes[index + ahead] : nil
    }

    /// From `{{` to its `}}`; nil where there is none.
    mutating func expression() -> String? {
        let start = index + 2
        index = start
        var depth = 0
        var quote: UInt8?
        while let byte = peek() {
            switch (quote, byte) {
            case (.some, UInt8(ascii: "\\")): index += 1
            case (.some(let open), byte) where open == byte: quote = nil
            case (.some, _): break
            case (nil, UInt8(ascii: "\"")), (nil, UInt8(ascii: "'")), (nil, UInt8(ascii: "`")):
                quote = byte
            case (nil, UInt8(ascii: "{")): depth += 1
            case (nil, UInt8(ascii: "}")) where depth > 0: depth -= 1
            case (nil, UInt8(ascii: "}")) where peek(1) == UInt8(ascii: "}"):
                defer { index += 2 }
                return String(decoding: bytes[start..<index], as: UTF8.self)
            default: break
            }
            index += 1
        }
        return nil
    }
}
