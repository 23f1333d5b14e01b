import Contracts
import HTTP
import JSON

/// What stands above a list: quick search, filter, order, columns; and the conditions as chips.
struct ListTools {
    let page: ListPage

    private var texts: Texts { page.texts }
    private var query: ListQuery { page.query }
    private var list: Link { Link("m", query.type.model, query.type.code) }

    func html() -> HTML {
        var html = tag(.div, .class("tools")) {
            search()
            menu(texts.filter, isOpen: page.fault != nil || page.builderFault != nil) {
                builder()
                asText()
            }
            if query.board == nil {
                menu(texts.sort) { order() }
                menu(texts.columns) { choice() }
                if !totalled.isEmpty { menu(texts.totals) { totals() } }
            }
            menu(texts.views) {
                ways()
                deleted()
                ListViewTabs(page: page).menu()
            }
            if page.type.operations.contains("export"), !query.isDeleted {
                menu(texts.export) {
                    tag(.ul) {
                        for format in ["csv", "xlsx"] {
                            tag(.li) {
                                tag(.a, .href(query.file(format))) { format.uppercased() }
                            }
                        }
                    }
                }
            }
        }
        html += chips()
        return html
    }

    private func menu(
        _ name: String, isOpen: Bool = false, @HTMLBuilder content: () -> HTML
    ) -> HTML {
        tag(.details, .class("menu"), .data("menu"), isOpen ? .open : nil) {
            tag(.summary) { name }
            tag(.div, .class("pop")) { content() }
        }
    }

    /// The same records as a list, or as a board by each column that can be one.
    @HTMLBuilder private func ways() -> HTML {
        let boards = BoardPage.columns(page.type)
        if !boards.isEmpty {
            tag(.ul) {
                tag(.li) {
                    tag(
                        .a, .href(query.changed { $0.board = nil }.link),
                        query.board == nil ? .aria(.current, "true") : nil
                    ) { texts.asList }
                }
                for column in boards {
                    tag(.li) {
                        tag(
                            .a, .href(query.changed { $0.board = column.code }.link),
                            query.board == column.code ? .aria(.current, "true") : nil
                        ) { "\(texts.asBoard): \(texts.pick(column.name, else: column.code))" }
                    }
                }
            }
        }
    }

    /// Who may delete finds what was deleted, to put it back.
    @HTMLBuilder private func deleted() -> HTML {
        if page.type.operations.contains("delete") {
            tag(.ul) {
                tag(.li) {
                    tag(.a, .href(query.other.link)) {
                        query.isDeleted ? texts.allRecords : texts.deletedRecords
                    }
                }
            }
        }
    }

    private func search() -> HTML {
        tag(.form, .class("seek"), .get, .action(list), .role(.search)) {
            query.kept(but: ["search", "cursor", "at", "trail"])
            tag(
                .input, .type("search"), .name("search"), .value(query.search ?? ""),
                .placeholder(texts.searchHere(page.name)),
                .aria(.label, texts.searchHere(page.name)))
            tag(.button, .class("button small"), .type("submit")) { texts.search }
        }
    }

    // MARK: Filter

    private func builder() -> HTML {
        let builder = FilterBuilder(page.type, texts)
        let chosen = page.asked?["where"] ?? ""
        return tag(.form, .class("build"), .get, .action(list), .data("build")) {
            query.kept(but: ["cursor", "at", "trail"])
            tag(.input, .type("hidden"), .name("set"), .value("filter"))
            tag(.div, .class("field")) {
                tag(.label, .for("where")) { texts.column }
                tag(.select, .id("where"), .name("where")) {
                    for column in builder.columns {
                        option(column, isChosen: column.code == chosen)
                    }
                }
            }
            tag(.div, .class("field")) {
                tag(.label, .for("is")) { texts.condition }
                tag(.select, .id("is"), .name("is")) {
                    for comparison in FilterCondition.Operator.allCases {
                        tag(
                            .option, .value(comparison.rawValue),
                            page.asked?["is"] == comparison.rawValue ? .selected : nil
                        ) { texts.comparison(comparison, "") }
                    }
                }
            }
            tag(.div, .class("field")) {
                tag(.label, .for("value")) { texts.value }
                tag(.div, .data("value"), .data("none", texts.nothingFound)) { valueInput() }
                if let fault = page.builderFault {
                    tag(.p, .class("fault"), .id("value-fault"), .role(.alert)) { fault }
                }
            }
            tag(.button, .class("button main small"), .type("submit")) { texts.addCondition }
        }
    }

