import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Carries an import from where its row says it stands to its end, chunk by chunk. Each chunk has
/// an idempotency key of its own, and counters and place move in one transaction after it: killed
/// anywhere and begun again, the run ends the same.
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
        let stream = RowStream()
        do {
            let outcome = try await work(on: run, definition, stream)
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

    private func work(on run: Run, _ definition: ImportDefinition, _ stream: RowStream)
        async throws -> QueueWorker.Outcome
    {
        let mapping: ImportMapping
        if let kept = run.mapping.flatMap({ ImportMapping(json: $0) }) {
            mapping = kept
        } else {
            mapping = try await prepare(run, definition, stream)
        }
        var number = run.counters.read
        _ = try await open(stream, run, definition, at: run.place, rows: number)
        let expressions = ImportExpressions(
            mapping: mapping, model: run.definitionCode.model, workflow: workflow,
            context: run.context())
        while true {
            if isStopping() { return .retryAt(runtime.clock.now(), "stopped") }
            if try await database.pointRead({ try RunStore.isCancelled($0, run.id) }) {
                return end(run, .cancelled)
            }
            if mapping.hasExpressions, var chunk = try await kept(run, before: number) {
                number += try await send(&chunk, run, definition)
                _ = try await open(stream, run, definition, at: chunk.place, rows: number)
                continue
            }
            let (rows, place) = try await stream.rows(
                limit: ImportChunk.rowLimit, bytes: ImportChunk.byteLimit)
            guard !rows.isEmpty else { break }
            var chunk = try await map(rows, mapping, expressions)
            chunk.place = Run.Place(offset: place.offset, line: place.line)
            if mapping.hasExpressions { try await keep(chunk, run, before: number) }
            number += try await send(&chunk, run, definition)
        }
        return end(run, .succeeded)
    }

    /// Opens the file anew from a place on, after so many rows.
    private func open(
        _ stream: RowStream, _ run: Run, _ definition: ImportDefinition, at place: Run.Place,
        rows: Int
    ) async throws -> (columns: [String], header: [UInt8]) {
        try await stream.open(
            files.path(run.file), definition.file, names: definition.columns.map(\.from),
            from: FilePlace(offset: place.offset, line: place.line, rows: rows))
    }

    private func end(_ run: Run, _ state: Run.State) -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        return .done { try RunStore.end($0, run.id, state, now: now) }
    }

    /// Reads the header and fixes the mapping.
    private func prepare(_ run: Run, _ definition: ImportDefinition, _ stream: RowStream)
        async throws -> ImportMapping
    {
        let description = try await records.call(
            DescribeClass(definition.type), as: run.context())
        let (columns, header) = try await open(stream, run, definition, at: Run.Place(), rows: 0)
        guard !columns.isEmpty else {
            throw Problem(
                status: 422, code: "validation-failed", title: "The file has no rows")
        }
        let mapping = try ImportMapping(
            definition, names: columns, header: header, description: description)
        try await database.write {
            try RunStore.setMapping($0, run.id, mapping: mapping.json, place: Run.Place())
        }
        return mapping
    }

    /// Rows become records, or are refused.
    private func map(
        _ rows: [FileRow], _ mapping: ImportMapping, _ expressions: ImportExpressions
    ) async throws -> ImportChunk {
        var cells: [Result<[JSONValue], RowRefused>] = []
        for row in rows {
            do throws(RowRefused) {
                cells.append(.success(try mapping.cells(row)))
            } catch {
                cells.append(.failure(error))
            }
        }
        var values: [Result<[JSONValue], RowRefused>]
        if mapping.hasExpressions {
            var made = try await expressions.values(cells.compactMap { try? $0.get() })[...]
            values = cells.map { row in
                row.flatMap { _ in made.popFirst() ?? .failure(RowRefused("No value was made.")) }
            }
        } else {
            values = cells.map { row in
                row.map { zip(mapping.columns, $0).map { ImportMapping.value($1, type: $0.type) } }
            }
        }
        var chunk = ImportChunk()
        let sources = rows.map {
            ImportChunk.Source(number: $0.number, line: $0.line, raw: $0.raw, fields: $0.count)
        }
        chunk.fill(zip(sources, values).map { ($0, $1) }, mapping: mapping)
        return chunk
    }

    /// Writes the records and settles the chunk; answers how many rows of the file it had.
    private func send(_ chunk: inout ImportChunk, _ run: Run, _ definition: ImportDefinition)
        async throws -> Int
    {
        var counters = Run.Counters()
        let count = chunk.sources.count + chunk.rejected.count
        if let first = chunk.sources.first {
            let call = CreateRecord(
                definition.type, body: JSONBytes(chunk.body), atomic: false,
                upsert: definition.upsert.isEmpty ? nil : definition.upsert,
                rules: definition.rules ? nil : false)
            let answer = try await records.call(
                call, as: run.context(key: "import:\(run.id)/\(first.number)"))
            counters = try chunk.settle(JSONValue(parsing: answer.bytes))
        }
        counters.read = count
        counters.rejected = chunk.rejected.count
        let (place, rejected, sum) = (chunk.place, chunk.rejected, counters)
        try await database.write { connection in
            try RejectedRow.keep(connection, run.id, rejected)
            try RunStore.advance(connection, run.id, by: sum, to: place)
        }
        runtime.metrics.counter(
            "geartrain_batch_rows_total", help: "Rows of imports and exports",
            labels: ["kind": "import"]
        ).increment(by: count)
        return count
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
