import Contracts
import HTTP
import JSON
import RPC

/// `/workflows`, `/workflows/{workflow}` and `/instances/{id}`.
struct WorkflowPages: Sendable {
    private static let states = [
        "running", "waiting", "paused", "finished", "cancelled", "failed",
    ]
    private static let actions = ["pause", "resume", "retry", "cancel"]

    let pages: Pages

    func add() {
        let reads: Permission = .holder(of: Permissions.operationsRead)
        let acts: Permission = .holder(of: Permissions.workflowOperate)
        pages.onPage(
            "/workflows", reads, "Instances of workflows, newest first",
            query: [
                .init(name: "state", about: "One state"),
                .init(name: "workflow", about: "`model.workflow`"),
                .init(name: "record", about: "`model.class/id`"), .cursor,
            ], list)
        pages.onPage("/workflows/{workflow}", reads, "A workflow drawn, with its instances", draw)
        pages.onPage(
            "/instances/{id:integer}", reads, "An instance drawn, with where it stands"
        ) { request, caller in try await show(request, caller, problem: nil) }
        for action in WorkflowPages.actions {
            pages.onForm(
                "/instances/{id:integer}/\(action)", acts, "Does it to the instance: \(action)"
            ) { request, caller, _ in
                let id = request.parameters["id"] ?? ""
                do {
                    _ = try await pages.api(
                        .post, Link("api", "instances", id, action), request, caller)
                } catch let problem as Problem where problem.status == 409 {
                    return try await show(request, caller, problem: problem)
                }
                return pages.redirect(to: Link("instances", id), saying: "done")
            }
        }
    }

    // MARK: Lists

    private func instances(_ request: Request, workflow: String?) -> Link {
        Link(
            "api", "instances",
            query: [
                ("workflow", workflow), ("state", request.query["state"]),
                ("record", request.query["record"]), ("cursor", request.query["cursor"]),
            ])
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let workflow = request.query["workflow"]
        let answer = try await pages.api(
            .get, instances(request, workflow: workflow), request, caller)
        return pages.frame.page(texts.workflows, caller, section: .workflows) {
            Parts.head(texts.workflows, lead: texts.instancesLead)
            states(request, texts) {
                Link(
                    "workflows",
                    query: [
                        ("state", $0), ("workflow", workflow), ("record", request.query["record"]),
                    ])
            }
            table(answer, texts)
            Parts.pager(texts, cursor: request.query["cursor"], next: answer["next"]?.string) {
                Link(
                    "workflows",
                    query: [
                        ("state", request.query["state"]), ("workflow", workflow),
                        ("record", request.query["record"]), ("cursor", $0),
                    ])
            }
        }
    }

    private func states(_ request: Request, _ texts: Texts, _ link: (String?) -> Link) -> HTML {
        let chosen = request.query["state"] ?? ""
        return Parts.tabs(
            texts.state,
            [(texts.any, link(nil), isChosen: chosen.isEmpty)]
                + WorkflowPages.states.map { (texts.word($0), link($0), isChosen: $0 == chosen) })
    }

    private func table(_ answer: JSONValue, _ texts: Texts) -> HTML {
        let rows = (answer["items"]?.array ?? []).map { item -> [HTML] in
            let workflow = item["workflow"]?.string ?? ""
            return [
                tag(.a, .href(Link("instances", String(item["id"]?.integer ?? 0)))) {
                    "\(workflow) \(item["id"]?.integer ?? 0)"
                },
                Parts.state(item["state"]?.string ?? "", texts),
                Parts.record(item["record"]) ?? HTML(texts.empty),
                Parts.time(item["started"], texts) ?? HTML(texts.empty),
                Parts.time(item["ended"], texts) ?? HTML(texts.empty),
                HTML(item["account"]?.string ?? ""),
            ]
        }
        return Parts.table(
            texts.instances,
            [
                texts.instance, texts.state, texts.record, texts.started, texts.ended,
                texts.account,
            ], rows, texts)
    }

    @Sendable private func draw(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let workflow = request.parameters["workflow"] ?? ""
        guard let code = FullCode(workflow) else { throw Problem.notFound() }
        let drawn = try await pages.workflow.call(
            DrawWorkflow(workflow: code), as: request.context(caller, door: .page))
        let answer = try await pages.part(
            instances(request, workflow: workflow), request, caller)
        return pages.frame.page(workflow, caller, section: .workflows) {
            Parts.crumbs(texts, (Link("workflows"), texts.workflows))
            Parts.head(workflow)
            WorkflowPages.drawing(
                drawn, Link("api", "workflows", workflow, "drawing"), texts.asDrawn)
            tag(.h2) { texts.instances }
            states(request, texts) { Link("workflows", workflow, query: [("state", $0)]) }
            if let answer {
                table(answer, texts)
                Parts.pager(texts, cursor: request.query["cursor"], next: answer["next"]?.string) {
                    Link(
                        "workflows", workflow,
                        query: [("state", request.query["state"]), ("cursor", $0)])
                }
            } else {
                tag(.div, .class("notice warn")) { texts.awayHere }
            }
        }
    }

