import Contracts
import HTTP
import JSON
import RPC

/// `/secrets`: the names of the secrets that definitions use. A value goes in and never comes out.
struct SecretPages: Sendable {
    let desk: ModelDesk

    private var pages: Pages { desk.pages }

    func add() {
        pages.onPage("/secrets", ModelDesk.permission, "The names of the secrets") {
            request, caller in try await show(request, caller)
        }
        pages.onForm("/secrets", ModelDesk.permission, "Puts a secret, or deletes one", act)
    }

    @Sendable private func act(_ request: Request, _ caller: Caller, _ form: Form) async throws
        -> Response
    {
        let name = (form["name"] ?? "").trimmed
        let context = try request.context(caller, door: .page)
        let isDeletion = form["_do"] == "delete"
        do {
            guard FullCode.isCode(name) else {
                throw Problem.validation([
                    FieldProblem(
                        pointer: "/name", code: "malformed", detail: caller.texts.modelCodeNeeded)
                ])
            }
            if isDeletion {
                _ = try await pages.records.call(DeleteSecret(name: name), as: context)
            } else {
                _ = try await pages.records.call(
                    PutSecret(name: name, value: form["_secret"] ?? ""), as: context)
            }
        } catch let problem as Problem where [400, 404, 409, 413, 422].contains(problem.status) {
            return try await show(
                request, caller, name: name,
                fault: problem.errors.first?.detail ?? problem.detail ?? problem.title)
        }
        try await pages.authenticator.audit.write(
            Audit.Entry(isDeletion ? .secretDeleted : .secretPut, name),
            by: pages.authenticator.requester(request, caller))
        return pages.redirect(to: Link("secrets"), saying: isDeletion ? "deleted" : "saved")
    }

    private func show(
        _ request: Request, _ caller: Caller, name: String = "", fault: String? = nil
    ) async throws -> Response {
        let texts = caller.texts
        let context = try request.context(caller, door: .page)
        let answer = try JSONValue(
            parsing: try await pages.records.forward(ListSecrets(), as: context).bytes)
        let items = answer["items"]?.array ?? []
        let word = pages.word(for: request)
        var response = pages.frame.page(
            texts.modelSecrets, caller, status: fault == nil ? 200 : 422, width: .reading,
            section: .models
        ) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.models)) {
                tag(.a, .href(Link("models"))) { texts.models }
            }
            tag(.div, .class("head")) {
                tag(.div) {
                    tag(.h1) { texts.modelSecrets }
                    tag(.p) { texts.modelSecretsLead }
                }
            }
            pages.notice(word, texts)
            if items.isEmpty {
                tag(.div, .class("card blank")) { texts.nothingHere }
            } else {
                table(items, caller)
            }
            put(caller, name, fault)
        }
        pages.said(word, &response)
        return response
    }

    private func table(_ items: [JSONValue], _ caller: Caller) -> HTML {
        let texts = caller.texts
        return tag(
            .div, .class("scroll"), .fixed("tabindex", "0"), .aria(.label, texts.modelSecrets)
        ) {
            tag(.table) {
                tag(.caption) { texts.modelSecrets }
                tag(.tbody) {
                    for item in items {
                        let name = item["name"]?.string ?? ""
                        tag(.tr) {
                            tag(.th, .fixed("scope", "row")) { "secret:\(name)" }
                            tag(.td, .class("short")) {
                                texts.moment(item["changed"]?.string ?? "")
                            }
                            tag(.td) {
                                tag(.form, .post, .action(Link("secrets"))) {
                                    pages.csrf(caller)
                                    tag(.input, .type("hidden"), .name("name"), .value(name))
                                    tag(
                                        .button, .class("button bad small"), .type("submit"),
                                        .name("_do"), .value("delete"),
                                        .aria(.label, "\(texts.delete) \(name)")
                                    ) { texts.delete }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func put(_ caller: Caller, _ name: String, _ fault: String?) -> HTML {
        let texts = caller.texts
        return tag(.form, .class("card"), .post, .action(Link("secrets"))) {
            pages.csrf(caller)
            tag(.h2) { texts.modelPutSecret }
            tag(.div, .class("field")) {
                tag(.label, .for("name")) { texts.name }
                tag(
                    .input, .type("text"), .id("name"), .name("name"), .value(name), .required,
                    .fixed("autocapitalize", "none"),
                    fault == nil ? nil : .aria(.invalid, "true"),
                    fault == nil ? nil : .aria(.describedBy, "e-name"))
                if let fault {
                    tag(.p, .class("fault"), .id("e-name"), .role(.alert)) { fault }
                }
            }
            tag(.div, .class("field")) {
                tag(.label, .for("value")) { texts.modelSecretValue }
                tag(
                    .input, .type("password"), .id("value"), .name("_secret"), .required,
                    .fixed("autocomplete", "new-password"))
            }
            tag(.div, .class("actions")) {
                tag(.button, .class("button main"), .type("submit")) { texts.save }
            }
        }
    }
}
