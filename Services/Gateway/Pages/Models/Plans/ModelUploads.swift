import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// The document of a model as a file and as a text, and files that are looked at: samples for
/// imports, and files of which an import's plan is made.
struct ModelUploads: Sendable {
    /// Bytes of a sample that are looked at.
    static let sampleLimit = 64 << 10

    let desk: ModelDesk
    let plans: ModelPlanPages
    let definitions: DefinitionPages

    private var pages: Pages { desk.pages }

    func add() {
        pages.table.on(
            // Who is not logged in is led to a page.
            .get, "/models/{model}/document.json", ModelDesk.permission,
            Operation(
                "The document of a model as a file",
                answers: [Answer(200, "The document", Operation.Content.media("*/*"))])
        ) { request, caller in
            let standing = try await desk.standing(
                request, request.context(caller, door: .page))
            return Response(
                headers: [
                    "Content-Type": "application/json",
                    "Content-Disposition": "attachment; filename=\"\(standing.code).json\"",
                ], body: .bytes(Array((JSONText.pretty(standing.document) + "\n").utf8)))
        }
        pages.onPage(
            "/models/{model}/document", ModelDesk.permission, "The document of a model as a text"
        ) { request, caller in
            let standing = try await desk.standing(
                request, request.context(caller, door: .page))
            return show(standing, JSONText.pretty(standing.document), caller)
        }
        pages.onForm(
            "/models/{model}/document", ModelDesk.permission,
            "The document of a model as it was typed: its plan", limit: ModelPlanPages.formLimit,
            shows: "What it would change"
        ) { request, caller, form in
            let text = form["document"] ?? ""
            return try await plan(request, caller, text, form: form)
        }
        onFile("/models/{model}/upload", "A document of a model as a file: its plan", upload)
        onFile("/models/{model}/sample", "A new import by the columns of a file", sample)
        onFile(
            "/models/{model}/imports/{code}/plan", "What an import would do with a file", planFile)
    }

    private func onFile(
        _ path: String, _ summary: String,
        _ handler: @escaping @Sendable (Request, Caller, MultipartForm) async throws -> Response
    ) {
        pages.table.on(
            .post, path, ModelDesk.permission,
            Operation(
                summary, body: .media("multipart/form-data"),
                answers: [
                    Answer(200, "What comes of it", Pages.content),
                    Answer(303, "The page that shows what comes of it"),
                ]), body: ["multipart/form-data"], bodyLimit: BatchRoutes.fileLimit
        ) { request, caller in
            let sent = try await MultipartForm(request)
            try pages.requireCSRF(sent.form, caller)
            return try await handler(request, caller, sent)
        }
    }

    /// A document to be sent as a file; the model `-` is the one that it names.
    static func form(_ pages: Pages, _ caller: Caller, model: String) -> HTML {
        let texts = caller.texts
        return tag(
            .form, .class("card"), .post, .fixed("enctype", "multipart/form-data"),
            .action(Link("models", model, "upload"))
        ) {
            pages.csrf(caller)
            tag(.h2) { texts.modelUpload }
            tag(.p, .class("hint")) { texts.modelUploadHint }
            tag(.div, .class("field")) {
                tag(.label, .for("document")) { texts.modelFile }
                tag(
                    .input, .type("file"), .id("document"), .name("document"),
                    .fixed("accept", ".json,application/json"), .required)
            }
            tag(.div, .class("actions")) {
                tag(.button, .class("button"), .type("submit")) { texts.upload }
            }
        }
    }

    // MARK: Documents

    @Sendable private func upload(
        _ request: Request, _ caller: Caller, _ sent: MultipartForm
    ) async throws -> Response {
        let bytes = try await sent.file?.body.collect(limit: ModelApplier.documentLimit) ?? []
        return try await plan(request, caller, String(decoding: bytes, as: UTF8.self), form: nil)
    }

