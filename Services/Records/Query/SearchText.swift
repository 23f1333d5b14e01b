import Database

/// What a caller looks for: words that must all be there, `print*` for their beginnings, and
/// "phrases" in quotes. It has no operators; whatever else is in it is text.
struct SearchText: Sendable, Hashable {
    static let lengthLimit = 1000
    static let wordLimit = 20

    /// A word, or several that follow one another.
    struct Word: Sendable, Hashable {
        let text: String
        /// Whether the last may go on.
        let isPrefix: Bool
    }

    let words: [Word]

    init(_ text: String) throws(FilterFault) {
        guard text.utf8.count <= SearchText.lengthLimit else {
            throw FilterFault(
                detail: "is longer than \(SearchText.lengthLimit) bytes",
                offset: SearchText.lengthLimit)
        }
        var words: [Word] = []
        var rest = text[...]
        while let first = rest.first {
            if first.isWhitespace || first == "\0" {
                rest.removeFirst()
            } else if first == "\"" {
                rest.removeFirst()
                // A quote that does not end quotes all that is left.
                let end = rest.firstIndex(of: "\"") ?? rest.endIndex
                SearchText.add(rest[..<end], to: &words)
                rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
            } else {
                let end =
                    rest.firstIndex { $0.isWhitespace || $0 == "\"" || $0 == "\0" } ?? rest.endIndex
                SearchText.add(rest[..<end], to: &words)
                rest = rest[end...]
            }
        }
        guard words.count <= SearchText.wordLimit else {
            throw FilterFault(detail: "has more than \(SearchText.wordLimit) words", offset: 0)
        }
        self.words = words
    }

    private static func add(_ text: Substring, to words: inout [Word]) {
        // What is no letter or digit separates words, so that it would be none itself.
        guard text.contains(where: { $0.isLetter || $0.isNumber }) else { return }
        let plain = text.filter { $0 != "\"" && $0 != "\0" && $0 != "*" }
        words.append(Word(text: plain, isPrefix: text.last == "*"))
    }
}

/// A search over a class for one caller.
struct ClassSearch: Sendable {
    /// What stands before the source of the list's statement: the records are gone to from the
    /// words.
    var before = SQLText()
    var condition: SQLText
    /// How many records the words are in, up to `rankLimit` and one more. The best come first; only
    /// where the caller reads all that is searched, since the rank of a record depends on what
    /// stands in others.
    var ranked: SQLText?

    /// Records that are ranked. Words that more have say little, and to rank all takes long.
    static let rankLimit = 5_000
    /// A whole number, as cursors can hold it; the least is the best.
    let rank: SQLText
    /// The id in the order in which the words are found; nil where another way is gone.
    var id: SQLText? { before.text.isEmpty ? nil : SQLText("s." + words.id) }

    private let words: SearchWords

    /// `isOrdered`: by what is asked and not as it is found.
    init(
        _ text: SearchText, _ recordClass: RecordClass, _ rights: RowRights, deleted: DeletedRows,
        isOrdered: Bool
    ) {
        let tables = ClassSearch.tables(recordClass, deleted)
        let words = SearchWords(text, recordClass.dialect)
        self.words = words
        let definition = recordClass.definition
        var everywhere: [String] = []
        var partial: [(RowPredicate, [String])] = []
        for (position, column) in definition.columns.enumerated()
        where definition.search.contains(column.code) {
            switch rights.columns[position] {
            case .everywhere: everywhere.append(column.code)
            case .nowhere: break
            case .under(let predicates):
                for predicate in predicates {
                    if let place = partial.firstIndex(where: { $0.0 == predicate }) {
                        partial[place].1.append(column.code)
                    } else {
                        partial.append((predicate, [column.code]))
                    }
                }
            }
        }
        rank = words.rank(of: everywhere)
        guard !text.words.isEmpty, !everywhere.isEmpty || !partial.isEmpty, !tables.isEmpty
        else {
            condition = FilterCompiler.never
            return
        }
        if !isOrdered, partial.isEmpty, tables.count == 1 {
            before = SQLText("\(tables[0]) AS s CROSS JOIN ")
            let found = words.found(in: everywhere, of: tables[0])
            condition = found + " AND \(QueryScope.alias).id = s.\(words.id)"
            if rights.rows == nil, deleted == .hidden,
                everywhere.count == definition.search.count
            {
                ranked = "SELECT count(*) FROM (SELECT 1 FROM \(tables[0]) AS s WHERE " + found
                ranked?.append(" LIMIT \(ClassSearch.rankLimit + 1)) AS k")
            }
            return
        }
        func found(_ columns: [String]) -> SQLText {
            let each = tables.map {
                "SELECT s.\(words.id) FROM \($0) AS s WHERE " + words.found(in: columns, of: $0)
            }
            var sql = "r.id IN (" + each[0]
            for other in each.dropFirst() { sql.append(" UNION ALL " + other) }
            return sql + ")"
        }
        // All words must be found in what one grant shows.
        var parts = everywhere.isEmpty ? [] : [found(everywhere)]
        for (predicate, columns) in partial {
            parts.append(
                .joined(
                    [found(everywhere + columns), predicate.check(alias: QueryScope.alias)],
                    by: "AND"))
        }
        condition = .joined(parts, by: "OR")
    }

    /// The tables of words to look into.
    private static func tables(_ recordClass: RecordClass, _ deleted: DeletedRows) -> [String] {
        let live = SearchIndex.name(ofTable: recordClass.table)
        let gone =
            recordClass.definition.deletion == .logical
            ? [SearchIndex.deletedName(ofTable: recordClass.table)] : []
        switch deleted {
        case .hidden: return [live]
        case .only: return gone
        case .include: return [live] + gone
        }
    }
}
