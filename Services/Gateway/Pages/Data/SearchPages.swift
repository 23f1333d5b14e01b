import Contracts
import HTTP
import JSON
import RPC

/// `/search?q=`: a search over all classes that the caller may read, by class.
struct SearchPages: Sendable {
    /// Classes that one search goes through.
    static let classLimit = 60
    /// Records that are shown of each class.
    static let hitLimit = 5

    let pages: Pages

    struct Hits: Sendable {
        let item: ClassList.Item
        let records: [JSONValue]
        /// Of a class that has its words indexed; elsewhere to count all is to read all.
        let count: Int64?
        var hasMore = false
    }

    func add() {
        pages.onPage(
            "/search", .account, "What is found in all classes that one may read",
            query: [.init(name: "q", about: "Words to find")], search)
    }

    @Sendable private func search(_ request: Request, _ caller: Caller) async throws -> Response {
        let texts = caller.texts
        let text = (request.query["q"] ?? "").trimmed
        let context = try request.context(caller, door: .page)
        var found: [Hits] = []
        var isCut = false
        if !text.isEmpty {
            let classes = try await pages.records.call(ListClasses(), as: context).items
            isCut = classes.count > SearchPages.classLimit
            found = await hits(classes, text, context)
        }
        let title = text.isEmpty ? texts.search : texts.found(text)
        return pages.frame.page(title, caller, section: .home) {
            tag(.div, .class("head")) { tag(.h1) { title } }
            tag(.form, .class("seek wide"), .get, .action(Link("search")), .role(.search)) {
                tag(
                    .input, .type("search"), .name("q"), .value(text),
                    .aria(.label, texts.searchAll), .placeholder(texts.searchAll))
                tag(.button, .class("button main small"), .type("submit")) { texts.search }
            }
            if !text.isEmpty, found.isEmpty {
                tag(.div, .class("card blank")) { texts.nothingFound }
            }
            for hits in found { section(hits, text, texts) }
            if isCut { tag(.p, .class("quiet")) { texts.searchCut(SearchPages.classLimit) } }
        }
    }

    private func hits(
        _ classes: [ClassList.Item], _ text: String, _ context: CallContext
    ) async -> [Hits] {
        await withTaskGroup(of: (Int, Hits?).self) { group in
            for (index, item) in classes.prefix(SearchPages.classLimit).enumerated() {
                group.addTask { (index, try? await hits(item, text, context)) }
            }
            var found: [(Int, Hits)] = []
            for await (index, hits) in group {
                if let hits, !hits.records.isEmpty { found.append((index, hits)) }
            }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func hits(
        _ item: ClassList.Item, _ text: String, _ context: CallContext
    ) async throws -> Hits {
        let type = try await pages.records.call(DescribeClass(item.type), as: context)
        let search = QuickSearch(text, type)
        let call = ListRecords(
            item.type, filter: search.filter(nil), select: ["describe"],
            limit: SearchPages.hitLimit, count: search.words == nil ? nil : true,
            search: search.words)
        let answer = try JSONValue(
            parsing: await pages.records.forward(call, as: context).bytes)
        return Hits(
            item: item, records: answer["items"]?.array ?? [], count: answer["count"]?.integer,
            hasMore: answer["next"]?.string != nil)
    }

    private func section(_ hits: Hits, _ text: String, _ texts: Texts) -> HTML {
        var list = ListQuery(hits.item.type)
        list.search = text
        return tag(.section, .class("card")) {
            tag(.h2) {
                tag(.a, .href(list.link)) {
                    texts.pick(hits.item.name, else: hits.item.type.code)
                }
                if let count = hits.count {
                    tag(.small, .class("quiet")) { " \(texts.count(count))" }
                }
            }
            tag(.ul, .class("plain")) {
                for record in hits.records {
                    tag(.li) {
                        tag(.a, .href(list.link(to: record["id"]?.integer ?? 0))) {
                            record["describe"]?.string ?? ""
                        }
                    }
                }
            }
            if let count = hits.count, count > Int64(hits.records.count) {
                tag(.a, .href(list.link)) { texts.more(Int(count) - hits.records.count) }
            } else if hits.hasMore {
                tag(.a, .href(list.link)) { texts.showMore }
            }
        }
    }
}
