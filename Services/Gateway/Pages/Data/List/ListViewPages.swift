import Contracts
import HTTP
import RPC

/// `/m/{model}/{class}/views`: keeps a list under a name, puts another in its place, or takes it
/// away.
struct ListViewPages: Sendable {
    static let path = "/m/{model}/{class}/views"

    let pages: Pages
    let store: ListViewStore

    /// Who builds models also says which views everybody sees.
    static func mayShare(_ caller: Caller) -> Bool {
        caller.identity?.may(Permissions.modelsWrite) ?? false
    }

    func add() {
        pages.onForm(
            ListViewPages.path, .account, "Keeps a list under a name, or an address for a view",
            problems: [409], save)
        pages.onForm(
            ListViewPages.path + "/{id:integer}/delete", .account, "Takes a saved view away"
        ) { request, caller, _ in
            let type = try await readable(request, caller)
            let done = try await store.change(
                try request.id(), in: type, account: try caller.required.accountID,
                mayShare: ListViewPages.mayShare(caller), query: nil)
            guard done else { throw Problem.notFound() }
            return pages.redirect(to: ListQuery(type).link, saying: "deleted")
        }
    }

    /// A view is of a class that the caller may read.
    private func readable(_ request: Request, _ caller: Caller) async throws -> FullCode {
        let type = try request.fullCode("class")
        _ = try await pages.records.call(
            DescribeClass(type), as: request.context(caller, door: .page))
        return type
    }

    @Sendable private func save(
        _ request: Request, _ caller: Caller, _ form: Form
    ) async throws -> Response {
        let type = try await readable(request, caller)
        let account = try caller.required.accountID
        var list = ListQuery(type, text: form["list"])?.changed { _ in } ?? ListQuery(type)
        list.saved = nil
        let query = list.text
        guard query.utf8.count <= ListViewStore.queryLimit else {
            throw Problem.invalidParameter("The list's address is too long to be kept.")
        }
        if let id = form["id"].flatMap({ Int64($0) }) {
            let done = try await store.change(
                id, in: type, account: account, mayShare: ListViewPages.mayShare(caller),
                query: query)
            guard done else { throw Problem.notFound() }
            list.saved = id
            return pages.redirect(to: list.link, saying: "saved")
        }
        let name = (form["name"] ?? "").trimmed
        guard !name.isEmpty, name.count <= ListViewStore.nameLimit,
            name.utf8.count <= 4 * ListViewStore.nameLimit
        else {
            throw Problem.invalidParameter(
                "A view has a name of at most \(ListViewStore.nameLimit) characters.")
        }
        let isShared = form["shared"] == "1"
        if isShared, !ListViewPages.mayShare(caller) {
            throw Problem.forbidden("Sharing a view needs models:write.")
        }
        guard
            let id = try await store.add(
                type, account: account, name: name, query: query, isShared: isShared)
        else {
            throw Problem.conflict(
                "There are \(ListViewStore.limit) views of this class already; delete one.")
        }
        list.saved = id
        return pages.redirect(to: list.link, saying: "saved")
    }
}

/// Views above a list, and the menu that keeps one.
struct ListViewTabs {
    let page: ListPage

    private var texts: Texts { page.texts }
    private var query: ListQuery { page.query }
    private var base: Link { Link("m", query.type.model, query.type.code, "views") }

    func tabs() -> HTML {
        if page.views.isEmpty { return .nothing }
        return tag(.nav, .class("tabs"), .aria(.label, texts.views)) {
            tag(
                .a, .href(ListQuery(query.type).link),
                query.saved == nil ? .aria(.current, "page") : nil
            ) { texts.allRecords }
            for view in page.views {
                tag(
                    .a, .href(view.list.link),
                    view.id == query.saved ? .aria(.current, "page") : nil
                ) { view.name }
            }
        }
    }

    @HTMLBuilder func menu() -> HTML {
        let current = page.views.first { $0.id == query.saved }
        let mayShare = ListViewPages.mayShare(page.caller)
        if let current, current.isShared ? mayShare : true {
            if current.list.text != query.changed({ _ in }).text {
                tag(.form, .post, .action(base)) {
                    page.pages.csrf(page.caller)
                    tag(.input, .type("hidden"), .name("list"), .value(query.text))
                    tag(.input, .type("hidden"), .name("id"), .value(String(current.id)))
                    tag(.button, .class("button small"), .type("submit")) {
                        texts.updateView(current.name)
                    }
                }
            }
            tag(
                .form, .post,
                .action(
                    Link(
                        "m", query.type.model, query.type.code, "views", String(current.id),
                        "delete"))
            ) {
                page.pages.csrf(page.caller)
                tag(.button, .class("button small bad"), .type("submit")) {
                    texts.deleteView(current.name)
                }
            }
        }
        tag(.form, .post, .action(base)) {
            page.pages.csrf(page.caller)
            tag(.input, .type("hidden"), .name("list"), .value(query.text))
            tag(.div, .class("field")) {
                tag(.label, .for("view-name")) { texts.saveView }
                tag(
                    .input, .id("view-name"), .name("name"), .required,
                    .placeholder(texts.viewName),
                    .number("maxlength", Int64(ListViewStore.nameLimit)))
            }
            if mayShare {
                tag(.label, .class("check")) {
                    tag(.input, .type("checkbox"), .name("shared"), .value("1"))
                    texts.forEverybody
                }
            }
            tag(.button, .class("button main small"), .type("submit")) { texts.save }
        }
    }
}
