import Contracts

/// How a record is called in one line: `#{id} {subject}`. Of a record that it refers to,
/// `{customer}` is the description and `{customer.name}` a column.
struct DescribeFormat: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case literal(String)
        case id
        /// The position of a column in its class.
        case column(Int)
        /// The position of a reference, and what is shown of the record: its description, or a
        /// column.
        case reference(Int, String?)
    }

    static let lengthLimit = 500
    /// References of one format.
    static let referenceLimit = 5
    /// So many references are followed one from the other; further ones are blank.
    static let depthLimit = 2
    static let standard = DescribeFormat(parts: [.literal("#"), .id])

    var parts: [Part]

    init(parts: [Part]) { self.parts = parts }

    /// Reads a format; the fault is a sentence. What is shown of other records only the whole
    /// model can tell.
    init(_ text: String, columns: [ColumnDefinition]) throws(Fault) {
        guard text.utf8.count <= DescribeFormat.lengthLimit else {
            throw Fault(detail: "is longer than \(DescribeFormat.lengthLimit) bytes")
        }
        var parts: [Part] = []
        var rest = text[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}") else {
                throw Fault(detail: "has a brace without its other half")
            }
            if brace > rest.startIndex { parts.append(.literal(String(rest[..<brace]))) }
            let code = String(rest[rest.index(after: brace)..<end])
            parts.append(try DescribeFormat.part(code, columns))
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        self.parts = parts
        guard references.count <= DescribeFormat.referenceLimit else {
            throw Fault(
                detail: "follows more than \(DescribeFormat.referenceLimit) references")
        }
    }

    private static func part(
        _ code: String, _ columns: [ColumnDefinition]
    ) throws(Fault) -> Part {
        if code == "id" { return .id }
        let segments = code.split(separator: ".", omittingEmptySubsequences: false)
        let first = segments.first.map(String.init) ?? ""
        guard let index = columns.firstIndex(where: { $0.code == first }) else {
            throw Fault(detail: "names {\(code)}, which is no column of the class")
        }
        guard columns[index].form != .json else {
            throw Fault(detail: "names {\(code)}, which is no plain value")
        }
        let isReference = columns[index].type == .reference
        guard segments.count == 1 || segments.count == 2 && isReference else {
            throw Fault(
                detail: "names {\(code)}, but a point stands after a reference only, and once")
        }
        guard isReference else { return .column(index) }
        return .reference(index, segments.count == 2 ? String(segments[1]) : nil)
    }

    /// The positions of references with what is shown of the records.
    var references: [(Int, String?)] {
        parts.compactMap { part in
            if case .reference(let index, let code) = part { (index, code) } else { nil }
        }
    }

    struct Fault: Error {
        let detail: String
    }
}
