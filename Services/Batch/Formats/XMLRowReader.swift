import XML

/// Where the rows of an XML file stand: the names of the elements from the document's own to that
/// of a row. Namespaces do not count.
public struct XMLItemPath: Sendable, Hashable {
    public var names: [String]

    /// `prices/price`; nil where it is none.
    public init?(_ text: String) {
        names = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard names.count >= 2, names.allSatisfy({ XMLItemPath.isName($0) }) else { return nil }
    }

    /// What an export without one writes; an import without one takes every child of the
    /// document's element.
    public static let standard = XMLItemPath("rows/row")

    /// A name of an element or attribute, without a namespace.
    static func isName(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first == "_" || first.properties.isAlphabetic
        else { return false }
        return text.unicodeScalars.allSatisfy {
            $0 == "_" || $0 == "-" || $0 == "." || $0.properties.isAlphabetic
                || $0.properties.numericType == .decimal
        }
    }
}

/// Reads the rows of an XML file. A column is the path of an element within the row (`name`,
/// `address/city`), or of an attribute (`@id`, `address/@kind`); `.` is the row's own text. Every
/// value is text; an element that is not there is nothing.
struct XMLRowReader: RowReader {
    private(set) var columns: [String]
    var header: [UInt8] { [] }
    private(set) var place = FilePlace()
    private let path: XMLItemPath?
    private var reader = XMLReader()
    private var pieces: TextPieces
    private var isLast = false
    private var open: [String] = []
    /// The row that is being read; nil between rows.
    private var item: Item?
    private var positions: [String: Int] = [:]
    private var found: [String?] = []

    private struct Item {
        var line: Int
        var depth: Int
        var raw = ""
        /// Paths within the row, and their texts so far.
        var path: [String] = []
        var texts: [String] = [""]
        var fault: String?
    }

    init(
        _ source: any ByteSource, path: XMLItemPath?, names: [String], from place: FilePlace,
        pieceBytes: Int = 64 << 10
    ) throws {
        self.path = path
        columns = names
        pieces = TextPieces(source, offset: 0, pieceBytes: pieceBytes)
        for (index, name) in names.enumerated() where positions[name] == nil {
            positions[name] = index
        }
        var row = FileRow()
        while self.place.rows < place.rows, try next(&row) {}
    }

    mutating func next(_ row: inout FileRow) throws -> Bool {
        do {
            while true {
                guard let event = try reader.next() else {
                    if isLast { return false }
                    let piece = try pieces.next()
                    isLast = piece.isEmpty
                    if isLast { reader.end() } else { reader.feed(piece) }
                    continue
                }
                if let done = take(event) {
                    fill(&row, done)
                    return true
                }
                if let item, item.raw.utf8.count > ItemLimit.bytes {
                    throw FormatError(
                        "Line \(item.line): the element is longer than \(ItemLimit.bytes) bytes.")
                }
            }
        } catch let error as XMLError {
            throw FormatError("Line \(error.line): \(error.reason).")
        }
    }

    /// Takes an event; answers the row that ends with it.
    private mutating func take(_ event: XMLEvent) -> Item? {
        switch event {
        case .start(let name, let attributes):
            open.append(name.local)
            if item == nil, isItem {
                item = Item(line: reader.line, depth: open.count)
                found = Array(repeating: nil, count: columns.count)
            } else if item != nil {
                item?.path.append(name.local)
                item?.texts.append("")
            }
            if item != nil { takeStart(name.local, attributes) }
        case .text(let text):
            guard let last = item?.texts.indices.last else { return nil }
            item?.texts[last] += text
            item?.raw += XMLText.escaped(text)
        case .end(let name):
            defer { open.removeLast() }
            guard let text = item?.texts.popLast() else { return nil }
            item?.raw += "</\(name.local)>"
            let path = item?.path ?? []
            set(path.isEmpty ? "." : path.joined(separator: "/"), text)
            guard let done = item, done.depth == open.count else {
                item?.path.removeLast()
                return nil
            }
            item = nil
            return done
        }
        return nil
    }

    private var isItem: Bool { path.map { open == $0.names } ?? (open.count == 2) }

    private mutating func takeStart(_ name: String, _ attributes: [XMLAttribute]) {
        var tag = "<" + name
        let prefix = (item?.path ?? []).map { $0 + "/" }.joined()
        for attribute in attributes {
            tag += " \(attribute.name.local)=\"\(XMLRowWriter.escapedAttribute(attribute.value))\""
            set(prefix + "@" + attribute.name.local, attribute.value)
        }
        item?.raw += tag + ">"
    }

    private mutating func set(_ column: String, _ text: String) {
        guard let position = positions[column] else { return }
        if found[position] != nil {
            item?.fault = "\(column): the element stands more than once."
        }
        found[position] = text
    }

    private mutating func fill(_ row: inout FileRow, _ item: Item) {
        row.removeAll()
        place.rows += 1
        place.line = reader.line
        row.number = place.rows
        row.line = item.line
        row.raw.append(contentsOf: item.raw.utf8)
        row.fault = item.fault
        for text in found {
            if let text { row.append(.text, text) } else { row.appendNothing() }
        }
    }
}
