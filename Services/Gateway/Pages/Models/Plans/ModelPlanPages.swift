import Contracts
import HTTP
import JSON
import RPC

/// What a change of a model would do, and the button that does exactly that.
struct ModelPlanPages: Sendable {
    /// A document as a form's field: three characters for each of its bytes at most.
    static let formLimit = 3 * ModelApplier.documentLimit + (64 << 10)

    let desk: ModelDesk

    private var pages: Pages { desk.pages }

    struct Plan: Sendable {
        /// What moved since the form was opened, or since the plan was made.
        enum Moved { case model, definition }

        var standing: ModelStanding
        var edit: ModelEdit
        var operations: [JSONValue]
        /// Where to go when it is done.
        var next: Link
        /// The form that it came from, with what was typed.
        var back: (link: Link, form: Form)?
        var moved: Moved?
        /// What applying it met.
        var problem: Problem?

        var isDestructive: Bool { operations.contains { $0["destructive"] == true } }
    }

    func add() {
        pages.onForm(
            "/models/{model}/apply", ModelDesk.permission, "Does what a plan says",
            problems: [409], limit: ModelPlanPages.formLimit
        ) { request, caller, form in try await apply(request, caller, form) }
    }

    private func apply(_ request: Request, _ caller: Caller, _ form: Form) async throws
        -> Response
    {
        guard let edit = form["edit"].flatMap(ModelEdit.init(text:)),
            let version = form["version"].flatMap({ Int64($0) })
        else { throw Problem.invalidParameter("A plan has an edit and a version.") }
        let context = try request.context(caller, door: .page)
        let standing = try await desk.beginning(request, name: nil, context)
        let next = Link(own: form["next"]) ?? Link("models", standing.code)
        if standing.version != version {
            return try await again(standing, edit, next, caller, context)
        }
        let document = JSONBytes(edit.applied(to: standing).bytes)
        do {
            let applied = try await desk.applier.apply(
                standing.code, document, allowDestructive: form["allow"] == "destructive",
                version: version, founder: caller.principal.account,
                by: pages.authenticator.requester(request, caller), as: context)
            return pages.redirect(to: next, saying: applied.model.created ? "created" : "saved")
        } catch let problem as Problem where problem.status == 412 {
            let now = try await desk.beginning(request, name: nil, context)
            return try await again(now, edit, next, caller, context)
        } catch let problem as Problem where [400, 409, 422].contains(problem.status) {
            let operations = (try? await desk.plan(edit, over: standing, context)) ?? []
            return show(
                Plan(
                    standing: standing, edit: edit, operations: operations, next: next,
                    problem: problem), caller)
        }
    }

    /// The model moved: the same edit over what stands now. Where that is nothing any more, it was
    /// done, as by a second click.
    private func again(
        _ standing: ModelStanding, _ edit: ModelEdit, _ next: Link, _ caller: Caller,
        _ context: CallContext
    ) async throws -> Response {
        var plan = Plan(
            standing: standing, edit: edit, operations: [], next: next, moved: .model)
        do {
            plan.operations = try await desk.plan(edit, over: standing, context)
            if plan.operations.isEmpty { return pages.redirect(to: next, saying: "saved") }
        } catch let problem as Problem where [400, 409, 422].contains(problem.status) {
            plan.problem = problem
        }
        return show(plan, caller)
    }

    // MARK: Showing

