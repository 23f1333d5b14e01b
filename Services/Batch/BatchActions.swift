import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What callers can ask of Batch.
struct BatchActions: Sendable {
    let database: Database
    let files: RunFiles
    let records: Peer
    let runtime: Runtime
    let uploadLimit: Int
    let stopping: StopFlag
    let wake: @Sendable () -> Void

    func check(_ call: CheckModel) throws -> ModelCheck {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: call.document.bytes)
        } catch {
            throw Problem.malformedJSON(error)
        }
        return ModelCheck(problems: Models.read(document, model: call.code).0)
    }

    func take(_ call: TakeModel) async throws -> Done {
        let document = try JSONValue(parsing: call.document.bytes)
        let (problems, definitions) = Models.read(document, model: call.code)
        guard problems.isEmpty else { throw Problem.validation(problems) }
        try await database.write {
            try Models.take(
                $0, model: call.code, version: call.version, definitions: definitions)
        }
        return Done()
    }

    func export(_ call: ExportList, as context: CallContext) async throws -> Response {
        try await ListExport(call, records: records, as: context).response()
    }

    func startImport(_ call: StartImport, body: RequestBody, as context: CallContext)
        async throws -> Response
    {
        let (json, definition) = try await definition(
            .import, call.definition, Models.importDefinition)
        try await require("import", on: definition.type, as: context)
        let stored = try await files.store(body, limit: uploadLimit)
        let key = call.key ?? context.idempotencyKey
        let made = try await create(
            RunStore.New(
                kind: .import, code: call.definition, definition: json, context: context, key: key,
                file: stored.name, bytes: stored.bytes, sha256: stored.sha256,
                isPlanning: call.plan ?? false))
        if !made.isNew { try await files.remove(stored.name) }
        return .json(["run": .number(JSONNumber(made.run))] as JSONValue, status: 202)
    }

    func startImport(
        _ call: StartImportFromSource, as context: CallContext
    ) async throws -> JSONBytes {
        let (json, definition) = try await definition(
            .import, call.definition, Models.importDefinition)
        try await require("import", on: definition.type, as: context)
        guard definition.source != nil else { throw BatchError.noSource(call.definition) }
        let made = try await create(
            RunStore.New(
                kind: .import, code: call.definition, definition: json, context: context,
                key: context.idempotencyKey, file: ""))
        return JSONBytes((["run": .number(JSONNumber(made.run))] as JSONValue).bytes)
    }

    func startExport(_ call: StartExport, as context: CallContext) async throws -> JSONBytes {
        let (json, definition) = try await definition(
            .export, call.definition, Models.exportDefinition)
        guard definition.get || call.byGet != true else {
            throw Problem.forbidden(
                "The export \(call.definition) is not started by GET; use POST, or say get in its"
                    + " definition.")
        }
        // What a query may give is asked of Records when it runs.
        if let type = definition.type { try await require("export", on: type, as: context) }
        let made = try await create(
            RunStore.New(
                kind: .export, code: call.definition, definition: json, context: context,
                key: context.idempotencyKey, file: files.newName()))
        return JSONBytes((["run": .number(JSONNumber(made.run))] as JSONValue).bytes)
    }

    func startSync(_ call: StartSync, as context: CallContext) async throws -> JSONBytes {
        let (json, definition) = try await definition(
            .sync, call.definition, Models.syncDefinition)
        if definition.direction != .push {
            try await require("import", on: definition.type, as: context)
        }
        if definition.direction != .pull {
            try await require("export", on: definition.type, as: context)
        }
        let made = try await create(
            RunStore.New(
                kind: .sync, code: call.definition, definition: json, context: context,
                key: context.idempotencyKey, file: ""))
        return JSONBytes((["run": .number(JSONNumber(made.run))] as JSONValue).bytes)
    }

    func run(_ id: Int64, as context: CallContext) async throws -> JSONBytes {
        JSONBytes(try await view(try await visible(id, context)).bytes)
    }

    func cancel(_ id: Int64, as context: CallContext) async throws -> JSONBytes {
        let run = try await visible(id, context)
        guard !run.state.hasEnded else {
            if run.state == .cancelled { return JSONBytes(try await view(run).bytes) }
            throw BatchError.hasEnded(id, state: run.state.rawValue)
        }
        let now = runtime.clock.now()
        try await database.write { try RunStore.cancel($0, run, now: now) }
        wake()
        return JSONBytes(try await view(try await visible(id, context)).bytes)
    }

    /// The file of an export as it is read, in pieces.
    func file(_ id: Int64, byLink: Bool = false, as context: CallContext) async throws -> Response {
        if byLink { _ = try await checkFile(id, as: context) }
        let run = try await visible(id, context)
        guard run.hasFile else {
            throw BatchError.noFile(id, state: run.state.rawValue)
        }
        let model = run.definitionCode.model
        let options =
            (run.kind == .import
                ? Models.importDefinition(run.definition, model: model)?.file
                : Models.exportDefinition(run.definition, model: model)?.file) ?? FileOptions()
        let files = files
        return response(run, options, suffix: "", length: run.bytes) { writer in
            let file = try await files.open(run.file, O_RDONLY)
            do {
                var offset = 0
                while offset < run.bytes {
                    let piece = try await files.read(file, at: offset)
                    guard !piece.isEmpty else { break }
                    try await writer.write(Array(piece.prefix(run.bytes - offset)))
                    offset += piece.count
                }
                await files.close(file)
            } catch {
                await files.close(file)
                throw error
            }
        }
    }

    /// The rejected rows as they came, with line and reason as two further fields.
    func errors(_ id: Int64, as context: CallContext) async throws -> Response {
        let run = try await visible(id, context)
        guard run.kind != .export else { throw BatchError.noFile(id, state: run.state.rawValue) }
        let model = run.definitionCode.model
        let options =
            run.kind == .sync
            ? FileOptions()
            : Models.importDefinition(run.definition, model: model)?.file ?? FileOptions()
        let mapping = run.mapping.flatMap { ImportMapping(json: $0) }
        // Of a row of another database its key is known.
        let keys = run.kind == .sync ? ["key"] : []
        let database = database
        return response(run, options, suffix: "-errors", length: nil) { body in
            var writer = try options.rejectWriter(
                columns: mapping?.names ?? keys,
                header: mapping?.header ?? Array(keys.joined().utf8))
            try writer.begin()
            var after = 0
            while true {
                let page = try await database.read { [after] in
                    try RejectedRow.page($0, id, after: after)
                }
                for row in page { try writer.row(raw: row.raw, line: row.line, reason: row.reason) }
                if page.isEmpty { try writer.finish() }
                let bytes = try writer.take()
                if !bytes.isEmpty { try await body.write(bytes) }
                guard let last = page.last else { return }
                after = last.number
            }
        }
    }

    private func response(
        _ run: Run, _ options: FileOptions, suffix: String, length: Int?,
        _ write: @escaping @Sendable (BodyWriter) async throws -> Void
    ) -> Response {
        let name = "\(run.definitionCode.code)-\(run.id)\(suffix).\(options.fileExtension)"
        return Response(
            status: 200,
            headers: [
                "Content-Type": options.mediaType,
                "Content-Disposition": "attachment; filename=\"\(name)\"",
            ], body: .stream(length: length, write))
    }

    private func definition<T: Sendable>(
        _ kind: Run.Kind, _ code: FullCode, _ read: (JSONValue, String) -> T?
    ) async throws -> (JSONValue, T) {
        let json = try await database.pointRead { try Models.definition($0, kind, code) }
        guard let json, let definition = read(json, code.model) else {
            throw BatchError.noDefinition(kind: kind.rawValue, code)
        }
        return (json, definition)
    }

    @discardableResult
    func require(_ operation: String, on type: FullCode, as context: CallContext)
        async throws -> ClassDescription
    {
        let description = try await records.call(DescribeClass(type), as: context)
        guard context.principal.isSystem || description.operations.contains(operation) else {
            throw BatchError.noRight(operation: operation, type)
        }
        return description
    }

    private func create(_ new: RunStore.New) async throws -> (run: Int64, isNew: Bool) {
        let now = runtime.clock.now()
        do {
            let made = try await database.write { try RunStore.create($0, new, now: now) }
            wake()
            return made
        } catch {
            if new.kind == .import { try? await files.remove(new.file) }
            throw error
        }
    }

    /// The run, where the caller began it or operates the service; a token that names models sees
    /// those of its models alone.
    func visible(_ id: Int64, _ context: CallContext) async throws -> Run {
        let run = try await database.pointRead { try RunStore.run($0, id) }
        let principal = context.principal
        guard let run, principal.isSystem || principal.mayOperate(run.definitionCode.model),
            run.principal.account == principal.account || principal.isSystem
                || principal.permissions.contains("batch:operate")
        else { throw BatchError.noRun(id) }
        return run
    }
}
