import Contracts
import HTTP
import RPC

/// `/`: the classes that the caller may read, by model.
struct HomePages: Sendable {
    let pages: Pages

    func add() { pages.onPage("/", .account, "The start page", home) }

    @Sendable private func home(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let classes = try await pages.records.call(
            ListClasses(), as: request.context(caller, door: .page)
        ).items
        var models: [(code: String, name: String, items: [ClassList.Item])] = []
        for item in classes {
            if models.last?.code != item.type.model {
                let name = texts.pick(item.modelName ?? [:], else: item.type.model)
                models.append((item.type.model, name, []))
            }
            models[models.count - 1].items.append(item)
        }
        return pages.frame.page(texts.home, caller, section: .home) {
            tag(.div, .class("head")) { tag(.h1) { texts.classes } }
            if classes.isEmpty { tag(.div, .class("card blank")) { texts.noClasses } }
            for model in models {
                tag(.section) {
                    tag(.h2) { model.name }
                    tag(.ul, .class("tiles")) {
                        for item in model.items { tile(item, texts) }
                    }
                }
            }
        }
    }

    private func tile(_ item: ClassList.Item, _ texts: Texts) -> HTML {
        tag(.li) {
            tag(.a, .href(Link("m", item.type.model, item.type.code))) {
                tag(.strong) { texts.pick(item.name, else: item.type.code) }
                tag(.small) { item.type.description }
            }
        }
    }
}
