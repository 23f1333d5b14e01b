import HTTP
import JSON
import RPC

/// `/docs`: the API to read, and to try with one's own session. Made from the table of routes, as
/// the OpenAPI document is; no script plays a part.
struct DocumentPages: Sendable {
    private static let html = Operation.Content.media("text/html")

    let frame: PageFrame
    let table: RouteTable

    func add() {
        addDefinitions()
        let anyone = Permission.anyone(because: "an explanation holds no data")
        let page = Operation.Answer(200, "The page", DocumentPages.html)
        table.on(
            .get, "/docs", anyone, Operation("The API, to read and to try", answers: [page])
        ) { _, caller in index(caller) }
        table.on(
            .get, "/docs/{operation}", anyone,
            Operation("An operation of the API", answers: [page])
        ) { request, caller in
            let entry = try find(request)
            return show(entry, caller, form: Form(fields: DocumentPages.examples(entry)))
        }
        table.on(
            .post, "/docs/{operation}", .account,
            Operation("Tries an operation with the caller's own session", answers: [page]),
            body: RouteTable.form, bodyLimit: Form.limit
        ) { request, caller in try await tryOut(request, caller) }
    }

    /// What is documented: pages explain themselves.
    private var entries: [RouteTable.Entry] {
        table.entries.filter { OpenAPI.tag($0.path) != "pages" }
    }

    func find(_ request: Request) throws -> RouteTable.Entry {
        let name = request.parameters["operation"] ?? ""
        guard let entry = entries.first(where: { OpenAPI.identifier($0) == name }) else {
            throw Problem.notFound()
        }
        return entry
    }

    // MARK: Index

    private func index(_ caller: Caller) -> Response {
        let groups = Dictionary(grouping: entries) { OpenAPI.tag($0.path) }
        let texts = caller.texts
        return frame.page("API", caller, width: .reading, section: .help) {
            tag(.div, .class("head")) {
                tag(.div) {
                    tag(.h1) { "API" }
                    tag(.p) {
                        texts.docsLead.before
                        tag(.a, .href(Link("openapi.json"))) { "OpenAPI 3.1" }
                        texts.docsLead.definitions
                        tag(.a, .href(Link("docs", "definitions"))) { texts.docsDefinitions }
                        texts.docsLead.problems
                        tag(.a, .href(Link("problems"))) { texts.docsProblems }
                        "."
                    }
                }
            }
            for group in OpenAPI.tags where groups[group.name] != nil {
                tag(.section, .class("card")) {
                    tag(.h2) { group.name }
                    tag(.p, .class("quiet")) { texts.described(group.about) }
                    list(groups[group.name] ?? [], of: group.name, texts)
                }
            }
        }
    }

    private func list(_ entries: [RouteTable.Entry], of group: String, _ texts: Texts) -> HTML {
        tag(.div, .class("scroll docs"), .fixed("tabindex", "0"), .aria(.label, group)) {
            tag(.table) {
                tag(.caption) { group }
                tag(.tbody) {
                    for entry in entries {
                        tag(.tr) {
                            tag(.td) { tag(.code) { entry.method.rawValue } }
                            tag(.th, .fixed("scope", "row")) {
                                tag(.a, .href(Link("docs", OpenAPI.identifier(entry)))) {
                                    OpenAPI.template(entry.path)
                                }
                            }
                            tag(.td) { texts.described(entry.operation.summary) }
                        }
                    }
                }
            }
        }
    }

    // MARK: One operation

    func show(
        _ entry: RouteTable.Entry, _ caller: Caller, form: Form, trial: Trial? = nil
    ) -> Response {
        let texts = caller.texts
        let title = "\(entry.method.rawValue) \(OpenAPI.template(entry.path))"
        return frame.page(title, caller, width: .reading, section: .help) {
            tag(.nav, .class("crumbs"), .aria(.label, "API")) {
                tag(.a, .href(Link("docs"))) { "API" }
            }
            tag(.section, .class("card")) {
                tag(.h1) { title }
                tag(.p) { texts.described(entry.operation.summary) + "." }
                if let about = entry.operation.about { tag(.p) { texts.described(about) } }
                tag(.p, .class("quiet")) { DocumentPages.need(entry, texts) }
            }
            parameters(entry, texts)
            contents(entry, texts)
            problems(entry, texts)
            if DocumentPages.canBeTried(entry) { trialForm(entry, caller, form) }
            if let trial { trial.shown(texts) }
        }
    }

    private static func need(_ entry: RouteTable.Entry, _ texts: Texts) -> String {
        switch entry.permission {
        case .anyone(let reason): texts.docsOpen(reason)
        case .account: texts.docsNeedsAccount
        case .holder(let permission): texts.docsNeeds(permission)
        case .peer: texts.docsPeer
        }
    }

    @HTMLBuilder private func parameters(_ entry: RouteTable.Entry, _ texts: Texts) -> HTML {
        let parameters = OpenAPI.parameters(entry)
        if !parameters.isEmpty {
            tag(.section, .class("card")) {
                tag(.h2) { texts.docsParameters }
                tag(
                    .div, .class("scroll docs"), .fixed("tabindex", "0"), .role(.group),
                    .aria(.label, texts.docsParameters)
                ) {
                    tag(.table) {
                        tag(.caption) { texts.docsParameters }
                        tag(.tbody) {
                            for parameter in parameters {
                                tag(.tr) {
                                    tag(.th, .fixed("scope", "row")) {
                                        parameter["name"]?.string ?? ""
                                    }
                                    tag(.td) { parameter["in"]?.string ?? "" }
                                    tag(.td) { tag(.code) { parameter["schema"]?.text ?? "" } }
                                    tag(.td) {
                                        texts.described(parameter["description"]?.string ?? "")
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    @HTMLBuilder private func contents(_ entry: RouteTable.Entry, _ texts: Texts) -> HTML {
        tag(.section, .class("card")) {
            if let body = entry.operation.body {
                tag(.h2) { texts.docsBody }
                tag(.p, .class("quiet")) { entry.body.joined(separator: ", ") }
                schema(body)
            }
            tag(.h2) { texts.docsAnswers }
            for answer in entry.operation.answers {
                tag(.p) { "\(answer.status): \(texts.described(answer.about))" }
                if let content = answer.content { schema(content) }
            }
        }
    }

    @HTMLBuilder private func schema(_ content: Operation.Content) -> HTML {
        switch content {
        case .media(let type): tag(.p, .class("quiet")) { type }
        case .json(let name):
            let schema = Schemas.all.first { $0.0 == name }?.1
            tag(.details) {
                tag(.summary) { name }
                tag(.pre) { schema.map { PrettyJSON.text(of: $0) } ?? "" }
            }
        }
    }

    private func problems(_ entry: RouteTable.Entry, _ texts: Texts) -> HTML {
        let statuses = OpenAPI.problems(entry)
        return tag(.section, .class("card")) {
            tag(.details) {
                tag(.summary) { texts.docsProblems }
                tag(.ul) {
                    for kind in ProblemKind.all.sorted(by: { $0.status < $1.status })
                    where statuses.contains(kind.status) {
                        tag(.li) {
                            "\(kind.status) "
                            tag(.a, .href(Link("problems", kind.code))) { kind.code }
                        }
                    }
                }
            }
        }
    }
}
