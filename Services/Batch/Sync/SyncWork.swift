import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

/// A run on its way, from one kept place to the next.
struct SyncWork {
    /// Rows of a range that is compared as one.
    static let rangeRows = 4096
    /// Ranges that are compared at a time.
    static let groupRanges = 16
    /// Rows of a page of changes.
    static let pageRows = 1000
    /// How often a range is compared and written before it counts as not the same.
    static let attemptLimit = 3
    /// Keys that a problem names.
    static let keyLimit = 5

    let run: Run
    let definition: SyncDefinition
    let table: any ExternalTable
    let ours: OurTable
    let database: Database
    let runtime: Runtime
    let isStopping: @Sendable () -> Bool

    var progress = SyncStore.Progress(started: "", isFull: true)
    /// Since the last kept place.
    var counters = Run.Counters()
    var refused: [RefusedRow] = []
    /// Rows that this run refused, with those that were kept before.
    var rejected: Int

    init(
        run: Run, definition: SyncDefinition, table: any ExternalTable, ours: OurTable,
        database: Database, runtime: Runtime, isStopping: @escaping @Sendable () -> Bool
    ) {
        self.run = run
        self.definition = definition
        self.table = table
        self.ours = ours
        self.database = database
        self.runtime = runtime
        self.isStopping = isStopping
        rejected = run.counters.rejected
    }

    var merge: SyncMerge { SyncMerge(definition) }
    var code: FullCode { run.definitionCode }

    mutating func carryOut(from state: SyncStore.State?, _ kept: SyncStore.Progress?) async throws {
        if let kept {
            progress = kept
        } else {
            try await begin(state)
        }
        if !progress.theirsDone { try await takeChangesOfTheirs() }
        if !progress.oursDone { try await takeChangesOfOurs() }
        let isNeeded = definition.verify || progress.isFull
        if isNeeded, !progress.passDone { try await pass() }
    }

    /// Fixes where both sides stand before anything is read of them.
    private mutating func begin(_ state: SyncStore.State?) async throws {
        progress = SyncStore.Progress(started: runtime.clock.now().text, isFull: state == nil)
        let position: ChangedKeyList? =
            definition.direction == .pull
            ? nil : try await ours.changedKeys(after: state?.position)
        let cursor = try await table.lastCursor()
        let reads = table.changes != .none && definition.direction != .push
        if definition.direction == .both, state == nil {
            let code = code
            try await database.write { try SyncStore.disagree($0, code) }
        }
        if reads, let known = state?.cursor {
            progress.theirPlace =
                (table.changes == .byCommit ? known : known.earlier(by: definition.overlap)).json
            progress.cursor = known.json
        } else {
            progress.cursor = reads ? cursor?.json : nil
            progress.theirsDone = true
            // Theirs cannot be read by what changed: all of it is looked at.
            if definition.direction != .push { progress.isFull = true }
        }
        if let position, !position.unknown, let known = state?.position {
            progress.ourPlace = known
            progress.position = known
        } else {
            progress.position = position?.position
            progress.oursDone = true
            if definition.direction != .pull { progress.isFull = true }
        }
        try await keep()
    }

    /// Counters, rows that were refused and the place in one transaction.
    mutating func keep(agreed: [(key: [UInt8], hash: UInt64?)] = []) async throws {
        let first = rejected
        rejected += refused.count
        counters.rejected += refused.count
        let rows = refused.enumerated().map { index, row in
            RejectedRow(
                number: first + index + 1, line: 0, raw: row.field, fields: 1,
                reason: row.reason)
        }
        let (run, code, sum, progress) = (run, code, counters, progress)
        try await database.write { connection in
            try RejectedRow.keep(connection, run.id, rows)
            try RunStore.advance(connection, run.id, by: sum, to: run.place)
            try SyncStore.agree(connection, code, agreed)
            try SyncStore.keep(connection, run.id, progress)
        }
        Run.Kind.sync.rowCounter(runtime.metrics).increment(by: sum.read)
        counters = Run.Counters()
        refused = []
    }

    /// Between two places: whether to go on.
    func pauseIfAsked() async throws {
        if isStopping() { throw SyncPause.stopped }
        let id = run.id
        if try await database.pointRead({ try RunStore.isCancelled($0, id) }) {
            throw SyncPause.cancelled
        }
    }

    // MARK: What is known to have changed

    private mutating func takeChangesOfTheirs() async throws {
        while !progress.theirsDone {
            try await pauseIfAsked()
            guard let place = progress.theirPlace.flatMap({ SyncCursor(json: $0) }) else { break }
            let changes = try await table.changes(from: place, limit: SyncWork.pageRows)
            if let reached = changes.place {
                progress.theirPlace = reached.json
                progress.cursor = SyncCursor(value: reached.value).json
            }
            progress.theirsDone = !changes.more
            counters.read += changes.rows.rows.count + changes.rows.refused.count
            let keys = changes.rows.rows.map(\.key)
            let agreed = try await reconcile(keys, theirs: changes.rows)
            try await keep(agreed: agreed)
        }
    }

