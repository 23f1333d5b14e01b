import HTTP
import JSON
import RPC

/// `/operations`: one page of what needs a person and how the platform is. Each part that does not
/// answer says so, and the others stand.
struct OperationsPages: Sendable {
    let pages: Pages
    let monitor: ServiceMonitor

    func add() {
        let reads: Permission = .holder(of: Permissions.operationsRead)
        pages.onPage(
            "/operations", reads, "What is stuck, failed or uncertain, and how the services are",
            query: [.init(name: "kind", about: "Incidents of one kind"), .cursor]
        ) { request, caller in try await show(request, caller, notice: nil) }
        pages.onForm(
            "/operations/incidents", .holder(of: Permissions.workflowOperate),
            "Acts on the chosen incidents, each by itself", resolve)
        pages.onPage(
            "/jobs/{job}", reads, "A job's ledger: what was planned, and what ran",
            query: [.init(name: "state", about: "Runs of one state"), .cursor], ledger)
        pages.onForm(
            "/operations/jobs/{job}", .holder(of: Permissions.workflowOperate), "Runs a job now"
        ) { request, caller, form in
            let job = request.parameters["job"] ?? ""
            do {
                _ = try await pages.api(
                    .post, Link("api", "jobs", job, "run"), request, caller, key: form["_key"])
            } catch let problem as Problem where problem.status == 409 {
                return try await show(
                    request, caller, notice: Parts.notice(problem, caller.texts), status: 409)
            }
            return pages.redirect(to: Link("operations"), saying: "done")
        }
    }

    private func show(
        _ request: Request, _ caller: Caller, notice: HTML?, status: Int = 200
    ) async throws -> Response {
        let texts = caller.texts
        let (kind, cursor) = (request.query["kind"], request.query["cursor"])
        let query = [("kind", kind), ("cursor", cursor), ("limit", String(IncidentPart.limit))]
        async let incidents = pages.part(
            Link("api", "incidents", query: query.map { (name: $0.0, value: $0.1) }), request,
            caller)
        async let jobs = pages.part(Link("api", "jobs"), request, caller)
        async let runs = RunPart(pages: pages, caller: caller).read(request)
        let services = await ServicePart(
            monitor: monitor, environment: pages.frame.environment, texts: texts
        ).show()
        let (stuck, planned, badRuns) = (try await incidents, try await jobs, await runs)
        let word = pages.word(for: request)
        var response = pages.frame.page(
            texts.operations, caller, status: status, section: .operations
        ) {
            Parts.head(texts.operations, lead: texts.operationsLead) {
                tag(.a, .class("button"), .href(Link("runs"))) { texts.runs }
                tag(.a, .class("button"), .href(Link("audit"))) { texts.audit }
            }
            pages.notice(word, texts)
            notice ?? .nothing
            if let stuck {
                IncidentPart(pages: pages, caller: caller).show(stuck, kind: kind, cursor: cursor)
            } else {
                away(texts.needsAPerson, texts)
            }
            switch badRuns {
            case .here(let items): RunPart(pages: pages, caller: caller).show(items)
            case .away: away(texts.badRuns, texts)
            case .none: HTML.nothing
            }
            if let planned { show(planned, caller) } else { away(texts.jobs, texts) }
            services
        }
        pages.said(word, &response)
        return response
    }

    private func away(_ name: String, _ texts: Texts) -> HTML {
        tag(.section) {
            tag(.h2) { name }
            tag(.div, .class("notice warn"), .role(.status)) { texts.awayHere }
        }
    }

    private func show(_ jobs: JSONValue, _ caller: Caller) -> HTML {
        let texts = caller.texts
        let items = jobs["items"]?.array ?? []
        if items.isEmpty { return .nothing }
        let mayRun = caller.identity?.may(Permissions.workflowOperate) == true
        let rows = items.map { item -> [HTML] in
            let job = item["job"]?.string ?? ""
            return [
                tag(.a, .href(Link("jobs", job))) { job },
                HTML(item["schedule"]?.string ?? ""),
                Parts.time(item["next"]?["planned"] ?? item["next"], texts) ?? HTML(texts.empty),
                last(item, texts),
                mayRun
                    ? Parts.act(texts.runNow, Link("operations", "jobs", job), pages, caller)
                    : .nothing,
            ]
        }
        return tag(.section) {
            tag(.h2) { texts.jobs }
            Parts.table(
                texts.jobs, [texts.jobs, texts.schedule, texts.nextRun, texts.lastRun, ""], rows,
                texts)
        }
    }

    @Sendable private func ledger(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let job = request.parameters["job"] ?? ""
        let (state, cursor) = (request.query["state"], request.query["cursor"])
        let answer = try await pages.api(
            .get,
            Link("api", "jobs", job, "runs", query: [("state", state), ("cursor", cursor)]),
            request, caller)
        let rows = (answer["items"]?.array ?? []).map { run -> [HTML] in
            [
                Parts.time(run["planned"], texts) ?? HTML(texts.empty),
                Parts.state(run["state"]?.string ?? "", texts),
                HTML(run["kind"]?.string ?? ""),
                Parts.time(run["started"], texts) ?? HTML(texts.empty),
                Parts.time(run["ended"], texts) ?? HTML(texts.empty),
                HTML(
                    run["problem"]?["detail"]?.string ?? run["problem"]?.string
                        ?? run["reason"]?.string ?? ""),
            ]
        }
        return pages.frame.page(job, caller, section: .operations) {
            Parts.crumbs(texts, (Link("operations"), texts.operations))
            Parts.head(job, lead: texts.ledger)
            Parts.table(
                texts.ledger,
                [
                    texts.word("planned"), texts.state, texts.kind, texts.started, texts.ended,
                    texts.problem,
                ], rows, texts)
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("jobs", job, query: [("state", state), ("cursor", $0)])
            }
        }
    }

    private func last(_ job: JSONValue, _ texts: Texts) -> HTML {
        guard let last = job["last"], !last.isNull else { return HTML(texts.empty) }
        return tag(.span) {
            Parts.state(last["state"]?.string ?? "", texts)
            " "
            Parts.time(last["ended"], texts) ?? Parts.time(last["started"], texts)
                ?? Parts.time(last["planned"], texts) ?? .nothing
        }
    }

    /// One after another: each is written to the history by itself, and one that cannot be done
    /// does not keep the others.
    @Sendable private func resolve(_ request: Request, _ caller: Caller, _ form: Form)
        async throws -> Response
    {
        let texts = caller.texts
        let action = form["action"] ?? ""
        guard ["retry", "skip", "close"].contains(action) else {
            throw Problem.validation([
                FieldProblem(pointer: "/action", code: "unknown", detail: "retry, skip or close.")
            ])
        }
        let chosen = form.fields.filter { $0.name == "incident" }.map(\.value)
        var done = 0
        var faults: [String] = []
        for id in chosen.prefix(IncidentPart.limit) {
            do {
                _ = try await pages.api(
                    .post, Link("api", "incidents", id, action), request, caller)
                done += 1
            } catch let problem as Problem where problem.status < 500 {
                faults.append("\(id): \(problem.detail ?? problem.title)")
            }
        }
        if faults.isEmpty { return pages.redirect(to: Link("operations"), saying: "done") }
        let notice = tag(.div, .class("notice bad"), .role(.alert)) {
            tag(.strong) { texts.resolvedSome(done, faults.count) }
            for fault in faults { tag(.p) { fault } }
        }
        return try await show(request, caller, notice: notice, status: 409)
    }
}
