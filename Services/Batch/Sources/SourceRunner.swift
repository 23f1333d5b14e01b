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
        let look: SourceIntake.Look
        do {
            look = try await intake.look(source, import: run.definitionCode)
        } catch let error as BatchError {
            guard case .sourceAway = error else { throw error }
            let due = runtime.clock.now().advanced(by: SourceIntake.wait(after: attempt))
            let problem = error.problem
            try await database.write { try RunStore.note($0, run.id, problem) }
            return .retryAt(due, problem.detail ?? problem.title)
        }
        return .retryAt(try await begin(run, look), "the runs of its files go on")
    }

    /// Makes the runs. What another run has taken meanwhile is left out.
    private func begin(_ run: Run, _ look: SourceIntake.Look) async throws -> Timestamp {
        let (now, fetched) = (runtime.clock.now(), look.fetched)
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
                try SourceRunner.log(look, of: run, connection, now)
                let leftOut = look.leftOut.map { file -> JSONValue in
                    ["name": .string(file.name), "reason": .string(file.reason)]
                }
                try RunStore.setMapping(
                    connection, run.id,
                    mapping: ["runs": .array(parts), "leftOut": .array(leftOut)],
                    place: run.place)
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

    private static func log(
        _ look: SourceIntake.Look, of run: Run, _ connection: Connection, _ now: Timestamp
    ) throws {
        for file in look.leftOut {
            try RunLog.add(
                connection, run.id, "\(file.name) was left out: \(file.reason).", now: now)
        }
        for name in look.changed {
            try RunLog.add(
                connection, run.id,
                "\(name) was written while it was read, and is left to the next look.", now: now)
        }
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
            let fault =
                bad.map { BatchError.partFailed($0.id, state: $0.state.rawValue) }
                ?? run.leftOut.first.map { BatchError.leftOut($0, count: run.leftOut.count) }
            try RunStore.end(
                connection, run.id, fault == nil ? .succeeded : .failed, problem: fault?.problem,
                now: now)
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

    /// The files of its source that could not be taken.
    var leftOut: [SourceIntake.LeftOut] {
        guard isOfSource else { return [] }
        return (mapping?["leftOut"]?.array ?? []).map {
            .init(name: $0["name"]?.string ?? "", reason: $0["reason"]?.string ?? "")
        }
    }
}
