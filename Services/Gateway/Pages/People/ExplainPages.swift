import Contracts
import HTTP
import JSON
import RPC

/// `/explain`: why somebody may, or may not; and who may at all. `/audit`: who did what to rights.
struct ExplainPages: Sendable {
    private static let filters = ["account", "class", "operation", "record", "column"]

    let pages: Pages

    func add() {
        pages.onPage(
            "/explain", .account, "Why an account may, or may not",
            query: [
                .init(name: "account", about: "Whom it is about"),
                .init(name: "class", about: "`model.class`"),
                .init(name: "operation", about: "What is to be done"),
                .init(name: "record", about: "With this record"),
                .init(name: "column", about: "And this column"), .cursor,
            ], explain)
        pages.onPage(
            "/audit", .holder(of: Permissions.operationsRead),
            "Log-ins, refusals and changes of rights",
            query: [
                .init(name: "kind", about: "What happened"),
                .init(name: "account", about: "Who did it"),
                .init(name: "subject", about: "To whom or what"), .cursor,
            ], audit)
    }

    // MARK: Explain

    @Sendable private func explain(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let value = { (name: String) in request.query[name] ?? "" }
        let classes =
            (try? await pages.records.call(
                ListClasses(), as: try request.context(caller, door: .page)
            ).items) ?? []
        var answer: JSONValue?
        var fault: Problem?
        if !value("class").isEmpty {
            do {
                let query = (ExplainPages.filters + ["cursor"]).map {
                    (name: $0, value: request.query[$0])
                }
                answer = try await pages.api(
                    .get, Link("api", "explain", query: query), request, caller)
            } catch let problem as Problem where problem.status < 500 {
                fault = problem
            }
        }
        return pages.frame.page(
            texts.whyMay, caller, status: fault?.status ?? 200, section: .people
        ) {
            Parts.head(texts.whyMay, lead: texts.explainLead)
            PeopleTab.show(.explain, caller)
            Parts.notice(fault, texts)
            form(value, classes.map { "\($0.type)" }, caller)
            if let answer { result(answer, request, texts) }
        }
    }

    private func form(_ value: (String) -> String, _ classes: [String], _ caller: Caller) -> HTML {
        let texts = caller.texts
        let mayAll = caller.identity?.may(Permissions.accountsWrite) == true
        let account =
            value("account").isEmpty && !mayAll
            ? caller.principal.account : value("account")
        return tag(.form, .class("filter"), .get, .action(Link("explain"))) {
            Parts.text("account", texts.account, account, note: mayAll ? texts.whoMay : "")
            Parts.field("class", texts.class1, note: texts.required) {
                tag(
                    .input, .id("class"), .name("class"), .value(value("class")), .required,
                    .fixed("list", "classes"))
            }
            tag(.datalist, .id("classes")) {
                for name in classes { tag(.option, .value(name)) }
            }
            Parts.select(
                "operation", texts.operation, ExplainRoutes.operations.map { ($0, $0) },
                chosen: value("operation"))
            Parts.text("record", texts.record, value("record"), note: texts.optional)
            Parts.text("column", texts.column, value("column"), note: texts.optional)
            tag(.button, .class("button main"), .type("submit")) { texts.explain }
        }
    }

    private func result(_ answer: JSONValue, _ request: Request, _ texts: Texts) -> HTML {
        guard let items = answer["items"]?.array else {
            return tag(.section, .class("card")) { self.reasons(answer, texts) }
        }
        return tag(.div) {
            if items.isEmpty { tag(.div, .class("card blank")) { texts.nobodyMay } }
            for item in items {
                tag(.section, .class("card")) {
                    tag(.h2) { item["account"]?.string ?? "" }
                    reasons(item, texts)
                }
            }
            Parts.pager(texts, cursor: request.query["cursor"], next: answer["next"]?.string) {
                cursor in
                Link(
                    "explain",
                    query: ExplainPages.filters.map { (name: $0, value: request.query[$0]) }
                        + [(name: "cursor", value: cursor)])
            }
        }
    }

    @HTMLBuilder private func reasons(_ item: JSONValue, _ texts: Texts) -> HTML {
        if let allowed = item["allowed"]?.boolean {
            tag(.p) {
                allowed
                    ? tag(.span, .class("chip good")) { texts.allowed }
                    : tag(.span, .class("chip bad")) { texts.notAllowed }
            }
        }
        tag(.ol, .class("reasons")) {
            for reason in item["reasons"]?.array ?? [] {
                tag(.li) {
                    reason["detail"]?.string ?? ""
                    " "
                    tag(.code, .class("quiet")) { reason["code"]?.string ?? "" }
                }
            }
        }
    }

    // MARK: Audit

    @Sendable private func audit(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let query = ["kind", "account", "subject"].map { (name: $0, value: request.query[$0]) }
        let cursor = request.query["cursor"]
        let answer = try await pages.api(
            .get, Link("api", "audit", query: query + [(name: "cursor", value: cursor)]), request,
            caller)
        return pages.frame.page(texts.audit, caller, section: .people) {
            Parts.head(texts.audit, lead: texts.auditLead)
            PeopleTab.show(.audit, caller)
            tag(.form, .class("filter"), .get, .action(Link("audit"))) {
                Parts.select(
                    "kind", texts.kind,
                    [("", texts.any)] + Audit.Kind.allCases.map { ($0.rawValue, $0.rawValue) },
                    chosen: request.query["kind"] ?? "")
                Parts.text("account", texts.account, request.query["account"] ?? "")
                Parts.text("subject", texts.subjectOf, request.query["subject"] ?? "")
                tag(.button, .class("button"), .type("submit")) { texts.search }
            }
            entries(answer, texts)
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("audit", query: query + [(name: "cursor", value: $0)])
            }
        }
    }

    private func entries(_ answer: JSONValue, _ texts: Texts) -> HTML {
        Parts.table(
            texts.audit,
            [texts.when, texts.kind, texts.account, texts.subjectOf, texts.details],
            (answer["items"]?.array ?? []).map { entry in
                [
                    Parts.time(entry["time"], texts) ?? .nothing,
                    HTML(entry["kind"]?.string ?? ""), HTML(entry["account"]?.string ?? ""),
                    HTML(entry["subject"]?.string ?? ""), detail(entry, texts),
                ]
            }, texts)
    }

    private func detail(_ entry: JSONValue, _ texts: Texts) -> HTML {
        tag(.div) {
            if let detail = entry["detail"]?.string { tag(.p) { detail } }
            if let address = entry["address"]?.string { tag(.small) { address } }
            if let changes = entry["changes"]?.array, !changes.isEmpty {
                tag(.details) {
                    tag(.summary, .class("quiet")) { texts.details }
                    tag(.dl, .class("facts")) {
                        for change in changes {
                            tag(.dt) { change["field"]?.string ?? "" }
                            tag(.dd) {
                                "\(change["old"]?.text ?? "null") → \(change["new"]?.text ?? "")"
                            }
                        }
                    }
                }
            }
        }
    }
}
