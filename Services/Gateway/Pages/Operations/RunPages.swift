import HTTP
import JSON
import RPC

/// `/runs` and `/runs/{run}`: what imports, exports and synchronizations do and did.
struct RunPages: Sendable {
    private static let counters = [
        "read", "inserted", "updated", "unchanged", "deleted", "rejected",
    ]

    private static let states = ["planned", "running", "succeeded", "failed", "cancelled"]

    let pages: Pages

    func add() {
        let operates: Permission = .holder(of: Permissions.batchOperate)
        pages.onPage(
            "/runs", operates, "Imports, exports and synchronizations, newest first",
            query: [
                .init(name: "kind", about: "One kind"), .init(name: "state", about: "One state"),
                .init(name: "definition", about: "`model.code`"), .cursor,
            ], list)
        pages.onPage(
            "/runs/{run:integer}", operates, "A run: its progress, its plan, what came of it"
        ) { request, caller in try await show(request, caller, problem: nil) }
        for action in ["apply", "cancel", "undo"] {
            pages.onForm(
                "/runs/{run:integer}/\(action)", operates, "Does it with the run: \(action)"
            ) { request, caller, _ in try await act(action, request, caller) }
        }
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let query = ["kind", "state", "definition"].map { (name: $0, value: request.query[$0]) }
        let cursor = request.query["cursor"]
        let answer = try await pages.api(
            .get, Link("api", "runs", query: query + [(name: "cursor", value: cursor)]), request,
            caller)
        let tab = { (state: String?) in
            (
                state.map(texts.word) ?? texts.any,
                Link("runs", query: query.map { $0.name == "state" ? ("state", state) : $0 }),
                isChosen: request.query["state"] == state
            )
        }
        return pages.frame.page(texts.runs, caller, section: .operations) {
            Parts.crumbs(texts, (Link("operations"), texts.operations))
            Parts.head(texts.runs, lead: texts.runsLead)
            Parts.tabs(texts.state, ([nil] + RunPages.states).map(tab))
            table(answer, texts)
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("runs", query: query + [(name: "cursor", value: $0)])
            }
        }
    }

    private func table(_ answer: JSONValue, _ texts: Texts) -> HTML {
        let rows = (answer["items"]?.array ?? []).map { run -> [HTML] in
            let id = String(run["run"]?.integer ?? 0)
            let counters = RunPages.counters.compactMap { name in
                run["counters"]?[name]?.integer.flatMap {
                    $0 == 0 ? nil : "\(texts.number($0)) \(texts.counter(name))"
                }
            }
            return [
                tag(.a, .href(Link("runs", id))) { texts.run(id) },
                HTML(run["definition"]?.string ?? ""),
                HTML(texts.word(run["kind"]?.string ?? "")),
                Parts.state(run["state"]?.string ?? "", texts),
                Parts.time(run["started"], texts) ?? HTML(texts.empty),
                HTML(counters.joined(separator: ", ")), HTML(run["account"]?.string ?? ""),
            ]
        }
        return Parts.table(
            texts.runs,
            [
                texts.runs, texts.definition, texts.kind, texts.state, texts.started, texts.rows,
                texts.account,
            ], rows, texts)
    }

    private func act(_ action: String, _ request: Request, _ caller: Caller) async throws
        -> Response
    {
        let run = request.parameters["run"] ?? ""
        do {
            let answer = try await pages.api(
                .post, Link("api", "runs", run, action), request, caller)
            // Apply and undo are runs of their own.
            let next = answer["run"]?.integer.map(String.init) ?? run
            return pages.redirect(to: Link("runs", next), saying: "done")
        } catch let problem as Problem where [409, 412, 422].contains(problem.status) {
            return try await show(request, caller, problem: problem)
        }
    }

    private func show(_ request: Request, _ caller: Caller, problem: Problem?) async throws
        -> Response
    {
        let texts = caller.texts
        let id = request.parameters["run"] ?? ""
        let run = try await pages.api(.get, Link("api", "runs", id), request, caller)
        async let log = pages.part(Link("api", "runs", id, "log"), request, caller)
        async let rows = pages.part(
            Link("api", "runs", id, "rows", query: [("limit", "50")]), request, caller)
        let (lines, receipts) = (try? await log, try? await rows)
        let word = pages.word(for: request)
        let title = "\(texts.run(id)) · \(run["definition"]?.string ?? "")"
        var response = pages.frame.page(
            title, caller, status: problem?.status ?? 200, section: .operations
        ) {
            Parts.crumbs(
                texts, (Link("operations"), texts.operations), (Link("runs"), texts.runs))
            Parts.head(title) { actions(run, id, caller) }
            pages.notice(word, texts)
            Parts.notice(problem, texts)
            facts(run, id, texts)
            if let plan = run["plan"], !plan.isNull { self.plan(plan, texts) }
            if let receipts { self.rows(receipts, texts) }
            if let lines { self.log(lines, texts) }
        }
        pages.said(word, &response)
        return response
    }

    @HTMLBuilder private func actions(_ run: JSONValue, _ id: String, _ caller: Caller) -> HTML {
        let texts = caller.texts
        let state = run["state"]?.string ?? ""
        let hasPlan = run["plan"].map { !$0.isNull } ?? false
        if state == "planned", hasPlan {
            Parts.act(texts.applyPlan, Link("runs", id, "apply"), pages, caller, isMain: true)
        }
        if ["planned", "running"].contains(state) {
            Parts.act(texts.cancel, Link("runs", id, "cancel"), pages, caller, isBad: true)
        }
        if run["kind"]?.string == "import", state == "succeeded", !hasPlan,
            run["undoneBy"]?.integer == nil
        {
            Parts.act(texts.undo, Link("runs", id, "undo"), pages, caller, isBad: true)
        }
    }

    /// Live where it runs: the script reads the progress and puts what moved into these places.
    private func facts(_ run: JSONValue, _ id: String, _ texts: Texts) -> HTML {
        let state = run["state"]?.string ?? ""
        let isLive = ["planned", "running"].contains(state)
        return tag(
            .section, .class("card"), isLive ? .data("run", id) : nil, .aria(.live, "polite")
        ) {
            Parts.facts([
                (texts.state, tag(.span, .data("state")) { Parts.state(state, texts) }),
                (texts.kind, run["kind"]?.string.map { HTML(texts.word($0)) }),
                (texts.account, run["account"]?.string.map { HTML($0) }),
                (texts.started, Parts.time(run["started"], texts)),
                (texts.ended, Parts.time(run["ended"], texts)),
                (texts.problem, problem(run)),
                (
                    texts.verified,
                    run["verified"]?.boolean.map { HTML($0 ? texts.yes : texts.no) }
                ),
                (texts.verifiedThrough, Parts.time(run["verifiedThrough"], texts)),
                (texts.undo, link(run["undoneBy"]) ?? link(run["undoes"])),
            ])
            tag(.div, .class("tiles counters")) {
                for name in RunPages.counters {
                    if let count = run["counters"]?[name]?.integer {
                        tag(.div, .class("counter")) {
                            tag(.strong, .data("counter", name)) { texts.number(count) }
                            tag(.small) { texts.counter(name) }
                        }
                    }
                }
            }
            tag(.div, .class("row")) {
                if let file = run["file"], !file.isNull {
                    tag(.a, .class("button"), .href(Link("api", "runs", id, "file"))) {
                        texts.fileOfRun
                    }
                }
                if run["counters"]?["rejected"]?.integer ?? 0 > 0 {
                    tag(.a, .class("button"), .href(Link("api", "runs", id, "errors"))) {
                        texts.rejectedRows
                    }
                }
            }
        }
    }

    private func problem(_ run: JSONValue) -> HTML? {
        guard let problem = run["problem"], !problem.isNull else { return nil }
        return HTML(problem["detail"]?.string ?? problem["title"]?.string ?? problem.text)
    }

    private func link(_ run: JSONValue?) -> HTML? {
        run?.integer.map(String.init).map { id in tag(.a, .href(Link("runs", id))) { id } }
    }

    private func plan(_ plan: JSONValue, _ texts: Texts) -> HTML {
        tag(.section, .class("card")) {
            tag(.h2) { texts.plan }
            tag(.div, .class("tiles counters")) {
                for name in ["insert", "change", "delete"] {
                    tag(.div, .class("counter")) {
                        tag(.strong) { texts.number(plan[name]?.integer ?? 0) }
                        tag(.small) { texts.counter(name) }
                    }
                }
            }
            if let conflicts = plan["conflicts"]?.array, !conflicts.isEmpty {
                tag(.h3) { "\(texts.conflicts) (\(conflicts.count))" }
                tag(.ul) {
                    for conflict in conflicts.prefix(20) {
                        tag(.li) { conflict["detail"]?.string ?? conflict.text }
                    }
                }
            }
        }
    }

    @HTMLBuilder private func rows(_ receipts: JSONValue, _ texts: Texts) -> HTML {
        let items = receipts["items"]?.array ?? []
        if !items.isEmpty {
            tag(.h2) { texts.rows }
            Parts.table(
                texts.rows, [texts.rows, texts.operation, texts.record, texts.details],
                items.map { row in
                    [
                        HTML(row["row"]?.text ?? ""),
                        HTML(texts.operation(row["operation"]?.string ?? "")),
                        Parts.record(row["record"]) ?? HTML(row["record"]?.text ?? ""),
                        Parts.json(row["changes"]) ?? .nothing,
                    ]
                }, texts)
        }
    }

    @HTMLBuilder private func log(_ lines: JSONValue, _ texts: Texts) -> HTML {
        let items = lines["items"]?.array ?? []
        if !items.isEmpty {
            tag(.h2) { texts.log }
            tag(.ul, .class("log card")) {
                for line in items {
                    tag(.li) {
                        Parts.time(line["time"], texts) ?? .nothing
                        " "
                        line["text"]?.string ?? ""
                    }
                }
            }
        }
    }
}
