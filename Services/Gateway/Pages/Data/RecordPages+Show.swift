import Contracts
import HTTP
import JSON
import RPC

/// How a record looks.
extension RecordPages {
    /// The record's page. `form` is what a person sent and could not be saved.
    func show(
        _ request: Request, _ caller: Caller, form sent: RecordForm?, status: Int
    ) async throws -> Response {
        let context = try request.context(caller, door: .page)
        let code = try request.fullCode("class")
        let id = try request.id()
        let type = try await records.call(DescribeClass(code), as: context)
        let current = try await record(type, id, context)
        let history = try await history(code, id, context)
        let mayChange =
            type.operations.contains("change") && type.columns.contains(where: \.writable)
        var form = sent ?? RecordForm(type: type, texts: caller.texts)
        if sent == nil {
            for column in form.columns {
                form.inputs[column.code] = ColumnValue(column: column, texts: form.texts)
                    .input(current[column.code])
            }
        }
        if mayChange { form.choices = try await choices(type, context) }
        let name = current["describe"]?.string ?? "#\(id)"
        let done = authenticator.cookies.done(of: request)
        var response = frame.page(name, caller, status: status) {
            crumbs(type, form.texts)
            head(name, current, form.texts)
            notices(form, done: sent == nil ? done : nil)
            if mayChange {
                change(form, current, id, caller)
            } else {
                values(type, current, form.texts, all: true)
            }
            files(type, current, id, caller, form.texts, mayChange: mayChange)
            changes(history, type, form.texts)
            if type.operations.contains("delete") { removal(type, current, id, caller, form.texts) }
        }
        if done != nil {
            response.headers.add("Set-Cookie", authenticator.cookies.endOfDone)
        }
        return response
    }

    private func head(_ name: String, _ record: JSONObject, _ texts: Texts) -> HTML {
        tag(.div, .class("head")) {
            tag(.div) {
                tag(.h1) { name }
                tag(.p) {
                    if let version = record["version"]?.integer { texts.version(version) + " · " }
                    if let modifier = record["modifier"]?.string { modifier + ", " }
                    if let modified = record["modified"]?.string { ColumnValue.moment(modified) }
                }
            }
        }
    }

    private func notices(_ form: RecordForm, done: String?) -> HTML {
        tag(.div) {
            form.notice()
            if form.standing != nil {
                tag(.div, .class("notice warn"), .fixed("role", "alert")) {
                    tag(.strong) { form.texts.stale }
                    tag(.p) { form.texts.staleLead }
                }
            }
            if let done {
                tag(.div, .class("notice good"), .fixed("role", "status")) {
                    done == "created" ? form.texts.created : form.texts.saved
                }
            }
        }
    }

    private func change(
        _ form: RecordForm, _ record: JSONObject, _ id: Int64, _ caller: Caller
    ) -> HTML {
        let texts = form.texts
        return tag(.form, .class("card"), .post, .action(RecordPages.link(form.type, id))) {
            frame.csrf(caller.identity?.csrf ?? [])
            RecordPages.version(record)
            form.fields()
            values(form.type, record, texts, all: false)
            tag(.div, .class("actions")) {
                tag(.button, .class("button main"), .type("submit")) { texts.save }
                tag(
                    .a, .class("button"),
                    .href(Link("m", form.type.type.model, form.type.type.code))
                ) { texts.back }
            }
        }
    }

    static func version(_ record: JSONObject) -> HTML {
        tag(
            .input, .type("hidden"), .name("_version"),
            .value(String(record["version"]?.integer ?? 0)))
    }

    /// Values to read: all of them, or those that the caller may not write.
    private func values(
        _ type: ClassDescription, _ record: JSONObject, _ texts: Texts, all: Bool
    ) -> HTML {
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

    // MARK: History

    private func history(_ code: FullCode, _ id: Int64, _ context: CallContext) async throws
        -> [JSONValue]
    {
        do {
            let answer = try await records.forward(
                RecordHistory(code, id: id, limit: 100, newest: true), as: context)
            return try JSONValue(parsing: answer.bytes)["items"]?.array ?? []
        } catch let problem as Problem where problem.status == 403 || problem.status == 404 {
            return []
        }
    }

    /// Newest first: what happened last is what one looks for.
    private func changes(_ items: [JSONValue], _ type: ClassDescription, _ texts: Texts) -> HTML {
        tag(.section, .class("card"), .fixed("aria-labelledby", "history")) {
            tag(.h2, .id("history")) { texts.history }
            if items.isEmpty {
                tag(.p, .class("quiet")) { texts.noHistory }
            } else {
                tag(.ol, .class("changes")) {
                    for item in items { change(item, type, texts) }
                }
            }
        }
    }

    private func change(_ item: JSONValue, _ type: ClassDescription, _ texts: Texts) -> HTML {
        let columns = Dictionary(
            type.columns.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })
        return tag(.li) {
            tag(.strong) { item["account"]?.string ?? texts.empty }
            " \(texts.operation(item["operation"]?.string ?? "")) "
            tag(.span, .class("quiet")) {
                texts.door(item["door"]?.string ?? "") + ", "
                ColumnValue.moment(item["time"]?.string ?? "")
            }
            tag(.dl) {
                for change in item["changes"]?.array ?? [] {
                    if let column = change["column"]?.string.flatMap({ columns[$0] }) {
                        difference(column, change, texts)
                    }
                }
            }
        }
    }

    @HTMLBuilder private func difference(
        _ column: ClassDescription.Column, _ change: JSONValue, _ texts: Texts
    ) -> HTML {
        let value = ColumnValue(column: column, texts: texts)
        tag(.dt) { texts.pick(column.name, else: column.code) }
        tag(.dd) {
            if let old = change["old"], !old.isNull {
                tag(.span, .class("old")) { value.shown(old, limit: 500) }
                " → "
            }
            value.shown(change["new"], limit: 500)
        }
    }

    // MARK: Removal

    private func removal(
        _ type: ClassDescription, _ record: JSONObject, _ id: Int64, _ caller: Caller,
        _ texts: Texts
    ) -> HTML {
        tag(.details) {
            tag(.summary) { texts.delete }
            tag(
                .form, .class("card"), .post,
                .action(Link("m", type.type.model, type.type.code, String(id), "delete"))
            ) {
                frame.csrf(caller.identity?.csrf ?? [])
                RecordPages.version(record)
                tag(.strong) { texts.deleteQuestion }
                tag(.p) { texts.deleteLead }
                tag(.div, .class("actions")) {
                    tag(.button, .class("button bad"), .type("submit")) { texts.delete }
                }
            }
        }
    }
}
