import HTTP
import JSON
import RPC

/// `/roles` and `/roles/{code}`: what a role carries and who holds it.
struct RolePages: Sendable {
    let pages: Pages

    func add() {
        let writes: Permission = .holder(of: Permissions.accountsWrite)
        pages.onPage("/roles", writes, "Roles", query: [.cursor], list)
        pages.onPage("/roles/new", writes, "The form of a new role") { request, caller in
            form(request, caller, RoleForm(), status: 200)
        }
        pages.onForm("/roles/new", writes, "Creates the role") { request, caller, sent in
            try await save(request, caller, sent, code: sent["code"] ?? "", isNew: true)
        }
        pages.onPage("/roles/{code}", writes, "A role with its members") { request, caller in
            let code = request.parameters["code"] ?? ""
            let role = try await pages.api(.get, Link("api", "roles", code), request, caller)
            return form(request, caller, RoleForm(role, caller.texts), status: 200)
        }
        pages.onForm("/roles/{code}", writes, "Saves the role") { request, caller, sent in
            try await save(
                request, caller, sent, code: request.parameters["code"] ?? "", isNew: false)
        }
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let cursor = request.query["cursor"]
        let answer = try await pages.api(
            .get, Link("api", "roles", query: [("cursor", cursor)]), request, caller)
        return pages.frame.page(texts.roles, caller, section: .people) {
            Parts.head(texts.roles) {
                tag(.a, .class("button main"), .href(Link("roles", "new"))) { texts.newRole }
            }
            PeopleTab.show(.roles, caller)
            Parts.table(
                texts.roles,
                [texts.role, texts.name, texts.state, texts.members, texts.permissions],
                (answer["items"]?.array ?? []).map { role in
                    let code = role["code"]?.string ?? ""
                    return [
                        tag(.a, .href(Link("roles", code))) { code },
                        HTML(texts.pick(role["name"], else: code)),
                        Parts.state(
                            role["enabled"] == .boolean(true) ? "enabled" : "disabled", texts),
                        HTML(texts.number(Int64(role["members"]?.array?.count ?? 0))),
                        HTML(
                            (role["permissions"]?.array ?? []).compactMap(\.string)
                                .map(texts.permission).joined(separator: ", ")),
                    ]
                }, texts)
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("roles", query: [("cursor", $0)])
            }
        }
    }

    private func save(
        _ request: Request, _ caller: Caller, _ sent: Form, code: String, isNew: Bool
    ) async throws -> Response {
        var form = RoleForm(sent, isNew: isNew)
        let link = Link("api", "roles", code)
        do {
            if isNew { try Problem.checkCode(code, caller.texts) }
            // The names in other languages stay as they are.
            var names = JSONValue.null
            if !isNew { names = try await pages.api(.get, link, request, caller)["name"] ?? .null }
            _ = try await pages.api(
                isNew ? .put : .patch, link, request, caller,
                body: form.body(keeping: names, caller.texts), version: isNew ? 0 : form.version)
            return pages.redirect(to: Link("roles", code), saying: isNew ? "created" : "saved")
        } catch let problem as Problem where [409, 412, 422, 404].contains(problem.status) {
            form.problem = problem
            if problem.status == 412, !isNew {
                let current = try await pages.api(.get, link, request, caller)
                form.version = current["version"]?.integer
                form.isStale = true
            }
            return self.form(request, caller, form, status: problem.status)
        }
    }

    private func form(
        _ request: Request, _ caller: Caller, _ form: RoleForm, status: Int
    ) -> Response {
        let texts = caller.texts
        let word = pages.word(for: request)
        let title = form.isNew ? texts.newRole : "\(texts.role) \(form.code)"
        let action = form.isNew ? Link("roles", "new") : Link("roles", form.code)
        var response = pages.frame.page(
            title, caller, status: status, width: .reading, section: .people
        ) {
            Parts.crumbs(texts, (Link("people"), texts.people), (Link("roles"), texts.roles))
            Parts.head(title)
            pages.notice(word, texts)
            form.notice(texts)
            tag(.form, .class("card"), .post, .action(action)) {
                pages.csrf(caller)
                form.fields(texts)
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) {
                        form.isNew ? texts.create : texts.save
                    }
                    tag(.a, .class("button"), .href(Link("roles"))) { texts.back }
                }
            }
        }
        pages.said(word, &response)
        return response
    }
}

/// The form of a role: what it shows, and the body that it makes for the API.
struct RoleForm {
    var isNew = true
    var code = ""
    var name = ""
    var isEnabled = true
    var permissions: Set<String> = []
    var members = ""
    var version: Int64?
    var isStale = false
    var problem: Problem?

    init() {}

    /// Of a role as the API shows it; its name in the reader's language.
    init(_ role: JSONValue, _ texts: Texts) {
        isNew = false
        code = role["code"]?.string ?? ""
        name = texts.pick(role["name"], else: code)
        isEnabled = role["enabled"] == .boolean(true)
        permissions = Set((role["permissions"]?.array ?? []).compactMap(\.string))
        members = (role["members"]?.array ?? []).compactMap(\.string).joined(separator: "\n")
        version = role["version"]?.integer
    }

    init(_ form: Form, isNew: Bool) {
        self.isNew = isNew
        code = form["code"] ?? ""
        name = form["name"] ?? ""
        isEnabled = form["enabled"] != nil
        permissions = Set(form.fields.filter { $0.name == "permission" }.map(\.value))
        members = form["members"] ?? ""
        version = form["_version"].flatMap { Int64($0) }
    }

    func body(keeping names: JSONValue, _ texts: Texts) -> JSONValue {
        var name = JSONValue.string(self.name)
        if var all = names.object {
            all[texts.language] = name
            name = .object(all)
        }
        let members = members.split { $0.isWhitespace || $0 == "," }.map {
            JSONValue.string(String($0))
        }
        return [
            "name": name, "enabled": .boolean(isEnabled),
            "permissions": .array(permissions.sorted().map { .string($0) }),
            "members": .array(members),
        ]
    }

    func notice(_ texts: Texts) -> HTML {
        if isStale {
            return tag(.div, .class("notice warn"), .role(.alert)) { texts.staleForm }
        }
        return Parts.notice(problem, at: ["/name", "/members", "/code"], texts)
    }

    func fields(_ texts: Texts) -> HTML {
        tag(.div, .class("grid")) {
            if isNew {
                Parts.text(
                    "code", texts.code, code, note: texts.required,
                    fault: problem?.fault(at: "/code"), isNeeded: true)
            } else {
                tag(.input, .type("hidden"), .name("code"), .value(code))
                Parts.version(version)
            }
            Parts.text(
                "name", texts.name, name, note: texts.required, fault: problem?.fault(at: "/name"),
                isNeeded: true)
            tag(.fieldset, .class("field wide ticks")) {
                tag(.legend) { texts.permissions }
                Parts.box("enabled", "on", texts.isOn, isTicked: isEnabled)
                for permission in Permissions.all {
                    Parts.box(
                        "permission", permission, texts.permission(permission),
                        isTicked: permissions.contains(permission))
                }
            }
            Parts.field(
                "members", texts.members, note: texts.membersHint,
                fault: problem?.fault(at: "/members"), isWide: true
            ) { tag(.textarea, .id("members"), .name("members")) { members } }
        }
    }
}