    private func plan(_ request: Request, _ caller: Caller, _ text: String, form: Form?)
        async throws -> Response
    {
        let context = try request.context(caller, door: .page)
        let path = request.parameters["model"] ?? ""
        var fault: String?
        var document = JSONValue.null
        switch JSONText.parse(text) {
        case .success(let value):
            document = value
            if value.object == nil { fault = caller.texts.notJSON }
        case .failure(let error): fault = "\(error)"
        }
        let code = path == "-" ? document["code"]?.string ?? "" : path
        guard fault == nil, FullCode.isCode(code) else {
            return show(
                .new(path, name: nil), text, caller,
                faults: [fault ?? caller.texts.modelCodeNeeded])
        }
        let standing = try await desk.find(code, context) ?? .new(code, name: nil)
        let edit = ModelEdit(document: document)
        do {
            let operations = try await desk.plan(edit, over: standing, context)
            let back = Form(fields: [("document", text)])
            return plans.show(
                ModelPlanPages.Plan(
                    standing: standing, edit: edit, operations: operations,
                    next: Link("models", code),
                    back: form == nil ? nil : (Link("models", code, "document"), back)), caller)
        } catch let problem as Problem where [400, 409, 422].contains(problem.status) {
            let faults = problem.errors.map { "\($0.pointer): \($0.detail)" }
            return show(
                standing, text, caller,
                faults: faults.isEmpty ? [problem.detail ?? problem.title] : faults)
        }
    }

    private func show(
        _ standing: ModelStanding, _ text: String, _ caller: Caller, faults: [String] = []
    ) -> Response {
        let texts = caller.texts
        let isFaulty = !faults.isEmpty
        return pages.frame.page(
            texts.modelDocument, caller, status: isFaulty ? 422 : 200, section: .models
        ) {
            tag(.nav, .class("crumbs"), .aria(.label, texts.models)) {
                tag(.a, .href(Link("models"))) { texts.models }
                if standing.exists {
                    tag(.a, .href(Link("models", standing.code))) { standing.name(texts) }
                }
            }
            tag(.div, .class("head")) { tag(.h1) { texts.modelDocument } }
            if isFaulty {
                tag(.div, .class("notice bad"), .role(.alert), .id("e-document")) {
                    tag(.strong) { texts.notSaved }
                    for fault in faults.prefix(50) { tag(.p) { fault } }
                }
            }
            tag(
                .form, .class("card"), .post, .action(Link("models", standing.code, "document"))
            ) {
                pages.csrf(caller)
                tag(.div, .class("field")) {
                    tag(.label, .for("document")) {
                        texts.modelDocument
                        tag(.small) { "JSON" }
                    }
                    tag(
                        .textarea, .class("mono tall"), .id("document"), .name("document"),
                        .fixed("spellcheck", "false"), isFaulty ? .aria(.invalid, "true") : nil,
                        isFaulty ? .aria(.describedBy, "e-document") : nil
                    ) { text }
                }
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) { texts.modelContinue }
                }
            }
        }
    }

    // MARK: Imports

    @Sendable private func sample(
        _ request: Request, _ caller: Caller, _ sent: MultipartForm
    ) async throws -> Response {
        var bytes: [UInt8] = []
        if let file = sent.file {
            for try await piece in file.body {
                bytes += piece
                if bytes.count >= ModelUploads.sampleLimit { break }
            }
        }
        let context = try request.context(caller, door: .page)
        let standing = try await desk.standing(request, context)
        let type = sent.form["class"] ?? standing.codes(.classes).first ?? ""
        let found = ImportSample(name: sent.file?.name ?? "", bytes: bytes)
        return try await definitions.begin(
            request, caller, .imports, found.proposal(for: type, in: standing))
    }

    @Sendable private func planFile(
        _ request: Request, _ caller: Caller, _ sent: MultipartForm
    ) async throws -> Response {
        try ModelTrials.require(Permissions.batchOperate, caller)
        guard let file = sent.file else { throw Problem.invalidParameter("A file is needed.") }
        let call = StartImport(definition: try request.fullCode("code"), plan: true)
        let answer = try await pages.batch.stream(
            call, body: file.body, as: request.context(caller, door: .page))
        let bytes = try await answer.body.collect(limit: RecordRoutes.bodyLimit)
        return try ModelTrials.toRun(JSONBytes(bytes))
    }
}
