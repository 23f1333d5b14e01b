import Contracts
import JSON

/// What goes on with a record and what refers to it, beside it.
extension RecordPage {
    func around() -> HTML {
        let parts = [
            part(tasks, texts.yourTasks) { task($0) },
            part(instances, texts.workflows) { instance($0) },
            part(mails, texts.mail) { mail($0) },
        ]
        var html = HTML.nothing
        for part in parts { html += part }
        for item in related { html += relation(item) }
        return tag(.div, .class("around")) { html }
    }

    private func part(
        _ part: Part<[JSONValue]>, _ title: String, _ item: (JSONValue) -> HTML
    ) -> HTML {
        switch part {
        case .none: return .nothing
        case .away:
            return tag(.section, .class("card")) {
                tag(.h2) { title }
                tag(.p, .class("quiet")) { texts.awayHere }
            }
        case .here(let items):
            if items.isEmpty { return .nothing }
            return tag(.section, .class("card")) {
                tag(.h2) { title }
                tag(.ul, .class("plain")) { for value in items { tag(.li) { item(value) } } }
            }
        }
    }

    @HTMLBuilder private func task(_ task: JSONValue) -> HTML {
        tag(.a, .href(Link("tasks"))) { task["title"]?.string ?? "" }
        if let due = task["due"]?.string {
            tag(.small) {
                " · " + texts.dueBy + " "
                texts.moment(due)
            }
        }
    }

    @HTMLBuilder private func instance(_ instance: JSONValue) -> HTML {
        let id = instance["id"]?.integer ?? 0
        tag(.a, .href(Link("instances", String(id)))) {
            instance["workflow"]?.string ?? "#\(id)"
        }
        " "
        state(instance["state"]?.string ?? "")
    }

    @HTMLBuilder private func mail(_ mail: JSONValue) -> HTML {
        let id = mail["id"]?.integer ?? 0
        tag(.a, .href(Link("mail", String(id)))) { mail["subject"]?.string ?? "#\(id)" }
        " "
        state(mail["state"]?.string ?? "")
        if let created = mail["created"]?.string {
            tag(.small) {
                " "
                texts.moment(created)
            }
        }
    }

    private func state(_ state: String) -> HTML {
        switch state {
        case "failed", "uncertain": tag(.span, .class("chip bad")) { state }
        case "waiting", "paused", "deferred", "held": tag(.span, .class("chip warn")) { state }
        case "finished", "sent", "proved": tag(.span, .class("chip good")) { state }
        default: tag(.span, .class("chip")) { state }
        }
    }

    private func relation(_ related: RecordParts.Related) -> HTML {
        let referrer = related.referrer
        if related.count == 0 && !referrer.isFillable { return .nothing }
        let name = texts.pick(referrer.name, else: referrer.type.code)
        let column = texts.pick(referrer.columnName, else: referrer.column)
        var list = ListQuery(referrer.type)
        list.filter = "\(referrer.column) eq \(id)"
        return tag(.section, .class("card")) {
            tag(.h2) {
                tag(.a, .href(list.link)) { name }
                tag(.small, .class("quiet")) {
                    " \(texts.number(related.count)) · \(column)"
                }
            }
            tag(.ul, .class("plain")) {
                for item in related.items {
                    tag(.li) {
                        tag(.a, .href(list.link(to: item["id"]?.integer ?? 0))) {
                            item["describe"]?.string ?? ""
                        }
                    }
                }
            }
            if referrer.isFillable {
                tag(
                    .a, .class("button small"),
                    .href(
                        Link(
                            "m", referrer.type.model, referrer.type.code, "new",
                            query: [
                                (referrer.column, String(id)), ("returnUrl", link().text),
                            ]))
                ) { texts.newRecord }
            }
        }
    }
}
