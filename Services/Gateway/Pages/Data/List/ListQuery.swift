import Contracts
import HTTP
import RPC

/// How a list is asked for. All of it stands in its address, so that it can be sent and kept.
struct ListQuery: Sendable, Equatable {
    /// Records that may stand before a page; a larger number is none.
    static let largestPlace: Int64 = 1 << 53
    /// Pages that the way back knows.
    static let trailLimit = 8
    /// Bytes of the way back.
    static let trailBytes = 1200

    let type: FullCode
    var filter: String?
    var search: String?
    var orderby: String?
    var cursor: String?
    /// Empty: the first ones of the class.
    var columns: [String] = []
    /// Records before this page.
    var at: Int64 = 0
    /// The cursors of the pages before this one, the last one last; nil is the first page.
    var trail: [String?] = []
    /// The view that it was opened as.
    var saved: Int64?
    /// The choice column whose choices are the columns of a board; nil is a list.
    var board: String?
    /// Whether it has the deleted records alone.
    var isDeleted = false
    /// What its last row adds up, at most one total of a column.
    var totals: [ListTotal] = []

    init(_ type: FullCode) { self.type = type }

    init(_ type: FullCode, _ query: Query) {
        self.type = type
        let text = { (name: String) in query[name].flatMap { $0.isEmpty ? nil : $0 } }
        filter = text("filter")
        search = text("search")
        orderby = text("orderby")
        cursor = text("cursor")
        columns = ListQuery.list(text("columns"))
        if cursor != nil {
            at = min(max(0, text("at").flatMap { Int64($0) } ?? 0), ListQuery.largestPlace)
            let cursors = (text("trail") ?? "").split(separator: ".").map(String.init)
            trail = cursors.suffix(ListQuery.trailLimit).map { $0 == "-" ? nil : $0 }
        }
        saved = text("saved").flatMap { Int64($0) }
        isDeleted = text("deleted") == "only"
        totals = ListTotal.read(ListQuery.list(text("totals")))
        board = text("view") == "board" && !isDeleted ? text("by") ?? "" : nil
    }

    /// Of what a link of a record says: `list=filter%3D…`.
    init?(_ type: FullCode, text: String?) {
        guard let text, text.utf8.count <= 4000, let query = Query(text) else { return nil }
        self.init(type, query)
    }

    static func list(_ text: String?) -> [String] {
        (text ?? "").split(separator: ",").map(String.init)
    }

    private var items: [(name: String, value: String?)] {
        var way: String?
        if !trail.isEmpty { way = trail.map { $0 ?? "-" }.joined(separator: ".") }
        return [
            ("filter", filter), ("search", search), ("columns", columns.joined(separator: ",")),
            ("orderby", orderby), ("cursor", cursor),
            ("at", cursor == nil || at == 0 ? nil : String(at)), ("trail", way),
            ("view", board == nil ? nil : "board"), ("by", board),
            ("saved", saved.map { String($0) }), ("deleted", isDeleted ? "only" : nil),
            ("totals", totals.map(\.text).joined(separator: ",")),
        ]
    }

    var link: Link { Link("m", type.model, type.code, query: items) }

    /// All of it as a file.
    func file(_ format: String) -> Link {
        let left: Set<String> = ["cursor", "at", "trail", "view", "by", "saved", "totals"]
        return Link(
            "m", type.model, type.code,
            query: items.filter { !left.contains($0.name) } + [("export", format)])
    }

    /// `filter=…&orderby=…`; empty for the plain list.
    var text: String {
        let text = Link(query: items).text
        return text == "/" ? "" : String(text.dropFirst(2))
    }

    /// The hidden fields with which a form keeps all of this but some of it.
    func kept(but names: Set<String>) -> HTML {
        var html = HTML.nothing
        for (name, value) in items where !names.contains(name) {
            guard let value, !value.isEmpty else { continue }
            html += tag(.input, .type("hidden"), .name(name), .value(value))
        }
        return html
    }

    /// A record of it, which knows the way back.
    func link(to id: Int64) -> Link {
        Link("m", type.model, type.code, String(id), query: [("list", text)])
    }

    // MARK: Another list

    /// The same, from its beginning.
    func changed(_ body: (inout ListQuery) -> Void) -> ListQuery {
        var query = self
        (query.cursor, query.at, query.trail) = (nil, 0, [])
        body(&query)
        return query
    }

    func next(_ cursor: String, shown: Int) -> ListQuery {
        var query = self
        query.trail = (trail + [self.cursor]).suffix(ListQuery.trailLimit)
        while query.trail.reduce(0, { $0 + ($1?.utf8.count ?? 1) }) > ListQuery.trailBytes {
            query.trail.removeFirst()
        }
        query.cursor = cursor
        query.at = at + Int64(shown)
        return query
    }

    /// The deleted records, or from there all others.
    var other: ListQuery {
        var query = ListQuery(type)
        query.isDeleted = !isDeleted
        return query
    }

    var previous: ListQuery? {
        guard let last = trail.last else { return nil }
        var query = self
        query.trail.removeLast()
        query.cursor = last
        query.at = last == nil ? 0 : max(0, at - Int64(ClassPages.pageSize))
        return query
    }
}
