import Contracts
import HTTP
import JSON
import RPC

/// `/m/{model}/{class}/many`: several records changed or deleted at once: those that were ticked,
/// or all that a list's filter names.
struct ManyPages: Sendable {
    /// Records that can be ticked for one change.
    static let limit = 1000
    /// Names that are shown.
    static let shownLimit = 20
    private static let path = "/m/{model}/{class}/many"

    let pages: Pages

    private var records: Peer { pages.records }

    func add() {
        pages.onPage(
            ManyPages.path, .account, "A form that changes or deletes several records at once",
            query: [
                .init(name: "id", type: "integer", about: "A record; as often as there are"),
                .init(name: "all", about: "`1`: all that the list's filter names"),
                RecordPages.list,
            ]
        ) { request, caller in
            let many = try await many(request, caller)
            var form = RecordForm(type: many.type, texts: caller.texts)
            form.isPartial = true
            return try await page(many, form, request, caller)
        }
        pages.onForm(
            ManyPages.path, .account, "Changes or deletes several records", problems: [403, 413],
            act)
    }

    /// What is to be changed.
    struct Many: Sendable {
        let type: ClassDescription
        let list: ListQuery
        /// Nil: all that the list's filter names.
        var ids: [Int64]?
        var items: [JSONValue] = []
        var count: Int64 = 0
        var filter = ""

        var mayChange: Bool {
            type.operations.contains(ids == nil ? "changeMany" : "change")
                && type.columns.contains(where: \.writable)
        }
        var mayDelete: Bool {
            type.operations.contains(ids == nil ? "deleteMany" : "delete")
        }
    }

    private func many(_ request: Request, _ caller: Caller) async throws -> Many {
        let context = try request.context(caller, door: .page)
        let type = try await records.call(
            DescribeClass(try request.fullCode("class")), as: context)
        let list = ListQuery(type.type, text: request.query["list"]) ?? ListQuery(type.type)
        var many = Many(type: type, list: list)
        if request.query["all"] == "1" {
            let found = QuickSearch(list.search, type)
            guard found.words == nil else {
                throw Problem.invalidParameter(caller.texts.allNeedsFilter)
            }
            many.filter = found.filter(list.filter) ?? "id gt 0"
        } else {
            let ids = request.query.items.filter { $0.name == "id" }.compactMap { Int64($0.value) }
            guard !ids.isEmpty, ids.count <= ManyPages.limit else {
                throw Problem.invalidParameter(caller.texts.nothingChosen)
            }
            many.ids = ids
            many.filter = "id in (\(ids.map { String($0) }.joined(separator: ",")))"
        }
        let call = ListRecords(
            type.type, filter: many.filter, orderby: list.orderby, select: ["describe"],
            limit: many.ids == nil ? ManyPages.shownLimit : ManyPages.limit, count: true)
        let answer = try JSONValue(parsing: await records.forward(call, as: context).bytes)
        many.items = answer["items"]?.array ?? []
        many.count = answer["count"]?.integer ?? 0
        return many
    }

    // MARK: Doing it

    @Sendable private func act(
        _ request: Request, _ caller: Caller, _ sent: Form
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let many = try await many(request, caller)
        var form = RecordForm(type: many.type, texts: caller.texts)
        form.isPartial = true
        let isDeletion = sent["_do"] == "delete"
        guard isDeletion ? many.mayDelete : many.mayChange else {
            throw Problem.forbidden("No role of yours may do this to records of \(many.type.type).")
        }
        let values = form.read(sent)
        if !isDeletion, values.isEmpty, form.faults.isEmpty {
            form.general.append(form.texts.nothingTicked)
        }
        guard isDeletion || form.faults.isEmpty && form.general.isEmpty else {
            return try await page(many, form, request, caller, status: 422)
        }
        // Not a conditional expression: its nil would be JSON's null.
        var body: JSONValue?
        if !isDeletion { body = .object(JSONObject(values)) }
        do {
            let failed =
                many.ids == nil
                ? try await actOnAll(many, body, sent, context)
                : try await actOnKnown(many, body, sent, context)
            guard failed.isEmpty else {
                form.general = failed
                return try await page(
                    self.many(request, caller), form, request, caller, status: 422)
            }
        } catch let problem as Problem where [409, 412, 413, 422].contains(problem.status) {
            form.take(problem)
            return try await page(
                self.many(request, caller), form, request, caller, status: problem.status)
        }
        return pages.redirect(to: many.list.link, saying: isDeletion ? "deleted" : "saved")
    }

