import Contracts
import HTTP
import JSON
import RPC

/// `/` (the classes that the caller may read) and `/m/{model}/{class}` (a list).
struct ClassPages: Sendable {
    static let pageSize = 50
    /// Columns of a list; the record has them all.
    static let columnLimit = 6
    /// Characters of a cell; the record shows the rest.
    static let cellLimit = 160

    let pages: Pages

    private var records: Peer { pages.records }
    private var frame: PageFrame { pages.frame }

    func add() {
        pages.onPage("/", .account, "The start page", home)
        pages.onPage(
            "/m/{model}/{class}", .account, "A list of records",
            query: [
                .init(name: "filter", about: "OData 4.01 filter"),
                .init(name: "orderby", about: "Column, or `column desc`"), .cursor,
            ], list)
    }

    @Sendable private func home(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let classes = try await records.call(
            ListClasses(), as: request.context(caller, door: .page)
        ).items
        return frame.page(texts.home, caller, section: .home) {
            tag(.div, .class("head")) { tag(.h1) { texts.classes } }
            if classes.isEmpty {
                tag(.div, .class("card blank")) { texts.noClasses }
            } else {
                tag(.ul, .class("tiles")) {
                    for item in classes {
                        tag(.li) {
                            tag(.a, .href(Link("m", item.type.model, item.type.code))) {
                                tag(.strong) { texts.pick(item.name, else: item.type.code) }
                                tag(.small) { item.type.description }
                            }
                        }
                    }
                }
            }
        }
    }

    /// What a list shows, and how it was asked for.
    private struct List {
        let type: ClassDescription
        let texts: Texts
        var filter: String?
        var orderby: String?
        var cursor: String?
        var records: [JSONValue] = []
        var next: String?
        var count: Int64?
        var fault: String?

        var columns: [ClassDescription.Column] {
            Array(type.columns.filter { !$0.multiline }.prefix(ClassPages.columnLimit))
        }
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let code = try request.fullCode("class")
        let type = try await records.call(DescribeClass(code), as: context)
        var list = List(type: type, texts: caller.texts)
        list.filter = request.query["filter"].flatMap { $0.isEmpty ? nil : $0 }
        list.orderby = request.query["orderby"].flatMap { $0.isEmpty ? nil : $0 }
        list.cursor = request.query["cursor"]
        do {
            let call = ListRecords(
                code, filter: list.filter, orderby: list.orderby,
                select: list.columns.map(\.code) + ["describe"],
                expand: list.columns.filter { $0.type == "reference" }.map(\.code),
                limit: ClassPages.pageSize, cursor: list.cursor, count: true)
            let answer = try JSONValue(
                parsing: try await records.forward(call, as: context).bytes)
            list.records = answer["items"]?.array ?? []
            list.next = answer["next"]?.string
            list.count = answer["count"]?.integer
        } catch let problem as Problem where problem.status == 400 || problem.status == 422 {
            list.fault = problem.detail ?? problem.title
        }
        return show(list, caller)
    }

