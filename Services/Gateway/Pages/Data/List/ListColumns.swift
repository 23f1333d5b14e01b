import Contracts

/// The columns that a list shows: those of its class, and what the platform keeps of a record.
struct ListColumns {
    let shown: [ClassDescription.Column]
    let all: [ClassDescription.Column]

    init(_ type: ClassDescription, _ codes: [String], _ texts: Texts) {
        all = type.columns + ListColumns.system(texts)
        let known = Dictionary(all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        let chosen = codes.prefix(ListColumns.limit).compactMap { known[$0] }
        shown =
            chosen.isEmpty
            ? Array(type.columns.filter { !$0.multiline }.prefix(ClassPages.columnLimit)) : chosen
    }

    /// Columns that one list may show.
    static let limit = 40

    var select: [String] { shown.map(\.code) + ["describe"] }
    var expand: [String] { shown.filter { $0.type == "reference" }.map(\.code) }

    /// What the platform keeps of each record.
    static func system(_ texts: Texts) -> [ClassDescription.Column] {
        let column = { (code: String, name: String, type: String) in
            ClassDescription.Column(
                code: code, name: [texts.language: name], type: type, writable: false)
        }
        return [
            column("id", texts.recordNumber, "integer"),
            column("created", texts.createdAt, "datetime"),
            column("creator", texts.createdBy, "account"),
            column("modified", texts.changedAt, "datetime"),
            column("modifier", texts.changedBy, "account"),
        ]
    }
}
