import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Takes back what an import did: what it inserted is deleted, what it changed has its values
/// again, what it deleted is restored. A record that changed since is left as it is, and named.
struct UndoRunner: Sendable {
    /// Records of one call.
    static let chunkLimit = 1000

    let database: Database
    let records: Peer
    let runtime: Runtime
    let isStopping: @Sendable () -> Bool

    func work(on run: Run) async throws -> QueueWorker.Outcome {
        guard let original = run.undoes,
            let definition = Models.importDefinition(
                run.definition, model: run.definitionCode.model)
        else { throw BatchError.noDefinition(kind: "import", run.definitionCode) }
        var place = run.place
        if place.stage == .rows { place = try await gather(run, original, from: place) }
        var record = place.number == 0 ? Int64.max : Int64(place.number)
        while true {
            let now = runtime.clock.now()
            if isStopping() { return .retryAt(now, "stopped") }
            if try await database.pointRead({ try RunStore.isCancelled($0, run.id) }) {
                return .done { try RunStore.end($0, run.id, .cancelled, now: now) }
            }
            guard let last = try await act(run, definition, before: record) else {
                return .done { try RunStore.end($0, run.id, .succeeded, now: now) }
            }
            record = last
        }
    }

    /// Adds up the receipts, record by record.
    private func gather(_ run: Run, _ original: Int64, from start: Run.Place) async throws
        -> Run.Place
    {
        var place = start
        while true {
            let after = place.number
            let next = try await database.write { connection -> Run.Place in
                guard let chunk = try Receipts.chunk(connection, original, after: after) else {
                    let end = Run.Place(stage: .act)
                    try RunStore.move(connection, run.id, to: end)
                    return end
                }
                for result in chunk.results {
                    try UndoRecord.add(connection, run.id, result)
                }
                let end = Run.Place(number: chunk.first + chunk.results.count - 1)
                try RunStore.move(connection, run.id, to: end)
                return end
            }
            place = next
            if place.stage == .act { return place }
        }
    }

    /// Answers the last record; nil where there is no further one.
    private func act(_ run: Run, _ definition: ImportDefinition, before record: Int64)
        async throws -> Int64?
    {
        let page = try await database.read {
            try UndoRecord.page($0, run.id, before: record, limit: UndoRunner.chunkLimit)
        }
        guard let first = page.first, let last = page.last else { return nil }
        let items = page.filter { $0.item != nil }
        var results: RowResults?
        if !items.isEmpty {
            let call = WriteKnown(
                definition.type,
                items: JSONBytes(JSONValue.array(items.compactMap(\.item)).bytes),
                rules: definition.rules ? nil : false)
            let answer = try await records.call(
                call, as: run.context(key: "undo:\(run.id)/\(first.record)"))
            results = try RowResults(answer, count: items.count)
        }
        let place = Run.Place(stage: .act, number: Int(last.record))
        let (done, count) = (results, page.count)
        try await database.write { connection in
            var sum = done?.counters ?? Run.Counters()
            sum.read = count
            sum.rejected = done?.problems.count ?? 0
            for (index, problem) in done?.problems ?? [:] {
                try Conflict.keep(
                    connection, run.id, record: items[index].record,
                    RunProblem.sentence(problem))
            }
            try RunStore.advance(connection, run.id, by: sum, to: place)
        }
        return last.record
    }
}
