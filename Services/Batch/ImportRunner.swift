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
        let file = try await files.open(run.file, O_RDONLY)
        do {
            let outcome = try await work(on: run, definition, file)
            await files.close(file)
            return outcome
        } catch {
            await files.close(file)
            throw error
        }
    }

    private func work(on run: Run, _ definition: ImportDefinition, _ file: Int32) async throws
        -> QueueWorker.Outcome
    {
        var place = run.place
        let mapping: ImportMapping
        if let kept = run.mapping.flatMap({ ImportMapping(json: $0) }) {
            mapping = kept
        } else {
            (mapping, place) = try await prepare(run, definition, file)
        }
        var rows = FileRows(
            files: files, file: file, options: definition.options, place: place)
        var number = run.counters.read
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
                rows = FileRows(
                    files: files, file: file, options: definition.options, place: chunk.place)
                continue
            }
            let sources = try await rows.chunk(after: number, width: mapping.width)
            guard !sources.isEmpty else { break }
            var chunk = try await map(sources, mapping, definition, expressions)
            chunk.place = rows.place
            if mapping.hasExpressions { try await keep(chunk, run, before: number) }
            number += try await send(&chunk, run, definition)
        }
        return end(run, .succeeded)
    }

    private func end(_ run: Run, _ state: Run.State) -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        return .done { try RunStore.end($0, run.id, state, now: now) }
    }

    /// Reads the header and fixes the mapping.
    private func prepare(_ run: Run, _ definition: ImportDefinition, _ file: Int32) async throws
        -> (ImportMapping, Run.Place)
    {
        let description = try await records.call(
            DescribeClass(definition.type), as: run.context())
        var rows = FileRows(
            files: files, file: file, options: definition.options, place: Run.Place())
        guard let first = try await rows.next() else {
            throw Problem(
                status: 422, code: "validation-failed", title: "The file has no rows")
        }
        let mapping = try ImportMapping(definition, firstRow: first, description: description)
        let place =
            definition.options.header
            ? Run.Place(offset: first.end, line: first.endLine) : Run.Place()
        try await database.write {
            try RunStore.setMapping($0, run.id, mapping: mapping.json, place: place)
        }
        return (mapping, place)
    }

    /// Rows become records, or are refused.
    private func map(
        _ rows: [(source: ImportChunk.Source, row: CSVRow)], _ mapping: ImportMapping,
        _ definition: ImportDefinition, _ expressions: ImportExpressions
    ) async throws -> ImportChunk {
        var texts: [Result<[String?], RowRefused>] = []
        for row in rows {
            do throws(RowRefused) {
                texts.append(.success(try mapping.texts(row.row, definition.options)))
            } catch {
                texts.append(.failure(error))
            }
        }
        var values: [Result<[JSONValue], RowRefused>]
        if mapping.hasExpressions {
            var made = try await expressions.values(texts.compactMap { try? $0.get() })[...]
            values = texts.map { text in
                text.flatMap { _ in made.popFirst() ?? .failure(RowRefused("No value was made.")) }
            }
        } else {
            values = texts.map { text in
                text.map { zip(mapping.columns, $0).map { ImportMapping.value($1, type: $0.type) } }
            }
        }
        var chunk = ImportChunk()
        chunk.fill(zip(rows, values).map { ($0.source, $1) }, mapping: mapping)
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

/// The rows of a file from a place on.
struct FileRows {
    let files: RunFiles
    let file: Int32
    private var reader: CSVReader
    private var offset: Int
    private var atEnd = false
    /// Where the row after those that were read begins.
    private(set) var place: Run.Place

    init(files: RunFiles, file: Int32, options: CSVOptions, place: Run.Place) {
        self.files = files
        self.file = file
        self.place = place
        offset = place.offset
        reader = CSVReader(options, offset: place.offset, line: place.line)
    }

    /// The next row; nil at the end of the file.
    mutating func next() async throws -> CSVRow? {
        while true {
            do {
                if let row = try reader.next() {
                    place = Run.Place(offset: row.end, line: row.endLine)
                    return row
                }
            } catch {
                throw Problem(
                    status: 422, code: "validation-failed", title: "The file cannot be read",
                    detail: error.sentence)
            }
            if atEnd { return nil }
            let piece = try await files.read(file, at: offset)
            offset += piece.count
            if piece.isEmpty {
                atEnd = true
                reader.finish()
            } else {
                reader.feed(piece)
            }
        }
    }

    /// The next rows up to the limits of a chunk. Empty lines are skipped, but for files of one
    /// column.
    mutating func chunk(after number: Int, width: Int) async throws -> [(
        source: ImportChunk.Source, row: CSVRow
    )] {
        var rows: [(source: ImportChunk.Source, row: CSVRow)] = []
        var bytes = 0
        while rows.count < ImportChunk.rowLimit, bytes < ImportChunk.byteLimit,
            let row = try await next()
        {
            if row.isBlank, width > 1 { continue }
            bytes += row.raw.count
            let source = ImportChunk.Source(
                number: number + rows.count + 1, line: row.line, raw: row.raw, fields: row.count)
            rows.append((source, row))
        }
        return rows
    }
}
