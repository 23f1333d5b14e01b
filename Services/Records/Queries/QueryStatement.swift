import Database

/// The statement of a query over views, in the words of an engine.
struct QueryStatement {
    private let text: QueryText
    private let views: [CallerView]
    private let dialect: Dialect
    /// The type of a parameter, where the engine wants to know it.
    private let type: (String) -> String

    init(_ query: QueryDefinition, over views: [CallerView], _ dialect: Dialect) {
        self.init(query.text, over: views, dialect) { query.sqlType(of: $0) }
    }

    init(
        _ text: QueryText, over views: [CallerView], _ dialect: Dialect,
        type: @escaping (String) -> String = { _ in "TEXT" }
    ) {
        self.text = text
        self.views = views
        self.dialect = dialect
        self.type = type
    }

    /// Its limit and offset come last.
    func sql(_ value: (String) -> SQLValue) -> SQLText {
        body(" SELECT * FROM (") { code in
            let sql = SQLText(value(code))
            // Of a type that does not depend on the value.
            return dialect.isSQLite ? sql : "CAST(" + sql + " AS \(type(code)))"
        } + " LIMIT ? OFFSET ?"
    }

    /// By which the engine tells whether it can be run, over views without rows. On PostgreSQL it
    /// has no parameters.
    var sample: String {
        guard !dialect.isSQLite else { return sql { _ in .null }.text }
        return body(" SELECT 1 AS one FROM (") { SQLText("CAST(NULL AS \(type($0)))") }.text
    }

    private func body(_ head: String, _ parameter: (String) -> SQLText) -> SQLText {
        var sql = SQLText()
        for view in views {
            sql.append(sql.text.isEmpty ? "WITH " : ", ")
            // Without the word a view that is named twice would be read as a whole first.
            let name = dialect.isSQLite ? view.reader : view.name
            sql.append("\(quoted(name)) AS NOT MATERIALIZED (")
            sql.append(view.select)
            sql.append(")")
            guard dialect.isSQLite else { continue }
            sql.append(", \(quoted(view.name)) AS NOT MATERIALIZED (SELECT * FROM ")
            sql.append("\(quoted(view.reader)))")
        }
        sql.append(head)
        for (index, piece) in text.pieces.enumerated() {
            sql.append(piece)
            if index < text.parameters.count { sql.append(parameter(text.parameters[index])) }
        }
        // On a line of its own, since the query may end in a comment.
        return sql + "\n) AS q"
    }
}
