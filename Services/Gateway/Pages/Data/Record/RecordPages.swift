import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// `/m/{model}/{class}/new` and `/m/{model}/{class}/{id}`: a record made, read and changed by a
/// person.
struct RecordPages: Sendable {
    static let new = "/m/{model}/{class}/new"
    static let one = "/m/{model}/{class}/{id:integer}"
    /// Records offered for a reference; where there are more, it is looked for.
    static let choiceLimit = 50
    static let list = Operation.Parameter(
        name: "list", about: "The query of the list that it was opened from")

    let pages: Pages
    let recents: RecentRecords

    var records: Peer { pages.records }
    var frame: PageFrame { pages.frame }
    var authenticator: Authenticator { pages.authenticator }

    func add() {
        pages.onPage(
            RecordPages.new, .account,
            "A form, filled from the query for the columns in prefill; saves nothing",
            query: [.init(name: "returnUrl", about: "An own page to go to after saving")], open)
        pages.onForm(RecordPages.new, .account, "Creates the record", create)
        pages.onPage(
            RecordPages.one, .account, "A record with its history", query: [RecordPages.list]
        ) { request, caller in try await show(request, caller, form: nil, status: 200) }
        pages.onForm(RecordPages.one, .account, "Saves the record", save)
        pages.onForm(RecordPages.one + "/delete", .account, "Deletes the record", delete)
        pages.onForm(
            RecordPages.one + "/restore", .account, "Puts an earlier version back", restore)
        addPicker()
        addMove()
        addFiles(to: pages.table)
    }

    // MARK: New

    @Sendable private func open(_ request: Request, _ caller: Caller) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let type = try await creatable(request, context)
        var form = RecordForm(type: type, texts: caller.texts)
        let begun = try await beginning(type, request.query, &form, context)
        for column in form.columns {
            form.inputs[column.code] = ColumnValue(column: column, texts: form.texts)
                .input(begun[column.code] ?? column.defaultValue)
        }
        // What the URL says and no column takes is shown as it came, to be mended.
        for fault in Prefill(type, form.texts).read(request.query).faults {
            let code = String(fault.pointer.dropFirst())
            form.inputs[code] = request.query[code]
        }
        form.choices = await choices(type, context)
        return newPage(form, caller, returnTo: Link(own: request.query["returnUrl"]))
    }

    /// What the form begins with. Rules that cannot be run leave a form that can be filled in all
    /// the same, and say so.
    private func beginning(
        _ type: ClassDescription, _ query: Query, _ form: inout RecordForm,
        _ context: CallContext
    ) async throws -> JSONObject {
        let values = Prefill(type, form.texts).read(query).values
        do {
            let answer = try await records.forward(
                NewRecord(type.type, values: .object(values)), as: context)
            return try JSONValue(parsing: answer.bytes).object ?? JSONObject()
        } catch let problem as Problem where problem.status == 422 || problem.status == 503 {
            form.take(problem)
            return values
        }
    }

    @Sendable private func create(
        _ request: Request, _ caller: Caller, _ sent: Form
    ) async throws -> Response {
        var context = try request.context(caller, door: .page)
        let type = try await creatable(request, context)
        var form = RecordForm(type: type, texts: caller.texts)
        // The same form sent twice (a double click, a second try) makes one record.
        if let key = sent["_key"], !key.isEmpty, key.utf8.count <= 100 {
            context.idempotencyKey = "\(caller.principal.account):form:\(key)"
        }
        // What was left empty is not named; what was emptied of its default is.
        let defaults = Set(type.columns.filter { $0.defaultValue != nil }.map(\.code))
        let values = form.read(sent).filter { !$0.1.isNull || defaults.contains($0.0) }
        let link = Link(own: sent["_returnUrl"])
        if form.faults.isEmpty {
            do {
                let body = JSONBytes(JSONValue.object(JSONObject(values)).bytes)
                let answer = try await records.forward(
                    CreateRecord(type.type, body: body), as: context)
                guard let id = RecordRoutes.head(of: answer).id else { throw Problem.internalError }
                return pages.redirect(to: link ?? RecordPages.link(type, id), saying: "created")
            } catch let problem as Problem where problem.status == 422 || problem.status == 409 {
                form.take(problem)
            }
        }
        form.choices = await choices(type, context)
        return newPage(form, caller, returnTo: link, status: 422)
    }

    private func creatable(_ request: Request, _ context: CallContext) async throws
        -> ClassDescription
    {
        let type = try await records.call(
            DescribeClass(try request.fullCode("class")), as: context)
        guard type.operations.contains("insert") else {
            throw Problem.forbidden("No role of yours may create records of \(type.type).")
        }
        return type
    }

    private func newPage(
        _ form: RecordForm, _ caller: Caller, returnTo link: Link?, status: Int = 200
    ) -> Response {
        let texts = form.texts
        let name = texts.pick(form.type.name, else: form.type.type.code)
        let list = Link("m", form.type.type.model, form.type.type.code)
        let here = Link("m", form.type.type.model, form.type.type.code, "new")
        return frame.page(texts.new(name), caller, status: status, width: .reading) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
                tag(.a, .href(.home)) { texts.home }
                tag(.a, .href(list)) { name }
            }
            tag(.div, .class("head")) { tag(.h1) { texts.new(name) } }
            form.notice()
            tag(.form, .class("card"), .post, .action(here), .data("draft")) {
                pages.csrf(caller)
                RecordPage.draftNote(texts)
                pages.onceKey
                if let link {
                    tag(.input, .type("hidden"), .name("_returnUrl"), .value(link.text))
                }
                form.fields()
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) { texts.create }
                    tag(.a, .class("button"), .href(link ?? list)) { texts.cancel }
                }
            }
        }
    }
}