    private func actOnAll(
        _ many: Many, _ body: JSONValue?, _ sent: Form, _ context: CallContext
    ) async throws -> [String] {
        let expect = sent["_expect"].flatMap { Int64($0) } ?? -1
        if let body {
            let call = ChangeMany(
                many.type.type, filter: many.filter, expect: expect, body: JSONBytes(body.bytes))
            _ = try await records.forward(call, as: context)
        } else {
            let call = DeleteMany(many.type.type, filter: many.filter, expect: expect)
            _ = try await records.forward(call, as: context)
        }
        return []
    }

    /// Each for itself, at the version that the person saw; what could not be done is named.
    private func actOnKnown(
        _ many: Many, _ body: JSONValue?, _ sent: Form, _ context: CallContext
    ) async throws -> [String] {
        let known = sent.fields.filter { $0.name == "_record" }.compactMap { field in
            let parts = field.value.split(separator: ":").compactMap { Int64($0) }
            return parts.count == 2 ? (id: parts[0], version: parts[1]) : nil
        }
        let items = known.map { record -> JSONValue in
            var item: [JSONValue] = [
                .string(body == nil ? "delete" : "change"), .number(JSONNumber(record.id)),
                .number(JSONNumber(record.version)),
            ]
            if let body { item.append(body) }
            return .array(item)
        }
        let call = WriteKnown(many.type.type, items: JSONBytes(JSONValue.array(items).bytes))
        let answer = try JSONValue(parsing: await records.forward(call, as: context).bytes)
        let names = Dictionary(
            many.items.map { ($0["id"]?.integer ?? 0, $0["describe"]?.string ?? "") },
            uniquingKeysWith: { first, _ in first })
        return (answer["results"]?.array ?? []).compactMap { result in
            guard let problem = result["problem"] else { return nil }
            let id = result["id"]?.integer ?? 0
            let detail =
                problem["errors"]?.array?.first?["detail"]?.string ?? problem["detail"]?.string
                ?? problem["title"]?.string ?? ""
            return "\(names[id] ?? "#\(id)"): \(detail)"
        }
    }

    // MARK: The page

    private func page(
        _ many: Many, _ form: RecordForm, _ request: Request, _ caller: Caller, status: Int = 200
    ) async throws -> Response {
        var form = form
        if many.mayChange {
            form.choices = await ReferenceChoices(records: pages.records).of(
                many.type, try request.context(caller, door: .page))
        }
        let texts = caller.texts
        let name = texts.pick(many.type.name, else: many.type.type.code)
        let query = request.query.items.map { ($0.name, Optional($0.value)) }
        let here = Link("m", many.type.type.model, many.type.type.code, "many", query: query)
        return pages.frame.page(name, caller, status: status, width: .reading, section: .home) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
                tag(.a, .href(.home)) { texts.home }
                tag(.a, .href(many.list.link)) { name }
            }
            tag(.div, .class("head")) { tag(.h1) { texts.count(many.count) } }
            form.notice()
            chosen(many, texts)
            if many.mayChange {
                tag(.form, .class("card"), .post, .action(here)) {
                    hidden(many, caller)
                    tag(.h2) { texts.changeAll }
                    form.fields()
                    tag(.div, .class("actions")) {
                        tag(.button, .class("button main"), .type("submit")) { texts.save }
                        tag(.a, .class("button"), .href(many.list.link)) { texts.cancel }
                    }
                }
            }
            if many.mayDelete { deletion(many, here, caller) }
        }
    }

    private func hidden(_ many: Many, _ caller: Caller) -> HTML {
        var html = pages.csrf(caller)
        if many.ids == nil {
            html += tag(
                .input, .type("hidden"), .name("_expect"), .value(String(many.count)))
            return html
        }
        for item in many.items {
            let id = item["id"]?.integer ?? 0
            html += tag(
                .input, .type("hidden"), .name("_record"),
                .value("\(id):\(item["version"]?.integer ?? 0)"))
        }
        return html
    }

    private func chosen(_ many: Many, _ texts: Texts) -> HTML {
        tag(.ul, .class("chips")) {
            for item in many.items.prefix(ManyPages.shownLimit) {
                tag(.li, .class("chip")) { item["describe"]?.string ?? "" }
            }
            if many.count > Int64(min(many.items.count, ManyPages.shownLimit)) {
                let shown = min(many.items.count, ManyPages.shownLimit)
                tag(.li, .class("quiet")) { texts.more(Int(many.count) - shown) }
            }
        }
    }

    private func deletion(_ many: Many, _ here: Link, _ caller: Caller) -> HTML {
        let texts = caller.texts
        return tag(.details) {
            tag(.summary) { texts.delete }
            tag(.form, .class("card"), .post, .action(here)) {
                hidden(many, caller)
                tag(.input, .type("hidden"), .name("_do"), .value("delete"))
                tag(.strong) { texts.deleteMany(many.count) }
                tag(.div, .class("actions")) {
                    tag(.button, .class("button bad"), .type("submit")) { texts.delete }
                }
            }
        }
    }
}
