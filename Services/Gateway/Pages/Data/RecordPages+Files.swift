import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// The files of a record on its page: links, a field to put one, a button to take one away.
extension RecordPages {
    private static let files = one + "/files/{column}"

    func addFiles(to table: RouteTable) {
        let page = Operation.Content.media("text/html")
        table.on(
            .post, RecordPages.files, .account,
            Operation(
                "Puts a file under the record", body: .media("multipart/form-data"),
                answers: [
                    Answer(303, "Done; the page that shows it"),
                    Answer(422, "The record with what is wrong", page),
                ], problems: [412, 507]), body: ["multipart/form-data"], bodyLimit: .max
        ) { request, caller in
            let sent = try await MultipartForm(request)
            return try await act(request, caller, sent.form) { type, id, version, context in
                guard let file = sent.file else { return }
                let call = PutFile(
                    type, id: id, version: version, column: request.parameters["column"] ?? "",
                    name: file.name, contentType: file.type)
                let answer = try await records.stream(call, body: file.body, as: context)
                _ = try await answer.body.collect(limit: RecordRoutes.bodyLimit)
            }
        }
        table.on(
            .post, RecordPages.files + "/delete", .account,
            Operation(
                "Takes a file from the record",
                answers: [
                    Answer(303, "Done; the page that shows it"),
                    Answer(422, "The record with what is wrong", page),
                ], problems: [412]), body: RouteTable.form, bodyLimit: Form.limit
        ) { request, caller in
            let sent = try await Form(request)
            return try await act(request, caller, sent) { type, id, version, context in
                let call = RemoveFile(
                    type, id: id, version: version, column: request.parameters["column"] ?? "",
                    name: sent["name"] ?? "")
                _ = try await records.forward(call, as: context)
            }
        }
    }

    private func act(
        _ request: Request, _ caller: Caller, _ sent: Form,
        _ body: (FullCode, Int64, Int64, CallContext) async throws -> Void
    ) async throws -> Response {
        if caller.byCookie { try authenticator.requireCSRF(sent["_csrf"], of: caller.identity) }
        let context = try request.context(caller, door: .page)
        let (code, id) = (try request.fullCode("class"), try request.id())
        do {
            try await body(code, id, Int64(sent["_version"] ?? "") ?? 0, context)
            return PageFrame.redirect(
                to: Link("m", code.model, code.code, String(id)),
                cookie: authenticator.cookies.done("saved"))
        } catch let problem as Problem where [409, 412, 413, 422, 507].contains(problem.status) {
            let type = try await records.call(DescribeClass(code), as: context)
            var form = RecordForm(type: type, texts: caller.texts)
            let current = try await record(type, id, context)
            for column in form.columns {
                form.inputs[column.code] = ColumnValue(column: column, texts: form.texts)
                    .input(current[column.code])
            }
            form.general.append(problem.errors.first?.detail ?? problem.detail ?? problem.title)
            return try await show(request, caller, form: form, status: problem.status)
        }
    }

    // MARK: Showing

    func files(
        _ type: ClassDescription, _ record: JSONObject, _ id: Int64, _ caller: Caller,
        _ texts: Texts, mayChange: Bool
    ) -> HTML {
        let columns = type.columns.filter { $0.type == "file" && record[$0.code] != nil }
        if columns.isEmpty { return .nothing }
        return tag(.section, .class("card")) {
            for column in columns {
                tag(.h2) { texts.pick(column.name, else: column.code) }
                let names = (record[column.code]?.array ?? []).compactMap { $0["name"]?.string }
                if names.isEmpty { tag(.p, .class("quiet")) { texts.noFiles } }
                tag(.ul) {
                    for file in record[column.code]?.array ?? [] {
                        item(file, column, type, record, id, caller, texts, mayChange: mayChange)
                    }
                }
                if mayChange, column.writable { upload(column, type, record, id, caller, texts) }
            }
        }
    }

    private func item(
        _ file: JSONValue, _ column: ClassDescription.Column, _ type: ClassDescription,
        _ record: JSONObject, _ id: Int64, _ caller: Caller, _ texts: Texts, mayChange: Bool
    ) -> HTML {
        let name = file["name"]?.string ?? ""
        let code = type.type
        return tag(.li) {
            tag(
                .a,
                .href(
                    Link(
                        "api", "records", code.model, code.code, String(id), "files", column.code,
                        name))
            ) { name }
            tag(.small) { " " + texts.bytes(file["bytes"]?.integer ?? 0) }
            if mayChange, column.writable {
                tag(
                    .form, .post,
                    .action(
                        Link("m", code.model, code.code, String(id), "files", column.code, "delete")
                    )
                ) {
                    frame.csrf(caller.identity?.csrf ?? [])
                    RecordPages.version(record)
                    tag(.input, .type("hidden"), .name("name"), .value(name))
                    tag(.button, .class("button"), .type("submit")) { texts.removeFile }
                }
            }
        }
    }

    private func upload(
        _ column: ClassDescription.Column, _ type: ClassDescription, _ record: JSONObject,
        _ id: Int64, _ caller: Caller, _ texts: Texts
    ) -> HTML {
        let code = type.type
        return tag(
            .form, .post, .fixed("enctype", "multipart/form-data"),
            .action(Link("m", code.model, code.code, String(id), "files", column.code))
        ) {
            // Before the file: it is streamed on as it comes.
            frame.csrf(caller.identity?.csrf ?? [])
            RecordPages.version(record)
            tag(.label, .for("u-\(column.code)")) { texts.addFile }
            tag(.input, .type("file"), .id("u-\(column.code)"), .name("file"), .required)
            tag(.button, .class("button"), .type("submit")) { texts.upload }
        }
    }
}
