import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

// A plan that was made is done exactly as it is, or not at all.
extension ImportRunner {
    /// Staged rows of one call.
    static let stagedLimit = 2_000

    /// Looks whether all of the plan still holds, and writes nothing.
    func check(_ run: Run, _ definition: ImportDefinition) async throws -> QueueWorker.Outcome? {
        let plan = PlanCheck(database: database, records: records, run: run, definition)
        var after = run.place.number
        while true {
            if let outcome = try await interruption(run) { return outcome }
            guard let last = try await plan.rows(after: after) else { break }
            after = last
        }
        var record: Int64 = 0
        while let last = try await plan.missing(after: record) {
            if let outcome = try await interruption(run) { return outcome }
            record = last
        }
        return nil
    }

    /// Does the rows of the plan.
    func apply(_ run: Run, _ definition: ImportDefinition) async throws -> QueueWorker.Outcome? {
        let plan = PlanCheck(database: database, records: records, run: run, definition)
        var after = run.place.number
        while true {
            if let outcome = try await interruption(run) { return outcome }
            let rows = try await plan.staged(after: after)
            guard let first = rows.first, let last = rows.last else { return nil }
            let results = try await plan.send(rows, key: "apply:\(run.id)/\(first.number)")
            after = last.number
            let place = Run.Place(stage: .apply, number: last.number)
            try await database.write { connection in
                try Receipts.keep(
                    connection, run.id, first: first.number,
                    count: last.number - first.number + 1, numbers: rows.map(\.number), results)
                try RunStore.advance(connection, run.id, by: results.counters, to: place)
            }
        }
    }
}

/// Holds rows of a plan against what is.
struct PlanCheck: Sendable {
    let database: Database
    let records: Peer
    let run: Run
    let definition: ImportDefinition

    init(database: Database, records: Peer, run: Run, _ definition: ImportDefinition) {
        self.database = database
        self.records = records
        self.run = run
        self.definition = definition
    }

    func staged(after number: Int) async throws -> [StagedRow] {
        try await database.read { [run] in
            try StagedRow.page($0, run.id, after: number, limit: ImportRunner.stagedLimit)
        }
    }

    /// Checks the next rows; the number of the last, nil where there is none.
    func rows(after number: Int) async throws -> Int? {
        let rows = try await staged(after: number)
        guard let last = rows.last else { return nil }
        _ = try await send(rows, key: nil)
        return last.number
    }

    /// Sends rows with what is expected of them; without a key it is only looked at.
    func send(_ rows: [StagedRow], key: String?) async throws -> RowResults {
        guard let mapping = run.mapping.flatMap({ ImportMapping(json: $0) }) else {
            throw BatchError.noPlan(run.id)
        }
        let call = WriteRows(
            definition.type, mode: definition.mode, columns: mapping.rowColumns,
            key: definition.keys, rows: StagedRow.array(rows.map(\.cells)),
            rules: definition.rules ? nil : false, plan: key == nil ? true : nil,
            expect: StagedRow.array(rows.map(\.result)))
        do {
            let answer = try await records.call(call, as: run.context(key: key))
            return try RowResults(answer, count: rows.count)
        } catch let problem as Problem where problem.code == "plan-moved" {
            throw moved(problem) { "/\(rows[$0].number)" }
        }
    }

    /// Checks what becomes of the next records that the file does not have.
    func missing(after record: Int64) async throws -> Int64? {
        let items = try await database.read { [run] in
            try MissingRecord.page(
                $0, run.id, after: record, limit: ImportRunner.stagedLimit)
        }
        guard let missing = definition.missing, let last = items.last else { return nil }
        var call = ImportRunner.call(items, missing, definition)
        call.plan = true
        call.atomic = true
        do {
            _ = try await records.call(call, as: run.context())
        } catch let problem as Problem where problem.code == "plan-moved" {
            throw moved(problem) { "/\(definition.type)/\(items[$0].record)" }
        }
        return last.record
    }

    /// The problem with the places of the file, or of records, rather than of the call.
    private func moved(_ problem: Problem, _ place: (Int) -> String) -> Problem {
        var problem = problem
        problem.errors = problem.errors.prefix(Run.conflictLimit).map { error in
            var parts = error.pointer.split(separator: "/", omittingEmptySubsequences: true)
            guard let index = parts.first.flatMap({ Int($0) }) else { return error }
            parts.removeFirst()
            return FieldProblem(
                pointer: ([Substring(place(index))] + parts).joined(separator: "/"),
                code: error.code, detail: error.detail)
        }
        let done = run.place.number
        if run.place.stage == .apply, done > 0 {
            problem.detail =
                "The rows up to \(done) are written, and undo takes them back; no further one is."
        }
        return problem
    }
}