    private func show(_ list: List, _ caller: Caller) -> Response {
        let texts = list.texts
        let name = texts.pick(list.type.name, else: list.type.type.code)
        let path = (list.type.type.model, list.type.type.code)
        return frame.page(
            name, caller, status: list.fault == nil ? 200 : 400, section: .home
        ) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.home)) {
                tag(.a, .href(.home)) { texts.home }
            }
            tag(.div, .class("head")) {
                tag(.div) {
                    tag(.h1) { name }
                    if let count = list.count { tag(.p) { texts.count(count) } }
                }
                if list.type.operations.contains("insert") {
                    tag(.a, .class("button main"), .href(Link("m", path.0, path.1, "new"))) {
                        texts.newRecord
                    }
                }
            }
            filter(list, Link("m", path.0, path.1))
            table(list, name)
            pager(list)
        }
    }

    private func filter(_ list: List, _ link: Link) -> HTML {
        let texts = list.texts
        return tag(.form, .class("filter"), .get, .action(link), .fixed("role", "search")) {
            tag(.div, .class("field")) {
                tag(.label, .for("filter")) { texts.filter }
                tag(
                    .input, .id("filter"), .name("filter"), .value(list.filter ?? ""),
                    .placeholder(texts.filterHint), .fixed("spellcheck", "false"),
                    .fixed("autocapitalize", "none"),
                    list.fault == nil ? nil : .aria(.invalid, "true"),
                    list.fault == nil ? nil : .aria(.describedBy, "filter-fault"))
                if let fault = list.fault {
                    tag(.p, .class("fault"), .id("filter-fault"), .fixed("role", "alert")) { fault }
                }
            }
            if let orderby = list.orderby {
                tag(.input, .type("hidden"), .name("orderby"), .value(orderby))
            }
            tag(.div, .class("row")) {
                tag(.button, .class("button"), .type("submit")) { texts.apply }
                if list.filter != nil { tag(.a, .class("button"), .href(link)) { texts.clear } }
            }
        }
    }

    private func table(_ list: List, _ name: String) -> HTML {
        let texts = list.texts
        if list.fault != nil { return .nothing }
        if list.records.isEmpty {
            return tag(.div, .class("card blank")) {
                list.filter == nil ? texts.noRecords : texts.noMatches
            }
        }
        return tag(.div, .class("scroll"), .fixed("tabindex", "0"), .aria(.label, name)) {
            tag(.table) {
                tag(.caption) { name }
                tag(.thead) {
                    tag(.tr) {
                        tag(.th, .fixed("scope", "col")) { texts.record }
                        for column in list.columns { heading(list, column) }
                    }
                }
                tag(.tbody) {
                    for record in list.records { row(list, record) }
                }
            }
        }
    }

    /// A heading sorts by its column; once more turns the order round.
    private func heading(_ list: List, _ column: ClassDescription.Column) -> HTML {
        let name = list.texts.pick(column.name, else: column.code)
        let isUp = list.orderby == column.code
        let isDown = list.orderby == "\(column.code) desc"
        let link = Link(
            "m", list.type.type.model, list.type.type.code,
            query: [
                ("filter", list.filter), ("orderby", isUp ? "\(column.code) desc" : column.code),
            ])
        let isNumber = column.type == "integer" || column.type == "decimal"
        return tag(
            .th, .fixed("scope", "col"), isNumber ? .class("number") : nil,
            isUp ? .aria(.sort, "ascending") : isDown ? .aria(.sort, "descending") : nil
        ) {
            tag(.a, .href(link), .title(list.texts.sortBy(name))) {
                name + (isUp ? " ▲" : isDown ? " ▼" : "")
            }
        }
    }

    private func row(_ list: List, _ record: JSONValue) -> HTML {
        let id = record["id"]?.integer ?? 0
        let link = Link("m", list.type.type.model, list.type.type.code, String(id))
        return tag(.tr) {
            tag(.th, .fixed("scope", "row")) {
                tag(.a, .href(link)) { record["describe"]?.string ?? "#\(id)" }
            }
            for column in list.columns {
                tag(.td, cell(column)) {
                    ColumnValue(column: column, texts: list.texts)
                        .shown(record[column.code], limit: ClassPages.cellLimit)
                }
            }
        }
    }

    private func cell(_ column: ClassDescription.Column) -> Attribute {
        switch column.type {
        case "integer", "decimal": .class("number")
        case "text", "reference": .class("text")
        default: .class("short")
        }
    }

    private func pager(_ list: List) -> HTML {
        let link = { (cursor: String?) in
            Link(
                "m", list.type.type.model, list.type.type.code,
                query: [
                    ("filter", list.filter), ("orderby", list.orderby), ("cursor", cursor),
                ])
        }
        if list.next == nil && list.cursor == nil { return .nothing }
        return tag(.nav, .class("pager"), .aria(.label, list.texts.nextPage)) {
            if list.cursor != nil {
                tag(.a, .class("button"), .href(link(nil))) { list.texts.firstPage }
            }
            if let next = list.next {
                tag(.a, .class("button"), .href(link(next))) { list.texts.nextPage }
            }
        }
    }
}
