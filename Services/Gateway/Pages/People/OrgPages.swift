import HTTP
import JSON
import RPC

/// `/org` and `/org/{code}`: organization structures, drawn as trees and edited as outlines.
struct OrgPages: Sendable {
    private static let kinds = ["unit", "team", "manager"]

    let pages: Pages

    func add() {
        let writes: Permission = .holder(of: Permissions.accountsWrite)
        pages.onPage("/org", writes, "Organization structures", query: [.cursor], list)
        pages.onPage("/org/new", writes, "The form of a new structure") { request, caller in
            form(request, caller, Draft(), problem: nil, tree: nil)
        }
        pages.onForm("/org/new", writes, "Creates the structure") { request, caller, sent in
            try await save(request, caller, Draft(sent, isNew: true))
        }
        pages.onPage("/org/{code}", writes, "A structure, drawn as a tree") { request, caller in
            let code = request.parameters["code"] ?? ""
            let structure = try await pages.api(
                .get, Link("api", "org-structures", code), request, caller)
            return form(
                request, caller, Draft(structure, caller.texts), problem: nil, tree: structure)
        }
        pages.onForm("/org/{code}", writes, "Saves the structure") { request, caller, sent in
            try await save(request, caller, Draft(sent, isNew: false))
        }
    }

    /// What the form shows.
    private struct Draft {
        var isNew = true
        var code = ""
        var name = ""
        var kind = "unit"
        var outline = ""
        var version: Int64?

        init() {}

        init(_ structure: JSONValue, _ texts: Texts) {
            isNew = false
            code = structure["code"]?.string ?? ""
            name = texts.pick(structure["name"], else: code)
            kind = structure["kind"]?.string ?? "unit"
            outline = OrgOutline(kind: kind).text(of: structure, texts)
            version = structure["version"]?.integer
        }

        init(_ form: Form, isNew: Bool) {
            self.isNew = isNew
            code = form["code"] ?? ""
            name = form["name"] ?? ""
            kind = form["kind"] ?? "unit"
            outline = form["outline"] ?? ""
            version = form["_version"].flatMap { Int64($0) }
        }
    }

