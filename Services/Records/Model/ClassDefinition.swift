import Contracts

/// What becomes of a deleted record.
enum DeletionKind: String, Sendable {
    /// The row stays and is shown nowhere.
    case logical
    /// The row goes; its history stays.
    case physical
}

/// A class as its model defines it.
struct ClassDefinition: Sendable, Hashable {
    static let columnLimit = 400
    static let indexLimit = 20
    static let grantLimit = 200

    var code: String
    var name: [String: String]
    /// The class of the same model that it inherits from.
    var parent: String?
    var describe: DescribeFormat
    var history = true
    var deletion = DeletionKind.logical
    /// Those of the parent first, in its order: a column has the same position in both.
    var columns: [ColumnDefinition]
    /// How many of the columns are the parent's.
    var inheritedCount = 0
    /// The parent's and its own.
    var grants: [Grant]
    var prefill: [String]
    var webAccess = false
    /// Whether other models may refer to it and query it.
    var isShared = false
    /// Further indexes of its own, each over columns in this order.
    var indexes: [[String]]
    /// Columns that a full-text search looks into, the parent's too.
    var search: [String]
    /// Columns whose values together must be there once; rows where one of them is empty are free.
    var uniqueSets: [[String]]

    func column(_ code: String) -> ColumnDefinition? { columns.first { $0.code == code } }
    /// Every set of columns whose values must be there once, columns that are unique alone first.
    var uniqueKeys: [[String]] { columns.filter(\.unique).map { [$0.code] } + uniqueSets }
    func index(of code: String) -> Int? { columns.firstIndex { $0.code == code } }
}

/// How a record is called in one line: `#{id} {subject}`.
struct DescribeFormat: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case literal(String)
        case id
        /// The position of a column in its class.
        case column(Int)
    }

    static let lengthLimit = 500
    static let standard = DescribeFormat(parts: [.literal("#"), .id])

    var parts: [Part]

    init(parts: [Part]) { self.parts = parts }

    /// Reads a format; the fault is a sentence.
    init(_ text: String, columns: [ColumnDefinition]) throws(DescribeFault) {
        guard text.utf8.count <= DescribeFormat.lengthLimit else {
            throw DescribeFault(detail: "is longer than \(DescribeFormat.lengthLimit) bytes")
        }
        var parts: [Part] = []
        var rest = text[...]
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}") else {
                throw DescribeFault(detail: "has a brace without its other half")
            }
            if brace > rest.startIndex { parts.append(.literal(String(rest[..<brace]))) }
            let code = String(rest[rest.index(after: brace)..<end])
            if code == "id" {
                parts.append(.id)
            } else if let index = columns.firstIndex(where: { $0.code == code }) {
                guard columns[index].form != .json else {
                    throw DescribeFault(detail: "names {\(code)}, which is no plain value")
                }
                parts.append(.column(index))
            } else {
                throw DescribeFault(detail: "names {\(code)}, which is no column of the class")
            }
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.literal(String(rest))) }
        self.parts = parts
    }

    struct DescribeFault: Error {
        let detail: String
    }
}
