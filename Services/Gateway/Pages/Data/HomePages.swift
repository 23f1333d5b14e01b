import Contracts
import HTTP
import RPC

/// `/`: the classes that the caller may read, by model.
struct HomePages: Sendable {
    let pages: Pages
    let views: ListViewStore
    let recents: RecentRecords

    func add() { pages.onPage("/", .account, "The start page", home) }

    @Sendable private func home(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        async let kept = views.views(of: caller.required.accountID)
        let context = try request.context(caller, door: .page)
        async let opened = recents.named(
            of: caller.required.accountID, pages.records, context)
        let list = try await pages.records.call(ListClasses(), as: context)
        let classes = list.items
        let views = Dictionary(grouping: try await kept, by: \.type)
        var models: [(code: String, name: String, items: [ClassList.Item])] = []
        for item in classes {
            if models.last?.code != item.type.model {
                let name = texts.pick(item.modelName ?? [:], else: item.type.model)
                models.append((item.type.model, name, []))
            }
            models[models.count - 1].items.append(item)
        }
        let recent = try await opened
        return pages.frame.page(texts.home, caller, section: .home) {
            tag(.div, .class("head")) { tag(.h1) { texts.classes } }
            if classes.isEmpty { tag(.div, .class("card blank")) { texts.noClasses } }
            if !recent.isEmpty {
                tag(.section) {
                    tag(.h2) { texts.recentRecords }
                    tag(.ul, .class("tiles")) {
                        for item in recent { tile(item, classes, texts) }
                    }
                }
            }
            for model in models {
                tag(.section) {
                    tag(.h2) { model.name }
                    tag(.ul, .class("tiles")) {
                        for item in model.items { tile(item, views[item.type] ?? [], texts) }
                    }
                }
            }
            if let queries = list.queries {
                tag(.section) {
                    tag(.h2) { texts.queries }
                    tag(.ul, .class("tiles")) {
                        for query in queries {
                            tag(.li) {
                                tag(.a, .href(Link("q", query.type.model, query.type.code))) {
                                    tag(.strong) { texts.pick(query.name, else: query.type.code) }
                                    tag(.small) { query.type.description }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    private func tile(
        _ item: RecentRecords.Named, _ classes: [ClassList.Item], _ texts: Texts
    ) -> HTML {
        let type = item.entry.type
        let name = classes.first { $0.type == type }.map { texts.pick($0.name, else: type.code) }
        return tag(.li) {
            tag(.a, .href(Link("m", type.model, type.code, String(item.entry.id)))) {
                tag(.strong) { item.name }
                tag(.small) { name ?? type.description }
            }
        }
    }

    private func tile(
        _ item: ClassList.Item, _ views: [ListViewStore.View], _ texts: Texts
    ) -> HTML {
        tag(.li) {
            tag(.a, .href(Link("m", item.type.model, item.type.code))) {
                tag(.strong) { texts.pick(item.name, else: item.type.code) }
                tag(.small) { item.type.description }
            }
            if !views.isEmpty {
                tag(.ul, .class("plain")) {
                    for view in views {
                        tag(.li) { tag(.a, .href(view.list.link)) { view.name } }
                    }
                }
            }
        }
    }
}
