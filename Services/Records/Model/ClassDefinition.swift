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
    /// Whether a description may show it.
    func isDescribable(_ code: String) -> Bool {
        code == "id" || column(code).map { $0.form != .json } ?? false
    }
    func index(of code: String) -> Int? { columns.firstIndex { $0.code == code } }
}