    func show(_ plan: Plan, _ caller: Caller) -> Response {
        let texts = caller.texts
        let status = plan.problem.map { $0.status == 400 ? 422 : $0.status } ?? 200
        return pages.frame.page(
            texts.modelPlan, caller, status: plan.moved == .model ? 409 : status,
            section: .models
        ) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.models)) {
                tag(.a, .href(Link("models"))) { texts.models }
                if plan.standing.exists {
                    tag(.a, .href(Link("models", plan.standing.code))) {
                        plan.standing.name(texts)
                    }
                }
            }
            tag(.div, .class("head")) {
                tag(.div) {
                    tag(.h1) { texts.modelPlan }
                    tag(.p) { texts.modelPlanLead }
                }
            }
            notices(plan, texts)
            if plan.operations.isEmpty {
                tag(.div, .class("card blank")) { texts.modelNoChange }
            } else {
                table(plan, texts)
            }
            actions(plan, caller)
        }
    }

    @HTMLBuilder private func notices(_ plan: Plan, _ texts: Texts) -> HTML {
        if let moved = plan.moved {
            tag(.div, .class("notice warn"), .role(.alert)) {
                moved == .model ? texts.modelMoved : texts.modelDefinitionMoved
            }
        }
        if let problem = plan.problem {
            tag(.div, .class("notice bad"), .role(.alert)) {
                tag(.strong) { problem.detail ?? problem.title }
                for error in problem.errors.prefix(50) {
                    tag(.p) { "\(error.pointer): \(error.detail)" }
                }
            }
        }
    }

    private func table(_ plan: Plan, _ texts: Texts) -> HTML {
        tag(
            .div, .class("scroll"), .fixed("tabindex", "0"), .role(.group),
            .aria(.label, texts.modelPlan)
        ) {
            tag(.table) {
                tag(.caption) { texts.modelPlan }
                tag(.thead) {
                    tag(.tr) {
                        for head in [texts.modelWhat, texts.kind, texts.name, texts.details] {
                            tag(.th, .fixed("scope", "col")) { head }
                        }
                    }
                }
                tag(.tbody) {
                    for operation in plan.operations {
                        tag(.tr) {
                            tag(.td, .class("short")) { chip(operation, texts) }
                            tag(.td, .class("short")) {
                                texts.modelPlanKind(operation["kind"]?.string ?? "")
                            }
                            tag(.th, .fixed("scope", "row")) {
                                operation["code"]?.string ?? ""
                            }
                            tag(.td) {
                                texts.modelPlanDetail(operation)
                                if operation["destructive"] == true {
                                    " "
                                    tag(.strong, .class("chip bad")) { texts.modelLosesData }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func chip(_ operation: JSONValue, _ texts: Texts) -> HTML {
        let word = operation["operation"]?.string ?? ""
        let text = texts.modelOperation(word)
        switch word {
        case "create": return tag(.span, .class("chip good")) { text }
        case "drop": return tag(.span, .class("chip bad")) { text }
        case "convert": return tag(.span, .class("chip warn")) { text }
        default: return tag(.span, .class("chip")) { text }
        }
    }

    private func actions(_ plan: Plan, _ caller: Caller) -> HTML {
        let texts = caller.texts
        return tag(.div, .class("plan")) {
            if !plan.operations.isEmpty {
                tag(
                    .form, .id("apply"), .post,
                    .action(Link("models", plan.standing.code, "apply"))
                ) {
                    pages.csrf(caller)
                    for (name, value) in [
                        ("edit", plan.edit.text), ("version", String(plan.standing.version)),
                        ("next", plan.next.text),
                    ] {
                        tag(.input, .type("hidden"), .name(name), .value(value))
                    }
                    if plan.isDestructive {
                        tag(.label, .class("check notice bad")) {
                            tag(
                                .input, .type("checkbox"), .name("allow"),
                                .value("destructive"), .required)
                            tag(.span) { texts.modelAllow }
                        }
                    }
                }
            }
            if let back = plan.back {
                tag(.form, .id("back"), .post, .action(back.link)) {
                    pages.csrf(caller)
                    for (name, value) in back.form.fields
                    where !["_csrf", "_do"].contains(name) {
                        tag(.input, .type("hidden"), .name(name), .value(value))
                    }
                    tag(.input, .type("hidden"), .name("_do"), .value("edit"))
                }
            }
            tag(.div, .class("actions")) {
                if !plan.operations.isEmpty {
                    tag(
                        .button, .class("button main"), .type("submit"),
                        .fixed("form", "apply")
                    ) { texts.apply }
                }
                if plan.back != nil {
                    tag(.button, .class("button"), .type("submit"), .fixed("form", "back")) {
                        texts.modelBackToForm
                    }
                }
                tag(
                    .a, .class("button"),
                    .href(
                        plan.standing.exists ? Link("models", plan.standing.code) : Link("models"))
                ) { texts.cancel }
            }
        }
    }
}
