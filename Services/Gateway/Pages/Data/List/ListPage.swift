import Contracts
import HTTP
import JSON
import RPC

/// A page of a list as it looks.
struct ListPage {
    let pages: Pages
    let type: ClassDescription
    let query: ListQuery
    let caller: Caller
    let texts: Texts
    let columns: ListColumns
    var records: [JSONValue] = []
    var next: String?
    var count: Int64?
    /// By column and function.
    var sums: JSONValue?
    /// What is wrong with the filter or the order.
    var fault: String?
    /// Those that the caller may use.
    var views: [ListViewStore.View] = []
    /// The list as lanes, where that is wanted.
    var lanes: [BoardPage.Lane]?
    /// What is wrong with the condition that was clicked together.
    var builderFault: String?
    /// Records to choose from for that condition.
    var found: [RecordForm.Choice] = []
    /// What the records are called that the filter names, by column and number.
    var names: [String: String] = [:]
    /// The query as it came, for what was typed.
    var asked: Query?

    init(pages: Pages, type: ClassDescription, query: ListQuery, caller: Caller) {
        self.pages = pages
        self.type = type
        self.query = query
        self.caller = caller
        texts = caller.texts
        columns = ListColumns(type, query.columns, texts)
    }

    /// Those of the columns that are shown.
    var totals: [ListTotal] { query.totals.filter { $0.column(in: columns.shown) != nil } }

    var name: String { texts.pick(type.name, else: type.type.code) }

    /// What may be done with several records at once.
    var isSelectable: Bool {
        !query.isDeleted
            && (type.operations.contains("change") || type.operations.contains("delete"))
    }

    /// What the list asks Records for.
    func call(limit: Int, cursor: String? = nil, count: Bool = false) -> ListRecords {
        let found = QuickSearch(query.search, type)
        return ListRecords(
            query.type, filter: found.filter(query.filter), orderby: query.orderby,
            select: columns.select, expand: columns.expand, limit: limit, cursor: cursor,
            count: count ? true : nil, deleted: query.isDeleted ? "only" : nil,
            search: found.words)
    }

