import JSON

/// Whether a read shows records that were deleted logically. It takes the grant to delete them.
enum DeletedRows: String, Sendable, Hashable {
    case hidden, only, include

    /// Reads the parameter `deleted`; nothing hides them.
    init(_ word: String?) throws {
        guard let word else {
            self = .hidden
            return
        }
        guard let rows = DeletedRows(rawValue: word), rows != .hidden else {
            throw RecordsError.validation([
                FieldProblem(
                    pointer: "/deleted", code: "not-allowed",
                    detail: "This must be only or include.")
            ])
        }
        self = rows
    }

    /// The condition on rows of `alias`. `rights` are those to delete.
    func condition(alias: String, _ rights: RowRights?) -> SQLText {
        let given = rights?.condition(alias: alias)
        switch self {
        case .hidden: return SQLText("\(alias).deleted = 0")
        case .only:
            let only = SQLText("\(alias).deleted = 1")
            return given.map { only + " AND " + $0 } ?? only
        case .include:
            return given.map { "(\(alias).deleted = 0 OR " + $0 + ")" } ?? "1 = 1"
        }
    }
}
