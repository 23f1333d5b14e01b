import Contracts
import HTTP
import JSON
import RPC

/// `/models/{model}/{part}/{code}` and `/models/{model}/new/{part}`: one definition as a form. What
/// is typed becomes a plan; the plan's page applies it.
struct DefinitionPages: Sendable {
    let desk: ModelDesk
    let plans: ModelPlanPages
    let trials: ModelTrials

    var pages: Pages { desk.pages }
    static let one = "/models/{model}/{part}/{code}"
    static let new = "/models/{model}/new/{part}"

    /// A definition on its page.
    struct Place: Sendable {
        let request: Request
        let caller: Caller
        let context: CallContext
        let standing: ModelStanding
        let part: ModelPart
        /// Nil is a new one.
        let code: String?
        /// What the inputs begin with.
        let original: JSONObject

        var texts: Texts { caller.texts }

        var link: Link {
            code.map { Link("models", standing.code, part.rawValue, $0) }
                ?? Link("models", standing.code, "new", part.rawValue)
        }
    }

    func add() {
        let type = Operation.Parameter(name: "class", about: "The class that it is about")
        let name = Operation.Parameter(
            name: "name", about: "What the model is called that begins with it")
        pages.onPage(
            DefinitionPages.new, ModelDesk.permission, "A new definition as a form",
            query: [type, name]
        ) { request, caller in try await show(new(request, caller, name: nil)) }
        pages.onForm(
            DefinitionPages.new, ModelDesk.permission, "A new definition: its plan",
            shows: "What it would change"
        ) { request, caller, form in
            try await sent(new(request, caller, name: form["_model"]), form)
        }
        pages.onPage(
            DefinitionPages.one, ModelDesk.permission, "A definition as a form"
        ) { request, caller in try await show(standing(request, caller)) }
        pages.onForm(
            DefinitionPages.one, ModelDesk.permission,
            "A definition that was changed: its plan, or what it does",
            shows: "What it would change, or did when it was tried"
        ) { request, caller, form in try await sent(standing(request, caller, form), form) }
        addPreview()
    }

    /// The HTML part of a notification as its form is typed, for a frame that lets nothing of it
    /// run or load.
    private func addPreview() {
        pages.onForm(
            "/models/{model}/preview", ModelDesk.permission,
            "The HTML part of a notification as it is typed",
            shows: "What a mail would show"
        ) { request, caller, form in
            let context = try request.context(caller, door: .page)
            let standing = try await desk.standing(request, context)
            let found = form["code"].flatMap { standing.definition(.notifications, $0) }
            let place = Place(
                request: request, caller: caller, context: context, standing: standing,
                part: .notifications, code: found == nil ? nil : form["code"],
                original: found ?? JSONObject())
            var body = DefinitionBody(place, form)
            let shown = try await trials.shown(place, body.read(), FormInputs(form))
            return Response(
                headers: [
                    "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
                    "Content-Security-Policy": MailBody.policy,
                ], body: .bytes(Array((shown.html ?? "").utf8)))
        }
    }

    func standing(_ request: Request, _ caller: Caller, _ form: Form? = nil) async throws
        -> Place
    {
        let context = try request.context(caller, door: .page)
        let standing = try await desk.standing(request, context)
        guard let part = request.parameters["part"].flatMap(ModelPart.init(rawValue:)),
            let code = request.parameters["code"]
        else { throw Problem.notFound() }
        guard let found = standing.definition(part, code) else {
            // Somebody removed it while it was being changed: what was typed makes it anew. Of a
            // class the columns stood in it.
            guard request.method == .post, part != .classes, form?["_base"] != nil else {
                throw Problem.notFound()
            }
            return Place(
                request: request, caller: caller, context: context, standing: standing,
                part: part, code: nil, original: JSONObject())
        }
        return Place(
            request: request, caller: caller, context: context, standing: standing, part: part,
            code: code, original: found)
    }

