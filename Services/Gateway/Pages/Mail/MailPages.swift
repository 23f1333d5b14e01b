import Contracts
import HTTP
import JSON
import RPC

/// `/mail`: the audit of outgoing mail with its search, and one mail as it was sent.
struct MailPages: Sendable {
    private static let states = [
        "queued", "deferred", "sent", "failed", "uncertain", "held",
    ]
    private static let filters = [
        "state", "text", "address", "record", "account", "cause", "since", "until",
    ]

    let pages: Pages
    private let reads: Permission = .holder(of: Permissions.mailRead)

    init(pages: Pages) {
        self.pages = pages
    }

    func add() {
        pages.onPage(
            "/mail", reads, "The audit of outgoing mail",
            query: [
                .init(name: "state", about: "One state"),
                .init(name: "text", about: "Words of subject and text"),
                .init(name: "address", about: "A recipient"),
                .init(name: "record", about: "`model.class/id`"),
                .init(name: "account", about: "Who sent it"),
                .init(name: "cause", about: "What it came by"),
                .init(name: "since", about: "From this day on"),
                .init(name: "until", about: "Before this day"), .cursor,
            ], list)
        pages.onPage("/mail/{id:integer}", reads, "A mail, its recipients and attempts") {
            request, caller in
            try await show(request, caller, problem: nil)
        }
        pages.onPage("/mail/{id:integer}/html", reads, "The HTML of a mail, to stand in a frame") {
            request, caller in
            try await MailBody.frame(
                pages, ShowMail(number: try request.id()), request, caller)
        }
        for action in ["resend", "hold", "release"] {
            pages.onForm(
                "/mail/{id:integer}/\(action)", .holder(of: Permissions.mailSend),
                "Does it to the mail: \(action)"
            ) { request, caller, form in
                let id = request.parameters["id"] ?? ""
                do {
                    _ = try await pages.api(
                        .post, Link("api", "mail", "messages", id, action), request, caller,
                        key: form["_key"])
                } catch let problem as Problem where problem.status == 409 {
                    return try await show(request, caller, problem: problem)
                }
                return pages.redirect(to: Link("mail", id), saying: "done")
            }
        }
    }

