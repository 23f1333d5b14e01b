import Database

/// A search in the words of an engine, over a table of words as `s`; see `SearchIndex`.
struct SearchWords: Sendable {
    private let text: SearchText
    private let dialect: Dialect

    init(_ text: SearchText, _ dialect: Dialect) {
        self.text = text
        self.dialect = dialect
    }

    /// The column that has the id of the record.
    var id: String { SearchWords.id(dialect) }

    static func id(_ dialect: Dialect) -> String { dialect.isSQLite ? "rowid" : "id" }

    /// That each word is in one of these columns.
    func found(in columns: [String], of table: String) -> SQLText {
        guard !dialect.isSQLite else {
            let words = text.words.map { "\"\($0.text)\"" + ($0.isPrefix ? " *" : "") }
            let list = columns.joined(separator: " ")
            let expression = "{\(list)} : (\(words.joined(separator: " AND ")))"
            return "s.\(table) MATCH " + SQLText(.text(expression))
        }
        let each = text.words.map { word in
            SQLText.joined(
                columns.map { "s.\(quoted($0)) @@ " + SearchWords.query(word) }, by: "OR")
        }
        return .joined(each, by: "AND")
    }

    /// How well a record has them, as a whole number of which the least is the best.
    func rank(of columns: [String]) -> SQLText {
        guard !dialect.isSQLite else { return "CAST(s.rank * 1e12 AS INTEGER)" }
        guard !columns.isEmpty, !text.words.isEmpty else { return "0" }
        let query = SQLText.joined(text.words.map(SearchWords.query), by: "||")
        // 16: among many different words one says less.
        let parts = columns.map { "ts_rank(s.\(quoted($0)), " + query + ", 16)" }
        return "CAST(-1e9 * " + SQLText.joined(parts, by: "+") + " AS BIGINT)"
    }

    private static func query(_ word: SearchText.Word) -> SQLText {
        "gt_phrase(" + SQLText(.text(word.text)) + ", \(word.isPrefix ? 1 : 0))"
    }
}
