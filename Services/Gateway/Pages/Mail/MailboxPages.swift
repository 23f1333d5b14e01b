import Contracts
import HTTP
import JSON
import RPC

/// `/mailboxes` and `/mailboxes/{code}`: what came in, what became of it, and what could not be
/// read.
struct MailboxPages: Sendable {
    private static let states = ["staged", "done", "skipped", "quarantined"]

    let pages: Pages

    func add() {
        let reads: Permission = .holder(of: Permissions.mailRead)
        let acts: Permission = .holder(of: Permissions.mailSend)
        let entry = "/mailboxes/{code}/{number:integer}"
        pages.onPage("/mailboxes", reads, "All mailboxes and how they are", list)
        pages.onPage(
            "/mailboxes/{code}", reads, "A mailbox with its ledger",
            query: [.init(name: "state", about: "Entries of one state"), .cursor]
        ) { request, caller in try await show(request, caller, problem: nil) }
        pages.onForm("/mailboxes/{code}/read", acts, "Reads it now") { request, caller, _ in
            let code = request.parameters["code"] ?? ""
            do {
                _ = try await pages.api(
                    .post, Link("api", "mailboxes", code, "read"), request, caller)
            } catch let problem as Problem where problem.status == 409 {
                return try await show(request, caller, problem: problem)
            }
            return pages.redirect(to: Link("mailboxes", code), saying: "done")
        }
        pages.onPage(entry, reads, "A received mail") { request, caller in
            try await show(entry: request, caller, problem: nil)
        }
        pages.onPage(entry + "/html", reads, "The HTML of a received mail, to stand in a frame") {
            request, caller in
            try await MailBody.frame(pages, try mail(of: request), request, caller)
        }
        pages.onForm(entry + "/replay", acts, "Runs it through the mapping again") {
            request, caller, _ in
            let code = request.parameters["code"] ?? ""
            let number = request.parameters["number"] ?? ""
            do {
                _ = try await pages.api(
                    .post, Link("api", "mailboxes", code, "messages", number, "replay"), request,
                    caller)
            } catch let problem as Problem where [409, 422].contains(problem.status) {
                return try await show(entry: request, caller, problem: problem)
            }
            return pages.redirect(to: Link("mailboxes", code, number), saying: "done")
        }
    }

    private func mail(of request: Request) throws -> ShowMail {
        ShowMail(number: try request.id("number"), mailbox: request.parameters["code"] ?? "")
    }