    // MARK: List

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let query = MailPages.filters.map { (name: $0, value: request.query[$0]) }
        let cursor = request.query["cursor"]
        var fault: Problem?
        var answer = JSONValue.null
        do {
            answer = try await pages.api(
                .get,
                Link("api", "mail", "messages", query: query + [(name: "cursor", value: cursor)]),
                request, caller)
        } catch let problem as Problem where problem.status == 400 || problem.status == 422 {
            fault = problem
        }
        return pages.frame.page(
            texts.mail, caller, status: fault?.status ?? 200, section: .mail
        ) {
            Parts.head(texts.mail, lead: texts.mailLead) {
                tag(.a, .class("button"), .href(Link("mailboxes"))) { texts.mailboxes }
            }
            Parts.notice(fault, texts)
            states(query, texts)
            search(request, texts)
            if fault == nil { table(answer, texts) }
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("mail", query: query + [(name: "cursor", value: $0)])
            }
        }
    }

    private func states(_ query: [(name: String, value: String?)], _ texts: Texts) -> HTML {
        let others = query.filter { $0.name != "state" }
        let chosen = query.first { $0.name == "state" }?.value ?? ""
        let link = { (state: String?) in
            Link("mail", query: [(name: "state", value: state)] + others)
        }
        return Parts.tabs(
            texts.state,
            [(texts.any, link(nil), isChosen: chosen.isEmpty)]
                + MailPages.states.map { (texts.word($0), link($0), isChosen: $0 == chosen) })
    }

    private func search(_ request: Request, _ texts: Texts) -> HTML {
        let value = { (name: String) in request.query[name] ?? "" }
        return tag(.form, .class("filter"), .get, .action(Link("mail")), .role(.search)) {
            if !value("state").isEmpty {
                tag(.input, .type("hidden"), .name("state"), .value(value("state")))
            }
            Parts.text("text", texts.words, value("text"), type: "search")
            Parts.text("address", texts.recipient, value("address"))
            Parts.text("record", texts.record, value("record"))
            Parts.text("since", texts.since, value("since"), type: "date")
            Parts.text("until", texts.until, value("until"), type: "date")
            tag(.div, .class("row")) {
                tag(.button, .class("button"), .type("submit")) { texts.search }
                tag(.a, .class("button"), .href(Link("mail"))) { texts.clear }
            }
        }
    }

    private func table(_ answer: JSONValue, _ texts: Texts) -> HTML {
        MailPages.table(answer["items"]?.array ?? [], texts)
    }

    /// Mails as a list; a record's page shows its own like this too.
    static func table(_ mails: [JSONValue], _ texts: Texts) -> HTML {
        Parts.table(
            texts.mail, [texts.subject, texts.state, texts.to, texts.when, texts.record],
            mails.map { mail in
                let subject = mail["subject"]?.string ?? ""
                let people = (mail["recipients"]?.array ?? []).filter { $0["kind"] != "audit" }
                    .compactMap { $0["address"]?.string }
                return [
                    tag(.a, .href(Link("mail", String(mail["id"]?.integer ?? 0)))) {
                        subject.isEmpty ? texts.empty : subject
                    },
                    Parts.state(mail["state"]?.string ?? "", texts),
                    HTML(
                        people.prefix(3).joined(separator: ", ")
                            + (people.count > 3 ? " " + texts.more(people.count - 3) : "")),
                    Parts.time(mail["created"], texts) ?? HTML(texts.empty),
                    Parts.record(mail["record"]) ?? HTML(texts.empty),
                ]
            }, texts)
    }

    // MARK: One

    private func show(_ request: Request, _ caller: Caller, problem: Problem?) async throws
        -> Response
    {
        let texts = caller.texts
        let id = request.parameters["id"] ?? ""
        let mail = try await pages.api(.get, Link("api", "mail", "messages", id), request, caller)
        let body = await MailBody.read(pages, ShowMail(number: try request.id()), request, caller)
        let subject = mail["subject"]?.string ?? ""
        let word = pages.word(for: request)
        var response = pages.frame.page(
            subject.isEmpty ? "\(texts.mail) \(id)" : subject, caller,
            status: problem?.status ?? 200, section: .mail
        ) {
            Parts.crumbs(texts, (Link("mail"), texts.mail))
            Parts.head(subject.isEmpty ? "\(texts.mail) \(id)" : subject) {
                actions(mail, id, caller)
            }
            pages.notice(word, texts)
            Parts.notice(problem, texts)
            facts(mail, texts)
            MailBody.show(
                body, raw: Link("api", "mail", "messages", id, "raw"),
                html: Link("mail", id, "html"), texts)
            recipients(mail, texts)
            attempts(mail, texts)
        }
        pages.said(word, &response)
        return response
    }

    @HTMLBuilder private func actions(_ mail: JSONValue, _ id: String, _ caller: Caller) -> HTML {
        let texts = caller.texts
        let state = mail["state"]?.string ?? ""
        if caller.identity?.may(Permissions.mailSend) == true {
            if state == "held" {
                Parts.act(texts.release, Link("mail", id, "release"), pages, caller, isMain: true)
            }
            if ["queued", "deferred"].contains(state) {
                Parts.act(texts.hold, Link("mail", id, "hold"), pages, caller)
            }
            if ["sent", "failed", "uncertain", "proved"].contains(state) {
                Parts.act(texts.resend, Link("mail", id, "resend"), pages, caller)
            }
        }
    }

    private func facts(_ mail: JSONValue, _ texts: Texts) -> HTML {
        tag(.section, .class("card")) {
            Parts.facts([
                (texts.state, Parts.state(mail["state"]?.string ?? "", texts)),
                (texts.from, mail["from"]?.string.map { HTML($0) }),
                (texts.when, Parts.time(mail["created"], texts)),
                (texts.record, Parts.record(mail["record"])),
                (texts.notification, mail["notification"]?.string.map { HTML($0) }),
                (texts.account, mail["account"]?.string.map { HTML($0) }),
                (texts.cause, mail["cause"]?.string.map { HTML($0) }),
                (texts.mailAccount, mail["mailAccount"]?.string.map { HTML($0) }),
                ("Message-ID", mail["messageId"]?.string.map { id in tag(.code) { id } }),
                ("SHA-256", mail["sha256"]?.string.map { hash in tag(.code) { hash } }),
            ])
        }
    }

    private func recipients(_ mail: JSONValue, _ texts: Texts) -> HTML {
        tag(.section) {
            tag(.h2) { texts.recipients }
            Parts.table(
                texts.recipients,
                [texts.recipient, texts.kind, texts.state, texts.attempts, texts.answer],
                (mail["recipients"]?.array ?? []).map { recipient in
                    [
                        HTML(recipient["address"]?.string ?? ""),
                        HTML(recipient["kind"]?.string ?? ""),
                        Parts.state(recipient["state"]?.string ?? "", texts),
                        HTML(texts.number(recipient["attempts"]?.integer ?? 0)),
                        HTML(
                            [
                                recipient["code"]?.integer.map(String.init),
                                recipient["reply"]?.string,
                            ]
                            .compactMap { $0 }.joined(separator: " ")),
                    ]
                }, texts)
        }
    }

    private func attempts(_ mail: JSONValue, _ texts: Texts) -> HTML {
        tag(.section) {
            tag(.h2) { texts.attempts }
            Parts.table(
                texts.attempts, [texts.when, texts.server, texts.outcome, texts.answer],
                (mail["attempts"]?.array ?? []).map { attempt in
                    [
                        Parts.time(attempt["time"], texts) ?? .nothing,
                        HTML(attempt["server"]?.string ?? ""),
                        Parts.state(attempt["outcome"]?.string ?? "", texts),
                        HTML(attempt["reply"]?.string ?? ""),
                    ]
                }, texts)
        }
    }
}
