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
            try pages.requireCSRF(sent.form, caller)
            return try await act(request, caller, sent.form) { type, id, version, context in
                let back = RecordPages.link(type, id, request)
                guard let file = sent.file else { return pages.redirect(to: back) }
                let call = PutFile(
                    type, id: id, version: version, column: request.parameters["column"] ?? "",
                    name: file.name, contentType: file.type)
                let answer = try await records.stream(call, body: file.body, as: context)
                _ = try await answer.body.collect(limit: RecordRoutes.bodyLimit)
                return pages.redirect(to: back, saying: "saved")
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
            try pages.requireCSRF(sent, caller)
            return try await act(request, caller, sent) { type, id, version, context in
                let call = RemoveFile(
                    type, id: id, version: version, column: request.parameters["column"] ?? "",
                    name: sent["name"] ?? "")
                _ = try await records.forward(call, as: context)
                return pages.redirect(
                    to: RecordPages.link(type, id, request), saying: "saved")
            }
        }
    }

}

/// How files look on the record's page.
extension RecordPage {
    func files() -> HTML {
        let columns = type.columns.filter { $0.type == "file" && record[$0.code] != nil }
        if columns.isEmpty { return .nothing }
        return tag(.section, .class("card")) {
            for column in columns {
                let files = record[column.code]?.array ?? []
                tag(.h2) { texts.pick(column.name, else: column.code) }
                if files.isEmpty { tag(.p, .class("quiet")) { texts.noFiles } }
                tag(.ul, .class("plain files")) { for file in files { item(file, column) } }
                if mayChange, column.writable { upload(column) }
            }
        }
    }

    private func item(_ file: JSONValue, _ column: ClassDescription.Column) -> HTML {
        let name = file["name"]?.string ?? ""
        return tag(.li, .class("row")) {
            tag(
                .a,
                .href(
                    Link(
                        "api", "records", type.type.model, type.type.code, String(id), "files",
                        column.code, name))
            ) { name }
            tag(.small, .class("quiet")) { texts.bytes(file["bytes"]?.integer ?? 0) }
            if mayChange, column.writable {
                tag(.form, .post, .action(link("files", column.code, "delete"))) {
                    pages.csrf(caller)
                    version()
                    tag(.input, .type("hidden"), .name("name"), .value(name))
                    tag(
                        .button, .class("button small"), .type("submit"),
                        .aria(.label, texts.removeFile + ": " + name)
                    ) { texts.removeFile }
                }
            }
        }
    }

    /// The script lets one drop files on it, one after the other, and shows how far they are.
    private func upload(_ column: ClassDescription.Column) -> HTML {
        tag(
            .form, .class("drop"), .post, .fixed("enctype", "multipart/form-data"),
            .action(link("files", column.code)), .data("drop")
        ) {
            // Before the file: it is streamed on as it comes.
            pages.csrf(caller)
            version()
            tag(.label, .for("u-\(column.code)")) { texts.addFile }
            tag(.div, .class("row")) {
                tag(
                    .input, .type("file"), .id("u-\(column.code)"), .name("file"), .required)
                tag(.button, .class("button small"), .type("submit")) { texts.upload }
            }
            tag(
                .progress, .hidden, .fixed("max", "100"), .fixed("value", "0"),
                .aria(.label, texts.upload))
            tag(.p, .class("fault"), .role(.alert), .hidden) { texts.uploadFailed }
        }
    }
}