    @Sendable private func list(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let cursor = request.query["cursor"]
        let answer = try await pages.api(
            .get, Link("api", "org-structures", query: [("cursor", cursor)]), request, caller)
        return pages.frame.page(texts.organization, caller, section: .people) {
            Parts.head(texts.organization) {
                tag(.a, .class("button main"), .href(Link("org", "new"))) { texts.newStructure }
            }
            PeopleTab.show(.organization, caller)
            Parts.table(
                texts.organization, [texts.code, texts.name, texts.kind],
                (answer["items"]?.array ?? []).map { item in
                    let code = item["code"]?.string ?? ""
                    return [
                        tag(.a, .href(Link("org", code))) { code },
                        HTML(texts.pick(item["name"], else: code)),
                        HTML(texts.word(item["kind"]?.string ?? "")),
                    ]
                }, texts)
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("org", query: [("cursor", $0)])
            }
        }
    }

    private func save(_ request: Request, _ caller: Caller, _ draft: Draft) async throws
        -> Response
    {
        var draft = draft
        let texts = caller.texts
        let link = Link("api", "org-structures", draft.code)
        do {
            if draft.isNew { try Problem.checkCode(draft.code, texts) }
            var standing = JSONValue.null
            if !draft.isNew { standing = try await pages.api(.get, link, request, caller) }
            let kept = Dictionary(
                (standing["units"]?.array ?? []).map {
                    ($0["code"]?.string ?? "", $0["name"] ?? .null)
                }, uniquingKeysWith: { first, _ in first })
            let units = OrgOutline(kind: draft.kind).units(
                of: draft.outline, keeping: kept, texts)
            var name = JSONValue.string(draft.name)
            if var all = standing["name"]?.object {
                all[texts.language] = name
                name = .object(all)
            }
            let member = draft.kind == "manager" ? "people" : "units"
            let body = JSONObject([
                ("name", name), ("kind", .string(draft.kind)), (member, .array(units)),
            ])
            _ = try await pages.api(
                .put, link, request, caller, body: .object(body),
                version: draft.isNew ? 0 : draft.version)
            return pages.redirect(
                to: Link("org", draft.code), saying: draft.isNew ? "created" : "saved")
        } catch let problem as Problem where [404, 409, 412, 422].contains(problem.status) {
            if problem.status == 412, !draft.isNew {
                draft.version = try await pages.api(.get, link, request, caller)["version"]?
                    .integer
            }
            return form(request, caller, draft, problem: problem, tree: nil)
        }
    }

    private func form(
        _ request: Request, _ caller: Caller, _ draft: Draft, problem: Problem?, tree: JSONValue?
    ) -> Response {
        let texts = caller.texts
        let word = pages.word(for: request)
        let title = draft.isNew ? texts.newStructure : draft.name
        var response = pages.frame.page(
            title, caller, status: problem?.status ?? 200, section: .people
        ) {
            Parts.crumbs(texts, (Link("people"), texts.people), (Link("org"), texts.organization))
            Parts.head(title)
            pages.notice(word, texts)
            if problem?.status == 412 {
                tag(.div, .class("notice warn"), .role(.alert)) { texts.staleForm }
            } else {
                Parts.notice(problem, texts)
            }
            if let tree { drawn(tree, texts) }
            tag(
                .form, .class("card"), .post,
                .action(draft.isNew ? Link("org", "new") : Link("org", draft.code))
            ) {
                pages.csrf(caller)
                fields(draft, texts)
                tag(.div, .class("actions")) {
                    tag(.button, .class("button main"), .type("submit")) {
                        draft.isNew ? texts.create : texts.save
                    }
                    tag(.a, .class("button"), .href(Link("org"))) { texts.back }
                }
            }
        }
        pages.said(word, &response)
        return response
    }

    private func fields(_ draft: Draft, _ texts: Texts) -> HTML {
        tag(.div, .class("grid")) {
            if draft.isNew {
                Parts.text("code", texts.code, draft.code, note: texts.required, isNeeded: true)
                Parts.select(
                    "kind", texts.kind, OrgPages.kinds.map { ($0, texts.word($0)) },
                    chosen: draft.kind)
            } else {
                tag(.input, .type("hidden"), .name("code"), .value(draft.code))
                tag(.input, .type("hidden"), .name("kind"), .value(draft.kind))
                Parts.version(draft.version)
            }
            Parts.text("name", texts.name, draft.name, note: texts.required, isNeeded: true)
            Parts.field("outline", texts.units, isWide: true) {
                tag(
                    .textarea, .id("outline"), .name("outline"), .class("outline"),
                    .fixed("spellcheck", "false"), .aria(.describedBy, "outline-hint")
                ) { draft.outline }
                tag(.p, .class("hint"), .id("outline-hint")) {
                    draft.kind == "manager" ? texts.outlineManagerHint : texts.outlineHint
                }
            }
        }
    }

    /// The tree as nested lists, so that it is read as one.
    private func drawn(_ structure: JSONValue, _ texts: Texts) -> HTML {
        let isManagers = structure["kind"]?.string == "manager"
        let units = structure[isManagers ? "people" : "units"]?.array ?? []
        if units.isEmpty { return .nothing }
        let tree = UnitTree(units, isManagers: isManagers)
        return tag(.section, .class("card scroll")) {
            tag(.ul, .class("tree")) {
                for unit in tree.below("") { branch(unit, tree, texts, depth: 0) }
            }
        }
    }

    /// Levels that are drawn; a deeper one is in the outline.
    private static let depthLimit = 30

    private func branch(_ unit: JSONValue, _ tree: UnitTree, _ texts: Texts, depth: Int) -> HTML {
        let code = tree.code(unit)
        let members = (unit["members"]?.array ?? []).compactMap(\.string)
        return tag(.li) {
            tag(.span, .class("unit")) {
                tag(.strong) { texts.pick(unit["name"], else: code) }
                if !members.isEmpty { tag(.small) { " " + members.joined(separator: ", ") } }
            }
            if depth < OrgPages.depthLimit, !tree.below(code).isEmpty {
                tag(.ul) {
                    for child in tree.below(code) {
                        branch(child, tree, texts, depth: depth + 1)
                    }
                }
            }
        }
    }
}
