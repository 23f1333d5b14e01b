import HTTP
import JSON
import RPC

/// `/tasks`: what waits for the caller, with the outcomes as buttons.
struct TaskPages: Sendable {
    let pages: Pages

    func add() {
        pages.onPage("/tasks", .account, "The caller's open tasks", query: [.cursor]) {
            request, caller in
            try await list(request, caller, problem: nil)
        }
        pages.onForm("/tasks/{id:integer}", .account, "Does a task, once", complete)
    }

    private func list(_ request: Request, _ caller: Caller, problem: Problem?) async throws
        -> Response
    {
        let texts = caller.texts
        let cursor = request.query["cursor"]
        let answer = try await pages.api(
            .get, Link("api", "tasks", query: [("cursor", cursor)]), request, caller)
        let tasks = answer["items"]?.array ?? []
        let word = pages.word(for: request)
        var response = pages.frame.page(
            texts.myWork, caller, status: problem?.status ?? 200, width: .reading, section: .work
        ) {
            Parts.head(texts.myWork, lead: texts.tasksLead)
            pages.notice(word, texts)
            Parts.notice(problem, texts)
            if tasks.isEmpty { tag(.div, .class("card blank")) { texts.noTasks } }
            for task in tasks { show(task, caller) }
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("tasks", query: [("cursor", $0)])
            }
        }
        pages.said(word, &response)
        return response
    }

    private func show(_ task: JSONValue, _ caller: Caller) -> HTML {
        let texts = caller.texts
        let id = String(task["id"]?.integer ?? 0)
        return tag(.section, .class("card"), .id("task-\(id)")) {
            tag(.h2) { task["title"]?.string ?? texts.step }
            Parts.facts([
                (texts.record, Parts.record(task["record"])),
                (
                    texts.due,
                    Parts.time(task["due"], texts).map { time in
                        tag(.span) {
                            time
                            if task["overdue"] == .boolean(true) {
                                " "
                                tag(.span, .class("chip bad")) { texts.overdue }
                            }
                        }
                    }
                ),
                (texts.workflow, task["workflow"]?.string.map { HTML($0) }),
                (texts.when, Parts.time(task["created"], texts)),
            ])
            tag(.form, .post, .action(Link("tasks", id))) {
                pages.csrf(caller)
                Parts.field("remark-\(id)", texts.remark, note: texts.optional) {
                    tag(.input, .id("remark-\(id)"), .name("remark"))
                }
                tag(.div, .class("actions")) {
                    for outcome in task["outcomes"]?.array ?? [] {
                        let word = outcome.string ?? ""
                        tag(
                            .button, .class("button"), .type("submit"), .name("outcome"),
                            .value(word)
                        ) { texts.word(word) }
                    }
                }
            }
        }
    }

    /// A remark becomes a value of the instance, where there is one.
    @Sendable private func complete(_ request: Request, _ caller: Caller, _ form: Form)
        async throws -> Response
    {
        let remark = form["remark"] ?? ""
        var body = JSONObject([("outcome", .string(form["outcome"] ?? ""))])
        if !remark.isEmpty { body["values"] = ["remark": .string(remark)] }
        do {
            _ = try await pages.api(
                .post, Link("api", "tasks", request.parameters["id"] ?? "", "complete"), request,
                caller, body: .object(body))
        } catch let problem as Problem where [409, 422].contains(problem.status) {
            return try await list(request, caller, problem: problem)
        }
        return pages.redirect(to: Link("tasks"), saying: "done")
    }
}
