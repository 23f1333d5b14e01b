import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

/// The comparison of the whole key space.
extension SyncWork {
    private var after: SyncKey? { progress.after.flatMap { SyncKey(json: $0) } }

    mutating func pass() async throws {
        if !progress.isChecked { try await check() }
        if progress.isFresh {
            try await mend(after: after, through: nil)
        } else {
            try await compare()
        }
        progress.passDone = true
        try await keep()
    }

    /// What hinders a run from its beginning.
    private mutating func check() async throws {
        if let key = try await table.repeatedKey() {
            throw SyncProblem.repeatedKey(key, definition.keys)
        }
        let (theirs, keyless) = try await table.count()
        let mine = try await ours.count()
        progress.keyless = keyless
        progress.isFresh = mine == 0
        if definition.deletes {
            try checkDeletions(from: mine, to: theirs, "here", unless: .push)
            try checkDeletions(from: theirs, to: mine, "there", unless: .pull)
        }
        progress.isChecked = true
    }

    private func checkDeletions(
        from: Int, to: Int, _ side: String, unless direction: SyncDefinition.Direction
    ) throws {
        let kept = Double(from) * Double(100 - definition.deleteLimit) / 100
        // Of a few rows any number may go. And what was never there cannot be gone.
        guard definition.direction != direction, from > 10, Double(to) < kept else { return }
        guard definition.direction != .both || !progress.isFull else { return }
        guard definition.direction != .push || to > 0 || !progress.isFull else { return }
        throw SyncProblem.tooManyDeletions(
            side, from: from, to: to, limit: definition.deleteLimit)
    }

    /// Range after range: only those that differ are read.
    private mutating func compare() async throws {
        let table = table
        var lower = after
        var group = try await table.buckets(
            after: lower, count: SyncWork.groupRanges, rows: SyncWork.rangeRows)
        while let last = group.last {
            try await pauseIfAsked()
            // The other side is read on while ours is summed.
            async let following =
                last.through == nil
                ? []
                : table.buckets(
                    after: last.through, count: SyncWork.groupRanges, rows: SyncWork.rangeRows)
            let bounds = group.map(\.through)
            let sums = try await ours.sums(after: lower, bounds: bounds)
            for (bucket, sum) in zip(group, sums) {
                if try await isSame(bucket, sum, after: lower) {
                    if progress.isFull {
                        counters.read += bucket.sum.count
                        counters.unchanged += bucket.sum.count
                    }
                } else {
                    try await mend(after: lower, through: bucket.through)
                }
                lower = bucket.through
            }
            if let lower { progress.after = lower.json }
            try await keep()
            group = try await following
        }
    }

    private func isSame(_ bucket: ExternalBucket, _ sum: RowSum, after: SyncKey?) async throws
        -> Bool
    {
        guard bucket.refused == 0, bucket.sum == sum else { return false }
        guard definition.direction == .both else { return true }
        let code = code
        let shadow = try await database.read {
            try SyncStore.shadow($0, code, after: after, through: bucket.through).sum
        }
        return shadow == sum
    }

    /// Makes a range the same on both sides, in pieces that fit into memory; each is kept.
    private mutating func mend(after: SyncKey?, through: SyncKey?) async throws {
        var lower = after
        while true {
            try await pauseIfAsked()
            let piece = try await piece(after: lower, through: through)
            let agreed = try await settle(piece)
            if let upper = piece.upper { progress.after = upper.json }
            try await keep(agreed: agreed)
            guard piece.upper != through, let upper = piece.upper else { return }
            lower = upper
        }
    }

    /// Rows of both sides of a range.
    private struct Piece {
        var lower: SyncKey?
        var upper: SyncKey?
        var theirs = ExternalRows()
        var ours: [SyncRow] = []
    }

    /// The beginning of a range: what fits.
    private func piece(after lower: SyncKey?, through: SyncKey?) async throws -> Piece {
        var piece = Piece(lower: lower, upper: through)
        piece.theirs = try await table.rows(
            after: lower, through: through, limit: SyncWork.rangeRows)
        if let cut = piece.theirs.cut { piece.upper = cut }
        let mine = try await ours.rows(after: lower, through: piece.upper)
        piece.ours = mine.rows
        if let cut = mine.cut, piece.upper.map({ cut < $0 }) ?? true {
            piece.upper = cut
            piece.theirs.rows.removeAll { $0.key > cut }
            piece.theirs.refused.removeAll { $0.key.map { $0 > cut } ?? false }
        }
        return piece
    }

