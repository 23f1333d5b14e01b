import Contracts
import HTTP
import JSON
import RPC

private typealias Answer = Operation.Answer

/// Files of records, streamed both ways. Their limits are those of their column.
struct FileRoutes: Sendable {
    private static let path =
        "/api/records/{model}/{class}/{id:integer}/files/{column}/{name}"
    private static let bytes = "application/octet-stream"

    let records: Peer

    func add(to table: RouteTable) {
        table.on(
            .get, FileRoutes.path, .account,
            Operation(
                "A file of a record",
                about: "Sent as an attachment. The hash is checked on the way: where the stored "
                    + "bytes are damaged, the answer breaks off before its last bytes. One range "
                    + "of bytes may be asked for (`Range`, `If-Range`).",
                query: [
                    .init(
                        name: "sha256",
                        about: "One that the record listed under this name before, by its hash")
                ],
                answers: [
                    Answer(200, "The bytes", .media("*/*")),
                    Answer(206, "The bytes of the range", .media("*/*")),
                ], problems: [416])
        ) { request, caller in try await get(request, caller) }
        table.on(
            .put, FileRoutes.path, .account,
            Operation(
                "Puts a file under a record",
                about: "The body is the file, its Content-Type the file's type. It takes the place "
                    + "of one that has the name, or comes after the others.",
                body: .media(FileRoutes.bytes), needsVersion: true,
                answers: [
                    Answer(200, "The record; the file stands in place of another", "Record"),
                    Answer(201, "The record, with one file more", "Record"),
                ], problems: [507]), body: ["*/*"], bodyLimit: .max
        ) { request, caller in try await put(request, caller) }
        table.on(
            .delete, FileRoutes.path, .account,
            Operation(
                "Takes a file from a record", needsVersion: true,
                answers: [Answer(200, "The record without the file", "Record")])
        ) { request, caller in
            _ = try QueryReader(request, [])
            let (type, id, column, name) = try FileRoutes.place(request)
            let version = try Precondition.requiredVersion(request.headers)
            let call = RemoveFile(type, id: id, version: version, column: column, name: name)
            return RecordRoutes.one(try await records.forward(call, as: request.context(caller)))
        }
    }

    private func get(_ request: Request, _ caller: Caller) async throws -> Response {
        let query = try QueryReader(request, ["sha256"])
        let (type, id, column, name) = try FileRoutes.place(request)
        let call = GetFile(
            type, id: id, column: column, name: name, sha256: query.text("sha256"),
            range: request.headers["Range"], ifRange: request.headers["If-Range"])
        let answer = try await records.stream(call, body: .empty, as: request.context(caller))
        return FileRoutes.download(answer)
    }

    private func put(_ request: Request, _ caller: Caller) async throws -> Response {
        _ = try QueryReader(request, [])
        let (type, id, column, name) = try FileRoutes.place(request)
        let version = try Precondition.requiredVersion(request.headers)
        let call = PutFile(
            type, id: id, version: version, column: column, name: name,
            contentType: request.headers["Content-Type"])
        let answer = try await records.stream(
            call, body: request.body, as: request.context(caller))
        let record = JSONBytes(try await answer.body.collect(limit: RecordRoutes.bodyLimit))
        return RecordRoutes.one(record, status: answer.status)
    }

    private static func place(
        _ request: Request
    ) throws -> (type: FullCode, id: Int64, column: String, name: String) {
        (
            try request.fullCode("class"), try request.id(), request.parameters["column"] ?? "",
            request.parameters["name"] ?? ""
        )
    }

    /// A file never runs in the platform's own origin, whatever it is.
    static func download(_ answer: ClientResponse) -> Response {
        var headers: Headers = ["Content-Security-Policy": "sandbox; default-src 'none'"]
        for name in ["ETag", "Cache-Control", "Accept-Ranges", "Content-Range"] {
            if let value = answer.headers[name] { headers[name] = value }
        }
        if answer.headers["Content-Disposition"] == nil {
            headers["Content-Disposition"] = "attachment"
        }
        return .passed(answer, headers: headers)
    }
}
