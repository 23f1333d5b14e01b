import Contracts
import HTTP
import JSON
import RPC

/// `/q/{model}/{query}`: a query's rows as a table, and drawn.
struct QueryPages: Sendable {
    /// Rows of a page.
    static let limit = 200
    /// Names of the address that are no parameters of the query.
    private static let own: Set<String> = ["cursor", "chart"]

    let pages: Pages

    func add() {
        pages.onPage(
            "/q/{model}/{query}", .account,
            "A query as a table and a chart; each of its parameters is one of the address",
            query: [
                .init(
                    name: "chart", about: "How it is drawn",
                    words: Chart.Kind.allCases.map(\.rawValue)), .cursor,
            ], show)
    }

    private struct Result {
        let query: FullCode
        var parameters: [(name: String, value: String)]
        var kind: Chart.Kind
        var rows: [JSONObject] = []
        var next: String?
        /// What is wrong with parameters, by name.
        var faults: [String: String] = [:]

        func link(_ kind: Chart.Kind? = nil, cursor: String? = nil) -> Link {
            var items = parameters.map { (name: $0.name, value: Optional($0.value)) }
            items.append(("chart", (kind ?? self.kind).rawValue))
            items.append(("cursor", cursor))
            return Link("q", query.model, query.code, query: items)
        }
    }

    @Sendable private func show(_ request: Request, _ caller: Caller) async throws -> Response {
        let items = request.query.items.filter { !QueryPages.own.contains($0.name) }
        let kind = request.query["chart"].flatMap(Chart.Kind.init(rawValue:)) ?? .bar
        var result = Result(
            query: try request.fullCode("query"), parameters: items, kind: kind)
        let values = JSONObject(
            items.filter { !$0.value.isEmpty }.map { ($0.name, .string($0.value)) })
        var status = 200
        do {
            let call = RunQuery(
                result.query, parameters: values.members.isEmpty ? nil : .object(values),
                limit: QueryPages.limit, cursor: request.query["cursor"])
            let answer = try JSONValue(
                parsing: await pages.records.forward(
                    call, as: request.context(caller, door: .page)
                ).bytes)
            result.rows = (answer["items"]?.array ?? []).compactMap(\.object)
            result.next = answer["next"]?.string
        } catch let problem as Problem where problem.status == 422 && !problem.errors.isEmpty {
            status = 422
            for error in problem.errors {
                let name = String(error.pointer.dropFirst())
                result.faults[name] = error.detail
                if !result.parameters.contains(where: { $0.name == name }) {
                    result.parameters.append((name, ""))
                }
            }
        }
        return page(result, caller, status: status)
    }

    private func page(_ result: Result, _ caller: Caller, status: Int) -> Response {
        let texts = caller.texts
        return pages.frame.page(result.query.code, caller, status: status, section: .home) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
                tag(.a, .href(.home)) { texts.home }
            }
            tag(.div, .class("head")) {
                tag(.div) {
                    tag(.h1) { result.query.code }
                    tag(.p) { result.query.description }
                }
            }
            parameters(result, texts)
            if status == 200 { drawn(result, texts) }
        }
    }

    private func parameters(_ result: Result, _ texts: Texts) -> HTML {
        if result.parameters.isEmpty { return .nothing }
        let here = Link("q", result.query.model, result.query.code)
        return tag(.form, .class("filter"), .get, .action(here)) {
            tag(.input, .type("hidden"), .name("chart"), .value(result.kind.rawValue))
            for (name, value) in result.parameters {
                tag(.div, .class("field")) {
                    tag(.label, .for("p-\(name)")) { name }
                    tag(
                        .input, .id("p-\(name)"), .name(name), .value(value),
                        result.faults[name] == nil ? nil : .aria(.invalid, "true"),
                        result.faults[name] == nil ? nil : .aria(.describedBy, "e-\(name)"))
                    if let fault = result.faults[name] {
                        tag(.p, .class("fault"), .id("e-\(name)")) { fault }
                    }
                }
            }
            tag(.button, .class("button main"), .type("submit")) { texts.apply }
        }
    }

    @HTMLBuilder private func drawn(_ result: Result, _ texts: Texts) -> HTML {
        if result.rows.isEmpty {
            tag(.div, .class("card blank")) { texts.nothingHere }
        } else {
            if let chart = Chart(result.rows, result.kind, texts) {
                tag(.nav, .class("tabs"), .aria(.label, texts.chart)) {
                    for kind in Chart.Kind.allCases {
                        tag(
                            .a, .href(result.link(kind)),
                            kind == result.kind ? .aria(.current, "page") : nil
                        ) { texts.chart(kind) }
                    }
                }
                tag(.div, .class("card")) { chart.html(result.query.code) }
            }
            table(result, texts)
            if let next = result.next {
                tag(.nav, .class("pager"), .aria(.label, texts.nextPage)) {
                    tag(.a, .class("button small"), .href(result.link(cursor: next))) {
                        texts.nextPage
                    }
                }
            }
        }
    }

    private func table(_ result: Result, _ texts: Texts) -> HTML {
        let columns = result.rows[0].members.map(\.key)
        return tag(
            .div, .class("scroll"), .fixed("tabindex", "0"), .aria(.label, result.query.code)
        ) {
            tag(.table, .class("dense")) {
                tag(.caption) { result.query.code }
                tag(.thead) {
                    tag(.tr) {
                        for column in columns {
                            let isNumber = result.rows.contains { $0[column]?.isNumber ?? false }
                            tag(
                                .th, .fixed("scope", "col"), isNumber ? .class("number") : nil
                            ) { column }
                        }
                    }
                }
                tag(.tbody) {
                    for row in result.rows {
                        tag(.tr) { for column in columns { cell(row[column], texts) } }
                    }
                }
            }
        }
    }

    private func cell(_ value: JSONValue?, _ texts: Texts) -> HTML {
        switch value {
        case .number(let number)?:
            tag(.td, .class("number")) { texts.decimal(number.text) }
        case .string(let text)?:
            tag(.td) {
                text.count > ClassPages.cellLimit
                    ? String(text.prefix(ClassPages.cellLimit)) + "…" : text
            }
        case .boolean(let flag)?: tag(.td) { flag ? texts.yes : texts.no }
        case nil, .null?: tag(.td, .class("quiet")) { texts.empty }
        case let other?: tag(.td) { String(other.text.prefix(ClassPages.cellLimit)) }
        }
    }
}

extension JSONValue {
    fileprivate var isNumber: Bool {
        if case .number = self { true } else { false }
    }
}
