import HTTP
import JSON
import RPC

/// What needs a person, as a list to choose from and act on together.
struct IncidentPart {
    static let limit = 100

    let pages: Pages
    let caller: Caller

    private var texts: Texts { caller.texts }

    func show(_ answer: JSONValue, kind: String?, cursor: String?) -> HTML {
        let items = answer["items"]?.array ?? []
        let mayAct = caller.identity?.may(Permissions.workflowOperate) == true
        return tag(.section, .aria(.labelledBy, "incidents")) {
            tag(.h2, .id("incidents")) { texts.needsAPerson }
            if kind != nil || !items.isEmpty { kinds(kind) }
            if items.isEmpty {
                tag(.div, .class("card blank")) { texts.nothingStuck }
            } else {
                tag(.form, .post, .action(Link("operations", "incidents"))) {
                    pages.csrf(caller)
                    table(items, mayAct)
                    if mayAct { actions }
                }
            }
            Parts.pager(texts, cursor: cursor, next: answer["next"]?.string) {
                Link("operations", query: [("kind", kind), ("cursor", $0)])
            }
        }
    }

    private func kinds(_ chosen: String?) -> HTML {
        let kinds = [
            "step", "action", "rule", "loop", "job", "quarantined", "uncertain", "undelivered",
            "dead-letter",
        ]
        return Parts.tabs(
            texts.kind,
            [(texts.any, Link("operations"), isChosen: chosen == nil)]
                + kinds.map {
                    (
                        texts.word($0), Link("operations", query: [("kind", $0)]),
                        isChosen: $0 == chosen
                    )
                })
    }

    private func table(_ items: [JSONValue], _ mayAct: Bool) -> HTML {
        let rows = items.map { item -> [HTML] in
            let id = String(item["id"]?.integer ?? 0)
            return [
                tag(.span) {
                    if mayAct {
                        tag(
                            .input, .type("checkbox"), .name("incident"), .value(id),
                            .aria(.label, "\(texts.choose) \(id)"))
                        " "
                    }
                    Parts.state(item["kind"]?.string ?? "", texts)
                },
                Parts.time(item["time"], texts) ?? HTML(texts.empty),
                HTML(item["service"]?.string ?? ""),
                about(item),
                HTML(
                    item["problem"]?["detail"]?.string ?? item["problem"]?["title"]?.string
                        ?? item["problem"]?.string ?? ""),
            ]
        }
        return Parts.table(
            texts.needsAPerson,
            [texts.kind, texts.when, texts.service, texts.about, texts.problem], rows, texts)
    }

    /// The record, the instance, the mail: what there is of them, each with its page.
    @HTMLBuilder private func about(_ item: JSONValue) -> HTML {
        if let record = Parts.record(item["record"]) {
            record
            " "
        }
        if let instance = item["instance"]?.integer {
            tag(.a, .href(Link("instances", String(instance)))) {
                "\(texts.instance) \(instance)"
            }
            " "
        }
        if let link = item["link"]?.string.flatMap(IncidentPart.page) {
            tag(.a, .href(link)) { texts.show }
        }
    }

    /// `/api/mail/messages/7` is the API's; a person goes to the page of it.
    static func page(_ link: String) -> Link? {
        let parts = link.split(separator: "/").map(String.init)
        guard parts.first == "api", parts.count >= 3 else { return nil }
        switch (parts[1], parts.count) {
        case ("mail", 4): return Link("mail", parts[3])
        case ("mailboxes", 3...): return Link("mailboxes", parts[2])
        case ("runs", 3...): return Link("runs", parts[2])
        case ("instances", 3...): return Link("instances", parts[2])
        case ("jobs", 3...): return Link("jobs", parts[2])
        default: return nil
        }
    }

    private var actions: HTML {
        tag(.div, .class("row actions")) {
            tag(.label, .class("tick"), .data("choose", "incident")) {
                tag(.input, .type("checkbox"))
                texts.chooseAll
            }
            tag(.span, .class("quiet")) { texts.chosen }
            for (action, label) in [
                ("retry", texts.retry), ("skip", texts.skip1), ("close", texts.giveUp),
            ] {
                tag(
                    .button, .class("button small"), .type("submit"), .name("action"),
                    .value(action)
                ) { label }
            }
        }
    }
}
