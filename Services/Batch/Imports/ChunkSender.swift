import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Sends chunks of a file's rows to Records, and settles what came of them.
struct ChunkSender: Sendable {
    let database: Database
    let records: Peer
    let runtime: Runtime
    let run: Run
    let definition: ImportDefinition
    let mapping: ImportMapping

    /// Answers how many rows of the file it had.
    func send(_ chunk: ImportChunk) async throws -> Int {
        var chunk = chunk
        if run.isPlanning { chunk = try await withoutClashes(chunk) }
        var results: RowResults?
        if !chunk.sources.isEmpty {
            var call = WriteRows(
                definition.type, mode: definition.mode, columns: mapping.rowColumns,
                key: definition.keys, rows: JSONBytes(chunk.body),
                rules: definition.rules ? nil : false)
            call.plan = run.isPlanning ? true : nil
            let key = run.isPlanning ? nil : "import:\(run.id)/\(chunk.first)"
            results = try RowResults(
                try await records.call(call, as: run.context(key: key)),
                count: chunk.sources.count)
        }
        try await settle(chunk, results)
        return chunk.count
    }

    private func settle(_ chunk: ImportChunk, _ results: RowResults?) async throws {
        var counters = results?.counters ?? Run.Counters()
        var rejected = chunk.rejected
        let unknown = rejected.count + (results?.unknown ?? 0)
        for (index, problem) in results?.problems ?? [:] {
            rejected.append(chunk.sources[index].rejected(RunProblem.sentence(problem)))
        }
        rejected.sort { $0.number < $1.number }
        counters.read = chunk.count
        counters.rejected = rejected.count
        let (run, sum, lost, isMissed) = (run, counters, unknown, definition.missing != nil)
        let refused = rejected
        try await database.write { connection in
            try RejectedRow.keep(connection, run.id, refused)
            if let results {
                if run.isPlanning {
                    try StagedRow.keep(connection, run.id, ChunkSender.staged(chunk, results))
                } else {
                    try Receipts.keep(
                        connection, run.id, first: chunk.first, count: chunk.count,
                        numbers: chunk.sources.map(\.number), results)
                }
                if isMissed { try MissingRecord.touch(connection, run.id, results.records) }
            }
            if lost > 0 { try RunStore.addUnknown(connection, run.id, lost) }
            try RunStore.advance(connection, run.id, by: sum, to: chunk.place)
        }
        Run.Kind.import.rowCounter(runtime.metrics).increment(by: chunk.count)
    }

    private static func staged(_ chunk: ImportChunk, _ results: RowResults) -> [StagedRow] {
        chunk.sources.indices.filter { results.problems[$0] == nil }.map {
            StagedRow(
                number: chunk.sources[$0].number, cells: chunk.cells($0), result: results.raw[$0])
        }
    }

    /// A plan is made row by row, so that two rows about one record, or with one unique value, are
    /// a conflict: the later one is refused.
    private func withoutClashes(_ chunk: ImportChunk) async throws -> ImportChunk {
        var slots = mapping.columns.indices.filter { mapping.columns[$0].isUnique == true }.map {
            (name: mapping.columns[$0].to, fields: [$0])
        }
        let keys = definition.keys.compactMap { key in
            mapping.columns.firstIndex { $0.to == key }
        }
        if !keys.isEmpty {
            slots.insert((definition.keys.joined(separator: ", "), keys), at: 0)
        }
        guard !slots.isEmpty else { return chunk }
        let (run, all) = (run, slots)
        let clashes = try await database.write { connection -> [Int: String] in
            var clashes: [Int: String] = [:]
            for (index, source) in chunk.sources.enumerated() {
                let cells = try JSONValue(parsing: chunk.cells(index)).array ?? []
                for slot in all where clashes[index] == nil {
                    let values = slot.fields.map { cells[$0] }
                    guard !values.contains(.null) else { continue }
                    let holder = try StagedRow.holder(
                        connection, run.id, slot: slot.name,
                        value: values.map(\.text).joined(separator: "\n"), number: source.number)
                    if holder != source.number {
                        clashes[index] = "Row \(holder) has the same \(slot.name)."
                    }
                }
            }
            return clashes
        }
        return clashes.isEmpty ? chunk : chunk.without(clashes)
    }
}

extension ImportChunk {
    /// Without some rows, which are refused for these reasons.
    func without(_ refused: [Int: String]) -> ImportChunk {
        var rest = self
        rest.sources = []
        rest.ends = []
        var rows: [[UInt8]] = []
        var size = 1
        for (index, source) in sources.enumerated() {
            if let reason = refused[index] {
                rest.rejected.append(source.rejected(reason))
                continue
            }
            let cells = cells(index)
            size += cells.count
            rest.ends.append(size)
            size += 1
            rest.sources.append(source)
            rows.append(cells)
        }
        rest.body = StagedRow.array(rows).bytes
        return rest
    }
}
