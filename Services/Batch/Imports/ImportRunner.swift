import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Carries an import from where its row says it stands to its end, stage by stage and chunk by
/// chunk. Each chunk has an idempotency key of its own, and counters and place move in one
/// transaction after it: killed anywhere and begun again, the run ends the same.
struct ImportRunner: Sendable {
    let database: Database
    let files: RunFiles
    let records: Peer
    let workflow: Peer
    let runtime: Runtime
    let isStopping: @Sendable () -> Bool

    /// Throws a problem of the run itself (422 and the like), or one that passes (5xx): then it is
    /// tried again.
    func work(on run: Run) async throws -> QueueWorker.Outcome {
        guard
            let definition = Models.importDefinition(
                run.definition, model: run.definitionCode.model)
        else { throw BatchError.noDefinition(kind: "import", run.definitionCode) }
        var run = run
        while true {
            let outcome: QueueWorker.Outcome?
            switch run.place.stage {
            case .rows: outcome = try await rows(run, definition)
            case .find: outcome = try await find(run, definition)
            case .check: outcome = try await check(run, definition)
            case .apply: outcome = try await apply(run, definition)
            case .act: outcome = try await act(run, definition)
            }
            if let outcome { return outcome }
            guard let next = ImportRunner.stage(after: run, definition) else {
                return finish(run, definition)
            }
            let (id, place) = (run.id, Run.Place(stage: next))
            let moved = try await database.write { connection in
                try RunStore.move(connection, id, to: place)
                return try RunStore.run(connection, id)
            }
            guard let fresh = moved else { return .done() }
            run = fresh
        }
    }

    /// What follows a stage; nil where the run is done, or the plan made.
    private static func stage(after run: Run, _ definition: ImportDefinition) -> Run.Stage? {
        switch run.place.stage {
        case .rows: definition.missing == nil ? nil : .find
        case .find: run.isPlanning ? nil : .act
        case .check: .apply
        case .apply: definition.missing == nil ? nil : .act
        case .act: nil
        }
    }

    /// Nil to go on.
    func interruption(_ run: Run) async throws -> QueueWorker.Outcome? {
        if isStopping() { return .retryAt(runtime.clock.now(), "stopped") }
        guard try await database.pointRead({ try RunStore.isCancelled($0, run.id) }) else {
            return nil
        }
        let now = runtime.clock.now()
        return .done { try RunStore.end($0, run.id, .cancelled, now: now) }
    }

