import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Files of records, in and out. A file comes in as a change of its record, through the ordinary
/// write: the rights of its column, the record's version and the rules before the save count.
struct FileCalls: Sendable {
    /// Of a file that waits for its record; a column's own limit counts when it is listed.
    static let stageLimit: Int64 = 256 << 20

    let records: RecordStore
    let files: FileStore
    let sweep: FileSweep

    // MARK: In

    func put(_ call: PutFile, _ body: RequestBody, _ context: CallContext) async throws -> Response
    {
        // Who may not, and what cannot be, is told before gigabytes come.
        let list = try await list(call.type, call.id, call.version, call.column, context)
        var entry = FileEntry(
            name: call.name, type: FileEntry.mediaType(call.contentType), bytes: 0, sha256: "")
        if let fault = entry.fault(within: list.limits) {
            throw RecordsError.validation([
                FieldProblem(pointer: "/name", code: fault.code, detail: fault.detail)
            ])
        }
        return try await files.receive(body, limit: list.limits.maxBytes) { content in
            entry.sha256 = content.sha256
            entry.bytes = content.bytes
            let (id, version, column, put) = (call.id, call.version, call.column, entry)
            let now = records.runtime.clock.now()
            let answer = try await records.change(
                call.type, id, version, context, files: [put],
                prepare: { try FileTable.addContent(content, now: now, $0) },
                body: { writer in
                    try writer.fileList(id, version: version, column: column).putting(put)
                })
            let isNew = !list.entries.contains { $0.name == put.name }
            sweep.wakeWhere(list.limits.deletion == .physical)
            return .json(answer.bytes, status: isNew ? 201 : 200)
        }
    }

    func remove(_ call: RemoveFile, _ context: CallContext) async throws -> JSONBytes {
        let (id, version, column, name) = (call.id, call.version, call.column, call.name)
        let list = try await list(call.type, id, version, column, context)
        let answer = try await records.change(
            call.type, id, version, context, files: [], prepare: { _ in },
            body: { writer in
                try writer.fileList(id, version: version, column: column).removing(name)
            })
        sweep.wakeWhere(list.limits.deletion == .physical)
        return answer
    }

    func stage(
        _ call: StageFile, _ body: RequestBody, _ context: CallContext
    ) async throws -> Response {
        guard context.principal.isSystem else {
            throw RecordsError.forbidden("Only the platform itself stages files.")
        }
        let type = FileEntry.mediaType(call.contentType)
        let (account, now) = (context.principal.account, records.runtime.clock.now())
        return try await files.receive(body, limit: FileCalls.stageLimit) { content in
            try await records.database.write {
                try FileTable.stage(content, type: type, account: account, now: now, $0)
            }
            return .json(StagedFile(type: type, bytes: content.bytes, sha256: content.sha256))
        }
    }

    private func list(
        _ type: FullCode, _ id: Int64, _ version: Int64?, _ column: String,
        _ context: CallContext
    ) async throws -> RecordWriter.FileList {
        try await records.reading(type, context) {
            try $0.fileList(id, version: version, column: column)
        }
    }

    // MARK: Out

    func get(_ call: GetFile, _ context: CallContext) async throws -> Response {
        let entry = try await entry(call, context)
        let content = FileStore.Content(sha256: entry.sha256, bytes: entry.bytes)
        let asked = try ByteRange.read(call.range, ifRange: call.ifRange, of: content)
        guard let reader = try await files.open(content) else { throw damaged(entry, call) }
        var headers = FileCalls.headers(entry)
        let range = asked ?? 0..<entry.bytes
        if asked != nil {
            headers["Content-Range"] =
                "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(entry.bytes)"
        }
        let status = asked == nil ? 200 : 206
        if range.count <= FileStore.pieceBytes {
            var slice = FileSlice(reader, range)
            do {
                return Response(
                    status: status, headers: headers, body: .bytes(try await slice.all()))
            } catch is FileReader.Damaged {
                throw damaged(entry, call)
            }
        }
        return Response(
            status: status, headers: headers,
            body: .stream(length: range.count) { writer in
                var slice = FileSlice(reader, range)
                do {
                    while let piece = try await slice.next() { try await writer.write(piece) }
                } catch is FileReader.Damaged {
                    throw damaged(entry, call)
                }
            })
    }

    /// The file that the caller may read: of the record as it stands, or one that its column listed
    /// before.
    private func entry(_ call: GetFile, _ context: CallContext) async throws -> FileEntry {
        let record: JSONValue
        do {
            let bytes = try await records.get(
                GetRecord(call.type, id: call.id, select: [call.column]), context)
            record = try JSONValue(parsing: bytes.bytes)
        } catch RecordsError.filter {
            throw RecordsError.notFound
        }
        let current = (record[call.column]?.array ?? []).compactMap(FileEntry.init(json:))
            .first { $0.name == call.name }
        guard let sha256 = call.sha256, current?.sha256 != sha256 else {
            guard let current else { throw RecordsError.notFound }
            return current
        }
        guard let table = records.models.current.classes[call.type], FileEntry.isHash(sha256),
            table.definition.column(call.column)?.type == .file, record[call.column] != nil
        else { throw RecordsError.notFound }
        let place = FileTable.Place(table: table.rootNumber, record: call.id, column: call.column)
        let former = try await records.database.pointRead {
            try FileTable.listed(call.name, sha256, at: place, $0)
        }
        guard let former else { throw RecordsError.notFound }
        return former
    }

    private func damaged(_ entry: FileEntry, _ call: GetFile) -> Problem {
        records.runtime.log.error(
            "a stored file is damaged or missing",
            ["record": .string("\(call.type)/\(call.id)"), "sha256": .string(entry.sha256)])
        return Problem(
            status: 500, code: "file-damaged", title: "The stored file is not whole",
            detail: "Its bytes are not those that were put. The operator must restore them.")
    }

    /// Types that a browser shows harmlessly; of any other the bytes are just bytes.
    private static let knownTypes: Set<String> = [
        "application/pdf", "application/zip", "application/json", "audio/mpeg", "image/avif",
        "image/gif", "image/jpeg", "image/png", "image/webp", "text/csv", "text/plain",
        "video/mp4", "video/webm",
    ]

    private static func headers(_ entry: FileEntry) -> Headers {
        let plain = String(
            entry.name.unicodeScalars.map { scalar in
                let isPlain = (32..<127).contains(scalar.value) && scalar != "\"" && scalar != "%"
                return isPlain ? Character(scalar) : "_"
            })
        return [
            "Content-Type": knownTypes.contains(entry.type) ? entry.type : FileEntry.unknownType,
            "Content-Disposition":
                "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(Percent.encode(entry.name))",
            "ETag": "\"\(entry.sha256)\"", "Accept-Ranges": "bytes",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, no-cache",
        ]
    }
}
