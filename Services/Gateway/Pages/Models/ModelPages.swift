import Contracts
import HTTP
import JSON
import RPC

/// `/models` and `/models/{model}`: which models there are, what each is made of, its document.
struct ModelPages: Sendable {
    let desk: ModelDesk
    let plans: ModelPlanPages

    private var pages: Pages { desk.pages }

    /// All pages of models.
    static func add(_ pages: Pages, _ applier: ModelApplier) {
        let desk = ModelDesk(pages: pages, applier: applier)
        let plans = ModelPlanPages(desk: desk)
        let trials = ModelTrials(desk: desk)
        let definitions = DefinitionPages(desk: desk, plans: plans, trials: trials)
        ModelPages(desk: desk, plans: plans).add()
        ModelUploads(desk: desk, plans: plans, definitions: definitions).add()
        SecretPages(desk: desk).add()
        ModelSettings(desk: desk, plans: plans).add()
        plans.add()
        definitions.add()
    }

    private func add() {
        pages.onPage("/models", ModelDesk.permission, "The models", list)
        pages.onForm("/models", ModelDesk.permission, "A new model: its first class", begin)
        pages.onPage(
            "/models/{model}", ModelDesk.permission, "A model with all that it is made of", show)
    }

    // MARK: The list

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        try await list(request, caller, name: "", fault: nil)
    }

    private func list(_ request: Request, _ caller: Caller, name: String, fault: String?)
        async throws -> Response
    {
        let texts = caller.texts
        let items = try await desk.list(request.context(caller, door: .page))
        return pages.frame.page(
            texts.models, caller, status: fault == nil ? 200 : 422, section: .models
        ) {
            tag(.div, .class("head")) {
                tag(.h1) { texts.models }
                tag(.a, .class("button"), .href(Link("secrets"))) { texts.modelSecrets }
            }
            if items.isEmpty {
                tag(.div, .class("card blank")) { texts.modelNone }
            } else {
                tag(.ul, .class("tiles")) {
                    for item in items {
                        tag(.li) {
                            tag(.a, .href(Link("models", item.code))) {
                                tag(.strong) { ModelStanding.name(of: item.name, texts) }
                                tag(.small) {
                                    "\(item.code) · \(texts.version(item.version))"
                                }
                            }
                        }
                    }
                }
            }
            tag(.div, .class("grid two")) {
                newModel(caller, name, fault)
                ModelUploads.form(pages, caller, model: "-")
            }
        }
    }

    private func newModel(_ caller: Caller, _ name: String, _ fault: String?) -> HTML {
        let texts = caller.texts
        return tag(.form, .class("card"), .post, .action(Link("models"))) {
            pages.csrf(caller)
            tag(.h2) { texts.modelNewModel }
            tag(.p, .class("hint")) { texts.modelNewModelHint }
            tag(.div, .class("field")) {
                tag(.label, .for("name")) {
                    texts.name
                    tag(.small) { texts.required }
                }
                tag(
                    .input, .type("text"), .id("name"), .name("name"), .value(name), .required,
                    .placeholder(texts.modelNewModelExample),
                    fault == nil ? nil : .aria(.invalid, "true"),
                    fault == nil ? nil : .aria(.describedBy, "e-name"))
                if let fault { tag(.p, .class("fault"), .id("e-name")) { fault } }
            }
            tag(.div, .class("actions")) {
                tag(.button, .class("button main"), .type("submit")) { texts.create }
            }
        }
    }

    /// A model begins with its first class: nothing is written before that.
    @Sendable private func begin(_ request: Request, _ caller: Caller, _ form: Form)
        async throws -> Response
    {
        let name = (form["name"] ?? "").trimmed
        let code = ModelDesk.code(of: name)
        let texts = caller.texts
        if code.isEmpty {
            return try await list(request, caller, name: name, fault: texts.modelNameNeeded)
        }
        let context = try request.context(caller, door: .page)
        if try await desk.find(code, context) != nil {
            return try await list(request, caller, name: name, fault: texts.modelTaken(code))
        }
        return PageFrame.redirect(
            to: Link("models", code, "new", "classes", query: [("name", name)]))
    }

    // MARK: A model

    @Sendable private func show(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let standing = try await desk.standing(request, request.context(caller, door: .page))
        let word = pages.word(for: request)
        let title = standing.name(texts)
        var response = pages.frame.page(title, caller, section: .models) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.models)) {
                tag(.a, .href(Link("models"))) { texts.models }
            }
            tag(.div, .class("head")) {
                tag(.div) {
                    tag(.h1) { title }
                    tag(.p, .class("quiet")) {
                        "\(standing.code) · \(texts.version(standing.version))"
                    }
                }
                tag(.div, .class("actions")) {
                    tag(
                        .a, .class("button"), .href(Link("models", standing.code, "settings"))
                    ) { texts.modelSettings }
                    tag(
                        .a, .class("button main"),
                        .href(Link("models", standing.code, "new", "classes"))
                    ) { texts.modelNew(.classes) }
                }
            }
            pages.notice(word, texts)
            if !standing.codes(.classes).isEmpty {
                tag(.section, .class("card")) {
                    tag(.h2) { texts.modelDiagram }
                    ModelDiagram(standing: standing, texts: texts).drawing()
                }
            }
            tag(.div, .class("parts")) {
                for part in ModelPart.allCases where !standing.codes(part).isEmpty {
                    section(part, standing, texts)
                }
            }
            addMore(standing, texts)
            document(standing, caller)
        }
        pages.said(word, &response)
        return response
    }

    private func section(_ part: ModelPart, _ standing: ModelStanding, _ texts: Texts) -> HTML {
        let items = standing.definitions(part)
        return tag(.section, .class("card"), .id(part.rawValue)) {
            tag(.div, .class("head")) {
                tag(.h2) {
                    texts.modelPart(part) + " "
                    tag(.span, .class("chip")) { texts.number(Int64(items.count)) }
                }
                tag(
                    .a, .class("button small"),
                    .href(Link("models", standing.code, "new", part.rawValue)),
                    .aria(.label, texts.modelNew(part))
                ) { texts.add }
            }
            tag(.ul, .class("lines")) {
                for item in items {
                    let code = item["code"]?.string ?? ""
                    tag(.li) {
                        tag(.a, .href(Link("models", standing.code, part.rawValue, code))) {
                            ModelStanding.name(of: item, texts)
                        }
                        tag(.small) { part.summary(item, texts) }
                    }
                }
            }
        }
    }

    /// Kinds of which the model has none yet.
    private func addMore(_ standing: ModelStanding, _ texts: Texts) -> HTML {
        let missing = ModelPart.allCases.filter { standing.codes($0).isEmpty }
        if missing.isEmpty { return .nothing }
        return tag(.section, .class("card")) {
            tag(.h2) { texts.modelAddMore }
            tag(.ul, .class("adds")) {
                for part in missing {
                    tag(.li) {
                        tag(.a, .href(Link("models", standing.code, "new", part.rawValue))) {
                            texts.modelNew(part)
                        }
                        tag(.small) { texts.modelAbout(part) }
                    }
                }
            }
        }
    }

    private func document(_ standing: ModelStanding, _ caller: Caller) -> HTML {
        let texts = caller.texts
        return tag(.div, .class("grid two")) {
            tag(.section, .class("card")) {
                tag(.h2) { texts.modelDocument }
                tag(.p, .class("hint")) { texts.modelDocumentHint }
                tag(.div, .class("actions")) {
                    tag(
                        .a, .class("button"),
                        .href(Link("models", standing.code, "document.json"))
                    ) { texts.download }
                    tag(
                        .a, .class("button"), .href(Link("models", standing.code, "document"))
                    ) { texts.modelEditDocument }
                }
            }
            ModelUploads.form(pages, caller, model: standing.code)
        }
    }
}