    private func finish(_ run: Run, _ definition: ImportDefinition) -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        if run.isPlanning, run.plan == nil {
            return .done { try RunStore.setPlan($0, run.id, now: now) }
        }
        let follows = definition.after != nil
        return .done { connection in
            try RunStore.end(connection, run.id, .succeeded, now: now)
            if follows { try RunStore.follow(connection, run.id, now: now) }
        }
    }

    // MARK: Rows of the file

    private func rows(_ run: Run, _ definition: ImportDefinition) async throws
        -> QueueWorker.Outcome?
    {
        let stream = RowStream()
        do {
            let outcome = try await rows(run, definition, stream)
            await stream.close()
            return outcome
        } catch let error as FormatError {
            await stream.close()
            throw Problem(
                status: 422, code: "validation-failed", title: "The file cannot be read",
                detail: error.sentence)
        } catch {
            await stream.close()
            throw error
        }
    }

    private func rows(_ run: Run, _ definition: ImportDefinition, _ stream: RowStream)
        async throws -> QueueWorker.Outcome?
    {
        let mapping: ImportMapping
        if let kept = run.mapping.flatMap({ ImportMapping(json: $0) }) {
            mapping = kept
        } else {
            mapping = try await prepare(run, definition, stream)
        }
        var number = run.counters.read
        _ = try await open(stream, run, definition, at: run.place, rows: number)
        let sender = ChunkSender(
            database: database, records: records, runtime: runtime, run: run,
            definition: definition, mapping: mapping)
        let expressions = ImportExpressions(
            mapping: mapping, model: run.definitionCode.model, workflow: workflow,
            context: run.context())
        var ahead: ImportChunk?
        while true {
            if let outcome = try await interruption(run) { return outcome }
            if mapping.hasExpressions, let chunk = try await kept(run, before: number) {
                number += try await sender.send(chunk)
                _ = try await open(stream, run, definition, at: chunk.place, rows: number)
                continue
            }
            var next = ahead
            if next == nil { next = try await read(stream, after: number, sender, expressions) }
            guard let chunk = next else { return nil }
            ahead = nil
            if mapping.hasExpressions {
                try await keep(chunk, run, before: number)
                number += try await sender.send(chunk)
                continue
            }
            // While Records works on one chunk the next is read.
            async let sent = sender.send(chunk)
            let following: Result<ImportChunk?, any Error>
            do {
                following = .success(
                    try await read(stream, after: number + chunk.count, sender, expressions))
            } catch {
                following = .failure(error)
            }
            number += try await sent
            ahead = try following.get()
            if ahead == nil { return nil }
        }
    }

    /// The next chunk; nil at the end.
    private func read(
        _ stream: RowStream, after number: Int, _ sender: ChunkSender,
        _ expressions: ImportExpressions
    ) async throws -> ImportChunk? {
        let mapping = sender.mapping
        let (rows, place) = try await stream.rows(
            limit: ImportChunk.rows(after: number, mapping, rules: sender.definition.rules),
            bytes: ImportChunk.byteLimit)
        guard !rows.isEmpty else { return nil }
        var chunk = try await map(rows, mapping, expressions)
        chunk.place = Run.Place(offset: place.offset, line: place.line)
        return chunk
    }

    /// Opens the file anew from a place on, after so many rows.
    private func open(
        _ stream: RowStream, _ run: Run, _ definition: ImportDefinition, at place: Run.Place,
        rows: Int
    ) async throws -> (columns: [String], header: [UInt8]) {
        try await stream.open(
            files.path(run.file), definition.file, names: definition.columns.compactMap(\.from),
            from: FilePlace(offset: place.offset, line: place.line, rows: rows))
    }

    /// Reads the header and fixes the mapping.
    private func prepare(_ run: Run, _ definition: ImportDefinition, _ stream: RowStream)
        async throws -> ImportMapping
    {
        let description = try await records.call(
            DescribeClass(definition.type), as: run.context())
        var types: [String: String] = [:]
        for column in definition.columns {
            guard let by = column.by,
                let target = description.columns.first(where: { $0.code == column.to })?.target
            else { continue }
            let other = try await records.call(DescribeClass(target), as: run.context())
            types["\(target).\(by)"] = other.columns.first { $0.code == by }?.type
        }
        let (columns, header) = try await open(stream, run, definition, at: Run.Place(), rows: 0)
        guard !columns.isEmpty else {
            throw Problem(
                status: 422, code: "validation-failed", title: "The file has no rows")
        }
        let mapping = try ImportMapping(
            definition, names: columns, header: header, description: description, types: types)
        try await database.write {
            try RunStore.setMapping($0, run.id, mapping: mapping.json, place: Run.Place())
        }
        return mapping
    }

    /// Rows become values, or are refused.
    private func map(
        _ rows: [FileRow], _ mapping: ImportMapping, _ expressions: ImportExpressions
    ) async throws -> ImportChunk {
        func attempt(_ body: () throws(RowRefused) -> [JSONValue]) -> Result<
            [JSONValue], RowRefused
        > {
            do throws(RowRefused) { return .success(try body()) } catch { return .failure(error) }
        }
        guard mapping.hasExpressions else {
            return ImportChunk(rows, RowEncoder(mapping))
        }
        let cells = rows.map { row in
            attempt { () throws(RowRefused) in try mapping.cells(row) }
        }
        var made = try await expressions.values(cells.compactMap { try? $0.get() })[...]
        return ImportChunk(rows) { index in
            cells[index].flatMap { _ in
                made.popFirst() ?? .failure(RowRefused("No value was made."))
            }
        }
    }

    private func keep(_ chunk: ImportChunk, _ run: Run, before number: Int) async throws {
        let json = chunk.json.bytes
        try await database.write { connection in
            try connection.run("delete from prepared_chunk where run = ?", [.integer(run.id)])
            try connection.run(
                "insert into prepared_chunk (run, number, json) values (?, ?, ?)",
                [.integer(run.id), .integer(Int64(number)), .blob(json)])
        }
    }

    /// The chunk that was prepared before the service was stopped, if there is one.
    private func kept(_ run: Run, before number: Int) async throws -> ImportChunk? {
        let json = try await database.pointRead { connection in
            try connection.first(
                "select json from prepared_chunk where run = ? and number = ?",
                [.integer(run.id), .integer(Int64(number))]
            ) { $0.blob(0) }
        }
        return try json.map { ImportChunk(json: try JSONValue(parsing: $0)) }
    }
}