    // MARK: Lists

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let answer = try JSONValue(
            parsing: try await pages.mail.forward(
                ListMailboxes(), as: try request.context(caller, door: .page)
            ).bytes)
        let items = answer["items"]?.array ?? []
        return pages.frame.page(texts.mailboxes, caller, section: .mail) {
            Parts.crumbs(texts, (Link("mail"), texts.mail))
            Parts.head(texts.mailboxes)
            if items.isEmpty {
                tag(.div, .class("card blank")) { texts.noMailboxes }
            } else {
                Parts.table(
                    texts.mailboxes,
                    [texts.mailbox, texts.kind, texts.state, texts.lastRead]
                        + MailboxPages.states.map(texts.word),
                    items.map { item in row(item, texts) }, texts)
            }
        }
    }

    private func row(_ item: JSONValue, _ texts: Texts) -> [HTML] {
        let code = item["code"]?.string ?? ""
        return [
            tag(.a, .href(Link("mailboxes", code))) { code },
            HTML(item["kind"]?.string ?? ""),
            Parts.state(item["state"]?.string ?? "", texts),
            Parts.time(item["lastRead"], texts) ?? HTML(texts.empty),
        ]
            + MailboxPages.states.map { HTML(texts.number(item["counts"]?[$0]?.integer ?? 0)) }
    }

    private func show(_ request: Request, _ caller: Caller, problem: Problem?) async throws
        -> Response
    {
        let texts = caller.texts
        let code = request.parameters["code"] ?? ""
        let (state, cursor) = (request.query["state"], request.query["cursor"])
        let mailbox = try await pages.api(.get, Link("api", "mailboxes", code), request, caller)
        let ledger = try await pages.api(
            .get,
            Link(
                "api", "mailboxes", code, "messages",
                query: [("state", state), ("cursor", cursor)]), request, caller)
        let word = pages.word(for: request)
        var response = pages.frame.page(
            code, caller, status: problem?.status ?? 200, section: .mail
        ) {
            Parts.crumbs(texts, (Link("mail"), texts.mail), (Link("mailboxes"), texts.mailboxes))
            Parts.head(mailbox["code"]?.string ?? code) {
                if caller.identity?.may(Permissions.mailSend) == true {
                    Parts.act(texts.readNow, Link("mailboxes", code, "read"), pages, caller)
                }
            }
            pages.notice(word, texts)
            Parts.notice(problem, texts)
            facts(mailbox, texts)
            Parts.tabs(texts.state, tabs(mailbox, code, state, texts))
            entries(ledger, code, texts)
            Parts.pager(texts, cursor: cursor, next: ledger["next"]?.string) {
                Link("mailboxes", code, query: [("state", state), ("cursor", $0)])
            }
        }
        pages.said(word, &response)
        return response
    }

    private func tabs(_ mailbox: JSONValue, _ code: String, _ chosen: String?, _ texts: Texts)
        -> [(String, Link, isChosen: Bool)]
    {
        [(texts.any, Link("mailboxes", code), isChosen: chosen == nil)]
            + MailboxPages.states.map { state in
                (
                    texts.number(
                        of: texts.word(state), mailbox["counts"]?[state]?.integer ?? 0),
                    Link("mailboxes", code, query: [("state", state)]), isChosen: state == chosen
                )
            }
    }

    private func facts(_ mailbox: JSONValue, _ texts: Texts) -> HTML {
        let gaps = mailbox["gaps"]?.array ?? []
        return tag(.section, .class("card")) {
            Parts.facts([
                (texts.state, Parts.state(mailbox["state"]?.string ?? "", texts)),
                (texts.kind, mailbox["kind"]?.string.map { HTML($0) }),
                (texts.lastRead, Parts.time(mailbox["lastRead"], texts)),
                (texts.problem, mailbox["problem"]?.string.map { HTML($0) }),
                (
                    texts.gaps,
                    gaps.isEmpty
                        ? nil
                        : tag(.ul) {
                            for gap in gaps {
                                tag(.li) {
                                    "\(gap["source"]?.string ?? ""): \(gap["reason"]?.string ?? "")"
                                }
                            }
                        }
                ),
                ("Audit", Parts.json(mailbox["audit"])),
            ])
        }
    }

    private func entries(_ ledger: JSONValue, _ code: String, _ texts: Texts) -> HTML {
        Parts.table(
            texts.intake,
            [
                texts.intake, texts.state, texts.from, texts.received, texts.record,
                texts.problem,
            ],
            (ledger["items"]?.array ?? []).map { item in
                let number = String(item["number"]?.integer ?? 0)
                return [
                    tag(.a, .href(Link("mailboxes", code, number))) {
                        "\(number) \(item["messageId"]?.string ?? "")"
                    },
                    Parts.state(item["state"]?.string ?? "", texts),
                    HTML(item["from"]?.string ?? ""),
                    Parts.time(item["received"], texts) ?? HTML(texts.empty),
                    Parts.record(item["record"]) ?? HTML(texts.empty),
                    HTML(item["problem"]?["detail"]?.string ?? item["problem"]?.string ?? ""),
                ]
            }, texts)
    }

    // MARK: One

    private func show(entry request: Request, _ caller: Caller, problem: Problem?) async throws
        -> Response
    {
        let texts = caller.texts
        let code = request.parameters["code"] ?? ""
        let number = request.parameters["number"] ?? ""
        let context = try request.context(caller, door: .page)
        let answer = try await pages.mail.forward(try mail(of: request), as: context)
        let mail = try JSONValue(parsing: answer.bytes)
        let subject = mail["subject"]?.string ?? ""
        let word = pages.word(for: request)
        var response = pages.frame.page(
            subject.isEmpty ? number : subject, caller, status: problem?.status ?? 200,
            section: .mail
        ) {
            Parts.crumbs(
                texts, (Link("mailboxes"), texts.mailboxes), (Link("mailboxes", code), code))
            Parts.head(subject.isEmpty ? "\(texts.mail) \(number)" : subject) {
                if caller.identity?.may(Permissions.mailSend) == true {
                    Parts.act(
                        texts.replay, Link("mailboxes", code, number, "replay"), pages, caller)
                }
            }
            pages.notice(word, texts)
            Parts.notice(problem, texts)
            tag(.section, .class("card")) {
                Parts.facts(
                    [(texts.from, "from"), (texts.to, "to"), ("Cc", "cc")].map { name, key in
                        let people = (mail[key]?.array ?? []).compactMap(\.string)
                        return (name, people.isEmpty ? nil : HTML(people.joined(separator: ", ")))
                    } + [(texts.when, Parts.time(mail["date"], texts))])
            }
            MailBody.show(
                mail, raw: Link("api", "mailboxes", code, "messages", number, "raw"),
                html: Link("mailboxes", code, number, "html"), texts)
        }
        pages.said(word, &response)
        return response
    }
}