    func response(word: String?) -> Response {
        var response = pages.frame.page(
            name, caller, status: fault == nil && builderFault == nil ? 200 : 400, section: .home
        ) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
                tag(.a, .href(.home)) { texts.home }
            }
            head()
            pages.notice(word, texts)
            ListViewTabs(page: self).tabs()
            if query.isDeleted {
                tag(.div, .class("notice warn")) { texts.deletedOnes }
            }
            ListTools(page: self).html()
            if fault == nil, let board = BoardPage(self, lanes) {
                board.html()
            } else {
                table()
                pager()
            }
        }
        pages.said(word, &response)
        return response
    }

    func head() -> HTML {
        tag(.div, .class("head")) {
            tag(.div) {
                tag(.h1) { name }
                if let count { tag(.p) { texts.count(count) } }
            }
            if type.operations.contains("insert") {
                tag(
                    .a, .class("button main"),
                    .href(Link("m", type.type.model, type.type.code, "new"))
                ) { texts.newRecord }
            }
        }
    }

    // MARK: Table

    private func table() -> HTML {
        if fault != nil { return .nothing }
        if records.isEmpty {
            return tag(.div, .class("card blank")) {
                query.filter == nil && query.search == nil ? texts.noRecords : texts.noMatches
            }
        }
        let rows = tag(.div, .class("scroll"), .fixed("tabindex", "0"), .aria(.label, name)) {
            tag(.table, .class("dense")) {
                tag(.caption) { name }
                tag(.thead) {
                    tag(.tr) {
                        if isSelectable {
                            tag(.td, .class("pick")) { pickAll() }
                        }
                        tag(.th, .fixed("scope", "col")) { texts.record }
                        if query.isDeleted {
                            tag(.th, .fixed("scope", "col")) { texts.deletedAt }
                        }
                        for column in columns.shown { heading(column) }
                    }
                }
                tag(.tbody) { for record in records { row(record) } }
                if !totals.isEmpty { tag(.tfoot) { ListTotalRow(page: self).html() } }
            }
        }
        guard isSelectable else { return rows }
        let many = Link("m", type.type.model, type.type.code, "many")
        return tag(.form, .get, .action(many), .data("many")) {
            tag(.input, .type("hidden"), .name("list"), .value(query.text))
            rows
            tag(.div, .class("row under")) {
                tag(.button, .class("button small"), .type("submit")) { texts.editChosen }
                tag(.span, .class("quiet"), .data("chosen"), .role(.status)) {}
                if mayAll, let count, count > Int64(records.count) {
                    tag(
                        .a, .class("button small"),
                        .href(
                            Link(
                                "m", type.type.model, type.type.code, "many",
                                query: [("all", "1"), ("list", query.text)]))
                    ) { texts.editAll(count) }
                }
            }
        }
    }

    private var mayAll: Bool {
        type.operations.contains("changeMany") || type.operations.contains("deleteMany")
    }

    /// Only a script can do this; it shows it.
    private func pickAll() -> HTML {
        tag(
            .input, .type("checkbox"), .hidden, .data("all"), .aria(.label, texts.chooseAll),
            .fixed("autocomplete", "off"))
    }

    /// A heading sorts by its column; once more turns the order round.
    private func heading(_ column: ClassDescription.Column) -> HTML {
        let name = texts.pick(column.name, else: column.code)
        let isUp = query.orderby == column.code
        let isDown = query.orderby == "\(column.code) desc"
        let isNumber = column.type == "integer" || column.type == "decimal"
        let isSorted = !column.many && column.type != "file" && column.type != "json"
        let order = isUp ? "\(column.code) desc" : column.code
        return tag(
            .th, .fixed("scope", "col"), isNumber ? .class("number") : nil,
            isUp ? .aria(.sort, "ascending") : isDown ? .aria(.sort, "descending") : nil
        ) {
            if isSorted {
                tag(
                    .a, .href(query.changed { $0.orderby = order }.link),
                    .title(texts.sortBy(name))
                ) { name + (isUp ? " ▲" : isDown ? " ▼" : "") }
            } else {
                name
            }
        }
    }

    private func row(_ record: JSONValue) -> HTML {
        let id = record["id"]?.integer ?? 0
        let name = record["describe"]?.string ?? "#\(id)"
        return tag(.tr) {
            if isSelectable {
                tag(.td, .class("pick")) {
                    tag(
                        .input, .type("checkbox"), .name("id"), .value(String(id)),
                        .fixed("autocomplete", "off"), .aria(.label, texts.choose(name)))
                }
            }
            tag(.th, .fixed("scope", "row")) {
                tag(.a, .href(query.link(to: id))) { name }
            }
            if query.isDeleted {
                tag(.td, .class("short")) {
                    texts.moment(record["deleted"]?["time"]?.string ?? "")
                    " " + (record["deleted"]?["account"]?.string ?? "")
                }
            }
            for column in columns.shown {
                tag(.td, ListPage.look(of: column)) {
                    ColumnValue(column: column, texts: texts)
                        .shown(record[column.code], limit: ClassPages.cellLimit)
                }
            }
        }
    }

    static func look(of column: ClassDescription.Column) -> Attribute {
        switch column.type {
        case "integer", "decimal": .class("number")
        case "text", "reference", "json", "computed": .class("text")
        default: .class("short")
        }
    }

    // MARK: Pages

    private func pager() -> HTML {
        if next == nil && query.cursor == nil { return .nothing }
        let last = query.at + Int64(records.count)
        return tag(.nav, .class("pager"), .aria(.label, texts.pagesOfList)) {
            if let count, !records.isEmpty, query.at > 0 || query.cursor == nil {
                tag(.span, .class("quiet")) {
                    texts.range(from: query.at + 1, to: last, of: count)
                }
            }
            if query.cursor != nil {
                tag(.a, .class("button small"), .href(query.changed { _ in }.link)) {
                    texts.firstPage
                }
            }
            if let previous = query.previous {
                tag(.a, .class("button small"), .href(previous.link), .fixed("rel", "prev")) {
                    texts.previousPage
                }
            }
            if let next {
                tag(
                    .a, .class("button small"), .fixed("rel", "next"),
                    .href(query.next(next, shown: records.count).link)
                ) { texts.nextPage }
            }
        }
    }
}

/// What one types to find records: words of the columns that the class has searched, or else a part
/// of one of its texts.
struct QuickSearch {
    /// Columns that are looked at where the class names none.
    static let columnLimit = 6

    /// As `search` of a list takes it.
    var words: String?
    /// Where the class has nothing searched.
    private var condition: String?

    init(_ text: String?, _ type: ClassDescription) {
        guard let text = text?.trimmed, !text.isEmpty else { return }
        // As records are mostly called.
        if text.first == "#", let id = Int64(text.dropFirst()) {
            condition = "id eq \(id)"
            return
        }
        if type.searched == true {
            // The last word may not be whole yet.
            words = text.last == "\"" || text.last == "*" ? text : text + "*"
            return
        }
        let columns = type.columns.filter { $0.type == "text" && !$0.many }
            .prefix(QuickSearch.columnLimit)
        var parts = columns.flatMap { column in
            QuickSearch.forms(of: text).map {
                "contains(\(column.code),\(FilterCondition.quoted($0)))"
            }
        }
        if let id = Int64(text) { parts.append("id eq \(id)") }
        condition = parts.isEmpty ? "id eq null" : "(\(parts.joined(separator: " or ")))"
    }

    /// A filter knows capitals from small letters, people do not: as typed, in small letters, and
    /// as at the beginning of a sentence.
    static func forms(of text: String) -> [String] {
        let small = text.lowercased()
        let first = small.prefix(1).uppercased() + small.dropFirst()
        return [text, small, first].reduce(into: []) { forms, form in
            if !forms.contains(form) { forms.append(form) }
        }
    }

    /// The filter with what is searched.
    func filter(_ filter: String?) -> String? {
        guard let condition else { return filter }
        return filter.map { "(\($0)) and \(condition)" } ?? condition
    }
}
