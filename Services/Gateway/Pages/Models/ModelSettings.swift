import HTTP
import JSON
import RPC

/// `/models/{model}/settings`: what a model is called, and which roles it names.
struct ModelSettings: Sendable {
    private static let fields: [DefinitionField] = [
        .init("name", .texts(isLong: false)), .init("roles", .lines),
    ]

    let desk: ModelDesk
    let plans: ModelPlanPages

    private var pages: Pages { desk.pages }

    func add() {
        let path = "/models/{model}/settings"
        pages.onPage(path, ModelDesk.permission, "Name and roles of a model") {
            request, caller in
            let standing = try await desk.standing(
                request, request.context(caller, door: .page))
            return show(form(standing, caller, nil), caller)
        }
        pages.onForm(
            path, ModelDesk.permission, "Name and roles of a model: its plan",
            shows: "What it would change", change)
    }

    private func form(_ standing: ModelStanding, _ caller: Caller, _ sent: Form?)
        -> DefinitionForm
    {
        var original = JSONObject()
        for name in ["name", "roles"] { original[name] = standing.document[name] }
        return DefinitionForm(
            fields: ModelSettings.fields, standing: standing, texts: caller.texts,
            original: original, inputs: sent.map { FormInputs($0) })
    }

    @Sendable private func change(_ request: Request, _ caller: Caller, _ sent: Form)
        async throws -> Response
    {
        let context = try request.context(caller, door: .page)
        let standing = try await desk.standing(request, context)
        var form = form(standing, caller, sent)
        let members = form.read()
        if sent["_do"] == "edit" { return show(form, caller) }
        var edit = ModelEdit([])
        for name in ["name", "roles"] { edit.members[name] = members[name] ?? .null }
        do {
            let operations = try await desk.plan(edit, over: standing, context)
            return plans.show(
                ModelPlanPages.Plan(
                    standing: standing, edit: edit, operations: operations,
                    next: Link("models", standing.code),
                    back: (Link("models", standing.code, "settings"), sent)), caller)
        } catch let problem as Problem where [400, 409, 422].contains(problem.status) {
            let left = form.take(problem.errors, at: "")
            return show(form, caller, problem: problem, left: left)
        }
    }

    private func show(
        _ form: DefinitionForm, _ caller: Caller, problem: Problem? = nil,
        left: [FieldProblem] = []
    ) -> Response {
        let texts = caller.texts
        let standing = form.standing
        let others = left.isEmpty ? form.faults[DefinitionForm.rest] ?? [] : []
        return pages.frame.page(
            texts.modelSettings, caller, status: problem == nil ? 200 : 422, width: .reading,
            section: .models
        ) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.models)) {
                tag(.a, .href(Link("models"))) { texts.models }
                tag(.a, .href(Link("models", standing.code))) { standing.name(texts) }
            }
            tag(.div, .class("head")) { tag(.h1) { texts.modelSettings } }
            if let problem {
                tag(.div, .class("notice bad"), .role(.alert)) {
                    tag(.strong) { texts.notSaved }
                    if problem.errors.isEmpty { tag(.p) { problem.detail ?? problem.title } }
                    for text in others.prefix(20) { tag(.p) { text } }
                }
            }
            tag(
                .form, .class("card"), .post, .action(Link("models", standing.code, "settings"))
            ) {
                pages.csrf(caller)
                for field in form.fields { form.field(field) }
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) { texts.modelContinue }
                    tag(.a, .class("button"), .href(Link("models", standing.code))) {
                        texts.cancel
                    }
                }
            }
        }
    }
}