    /// Of a reference that is called as others are, the records to choose from.
    private func valueInput() -> HTML {
        let typed = page.asked?["value"] ?? ""
        let isFaulty = page.builderFault != nil
        let marks: [Attribute?] = [
            isFaulty ? .aria(.invalid, "true") : nil,
            isFaulty ? .aria(.describedBy, "value-fault") : nil,
        ]
        guard page.found.isEmpty else {
            return tag(.select, .id("value"), .name("value"), marks[0], marks[1]) {
                for choice in page.found {
                    tag(.option, .value(String(choice.id))) { choice.name }
                }
            }
        }
        return tag(
            .input, .id("value"), .name("value"),
            .value(typed.isEmpty ? page.asked?["named"] ?? "" : typed),
            .fixed("autocomplete", "off"), marks[0], marks[1])
    }

    /// With what the script needs to offer what fits the column.
    private func option(_ column: ClassDescription.Column, isChosen: Bool) -> HTML {
        let shown = ColumnValue(column: column, texts: texts)
        var choices: [(String, String)] = []
        if column.type == "boolean" { choices = [("true", texts.yes), ("false", texts.no)] }
        if let all = column.choices { choices = all.map { ($0, shown.name(of: $0)) } }
        let fits = FilterCondition.Operator.allCases.filter { $0.fits(column) }
        let json = JSONValue.array(choices.map { .array([.string($0.0), .string($0.1)]) })
        return tag(
            .option, .value(column.code), isChosen ? .selected : nil,
            .data("kind", column.type), .data("fits", fits.map(\.rawValue).joined(separator: " ")),
            choices.isEmpty ? nil : .data("choices", json.text),
            column.target.map { .data("pick", Link("m", $0.model, $0.code, "pick").text) }
        ) { texts.pick(column.name, else: column.code) }
    }

    private func asText() -> HTML {
        tag(.form, .class("text"), .get, .action(list)) {
            query.kept(but: ["filter", "cursor", "at", "trail"])
            tag(.div, .class("field")) {
                tag(.label, .for("filter")) { texts.asText }
                tag(
                    .input, .id("filter"), .name("filter"), .value(query.filter ?? ""),
                    .placeholder(texts.filterHint), .fixed("spellcheck", "false"),
                    .fixed("autocapitalize", "none"),
                    page.fault == nil ? nil : .aria(.invalid, "true"),
                    page.fault == nil ? nil : .aria(.describedBy, "filter-fault"))
                if let fault = page.fault {
                    tag(.p, .class("fault"), .id("filter-fault"), .role(.alert)) { fault }
                }
            }
            tag(.button, .class("button small"), .type("submit")) { texts.apply }
        }
    }

    /// Each condition with the way to take it away.
    private func chips() -> HTML {
        let filter = FilterText(query.filter)
        if filter.conditions.isEmpty && query.search == nil { return .nothing }
        let builder = FilterBuilder(page.type, texts, names: page.names)
        return tag(.ul, .class("chips"), .aria(.label, texts.filter)) {
            if let search = query.search {
                chip("“\(search)”", query.changed { $0.search = nil })
            }
            for (index, condition) in filter.conditions.enumerated() {
                chip(
                    builder.words(condition),
                    query.changed { $0.filter = filter.without(index).text })
            }
            if filter.conditions.count + (query.search == nil ? 0 : 1) > 1 {
                tag(.li) {
                    tag(
                        .a,
                        .href(
                            query.changed {
                                $0.filter = nil
                                $0.search = nil
                            }.link)
                    ) { texts.clear }
                }
            }
        }
    }

