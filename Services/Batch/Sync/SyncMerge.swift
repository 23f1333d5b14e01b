import Contracts

/// What has to be done so that both sides of a range, or of some keys, are the same.
struct SyncMerge: Sendable {
    let direction: SyncDefinition.Direction
    let conflict: SyncDefinition.Conflict
    let deletes: Bool

    init(_ definition: SyncDefinition) {
        direction = definition.direction
        conflict = definition.conflict
        deletes = definition.deletes
    }

    struct Plan: Sendable {
        /// Rows of theirs that are to be ours: new ones, and changes of the row of ours beside.
        var inserts: [SyncRow] = []
        var changes: [(theirs: SyncRow, ours: SyncRow)] = []
        /// Rows of ours that are to go.
        var removals: [SyncRow] = []
        var writes: [ExternalWrite] = []
        /// Keys that changed on both sides, which nobody's rule decides.
        var conflicts: [SyncKey] = []
        /// What both sides have of a key once this is done, where it is the same; nil is nothing.
        /// Only of the direction both.
        var agreed: [(key: [UInt8], hash: UInt64?)] = []
        /// What the sides are then.
        var ours = RowSum()
        var theirs = RowSum()
        /// Rows that are the same already.
        var same = 0

        var isEmpty: Bool {
            inserts.isEmpty && changes.isEmpty && removals.isEmpty && writes.isEmpty
        }
        var writesOurs: Bool { !inserts.isEmpty || !changes.isEmpty || !removals.isEmpty }
    }

    /// Both in the order of their keys. `shadow` is what both had of them when they last agreed, by
    /// `SyncKey.ordered`; `skipping` are keys of rows that cannot be compared, which stay as they
    /// are.
    func plan(
        theirs: [SyncRow], ours: [SyncRow], shadow: [[UInt8]: UInt64] = [:],
        skipping: Set<SyncKey> = []
    ) -> Plan {
        var plan = Plan()
        var shadow = shadow
        var (left, right) = (theirs[...], ours[...])
        while true {
            let key: SyncKey
            switch (left.first, right.first) {
            case (nil, nil):
                // What is gone on both sides.
                plan.agreed += shadow.keys.map { ($0, nil) }
                return plan
            case (let row?, nil), (nil, let row?): key = row.key
            case (let a?, let b?): key = min(a.key, b.key)
            }
            let their = left.first?.key == key ? left.popFirst() : nil
            let our = right.first?.key == key ? right.popFirst() : nil
            let known = direction == .both ? shadow.removeValue(forKey: key.ordered) : nil
            if skipping.contains(key) {
                if let our { plan.ours.add(our.hash) }
            } else {
                settle(key, their, our, known, &plan)
            }
        }
    }

    private func agree(_ key: SyncKey, _ hash: UInt64?, _ plan: inout Plan) {
        if direction == .both { plan.agreed.append((key.ordered, hash)) }
    }

    private enum Winner { case theirs, ours, nobody }

    private func settle(
        _ key: SyncKey, _ their: SyncRow?, _ our: SyncRow?, _ shadow: UInt64?, _ plan: inout Plan
    ) {
        if let their, let our, their.hash == our.hash {
            plan.same += 1
            keep(their, our, &plan)
            agree(key, their.hash, &plan)
            return
        }
        switch winner(their?.hash, our?.hash, shadow) {
        case .theirs: takeTheirs(key, their, our, &plan)
        case .ours: takeOurs(key, their, our, &plan)
        case .nobody:
            plan.conflicts.append(key)
            keep(their, our, &plan)
        }
    }

    private func winner(_ their: UInt64?, _ our: UInt64?, _ shadow: UInt64?) -> Winner {
        switch direction {
        case .pull: return .theirs
        case .push: return .ours
        case .both:
            // Without deletions a row that is missing on one side is new on the other, always.
            if !deletes {
                if their == nil { return .ours }
                if our == nil { return .theirs }
            }
            if our == shadow { return .theirs }
            if their == shadow { return .ours }
            return conflict == .source ? .theirs : conflict == .records ? .ours : .nobody
        }
    }

    private func keep(_ their: SyncRow?, _ our: SyncRow?, _ plan: inout Plan) {
        if let their { plan.theirs.add(their.hash) }
        if let our { plan.ours.add(our.hash) }
    }

    private func takeTheirs(
        _ key: SyncKey, _ their: SyncRow?, _ our: SyncRow?, _ plan: inout Plan
    ) {
        guard let their else {
            guard let our else { return }
            guard deletes else { return keep(nil, our, &plan) }
            plan.removals.append(our)
            agree(key, nil, &plan)
            return
        }
        if let our {
            plan.changes.append((their, our))
        } else {
            plan.inserts.append(their)
        }
        plan.ours.add(their.hash)
        plan.theirs.add(their.hash)
        agree(key, their.hash, &plan)
    }

    private func takeOurs(
        _ key: SyncKey, _ their: SyncRow?, _ our: SyncRow?, _ plan: inout Plan
    ) {
        guard let our else {
            guard let their else { return }
            guard deletes else { return keep(their, nil, &plan) }
            plan.writes.append(ExternalWrite(kind: .delete, row: their, expected: their.hash))
            agree(key, nil, &plan)
            return
        }
        plan.writes.append(
            ExternalWrite(
                kind: their == nil ? .insert : .update, row: our, expected: their?.hash))
        plan.ours.add(our.hash)
        plan.theirs.add(our.hash)
        agree(key, our.hash, &plan)
    }
}
