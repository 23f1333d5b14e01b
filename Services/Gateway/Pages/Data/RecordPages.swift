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
    /// Records offered for a reference; where there are more, its number is typed.
    static let choiceLimit = 200

    let pages: Pages

    var records: Peer { pages.records }
    var frame: PageFrame { pages.frame }
    var authenticator: Authenticator { pages.authenticator }

    func add() {
        pages.onPage(
            RecordPages.new, .account,
            "A form, filled from the query for the columns in prefill; saves nothing",
            query: [.init(name: "returnUrl", about: "An own page to go to after saving")], open)
        pages.onForm(RecordPages.new, .account, "Creates the record", create)
        pages.onPage(RecordPages.one, .account, "A record with its history") { request, caller in
            try await show(request, caller, form: nil, status: 200)
        }
        pages.onForm(RecordPages.one, .account, "Saves the record", save)
        pages.onForm(RecordPages.one + "/delete", .account, "Deletes the record", delete)
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
        form.choices = try await choices(type, context)
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
                return PageFrame.redirect(
                    to: link ?? RecordPages.link(type, id),
                    cookie: authenticator.cookies.done("created"))
            } catch let problem as Problem where problem.status == 422 || problem.status == 409 {
                form.take(problem)
            }
        }
        form.choices = try await choices(type, context)
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
            crumbs(form.type, texts)
            tag(.div, .class("head")) { tag(.h1) { texts.new(name) } }
            form.notice()
            tag(.form, .class("card"), .post, .action(here)) {
                frame.csrf(caller.identity?.csrf ?? [])
                tag(.input, .type("hidden"), .name("_key"), .value(pages.random.token(12)))
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

    // MARK: Change

    /// A version that is not the one that stands is shown with both sides; so is one that loses the
    /// race.
    @Sendable private func save(
        _ request: Request, _ caller: Caller, _ sent: Form
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let code = try request.fullCode("class")
        let id = try request.id()
        let type = try await records.call(DescribeClass(code), as: context)
        var form = RecordForm(type: type, texts: caller.texts)
        let values = form.read(sent)
        let current = try await record(type, id, context)
        let version = current["version"]?.integer ?? 0
        guard sent["_version"] == String(version) else {
            form.standing = current
            return try await show(request, caller, form: form, status: 412)
        }
        if !form.faults.isEmpty {
            return try await show(request, caller, form: form, status: 422)
        }
        let changes = RecordPages.changes(values, current, form)
        if changes.isEmpty { return PageFrame.redirect(to: RecordPages.link(type, id)) }
        do {
            let body = JSONBytes(JSONValue.object(JSONObject(changes)).bytes)
            _ = try await records.forward(
                ChangeRecord(code, id: id, version: version, body: body), as: context)
            return PageFrame.redirect(
                to: RecordPages.link(type, id), cookie: authenticator.cookies.done("saved"))
        } catch let problem as Problem where problem.status == 412 {
            form.standing = try await record(type, id, context)
            return try await show(request, caller, form: form, status: 412)
        } catch let problem as Problem where problem.status == 422 || problem.status == 409 {
            form.take(problem)
            return try await show(request, caller, form: form, status: 422)
        }
    }

    /// Only what differs from what stands, compared as the form reads it.
    private static func changes(
        _ values: [(String, JSONValue)], _ current: JSONObject, _ form: RecordForm
    ) -> [(String, JSONValue)] {
        let columns = Dictionary(
            form.columns.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        return values.filter { code, value in
            guard let column = columns[code] else { return false }
            let shown = ColumnValue(column: column, texts: form.texts)
            return shown.read(shown.input(current[code])) != .value(value)
        }
    }

    @Sendable private func delete(
        _ request: Request, _ caller: Caller, _ sent: Form
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let code = try request.fullCode("class")
        guard let version = sent["_version"].flatMap({ Int64($0) }) else {
            throw Problem.preconditionRequired
        }
        do {
            _ = try await records.forward(
                DeleteRecord(code, id: try request.id(), version: version), as: context)
        } catch let problem as Problem where problem.status == 412 {
            let type = try await records.call(DescribeClass(code), as: context)
            var form = RecordForm(type: type, texts: caller.texts)
            let current = try await record(type, try request.id(), context)
            for column in form.columns {
                form.inputs[column.code] = ColumnValue(column: column, texts: form.texts)
                    .input(current[column.code])
            }
            form.standing = current
            return try await show(request, caller, form: form, status: 412)
        }
        return PageFrame.redirect(to: Link("m", code.model, code.code))
    }

    // MARK: Common

    func record(_ type: ClassDescription, _ id: Int64, _ context: CallContext) async throws
        -> JSONObject
    {
        let references = type.columns.filter { $0.type == "reference" }.map(\.code)
        let call = GetRecord(type.type, id: id, expand: references)
        let answer = try await records.forward(call, as: context)
        guard let object = try JSONValue(parsing: answer.bytes).object else {
            throw Problem.internalError
        }
        return object
    }

    static func link(_ type: ClassDescription, _ id: Int64) -> Link {
        Link("m", type.type.model, type.type.code, String(id))
    }

    func crumbs(_ type: ClassDescription, _ texts: Texts) -> HTML {
        tag(.nav, .class("crumbs"), .aria(.label, texts.back)) {
            tag(.a, .href(.home)) { texts.home }
            " / "
            tag(.a, .href(Link("m", type.type.model, type.type.code))) {
                texts.pick(type.name, else: type.type.code)
            }
        }
    }

    /// What a reference may take, where the caller may read it and it is not too much for a list.
    func choices(_ type: ClassDescription, _ context: CallContext) async throws
        -> [String: [RecordForm.Choice]]
    {
        var choices: [String: [RecordForm.Choice]] = [:]
        for column in type.columns where column.type == "reference" && column.writable {
            guard let target = column.target else { continue }
            do {
                let call = ListRecords(
                    target, select: ["describe"], limit: RecordPages.choiceLimit)
                let answer = try JSONValue(
                    parsing: try await records.forward(call, as: context).bytes)
                guard answer["next"]?.string == nil else { continue }
                choices[column.code] = (answer["items"]?.array ?? []).compactMap { item in
                    item["id"]?.integer.map {
                        RecordForm.Choice(id: $0, name: item["describe"]?.string ?? "#\($0)")
                    }
                }
            } catch let problem as Problem where problem.status < 500 {
                continue
            }
        }
        return choices
    }
}