    func new(_ request: Request, _ caller: Caller, name: String?) async throws -> Place {
        let context = try request.context(caller, door: .page)
        let standing = try await desk.beginning(
            request, name: name ?? request.query["name"], context)
        guard let part = request.parameters["part"].flatMap(ModelPart.init(rawValue:)),
            standing.exists || part == .classes
        else { throw Problem.notFound() }
        var preset = part.preset(standing, type: request.query["class"])
        if part == .classes {
            preset["webAccess"] = true
            preset["grants"] = [
                [
                    "role": .string(DefinitionPages.ownRole(standing, caller)),
                    "operations": .array(GrantTable.operations.map { .string($0) }),
                ]
            ]
        }
        return Place(
            request: request, caller: caller, context: context, standing: standing, part: part,
            code: nil, original: preset)
    }

    /// A role of the model that the caller has, or else one that is made for it, so that who makes
    /// a class can use it at once.
    private static func ownRole(_ standing: ModelStanding, _ caller: Caller) -> String {
        let own = caller.principal.roles(in: standing.code)
        return standing.roles.first(where: own.contains)
            ?? ModelPart.free("\(standing.code)_team", in: standing.roles)
    }

    // MARK: What was sent

    private func sent(_ place: Place, _ form: Form) async throws -> Response {
        switch form["_do"] {
        case "edit": return try await show(place, form: form)
        case "remove" where place.code != nil:
            let edit = ModelEdit([.init(part: place.part, code: place.code, value: nil)])
            return try await plan(place, edit, form, next: Link("models", place.standing.code)) {
                try await show(place, form: form, problems: $0)
            }
        case "try": return try await attempt(place, form)
        case let word? where word.hasPrefix("step."):
            var body = DefinitionBody(place, form)
            body.changeSteps(String(word.dropFirst("step.".count)))
            return try await show(
                place, body: body, form: form, status: body.hasFaults ? 422 : 200)
        case "run" where place.code != nil: return try await run(place)
        default: return try await change(place, form)
        }
    }

    /// What its owner refuses is said on the page.
    private func run(_ place: Place) async throws -> Response {
        do {
            return try await trials.run(place)
        } catch let problem as Problem where [403, 409, 422].contains(problem.status) {
            return try await show(place, problems: problem)
        }
    }

    /// The page of a new definition that begins with something else than its preset.
    func begin(
        _ request: Request, _ caller: Caller, _ part: ModelPart, _ original: JSONObject
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let standing = try await desk.standing(request, context)
        return try await show(
            Place(
                request: request, caller: caller, context: context, standing: standing,
                part: part, code: nil, original: original))
    }

    private func attempt(_ place: Place, _ form: Form) async throws -> Response {
        var body = DefinitionBody(place, form)
        let definition = body.read()
        let result = try await trials.attempt(place, definition, FormInputs(form))
        return try await show(place, body: body, form: form, trial: result)
    }

    private func change(_ place: Place, _ form: Form) async throws -> Response {
        var body = DefinitionBody(place, form)
        var value = body.read()
        if body.hasFaults { return try await show(place, body: body, form: form, status: 422) }
        let given = value["code"]?.string ?? ""
        if given.isEmpty {
            value["code"] = .string(place.code ?? DefinitionPages.code(place, value))
        }
        let code = value["code"]?.string ?? ""
        if place.code == nil, place.standing.codes(place.part).contains(code) {
            body.fault("code", place.texts.modelTaken(code))
            return try await show(place, body: body, form: form, status: 422)
        }
        if place.part == .imports { DefinitionPages.leaveOut(&value) }
        // A model that begins with this definition has its name from where it began.
        var members = JSONObject()
        if !place.standing.exists { members["name"] = place.standing.document["name"] }
        var ordered = JSONObject([("code", .string(code))])
        for (key, member) in value.members where key != "code" { ordered[key] = member }
        let edit = ModelEdit(
            [.init(part: place.part, code: place.code, value: place.code == nil ? ordered : value)],
            roles: place.part == .classes ? GrantTable.roles(of: value["grants"]) : [],
            members: members)
        return try await plan(
            place, edit, form, next: Link("models", place.standing.code, place.part.rawValue, code)
        ) { problem in
            var body = body
            body.take(problem.errors, at: edit.pointer(in: place.standing))
            if problem.errors.isEmpty { body.general.append(problem.detail ?? problem.title) }
            return try await show(place, body: body, form: form, status: 422)
        }
    }

