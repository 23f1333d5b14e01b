/// Bounds of what an `XMLReader` reads.
public struct XMLLimits: Sendable {
    /// Elements within elements.
    public var depth = 100
    /// Bytes of one tag with its attributes, and of a name.
    public var tagBytes = 1 << 20
    public var nameBytes = 1000
    public var attributes = 500
    /// Text is given in pieces of about this many bytes.
    public var pieceBytes = 64 << 10
    public init() {}
}

/// A name with its namespace; without one that is empty.
public struct XMLName: Sendable, Hashable {
    public var namespace: String
    public var local: String

    public init(_ local: String, namespace: String = "") {
        self.local = local
        self.namespace = namespace
    }
}

public struct XMLAttribute: Sendable, Hashable {
    public var name: XMLName
    public var value: String

    public init(name: XMLName, value: String) {
        self.name = name
        self.value = value
    }
}

public enum XMLEvent: Sendable, Hashable {
    case start(XMLName, [XMLAttribute])
    case end(XMLName)
    /// A piece of text; one text may come in several.
    case text(String)
}

/// Why something is not read: no XML, more than a limit, or what is not taken on principle.
public struct XMLError: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String
    /// From 1.
    public let line: Int
    public var description: String { "line \(line): \(reason)" }
}

/// Reads XML 1.0 with namespaces as it comes, in memory that does not grow with the document. No
/// document type is taken, and so no entity but the five that XML has: nothing outside the document
/// is ever looked at, and nothing small becomes large. UTF-8 only.
public struct XMLReader {
    enum Mode { case content, cdata, comment, instruction }

    let limits: XMLLimits
    var buffer: [UInt8] = []
    var position = 0
    var mode = Mode.content
    /// The line that it has come to, from 1.
    public internal(set) var line = 1
    private var isEnded = false
    private var isBegun = false
    private var hasRoot = false
    /// Open elements: their names as written, as meant, and how many prefixes they declared.
    private var open: [(written: [UInt8], name: XMLName, declared: Int)] = []
    private var prefixes: [(prefix: [UInt8], namespace: String)] = [
        (Array("xml".utf8), "http://www.w3.org/XML/1998/namespace")
    ]
    /// The end of an element that was written as `<a/>`.
    private var pendingEnd: XMLName?

    public init(limits: XMLLimits = XMLLimits()) { self.limits = limits }

    /// The next bytes of the document, in pieces of any size.
    public mutating func feed(_ bytes: some Collection<UInt8>) {
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        buffer += bytes
    }

    /// No bytes follow.
    public mutating func end() { isEnded = true }

