import Contracts
import HTTP
import JSON

/// A record's page as it looks.
struct RecordPage {
    let pages: Pages
    let type: ClassDescription
    let id: Int64
    let record: JSONObject
    let form: RecordForm
    let caller: Caller
    /// The list that it was opened from.
    let list: ListQuery
    var mayChange = false
    var history: [JSONValue] = []
    var instances = Part<[JSONValue]>.none
    var tasks = Part<[JSONValue]>.none
    var mails = Part<[JSONValue]>.none
    var neighbours = RecordParts.Neighbours()
    var related: [RecordParts.Related] = []

    var texts: Texts { form.texts }
    /// It is shown to who may put it back.
    var isDeleted: Bool { record["deleted"].map { !$0.isNull } ?? false }
    private var name: String { record["describe"]?.string ?? "#\(id)" }

    /// The record's own address, or one below it, which keeps the way back to the list.
    func link(_ further: String...) -> Link {
        var path = Link("m", type.type.model, type.type.code, String(id)).text
        for part in further { path += Link(part).text }
        let query = Link(query: [("list", list.text)]).text.dropFirst()
        return Link(own: path + query) ?? Link(own: path) ?? .home
    }

    func response(status: Int, word: String?) -> Response {
        var response = pages.frame.page(name, caller, status: status, section: .home) {
            crumbs()
            head()
            notices(word)
            tag(.div, .class("record")) {
                tag(.div, .class("main")) {
                    if mayChange { change() } else { values(all: true) }
                    files()
                    changes()
                    if type.operations.contains("delete"), !isDeleted { removal() }
                }
                around()
            }
        }
        pages.said(word, &response)
        return response
    }

    private func crumbs() -> HTML {
        tag(.nav, .class("crumbs row"), .aria(.label, texts.back)) {
            tag(.span) {
                tag(.a, .href(.home)) { texts.home }
                tag(.a, .href(list.link)) { texts.pick(type.name, else: type.type.code) }
            }
            if neighbours.previous != nil || neighbours.next != nil {
                tag(.span, .class("ends")) {
                    if let previous = neighbours.previous {
                        tag(.a, .href(list.link(to: previous)), .fixed("rel", "prev")) {
                            "‹ " + texts.previousRecord
                        }
                    }
                    if let next = neighbours.next {
                        tag(.a, .href(list.link(to: next)), .fixed("rel", "next")) {
                            texts.nextRecord + " ›"
                        }
                    }
                }
            }
        }
    }

    private func head() -> HTML {
        tag(.div, .class("head")) {
            tag(.div) {
                tag(.h1) { name }
                tag(.p) {
                    if let version = record["version"]?.integer { texts.version(version) + " · " }
                    if let modifier = record["modifier"]?.string { modifier + ", " }
                    if let modified = record["modified"]?.string { texts.moment(modified) }
                }
            }
        }
    }

    private func notices(_ word: String?) -> HTML {
        tag(.div) {
            form.notice()
            if form.standing != nil {
                tag(.div, .class("notice warn"), .role(.alert)) {
                    tag(.strong) { texts.stale }
                    tag(.p) { form.conflicts.isEmpty ? texts.merged : texts.staleLead }
                }
            }
            pages.notice(word, texts)
            if isDeleted { wayBack() }
        }
    }

    private func wayBack() -> HTML {
        tag(.form, .class("notice warn"), .post, .action(link("restore"))) {
            pages.csrf(caller)
            version()
            tag(.strong) { texts.isDeleted }
            tag(.div, .class("actions")) {
                tag(.button, .class("button small"), .type("submit")) { texts.putBack }
            }
        }
    }

    // MARK: The form

    private func change() -> HTML {
        tag(.form, .class("card"), .post, .action(link()), .data("draft")) {
            pages.csrf(caller)
            version()
            RecordPage.draftNote(texts)
            form.fields()
            values(all: false)
            tag(.div, .class("actions")) {
                tag(.button, .class("button main"), .type("submit")) { texts.save }
                tag(.a, .class("button"), .href(list.link)) { texts.back }
            }
        }
    }

    /// What the script says when it brings back input that was never saved.
    static func draftNote(_ texts: Texts) -> HTML {
        tag(.div, .class("notice warn"), .role(.status), .hidden, .data("draft-note")) {
            texts.draftIsBack + " "
            tag(.button, .class("button small"), .type("button")) { texts.discard }
        }
    }

    func version() -> HTML { Parts.version(record["version"]?.integer ?? 0) }

    /// Values to read: all of them, or those that the caller may not write.
    private func values(all: Bool) -> HTML {
        let columns = type.columns.filter { (all || !$0.writable) && $0.type != "file" }
        if columns.isEmpty { return .nothing }
        let list = tag(.div, .class("grid")) {
            for column in columns {
                tag(.div, column.multiline ? .class("field wide") : .class("field")) {
                    tag(.div, .class("label")) { texts.pick(column.name, else: column.code) }
                    tag(.div, .class("value")) {
                        ColumnValue(column: column, texts: texts).shown(record[column.code])
                    }
                }
            }
        }
        return all ? tag(.section, .class("card")) { list } : list
    }

    // MARK: Removal

    private func removal() -> HTML {
        tag(.details) {
            tag(.summary) { texts.delete }
            tag(.form, .class("card"), .post, .action(link("delete"))) {
                pages.csrf(caller)
                version()
                tag(.strong) { texts.deleteQuestion }
                tag(.p) { texts.deleteLead }
                tag(.div, .class("actions")) {
                    tag(.button, .class("button bad"), .type("submit")) { texts.delete }
                }
            }
        }
    }
}