    private mutating func takeChangesOfOurs() async throws {
        while !progress.oursDone {
            try await pauseIfAsked()
            let changes = try await ours.changedKeys(after: progress.ourPlace)
            var keys = changes.keys.compactMap { SyncKey(json: $0) }
            while true {
                let theirs = try await table.rows(keys)
                let looked = Array(keys.dropLast(theirs.left.count))
                counters.read += looked.count
                let agreed = try await reconcile(looked, theirs: theirs)
                keys = theirs.left
                if keys.isEmpty {
                    progress.ourPlace = changes.position
                    progress.position = changes.position
                    progress.oursDone = !changes.more
                }
                try await keep(agreed: agreed)
                if keys.isEmpty { break }
            }
        }
    }

    /// Makes rows of some keys the same on both sides. What was refused is told where nothing else
    /// looks at the rows.
    private mutating func reconcile(_ keys: [SyncKey], theirs: ExternalRows) async throws
        -> [(key: [UInt8], hash: UInt64?)]
    {
        guard !keys.isEmpty || !theirs.refused.isEmpty else { return [] }
        let mine = try await ours.rows(keys)
        let code = code
        let shadow =
            definition.direction == .both
            ? try await database.read { try SyncStore.shadow($0, code, keys: keys) } : [:]
        let plan = merge.plan(
            theirs: theirs.rows.sorted { $0.key < $1.key }, ours: mine, shadow: shadow,
            skipping: Set(theirs.refused.compactMap(\.key)))
        counters.unchanged += plan.same
        let effects = try await apply(plan)
        if !definition.verify {
            refused += theirs.refused.map(\.row) + effects.refused
            progress.conflicts += plan.conflicts.count
        }
        return effects.stale == 0 && effects.refused.isEmpty ? plan.agreed : []
    }

    // MARK: Writing

    /// Does what a plan says, and counts it.
    mutating func apply(_ plan: SyncMerge.Plan) async throws -> OurTable.Effects {
        var effects = OurTable.Effects()
        if definition.direction == .pull {
            // Theirs is right whatever ours is meanwhile.
            effects += try await ours.write(
                plan.inserts + plan.changes.map(\.theirs), upserting: true)
        } else {
            effects += try await ours.write(plan.inserts, upserting: false)
            effects += try await ours.change(plan.changes)
        }
        effects += try await ours.delete(plan.removals)
        if !plan.writes.isEmpty {
            for (write, effect) in zip(plan.writes, try await table.apply(plan.writes)) {
                switch (effect, write.kind) {
                case (.done, .insert): effects.inserted += 1
                case (.done, .update): effects.updated += 1
                case (.done, .delete): effects.deleted += 1
                case (.stale, _): effects.stale += 1
                case (.refused(let reason), _):
                    effects.refused.append(
                        RefusedRow(
                            key: write.row.key.text,
                            reason: "The other database refuses it: \(reason)"))
                }
            }
        }
        counters.inserted += effects.inserted
        counters.updated += effects.updated
        counters.deleted += effects.deleted
        counters.unchanged += effects.unchanged
        return effects
    }

    // MARK: The end

    /// How the run ended, written with all that the next one needs.
    func outcome(declared: [String]) -> QueueWorker.Outcome {
        let (run, code, progress, definition) = (run, code, progress, definition)
        let now = runtime.clock.now()
        let hindered =
            rejected + progress.conflicts + progress.unequal + progress.keyless > 0
        let isVerified: Bool? = definition.verify ? !hindered : nil
        let through = isVerified == true ? progress.started : nil
        SyncCounters(runtime.metrics).count(isVerified)
        let state = SyncStore.State(
            cursor: progress.cursor.flatMap { SyncCursor(json: $0) }, position: progress.position,
            columns: declared)
        let rejected = rejected
        return .done { connection in
            try SyncStore.forget(connection, run.id)
            try SyncStore.keep(
                connection, state, code, identity: definition.identity, verifiedThrough: through)
            var problem: Problem?
            if isVerified == false || progress.conflicts > 0 {
                let rows = try RejectedRow.page(connection, run.id, after: 0).prefix(20)
                problem = SyncProblem.notVerified(
                    progress, rejected: rejected,
                    errors: rows.map {
                        FieldProblem(
                            pointer: "/rows/\(String(decoding: $0.raw, as: UTF8.self))",
                            code: "refused", detail: $0.reason)
                    })
            }
            try RunStore.end(
                connection, run.id, problem == nil ? .succeeded : .failed, problem: problem,
                now: now)
            try SyncStore.setVerified(connection, run.id, isVerified, through: through)
        }
    }
}