    /// The next event, or nil where more bytes are needed or the document has ended.
    public mutating func next() throws(XMLError) -> XMLEvent? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name)
        }
        if !isBegun, try !begin() { return nil }
        while position < buffer.count {
            switch mode {
            case .comment:
                guard try skip(to: "-->") else { return nil }
            case .instruction:
                guard try skip(to: "?>") else { return nil }
            case .cdata:
                guard let text = try cdata() else { return nil }
                if !text.isEmpty { return .text(text) }
            case .content:
                if buffer[position] != UInt8(ascii: "<") {
                    guard let text = try text() else { return nil }
                    if !text.isEmpty { return .text(text) }
                } else {
                    let before = position
                    if let event = try markup() { return event }
                    if position == before, mode == .content { return nil }
                }
            }
        }
        if isEnded { try checkEnd() }
        return nil
    }

    func fault(_ reason: String) -> XMLError { XMLError(reason: reason, line: line) }

    private func checkEnd() throws(XMLError) {
        guard open.isEmpty, mode == .content else {
            let name = open.last.map { " within <\($0.name.local)>" } ?? ""
            throw fault("the document ends\(name)")
        }
        guard hasRoot else { throw fault("the document has no element") }
    }

    /// Answers false where more bytes are needed.
    private func missing() throws(XMLError) -> Bool {
        guard isEnded else { return false }
        throw fault("the document ends in the middle of something")
    }

    private mutating func begin() throws(XMLError) -> Bool {
        guard buffer.count >= 4 || isEnded else { return false }
        isBegun = true
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if buffer.starts(with: [0xFE, 0xFF]) || buffer.starts(with: [0xFF, 0xFE])
            || buffer.prefix(4).contains(0)
        {
            throw fault("the document is not in UTF-8")
        }
        return true
    }

    // MARK: Text

    private mutating func text() throws(XMLError) -> String? {
        let rest = buffer[position...]
        var cut = rest.firstIndex(of: UInt8(ascii: "<")) ?? buffer.count
        if cut == buffer.count, !isEnded {
            // What may go on in the next bytes is left: a reference, a character, a line end.
            guard rest.count >= limits.pieceBytes else { return nil }
            cut = safeCut(rest)
            guard cut > position else {
                throw fault("a reference is too long")
            }
        }
        let piece = buffer[position..<cut]
        position = cut
        guard !open.isEmpty else {
            guard piece.allSatisfy(XMLReader.isSpace) else {
                throw fault("text stands outside of the document's element")
            }
            count(piece)
            return ""
        }
        let text = try decoded(piece, isAttribute: false)
        count(piece)
        return text
    }

    /// The end of what surely is whole.
    private func safeCut(_ rest: ArraySlice<UInt8>) -> Int {
        var cut = rest.endIndex
        if let reference = rest.suffix(16).lastIndex(of: UInt8(ascii: "&")),
            !rest[reference...].contains(UInt8(ascii: ";"))
        {
            cut = reference
        }
        while cut > rest.startIndex, [13, UInt8(ascii: "]")].contains(rest[cut - 1]) { cut -= 1 }
        return characterEnd(rest[..<cut])
    }

    /// Without a character at the end of which bytes may be missing.
    private func characterEnd(_ bytes: ArraySlice<UInt8>) -> Int {
        var index = bytes.endIndex
        for _ in 0..<4 where index > bytes.startIndex {
            index -= 1
            if bytes[index] & 0xC0 != 0x80 { break }
        }
        guard index < bytes.endIndex, bytes[index] >= 0xC0 else { return bytes.endIndex }
        let length = bytes[index] >= 0xF0 ? 4 : bytes[index] >= 0xE0 ? 3 : 2
        return index + length <= bytes.endIndex ? bytes.endIndex : index
    }

    private mutating func cdata() throws(XMLError) -> String? {
        let rest = buffer[position...]
        let end = XMLReader.find("]]>", in: rest)
        if end == nil {
            guard try !missing(), rest.count > limits.pieceBytes else { return nil }
        }
        let piece = rest[..<(end ?? characterEnd(rest.dropLast(2)))]
        position = end.map { $0 + 3 } ?? piece.endIndex
        if end != nil { mode = .content }
        guard let text = String(validating: piece, as: UTF8.self) else {
            throw fault("the document is not in UTF-8")
        }
        try checkCharacters(piece)
        count(piece)
        return text.contains("\r") ? XMLReader.plainLines(text) : text
    }

    private mutating func skip(to end: StaticString) throws(XMLError) -> Bool {
        let rest = buffer[position...]
        if let found = XMLReader.find(end, in: rest) {
            count(rest[..<found])
            position = found + end.utf8CodeUnitCount
            mode = .content
            return true
        }
        // Its end may have begun.
        let kept = end.utf8CodeUnitCount - 1
        count(rest.dropLast(kept))
        position = max(position, buffer.count - kept)
        return try missing()
    }

    private mutating func count(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes where byte == 10 { line += 1 }
    }

    // MARK: Markup

    /// Reads what begins with `<`. Nil where it is no event or more bytes are needed.
    private mutating func markup() throws(XMLError) -> XMLEvent? {
        let rest = buffer[position...]
        if rest.starts(with: "<!--".utf8) {
            position += 4
            mode = .comment
            return nil
        }
        if rest.starts(with: "<![CDATA[".utf8) {
            guard !open.isEmpty else { throw fault("text stands outside of the element") }
            position += 9
            mode = .cdata
            return nil
        }
        if rest.count >= 2, rest[position + 1] == UInt8(ascii: "!") {
            // It may still become a comment or a CDATA section.
            if rest.count < 9, "<!--".utf8.starts(with: rest) || "<![CDATA[".utf8.starts(with: rest)
            {
                _ = try missing()
                return nil
            }
            throw fault("document types and entities of one's own are not taken")
        }
        if rest.starts(with: "<?".utf8) { return try instruction() }
        guard let close = tagEnd(rest) else {
            guard rest.count <= limits.tagBytes else {
                throw fault("a tag has more than \(limits.tagBytes) bytes")
            }
            _ = try missing()
            return nil
        }
        let tag = rest[(position + 1)..<close]
        guard tag.count <= limits.tagBytes else {
            throw fault("a tag has more than \(limits.tagBytes) bytes")
        }
        position = close + 1
        defer { count(tag) }
        return tag.first == UInt8(ascii: "/") ? try endTag(tag.dropFirst()) : try startTag(tag)
    }

    /// The declaration must name an encoding that is read.
    private mutating func instruction() throws(XMLError) -> XMLEvent? {
        let rest = buffer[position...]
        guard rest.count >= 6 || isEnded else { return nil }
        // A document may end right behind these letters.
        if rest.count >= 6, rest.starts(with: "<?xml".utf8), XMLReader.isSpace(rest[position + 5]) {
            guard let end = XMLReader.find("?>", in: rest.prefix(1000)) else {
                guard rest.count < 1000 else { throw fault("the declaration does not end") }
                _ = try missing()
                return nil
            }
            let text = String(decoding: rest[..<end], as: UTF8.self).lowercased()
            if let name = text.firstRange(of: "encoding") {
                let value = text[name.upperBound...].drop { " =\t\r\n\"'".contains($0) }
                    .prefix { !"\"' ".contains($0) }
                guard ["utf-8", "utf8", "us-ascii", "ascii"].contains(value) else {
                    throw fault("the encoding \(value.prefix(40)) is not read; it must be UTF-8")
                }
            }
        }
        position += 2
        mode = .instruction
        return nil
    }

    /// Where the tag ends; `>` within a value is none.
    private func tagEnd(_ rest: ArraySlice<UInt8>) -> Int? {
        var quote: UInt8?
        for index in rest.indices {
            let byte = rest[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: ">") {
                return index
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            }
        }
        return nil
    }

    private mutating func startTag(_ tag: ArraySlice<UInt8>) throws(XMLError) -> XMLEvent {
        guard !open.isEmpty || !hasRoot else { throw fault("a second element follows the first") }
        guard open.count < limits.depth else {
            throw fault("elements are nested deeper than \(limits.depth)")
        }
        let isEmpty = tag.last == UInt8(ascii: "/")
        var parser = XMLTagParser(isEmpty ? tag.dropLast() : tag, limits: limits)
        let written = try parser.name(self)
        let before = prefixes.count
        var plain: [(name: ArraySlice<UInt8>, value: String)] = []
        while let (name, raw) = try parser.attribute(self) {
            let value = try decoded(raw, isAttribute: true)
            if name.elementsEqual("xmlns".utf8) {
                prefixes.append(([], value))
            } else if name.starts(with: "xmlns:".utf8) {
                prefixes.append((Array(name.dropFirst(6)), value))
            } else {
                plain.append((name, value))
            }
            guard plain.count + prefixes.count - before <= limits.attributes else {
                throw fault("an element has more than \(limits.attributes) attributes")
            }
        }
        var attributes: [XMLAttribute] = []
        var names: Set<XMLName> = []
        for (name, value) in plain {
            let full = try resolved(name, isAttribute: true)
            guard names.insert(full).inserted else {
                throw fault("the attribute \(full.local) stands twice")
            }
            attributes.append(XMLAttribute(name: full, value: value))
        }
        let name = try resolved(written, isAttribute: false)
        hasRoot = true
        if isEmpty {
            prefixes.removeLast(prefixes.count - before)
            pendingEnd = name
        } else {
            open.append((Array(written), name, prefixes.count - before))
        }
        return .start(name, attributes)
    }

    private mutating func endTag(_ tag: ArraySlice<UInt8>) throws(XMLError) -> XMLEvent {
        var written = tag
        while let last = written.last, XMLReader.isSpace(last) { written.removeLast() }
        guard let last = open.last, last.written.elementsEqual(written) else {
            let name = String(decoding: written.prefix(60), as: UTF8.self)
            let expected = open.last.map { String(decoding: $0.written, as: UTF8.self) } ?? ""
            throw fault("</\(name)> ends <\(expected)>")
        }
        open.removeLast()
        prefixes.removeLast(last.declared)
        return .end(last.name)
    }

    private func resolved(
        _ written: ArraySlice<UInt8>, isAttribute: Bool
    ) throws(XMLError) -> XMLName {
        let parts = written.split(
            separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let local = parts.last, !local.isEmpty, parts.count <= 2,
            let text = String(validating: local, as: UTF8.self)
        else { throw fault("a name cannot be read") }
        let prefix = parts.count == 2 ? parts[0] : []
        if prefix.isEmpty, isAttribute { return XMLName(text) }
        guard let found = prefixes.last(where: { $0.prefix.elementsEqual(prefix) }) else {
            guard prefix.isEmpty else {
                let name = String(decoding: prefix.prefix(60), as: UTF8.self)
                throw fault("the prefix \(name) is not declared")
            }
            return XMLName(text)
        }
        return XMLName(text, namespace: found.namespace)
    }
}
