import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Carries a synchronization from where its row says it stands to its end. First comes what is
/// known to have changed: theirs by the cursor, ours by the order of commits. Then the whole key
/// space is compared range by range, and what differs is mended and compared again; only a run that
/// found both sides equal everywhere is verified.
struct SyncRunner: Sendable {
    let database: Database
    let sources: SyncSources
    let records: Peer
    let runtime: Runtime
    let isStopping: @Sendable () -> Bool

    /// Looks after this again where another run of the same synchronization goes on.
    private static let turnWait = Duration.milliseconds(500)

    /// Throws a problem of the run itself (422 and the like), or one that passes (5xx): then it is
    /// tried again.
    func work(on run: Run) async throws -> QueueWorker.Outcome {
        guard
            let definition = Models.syncDefinition(run.definition, model: run.definitionCode.model)
        else { throw BatchError.noDefinition(kind: "sync", run.definitionCode) }
        if try await database.pointRead({ try SyncStore.predecessor($0, of: run) }) != nil {
            let next = runtime.clock.now().advanced(by: SyncRunner.turnWait)
            return .retryAt(next, "another run of the same synchronization goes on")
        }
        do {
            let kept = try await database.pointRead { try SyncStore.progress($0, run.id) }
            let source = try await sources.open(
                definition.source, isWritten: definition.direction != .pull, isBegun: kept != nil)
            defer { source.close() }
            return try await work(on: run, definition, source, kept)
        } catch {
            throw try await problem(error, run)
        }
    }

    private func work(
        on run: Run, _ definition: SyncDefinition, _ source: any ExternalDatabase,
        _ kept: SyncStore.Progress?
    ) async throws -> QueueWorker.Outcome {
        let description = try await records.call(
            DescribeClass(definition.type), as: run.context())
        var targets: [FullCode: ClassDescription] = [:]
        for pair in definition.columns where pair.by != nil {
            let column = description.columns.first { $0.code == pair.ours }
            guard let target = column?.target, targets[target] == nil else { continue }
            targets[target] = try await records.call(DescribeClass(target), as: run.context())
        }
        let declared = try await source.columns(of: definition.source.table)
        let columns = try SyncColumns(definition, description, targets, declared)
        let code = run.definitionCode
        let state = try await database.pointRead {
            try SyncStore.state($0, code, identity: definition.identity)
        }
        columns.note(since: state?.columns, in: runtime.log, run)
        let table = source.table(definition, columns)
        let ours = OurTable(
            records: records, definition: definition, keys: columns.keys,
            columns: columns.columns, context: run.context())
        var work = SyncWork(
            run: run, definition: definition, table: table, ours: ours, database: database,
            runtime: runtime, isStopping: isStopping)
        do {
            try await work.carryOut(from: state, kept)
        } catch let pause as SyncPause {
            switch pause {
            case .stopped: return .retryAt(runtime.clock.now(), "stopped")
            case .cancelled: return end(run, .cancelled)
            }
        }
        return work.outcome(declared: columns.declared)
    }

    private func end(_ run: Run, _ state: Run.State) -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        return .done { connection in
            try SyncStore.forget(connection, run.id)
            try RunStore.end(connection, run.id, state, now: now)
        }
    }

    /// What other databases throw as a problem. What passes by itself also stands in the run as
    /// long as it lasts.
    private func problem(_ error: any Error, _ run: Run) async throws -> any Error {
        let problem: Problem
        switch error {
        case let known as any ProblemConvertible: problem = known.problem
        case let foreign as ForeignError:
            problem = SyncProblem.source(foreign, run.definitionCode)
        default: return error
        }
        if problem.status >= 500 || problem.status == 429 {
            try await database.write { connection in
                try SyncStore.note(connection, run.id, RunProblem.json(problem))
            }
        }
        return problem
    }
}

/// Why a run stops before its end.
enum SyncPause: Error { case stopped, cancelled }

/// What goes wrong with a synchronization.
enum SyncProblem {
    static func source(_ error: ForeignError, _ code: FullCode) -> Problem {
        switch error {
        case .away(let message):
            Problem(
                status: 503, code: "source-away", title: "The other database is away",
                detail: "The source of \(code) cannot be reached: \(message). The run goes on"
                    + " where it stands as soon as it can; it may also be cancelled.")
        case .constraint(let message), .unusable(let message):
            Problem(
                status: 422, code: "source-unusable", title: "The other database cannot be used",
                detail: "The source of \(code) cannot be used: \(message).")
        }
    }

    static func drift(_ errors: [FieldProblem]) -> Problem {
        Problem(
            status: 422, code: "schema-drift", title: "The tables do not fit the definition",
            detail: "\(errors[0].detail) Change the definition, or bring back what it names.",
            errors: errors)
    }

    static func notVerified(_ progress: SyncStore.Progress, rejected: Int, errors: [FieldProblem])
        -> Problem
    {
        var reasons: [String] = []
        if rejected > 0 { reasons.append("\(rejected) rows were refused") }
        if progress.conflicts > 0 {
            reasons.append("\(progress.conflicts) rows changed on both sides")
        }
        if progress.keyless > 0 { reasons.append("\(progress.keyless) rows have no good key") }
        if progress.unequal > 0 {
            let keys =
                progress.keys.isEmpty ? "" : ", with \(progress.keys.joined(separator: ", "))"
            reasons.append(
                "\(progress.unequal) ranges of keys\(keys) are still not the same after they were"
                    + " written")
        }
        return Problem(
            status: 409, code: "not-verified", title: "The sides are not the same",
            detail: "What could be brought over was: but \(reasons.joined(separator: "; ")).",
            errors: errors)
    }

    static func tooManyDeletions(_ side: String, from: Int, to: Int, limit: Int) -> Problem {
        Problem(
            status: 409, code: "too-many-deletions", title: "Too much would be deleted",
            detail: "Of \(from) rows \(side) only \(to) would be left, and a run may delete"
                + " \(limit) of a hundred (`deleteLimit`). Nothing was changed.")
    }

    static func repeatedKey(_ key: SyncKey, _ columns: [SyncDefinition.Pair]) -> Problem {
        let names = columns.map(\.theirs).joined(separator: ", ")
        return Problem(
            status: 422, code: "repeated-key", title: "A key stands for several rows",
            detail: "Several rows of the source have \(key.text) in \(names): a key must be"
                + " unique.")
    }
}
