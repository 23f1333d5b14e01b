import Contracts
import Curl
import Database
import HTTP
import JSON
import ServiceRuntime

/// An import that takes its files from a source: a run without a file of its own. It looks once,
/// makes a run of each new file, and ends when those have ended.
struct SourceRunner: Sendable {
    /// How often it is looked whether the runs of the files have ended.
    private static let lookAgain = Duration.seconds(1)

    let database: Database
    let files: RunFiles
    let intake: SourceIntake
    let runtime: Runtime

    func work(on run: Run, attempt: Int) async throws -> QueueWorker.Outcome {
        if let parts = run.parts { return try await end(run, parts) }
        guard
            let definition = Models.importDefinition(
                run.definition, model: run.definitionCode.model),
            let source = definition.source
        else { throw BatchError.noSource(run.definitionCode) }
        let fetched: [SourceIntake.Fetched]
        do {
            fetched = try await intake.fetch(source, import: run.definitionCode)
        } catch let error as BatchError {
            guard case .sourceAway = error else { throw error }
            let due = runtime.clock.now().advanced(by: SourceIntake.wait(after: attempt))
            let problem = error.problem
            try await database.write { try RunStore.note($0, run.id, problem) }
            return .retryAt(due, problem.detail ?? problem.title)
        }
        return .retryAt(try await begin(run, fetched), "the runs of its files go on")
    }

    /// Makes the runs. What another run has taken meanwhile is left out.
    private func begin(_ run: Run, _ fetched: [SourceIntake.Fetched]) async throws -> Timestamp {
        let now = runtime.clock.now()
        do {
            let taken = try await database.write { connection -> Set<String> in
                var (parts, taken): ([JSONValue], Set<String>) = ([], [])
                for file in fetched
                where try !SourceIntake.isKnown(run.definitionCode, file, connection) {
                    let new = RunStore.New(
                        kind: .import, code: run.definitionCode, definition: run.definition,
                        context: run.context(), file: file.stored.name, bytes: file.stored.bytes,
                        sha256: file.stored.sha256)
                    let made = try RunStore.create(connection, new, now: now).run
                    try SourceIntake.note(
                        connection, file, run: made, import: run.definitionCode, now: now)
                    parts.append(.number(JSONNumber(made)))
                    taken.insert(file.stored.name)
                }
                let words = parts.isEmpty ? "no new file" : "\(parts.count) new files"
                try RunLog.add(connection, run.id, "The source has \(words).", now: now)
                try RunStore.setMapping(
                    connection, run.id, mapping: ["runs": .array(parts)], place: run.place)
                return taken
            }
            for file in fetched where !taken.contains(file.stored.name) {
                try? await files.remove(file.stored.name)
            }
        } catch {
            for file in fetched { try? await files.remove(file.stored.name) }
            throw error
        }
        return now
    }

    private func end(_ run: Run, _ parts: [Int64]) async throws -> QueueWorker.Outcome {
        let found = try await database.read { connection in
            try parts.compactMap { try RunStore.run(connection, $0) }
        }
        let now = runtime.clock.now()
        guard found.allSatisfy(\.state.hasEnded) else {
            return .retryAt(
                now.advanced(by: SourceRunner.lookAgain), "the runs of its files go on")
        }
        var counters = Run.Counters()
        for part in found { counters += part.counters }
        let (sum, bad) = (counters, found.first { $0.state != .succeeded })
        return .done { connection in
            try RunStore.advance(connection, run.id, by: sum, to: run.place)
            let problem = bad.map { BatchError.partFailed($0.id, state: $0.state.rawValue).problem }
            try RunStore.end(
                connection, run.id, bad == nil ? .succeeded : .failed, problem: problem, now: now)
        }
    }
}

extension Run {
    /// It takes its files from a source, and has none itself.
    var isOfSource: Bool { kind == .import && file.isEmpty }

    /// The runs of its files, once it has looked.
    var parts: [Int64]? {
        guard isOfSource else { return nil }
        return mapping?["runs"]?.array?.compactMap(\.integer)
    }
}