    /// The same range once more, whole; nil where it no longer fits.
    private func again(_ piece: Piece) async throws -> Piece? {
        var next = Piece(lower: piece.lower, upper: piece.upper)
        next.theirs = try await table.rows(
            after: piece.lower, through: piece.upper, limit: 4 * SyncWork.rangeRows)
        let mine = try await ours.rows(after: piece.lower, through: piece.upper)
        guard next.theirs.cut == nil, mine.cut == nil else { return nil }
        next.ours = mine.rows
        return next
    }

    /// Compares, writes, and compares what was written with what was read; a few times where
    /// somebody else writes meanwhile.
    private mutating func settle(_ first: Piece) async throws -> [(key: [UInt8], hash: UInt64?)] {
        var piece = first
        var attempt = 1
        let code = code
        while true {
            let (lower, upper) = (piece.lower, piece.upper)
            let shadow =
                definition.direction == .both
                ? try await database.read {
                    try SyncStore.shadow($0, code, after: lower, through: upper).hashes
                } : [:]
            let plan = merge.plan(
                theirs: piece.theirs.rows, ours: piece.ours, shadow: shadow,
                skipping: Set(piece.theirs.refused.compactMap(\.key)))
            let effects = try await apply(plan)
            if attempt == 1 { count(piece, plan) }
            let isEqual = try await holds(plan, effects, piece)
            let isHopeless = !effects.refused.isEmpty && effects.stale == 0
            if isEqual || isHopeless || attempt == SyncWork.attemptLimit {
                refused += piece.theirs.refused.map(\.row) + effects.refused
                progress.conflicts += plan.conflicts.count
                if !isEqual, effects.refused.isEmpty { try await blame(piece) }
                return isEqual ? plan.agreed : []
            }
            guard let next = try await again(piece) else {
                progress.unequal += 1
                return []
            }
            piece = next
            attempt += 1
        }
    }

    private mutating func count(_ piece: Piece, _ plan: SyncMerge.Plan) {
        guard progress.isFull else {
            let changed =
                plan.inserts.count + plan.changes.count + plan.removals.count + plan.writes.count
            counters.read += changed
            return
        }
        let rows = definition.direction == .push ? piece.ours.count : piece.theirs.rows.count
        counters.read += rows + piece.theirs.refused.count
        counters.unchanged += plan.same
    }

    /// Whether both sides are now as the plan says.
    private func holds(_ plan: SyncMerge.Plan, _ effects: OurTable.Effects, _ piece: Piece)
        async throws -> Bool
    {
        guard definition.verify else { return effects.stale == 0 }
        guard effects.refused.isEmpty, effects.stale == 0 else { return false }
        if plan.writesOurs {
            let sums = try await ours.sums(after: piece.lower, bounds: [piece.upper])
            guard sums.first == plan.ours else { return false }
        }
        if !plan.writes.isEmpty {
            let rows = try await table.rows(
                after: piece.lower, through: piece.upper, limit: 4 * SyncWork.rangeRows)
            var sum = RowSum()
            for row in rows.rows { sum.add(row.hash) }
            guard rows.cut == nil, sum == plan.theirs else { return false }
        }
        return true
    }

    /// Names some of the keys that are not the same.
    private mutating func blame(_ piece: Piece) async throws {
        progress.unequal += 1
        guard let now = try await again(piece) else { return }
        let plan = merge.plan(
            theirs: now.theirs.rows, ours: now.ours,
            skipping: Set(now.theirs.refused.compactMap(\.key)))
        let keys =
            plan.inserts.map(\.key) + plan.changes.map(\.theirs.key) + plan.removals.map(\.key)
            + plan.writes.map(\.row.key)
        for key in keys where progress.keys.count < SyncWork.keyLimit {
            progress.keys.append(key.text)
        }
    }
}