    // MARK: One

    private func show(_ request: Request, _ caller: Caller, problem: Problem?) async throws
        -> Response
    {
        let texts = caller.texts
        let id = request.parameters["id"] ?? ""
        let instance = try await pages.api(.get, Link("api", "instances", id), request, caller)
        let drawn = try await pages.workflow.call(
            DrawWorkflow(instance: try request.id()), as: request.context(caller, door: .page))
        let workflow = instance["workflow"]?.string ?? ""
        let word = pages.word(for: request)
        var response = pages.frame.page(
            "\(workflow) \(id)", caller, status: problem?.status ?? 200, section: .workflows
        ) {
            Parts.crumbs(
                texts, (Link("workflows"), texts.workflows),
                (Link("workflows", workflow), workflow))
            Parts.head("\(workflow) \(id)") { actions(instance, id, caller) }
            pages.notice(word, texts)
            Parts.notice(problem, texts)
            facts(instance, texts)
            WorkflowPages.drawing(
                drawn, Link("api", "instances", id, "drawing"), texts.whereItStands)
            tag(.h2) { texts.steps }
            steps(instance, texts)
        }
        pages.said(word, &response)
        return response
    }

    /// What its state lets one do with it.
    @HTMLBuilder private func actions(_ instance: JSONValue, _ id: String, _ caller: Caller)
        -> HTML
    {
        let texts = caller.texts
        let state = instance["state"]?.string ?? ""
        let act = { (label: String, action: String, isBad: Bool) in
            Parts.act(label, Link("instances", id, action), pages, caller, isBad: isBad)
        }
        if caller.identity?.may(Permissions.workflowOperate) == true {
            if state == "failed" { act(texts.retry, "retry", false) }
            if state == "paused" { act(texts.resume, "resume", false) }
            if state == "running" || state == "waiting" { act(texts.pause, "pause", false) }
            if !["finished", "cancelled"].contains(state) { act(texts.cancel, "cancel", true) }
        }
    }

    private func facts(_ instance: JSONValue, _ texts: Texts) -> HTML {
        tag(.section, .class("card")) {
            Parts.facts([
                (texts.state, Parts.state(instance["state"]?.string ?? "", texts)),
                (texts.record, Parts.record(instance["record"])),
                (texts.started, Parts.time(instance["started"], texts)),
                (texts.ended, Parts.time(instance["ended"], texts)),
                (texts.account, instance["account"]?.string.map { HTML($0) }),
                (texts.cause, instance["cause"]?.string.map { HTML($0) }),
                (texts.definition, instance["definition"]?.integer.map { HTML(String($0)) }),
                (
                    texts.parent,
                    instance["parent"]?.integer.map { parent in
                        tag(.a, .href(Link("instances", String(parent)))) { String(parent) }
                    }
                ),
                (texts.values, Parts.json(instance["values"])),
            ])
        }
    }

    private func steps(_ instance: JSONValue, _ texts: Texts) -> HTML {
        let rows = (instance["steps"]?.array ?? []).map { step -> [HTML] in
            [
                HTML(step["step"]?.string ?? ""), HTML(step["kind"]?.string ?? ""),
                Parts.state(step["state"]?.string ?? "", texts),
                Parts.time(step["entered"], texts) ?? HTML(texts.empty),
                Parts.time(step["left"], texts) ?? HTML(texts.empty), detail(step, texts),
            ]
        }
        return Parts.table(
            texts.steps,
            [texts.step, texts.kind, texts.state, texts.entered, texts.left, texts.details], rows,
            texts)
    }

    private func detail(_ step: JSONValue, _ texts: Texts) -> HTML {
        let attempts = step["attempts"]?.integer ?? 0
        return tag(.div) {
            if let error = step["error"]?.string { tag(.p, .class("fault")) { error } }
            if attempts > 1 { tag(.p) { "\(texts.attempts): \(attempts)" } }
            for (name, key) in [(texts.input, "input"), (texts.output, "output")] {
                if let json = Parts.json(step[key]) {
                    tag(.details) {
                        tag(.summary, .class("quiet")) { name }
                        json
                    }
                }
            }
        }
    }

    /// As a picture of its own, so that nothing of it can act in the page; the table below it says
    /// the same in words. Its size is in its head: with it the page does not move when it comes.
    private static func drawing(_ drawing: WorkflowDrawing, _ link: Link, _ label: String) -> HTML {
        tag(.div, .class("scroll drawing"), .fixed("tabindex", "0"), .aria(.label, label)) {
            tag(
                .img, .source(link), .alt(label), size("width", of: drawing),
                size("height", of: drawing))
        }
    }

    private static func size(_ name: StaticString, of drawing: WorkflowDrawing) -> Attribute? {
        let head = drawing.svg.prefix(400)
        guard let start = head.ranges(of: " \(name)=\"").first?.upperBound else { return nil }
        return Int64(head[start...].prefix { $0.isNumber }).map { .number(name, $0) }
    }
}
