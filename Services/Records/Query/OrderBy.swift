import Contracts
import Crypto
import Database
import JSON

/// The order of a list: keys, and last the id, so that no two records are equal in it.
struct OrderBy {
    struct Key {
        var column: QueryScope.Column
        var descending: Bool
        /// The column's code, where it is one of the class's own.
        var code: String?
    }

    let keys: [Key]

    /// Reads `due desc,customer/name`; an empty text is the order of ids.
    init(_ text: String?, scope: QueryScope) throws(FilterFault) {
        var keys: [Key] = []
        var seen: Set<[String]> = []
        for (path, descending) in try OrderBy.parse(text ?? "") {
            guard seen.insert(path.segments).inserted else {
                throw FilterFault(detail: "names \(path.text) twice", offset: path.offset)
            }
            let column = try scope.resolve(path)
            guard column.many == nil, column.form != .json else {
                throw FilterFault(
                    detail: "names \(path.text), whose values have no order", offset: path.offset)
            }
            let code = path.segments.count == 1 ? path.text : nil
            keys.append(Key(column: column, descending: descending, code: code))
            if path.segments == ["id"] { break }
        }
        if !seen.contains(["id"]) {
            let id = try scope.resolve(FilterPath(segments: ["id"], offset: 0))
            // In the direction of the key before it, so that one index serves both.
            keys.append(Key(column: id, descending: keys.last?.descending ?? false))
        }
        self.keys = keys
    }

    /// By a number of the statement's own, then by id.
    init(first number: SQLText, scope: QueryScope) throws(FilterFault) {
        let key = QueryScope.Column(sql: number, type: .integer, form: .integer, isNullable: false)
        let id = try scope.resolve(FilterPath(segments: ["id"], offset: 0))
        keys = [Key(column: key, descending: false), Key(column: id, descending: false)]
    }

    /// By id, wherever it is told.
    init(id: SQLText) {
        let column = QueryScope.Column(sql: id, type: .integer, form: .integer, isNullable: false)
        keys = [Key(column: column, descending: false)]
    }

    static func parse(_ text: String) throws(FilterFault) -> [(FilterPath, Bool)] {
        guard text.utf8.count <= FilterLimit.length else {
            throw FilterFault(
                detail: "is longer than \(FilterLimit.length) bytes", offset: FilterLimit.length)
        }
        var lexer = FilterLexer(text)
        var token = try lexer.next()
        var result: [(FilterPath, Bool)] = []
        if token == .end { return [] }
        while true {
            let offset = lexer.start
            var segments: [String] = []
            repeat {
                if !segments.isEmpty { token = try lexer.next() }
                guard case .word(let word) = token else {
                    throw FilterFault(detail: "needs a column here", offset: lexer.start)
                }
                segments.append(word)
                token = try lexer.next()
            } while token == .slash
            var descending = false
            if case .word(let word) = token {
                guard ["asc", "desc"].contains(word.lowercased()) else {
                    throw FilterFault(detail: "needs asc, desc or a comma", offset: lexer.start)
                }
                descending = word.lowercased() == "desc"
                token = try lexer.next()
            }
            result.append((FilterPath(segments: segments, offset: offset), descending))
            guard result.count <= FilterLimit.orderKeys else {
                throw FilterFault(
                    detail: "has more than \(FilterLimit.orderKeys) keys", offset: offset)
            }
            if token == .end { return result }
            guard token == .comma else {
                throw FilterFault(detail: "needs a comma here", offset: lexer.start)
            }
            token = try lexer.next()
        }
    }

    var sql: SQLText {
        var sum = SQLText(" ORDER BY ")
        for (index, key) in keys.enumerated() {
            if index > 0 { sum.append(", ") }
            sum.append(key.column.sql)
            if key.descending { sum.append(" DESC") }
            // Said where engines differ; empty values count as the smallest.
            if key.column.isNullable {
                sum.append(key.descending ? " NULLS LAST" : " NULLS FIRST")
            }
        }
        return sum
    }

    /// The rows after `position`, as conditions whose rows follow each other: equal in the leading
    /// keys and after it in the next, the longest equal part first. Each is a range of one index,
    /// whatever page it is.
    func phases(after position: [SQLValue]) -> [SQLText] {
        var phases: [SQLText] = []
        for depth in keys.indices.reversed() {
            var equal: [SQLText] = []
            for (key, value) in zip(keys[..<depth], position) {
                equal.append(
                    value == .null
                        ? key.column.sql + " IS NULL" : key.column.sql + " = " + SQLText(value))
            }
            for next in OrderBy.after(keys[depth], position[depth]) {
                phases.append(.joined(equal + [next], by: "AND"))
            }
        }
        return phases
    }

    /// Empty values come first when ascending and last when descending.
    private static func after(_ key: Key, _ value: SQLValue) -> [SQLText] {
        let sql = key.column.sql
        if value == .null { return key.descending ? [] : [sql + " IS NOT NULL"] }
        guard key.descending else { return [sql + " > " + SQLText(value)] }
        let below = sql + " < " + SQLText(value)
        return key.column.isNullable ? [below, sql + " IS NULL"] : [below]
    }
}

/// Where a page ended: opaque to the caller, bound to the list that it came from.
struct Cursor {
    static let lengthLimit = 4 << 10
    var position: [SQLValue]

    /// What the list is: another class, filter or order makes another cursor.
    static func fingerprint(
        _ type: FullCode, filter: String?, orderby: String?, search: String? = nil
    ) -> String {
        var text = "\(type)\u{1}\(filter ?? "")\u{1}\(orderby ?? "")"
        if let search { text += "\u{1}\(search)" }
        return Base64.encodeURL(Array(SHA256.digest(Array(text.utf8)).prefix(9)))
    }

    func text(fingerprint: String) -> String {
        let values: [JSONValue] = position.map { value in
            switch value {
            case .integer(let number): .number(JSONNumber(number))
            case .text(let text): .string(text)
            case .null, .real, .blob: .null
            }
        }
        return Base64.encodeURL(JSONValue.array([.string(fingerprint)] + values).bytes)
    }

    /// Nil where it is not a cursor of this list.
    init?(_ text: String, fingerprint: String, keys: [OrderBy.Key]) {
        guard text.utf8.count <= Cursor.lengthLimit, let bytes = Base64.decodeURL(text),
            let items = try? JSONValue(parsing: bytes, depth: 2).array,
            items.count == keys.count + 1, items[0].string == fingerprint
        else { return nil }
        var position: [SQLValue] = []
        for (key, item) in zip(keys, items.dropFirst()) {
            switch (key.column.form, item) {
            case (_, .null) where key.column.isNullable: position.append(.null)
            case (.integer, .number(let number)), (.decimal, .number(let number)),
                (.boolean, .number(let number)):
                guard let integer = number.integer else { return nil }
                position.append(.integer(integer))
            case (.text, .string(let text)), (.date, .string(let text)),
                (.datetime, .string(let text)):
                position.append(.text(text))
            default: return nil
            }
        }
        self.position = position
    }

    init(position: [SQLValue]) { self.position = position }
}
