import Contracts
import HTTP
import JSON
import RPC

/// `?view=board&by=status`: a list as cards, a lane for each choice of a column.
struct BoardPage {
    /// Cards that a lane shows.
    static let laneLimit = 25
    /// Values that a card shows beside what its record is called.
    static let cardColumns = 3

    struct Lane: Sendable {
        /// Empty: records without a choice.
        let choice: String
        var items: [JSONValue] = []
        var count: Int64 = 0
    }

    let page: ListPage
    let column: ClassDescription.Column
    let lanes: [Lane]

    private var texts: Texts { page.texts }

    /// Columns whose choices can be lanes.
    static func columns(_ type: ClassDescription) -> [ClassDescription.Column] {
        type.columns.filter { $0.type == "choice" && !$0.many && !($0.choices ?? []).isEmpty }
    }

    /// Nil where it is no board, or the class has no such column.
    init?(_ page: ListPage, _ lanes: [Lane]? = []) {
        guard let lanes, page.query.board != nil else { return nil }
        self.lanes = lanes
        let columns = BoardPage.columns(page.type)
        guard
            let column = columns.first(where: { $0.code == page.query.board }) ?? columns.first
        else { return nil }
        self.page = page
        self.column = column
    }

    /// The lanes, asked for side by side.
    func load(_ records: Peer, _ context: CallContext) async throws -> [Lane] {
        let choices = (column.required ? [] : [""]) + (column.choices ?? [])
        return try await withThrowingTaskGroup(of: (Int, Lane).self) { group in
            for (index, choice) in choices.enumerated() {
                var call = page.call(limit: BoardPage.laneLimit, count: true)
                call.filter = FilterText(call.filter).and(condition(choice)).text
                call.select = (call.select ?? []) + [column.code]
                let asked = call
                group.addTask {
                    let answer = try JSONValue(
                        parsing: await records.forward(asked, as: context).bytes)
                    let lane = Lane(
                        choice: choice, items: answer["items"]?.array ?? [],
                        count: answer["count"]?.integer ?? 0)
                    return (index, lane)
                }
            }
            var lanes: [(Int, Lane)] = []
            for try await lane in group { lanes.append(lane) }
            return lanes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func condition(_ choice: String) -> String {
        choice.isEmpty
            ? FilterCondition(column.code, .empty).text
            : FilterCondition(column.code, .eq, literal: FilterCondition.quoted(choice)).text
    }

    // MARK: Showing

    func html() -> HTML {
        tag(
            .div, .class("scroll board"), .fixed("tabindex", "0"), .aria(.label, page.name),
            .data("board")
        ) {
            for lane in lanes where !lane.choice.isEmpty || lane.count > 0 { self.lane(lane) }
        }
    }

    private func name(_ choice: String) -> String {
        choice.isEmpty
            ? texts.withoutChoice : ColumnValue(column: column, texts: texts).name(of: choice)
    }

    private func lane(_ lane: Lane) -> HTML {
        tag(.section, .class("lane"), .data("lane", lane.choice)) {
            tag(.h2) {
                name(lane.choice)
                tag(.small, .class("quiet")) { " \(texts.number(lane.count))" }
            }
            for item in lane.items { card(item, lane) }
            if lane.count > Int64(lane.items.count) {
                tag(
                    .a, .class("button small"),
                    .href(
                        page.query.changed {
                            $0.board = nil
                            $0.filter = FilterText($0.filter).and(condition(lane.choice)).text
                        }.link)
                ) { texts.more(Int(lane.count) - lane.items.count) }
            }
        }
    }

    private func card(_ item: JSONValue, _ lane: Lane) -> HTML {
        let id = item["id"]?.integer ?? 0
        // What its name says already is not said again.
        let name = item["describe"]?.string ?? "#\(id)"
        let shown = page.columns.shown.filter { shown in
            guard shown.code != column.code, let value = item[shown.code] else { return false }
            return !value.isNull && !(value.string.map(name.contains) ?? false)
        }
        return tag(.article, .class("ticket"), .data("card")) {
            tag(.a, .href(page.query.link(to: id))) { name }
            tag(.div, .class("quiet")) {
                for column in shown.prefix(BoardPage.cardColumns) {
                    tag(.span, .title(texts.pick(column.name, else: column.code))) {
                        ColumnValue(column: column, texts: texts).shown(
                            item[column.code], limit: 60)
                    }
                }
            }
            if page.type.operations.contains("change"), column.writable, !column.readOnly {
                move(item, id, lane)
            }
        }
    }

    private func move(_ item: JSONValue, _ id: Int64, _ lane: Lane) -> HTML {
        let type = page.type.type
        let link = Link(
            "m", type.model, type.code, String(id), "move", query: [("list", page.query.text)])
        return tag(.form, .class("move"), .post, .action(link)) {
            page.pages.csrf(page.caller)
            Parts.version(item["version"]?.integer ?? 0)
            tag(.input, .type("hidden"), .name("column"), .value(column.code))
            tag(
                .select, .name("value"),
                .aria(.label, texts.moveCard(item["describe"]?.string ?? "#\(id)"))
            ) {
                if !column.required {
                    tag(.option, .value(""), lane.choice.isEmpty ? .selected : nil) { texts.empty }
                }
                for choice in column.choices ?? [] {
                    tag(.option, .value(choice), choice == lane.choice ? .selected : nil) {
                        name(choice)
                    }
                }
            }
            tag(.button, .class("button small"), .type("submit")) { texts.move }
        }
    }
}

extension RecordPages {
    /// One value of a record is set, and the list from which it came shown again.
    func addMove() {
        pages.onForm(
            RecordPages.one + "/move", .account, "Sets one column of the record: a card is moved"
        ) { request, caller, sent in
            try await act(request, caller, sent) { type, id, version, context in
                let code = sent["column"] ?? ""
                let value = sent["value"] ?? ""
                let body = JSONObject([(code, value.isEmpty ? .null : .string(value))])
                let call = ChangeRecord(
                    type, id: id, version: version,
                    body: JSONBytes(JSONValue.object(body).bytes))
                _ = try await records.forward(call, as: context)
                let list = ListQuery(type, text: request.query["list"]) ?? ListQuery(type)
                return pages.redirect(to: list.link, saying: "saved")
            }
        }
    }
}
