import HTTP
import RPC
import ServiceRuntime

private typealias Answer = Operation.Answer

/// What every page is made with, and how a page and a form become routes.
struct Pages: Sendable {
    let frame: PageFrame
    let peers: Peers
    let authenticator: Authenticator
    let random: any RandomSource
    let table: RouteTable

    typealias PageHandler = @Sendable (Request, Caller) async throws -> Response
    typealias FormHandler = @Sendable (Request, Caller, Form) async throws -> Response

    static let content = Operation.Content.media("text/html")

    var records: Peer { peers["records"] }
    var workflow: Peer { peers["workflow"] }
    var mail: Peer { peers["mail"] }
    var batch: Peer { peers["batch"] }

    /// A page to look at, which may also be answered as a file of one of the media types `files`.
    func onPage(
        _ path: String, _ permission: Permission, _ summary: String,
        query: [Operation.Parameter] = [], files: [StaticString] = [],
        _ handler: @escaping PageHandler
    ) {
        let media = files.map { Answer(200, "The page", Operation.Content.media("\($0)")) }
        table.on(
            .get, path, permission,
            Operation(
                summary, query: query, answers: [Answer(200, "The page", Pages.content)] + media),
            handler)
    }

    /// A form that was sent. Its CSRF token is checked here, and what was typed is kept where a
    /// service does not answer. Where it may be answered by a page, `shows` says by which.
    func onForm(
        _ path: String, _ permission: Permission, _ summary: String, problems: [Int] = [],
        limit: Int = Form.limit, shows: String? = nil, _ handler: @escaping FormHandler
    ) {
        let shown = shows.map { [Answer(200, $0, Pages.content)] } ?? []
        table.on(
            .post, path, permission,
            Operation(
                summary,
                answers: shown + [
                    Answer(303, "Done; the page that shows it"),
                    Answer(422, "The form again, with what is wrong", Pages.content),
                ], problems: problems), body: RouteTable.form, bodyLimit: limit
        ) { request, caller in
            let form = try await Form(request, limit: limit)
            do {
                try requireCSRF(form, caller)
            } catch let problem as Problem where KeptInput.isOwn(request) {
                // Another tab has logged in anew: what was typed is not lost.
                return KeptInput(
                    target: Link(of: request) ?? .home, fields: form.fields
                ).page(
                    frame, caller, csrf: caller.identity?.csrf ?? [], status: problem.status)
            }
            do {
                return try await handler(request, caller, form)
            } catch let problem as Problem where problem.status == 503 || problem.status == 504 {
                return away(request, caller, form, problem)
            }
        }
    }

    func requireCSRF(_ form: Form, _ caller: Caller) throws {
        if caller.byCookie { try authenticator.requireCSRF(form["_csrf"], of: caller.identity) }
    }

    /// The hidden field that every form carries.
    func csrf(_ caller: Caller) -> HTML { frame.csrf(caller.identity?.csrf ?? []) }

    /// The hidden field of a form that, sent twice, is to be done once: `form["_key"]`.
    var onceKey: HTML {
        tag(.input, .type("hidden"), .name("_key"), .value(random.token(12)))
    }

    /// To the page that shows what came of a form, with a word that it says once: `saved`.
    func redirect(to link: Link, saying word: StaticString? = nil) -> Response {
        PageFrame.redirect(to: link, cookie: word.map { authenticator.cookies.done($0) })
    }

    /// The word that the form before left for this page to say. The answer must take it away:
    /// `said(&response)`.
    func word(for request: Request) -> String? { authenticator.cookies.done(of: request) }

    /// What `word` says, as a notice.
    func notice(_ word: String?, _ texts: Texts) -> HTML {
        guard let word else { return .nothing }
        let text =
            switch word {
            case "created": texts.created
            case "saved": texts.saved
            case "deleted": texts.deleted
            default: texts.done
            }
        return tag(.div, .class("notice good"), .role(.status)) { text }
    }

    /// The word was said; the next page does not say it again.
    func said(_ word: String?, _ response: inout Response) {
        if word != nil { response.headers.add("Set-Cookie", authenticator.cookies.endOfDone) }
    }

    /// A service does not answer: what was typed stays on the page, ready to be sent again.
    private func away(
        _ request: Request, _ caller: Caller, _ form: Form, _ problem: Problem
    ) -> Response {
        let texts = caller.texts
        let own = form.fields.filter { !$0.name.hasPrefix("_") }
        var response = frame.page(texts.away, caller, status: problem.status, width: .reading) {
            tag(.div, .class("head")) { tag(.h1) { texts.away } }
            tag(.div, .class("notice warn"), .role(.alert)) { texts.awayLead }
            tag(
                .form, .class("card"), .post,
                .action(Link(of: request) ?? .home), .data("kept")
            ) {
                for (name, value) in form.fields {
                    tag(.input, .type("hidden"), .name(name), .value(value))
                }
                tag(.h2) { texts.yourInput }
                for (name, value) in own where !value.isEmpty {
                    tag(.div, .class("field")) {
                        tag(.div, .class("label")) { name }
                        tag(.p, .class("value")) { value }
                    }
                }
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) { texts.tryAgain }
                }
            }
        }
        response.headers["Retry-After"] = String(problem.retryAfter ?? 2)
        return response
    }
}