    private func chip(_ text: String, _ without: ListQuery) -> HTML {
        tag(.li, .class("chip")) {
            text
            tag(.a, .href(without.link), .aria(.label, texts.without(text))) { "×" }
        }
    }

    // MARK: Order and columns

    /// Columns that one order may have.
    private static let orderLimit = 3

    private func order() -> HTML {
        let keys = (query.orderby ?? "").split(separator: ",").map {
            $0.split(separator: " ").map(String.init)
        }
        let columns = page.columns.all.filter {
            !$0.many && $0.type != "file" && $0.type != "json"
        }
        return tag(.form, .get, .action(list)) {
            query.kept(but: ["orderby", "cursor", "at", "trail"])
            tag(.input, .type("hidden"), .name("set"), .value("orderby"))
            for index in 0..<ListTools.orderLimit {
                let key = index < keys.count ? keys[index] : []
                tag(.div, .class("pair")) {
                    tag(
                        .select, .name("by"),
                        .aria(.label, index == 0 ? texts.sort : texts.thenBy)
                    ) {
                        tag(.option, .value("")) { index == 0 ? texts.empty : texts.thenBy }
                        for column in columns {
                            tag(
                                .option, .value(column.code),
                                key.first == column.code ? .selected : nil
                            ) { texts.pick(column.name, else: column.code) }
                        }
                    }
                    tag(.select, .name("way"), .aria(.label, texts.direction)) {
                        tag(.option, .value("asc")) { texts.ascending }
                        tag(
                            .option, .value("desc"), key.count > 1 ? .selected : nil
                        ) { texts.descending }
                    }
                }
            }
            tag(.button, .class("button main small"), .type("submit")) { texts.apply }
        }
    }

    private func choice() -> HTML {
        let shown = Set(page.columns.shown.map(\.code))
        let others = page.columns.all.filter { !shown.contains($0.code) }
        return tag(.form, .get, .action(list)) {
            query.kept(but: ["columns", "cursor", "at", "trail"])
            tag(.input, .type("hidden"), .name("set"), .value("columns"))
            tag(.div, .class("checks")) {
                for column in page.columns.shown + others {
                    tag(.label) {
                        tag(
                            .input, .type("checkbox"), .name("column"), .value(column.code),
                            shown.contains(column.code) ? .checked : nil)
                        texts.pick(column.name, else: column.code)
                    }
                }
            }
            tag(.button, .class("button main small"), .type("submit")) { texts.apply }
        }
    }

    // MARK: Totals

    /// Columns that can be added up.
    private var totalled: [ClassDescription.Column] {
        page.columns.shown.filter { !ListTotal.Function.fitting($0).isEmpty }
    }

    private func totals() -> HTML {
        tag(.form, .get, .action(list)) {
            query.kept(but: ["totals", "cursor", "at", "trail"])
            tag(.input, .type("hidden"), .name("set"), .value("totals"))
            for column in totalled {
                let chosen = query.totals.first { $0.code == column.code }?.function
                tag(.div, .class("field")) {
                    tag(.label, .for("total-\(column.code)")) {
                        texts.pick(column.name, else: column.code)
                    }
                    tag(.select, .id("total-\(column.code)"), .name("total")) {
                        tag(.option, .value("")) { texts.noTotal }
                        for function in ListTotal.Function.fitting(column) {
                            tag(
                                .option,
                                .value(ListTotal(function: function, code: column.code).text),
                                function == chosen ? .selected : nil
                            ) { texts.total(function, column.type) }
                        }
                    }
                }
            }
            tag(.button, .class("button main small"), .type("submit")) { texts.apply }
        }
    }
}