    /// Columns of a file without a place in the class, as a sample proposes them, are left out.
    private static func leaveOut(_ value: inout JSONObject) {
        guard let columns = value["columns"]?.array else { return }
        value["columns"] = .array(columns.filter { $0["to"] != nil || $0["from"] == nil })
    }

    /// A code for what has only a name, or no name either.
    static func code(_ place: Place, _ value: JSONObject) -> String {
        let name = ModelStanding.text(value["name"] ?? value["subject"], place.texts) ?? ""
        let code = ModelDesk.code(of: name)
        let type = value["class"]?.string ?? value["from"]?.string
        let about = type.map { "\($0)_" } ?? ""
        let kind = place.part.kind.split(separator: " ").joined(separator: "_")
        let fallback = about + (value["on"]?.string ?? kind)
        return ModelPart.free(
            code.isEmpty ? fallback : code, in: place.standing.codes(place.part))
    }

    /// The plan of an edit; `again` shows the form with what is wrong.
    private func plan(
        _ place: Place, _ edit: ModelEdit, _ form: Form, next: Link,
        again: (Problem) async throws -> Response
    ) async throws -> Response {
        let operations: [JSONValue]
        do {
            operations = try await desk.plan(edit, over: place.standing, place.context)
        } catch let problem as Problem where [400, 409, 422].contains(problem.status) {
            return try await again(problem)
        }
        let base = ModelStanding.mark(of: place.code == nil ? nil : place.original)
        return plans.show(
            ModelPlanPages.Plan(
                standing: place.standing, edit: edit, operations: operations, next: next,
                back: (place.link, form),
                moved: place.code != nil && form["_base"] != base ? .definition : nil),
            place.caller)
    }

    // MARK: Showing

    private func show(_ place: Place, form: Form? = nil, problems: Problem? = nil)
        async throws -> Response
    {
        var body = DefinitionBody(place, form)
        if form != nil { _ = body.read() }
        if let problems {
            body.take(problems.errors, at: "-")
            if problems.errors.isEmpty { body.general.append(problems.detail ?? problems.title) }
        }
        return try await show(
            place, body: body, form: form, status: problems == nil ? 200 : 422)
    }

    private func show(
        _ place: Place, body: DefinitionBody, form: Form?, status: Int = 200,
        trial: HTML = .nothing
    ) async throws -> Response {
        let texts = place.texts
        let title =
            place.code == nil
            ? texts.modelNew(place.part)
            : ModelStanding.name(of: .object(place.original), texts)
        let state = try await trials.state(place)
        let word = pages.word(for: place.request)
        var response = pages.frame.page(title, place.caller, status: status, section: .models) {
            crumbs(place)
            head(place, title)
            pages.notice(word, texts)
            if word != nil { whatNext(place) }
            body.notice()
            before(place)
            tag(.form, .post, .action(place.link)) {
                pages.csrf(place.caller)
                hidden(place, form)
                body.show()
                tag(.div, .class("actions")) {
                    tag(
                        .button, .class("button main"), .type("submit"), .name("_do"),
                        .value("plan")
                    ) { texts.modelContinue }
                    tag(
                        .a, .class("button"),
                        .href(
                            place.standing.exists
                                ? Link("models", place.standing.code) : Link("models"))
                    ) { texts.cancel }
                    if place.code != nil {
                        tag(
                            .button, .class("button bad"), .type("submit"), .name("_do"),
                            .value("remove")
                        ) { texts.modelRemove }
                    }
                }
                if [.scripts, .rules, .notifications].contains(place.part) {
                    trials.inputs(place, FormInputs(form ?? Form(fields: [])))
                    trial
                }
            }
            state
        }
        pages.said(word, &response)
        return response
    }
}
