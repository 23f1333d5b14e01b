import Crypto
import Database
import ServiceRuntime

/// The gap audit: all that the source lists beside the ledger. A mail that was hidden when its
/// number was passed is read now; one that has got the number of another is told apart by its
/// bytes.
extension MailboxReading {
    /// A folder of so many mails is looked through at each reading, a larger one in its time.
    private static let smallFolder = 1000
    private static let interval = Duration.seconds(3600)

    /// Answers whether anything was staged.
    func review() async throws -> Bool {
        guard var tally = try await session.tally(), try await isDue(tally) else { return false }
        var (hasStaged, listed, highest) = (false, 0, Int64(0))
        var from: Int64? = 1
        while let low = from {
            try Task.checkCancellation()
            let part = try await session.listing(from: low)
            listed += part.items.count
            highest = part.items.last?.number ?? highest
            if try await compare(part.items) { hasStaged = true }
            from = part.next.flatMap { $0 > low ? $0 : nil }
        }
        // Mails come and go meanwhile.
        tally.count = min(tally.count, try await session.tally()?.count ?? tally.count)
        let (store, code) = (tools.store, definition.code)
        let (audit, now) = (
            IntakeStore.Audit(tally: tally, listed: listed, highest: highest),
            tools.runtime.clock.now()
        )
        try await tools.database.write {
            try store.ensure($0, code)
            try store.retreat($0, code, audit)
            try store.keepAudit($0, code, audit, now: now)
        }
        return hasStaged
    }

    private func isDue(_ tally: SourceTally) async throws -> Bool {
        if tally.count <= MailboxReading.smallFolder { return true }
        let (store, code) = (tools.store, definition.code)
        let (position, last) = try await tools.database.read {
            (try store.position($0, code), try store.lastAudit($0, code))
        }
        guard let last, last.numbering == tally.numbering else { return true }
        // A number that goes back: mails have got others under the same numbering.
        if let next = tally.next, let uid = position.flatMap({ IMAPKey($0) })?.uid,
            next <= Int64(uid)
        {
            return true
        }
        return last.time.advanced(by: MailboxReading.interval) <= tools.runtime.clock.now()
    }

    private func compare(_ items: [SourceItem]) async throws -> Bool {
        let (store, code, keys) = (tools.store, definition.code, items.map(\.key))
        let (known, position) = try await tools.database.read {
            (try store.known($0, code, keys), try store.position($0, code))
        }
        // What has come since is read in its turn, so that the position is never behind the ledger.
        let through = position.flatMap { IMAPKey($0) }.map { Int64($0.uid) } ?? 0
        var hasStaged = try await stage(
            items.filter { known[$0.key] == nil && $0.number ?? 0 <= through })
        let changed = items.filter { item in
            guard let mail = known[item.key], let listed = mail.listed else { return false }
            return item.fingerprint != nil && listed != item.fingerprint
        }
        for item in changed {
            guard let hash = known[item.key]?.sha256 else { continue }
            if try await compare(item, hash: hash) { hasStaged = true }
        }
        return hasStaged
    }

    /// Reads a mail again of which the source says something else than before.
    private func compare(_ item: SourceItem, hash: String) async throws -> Bool {
        let (store, code) = (tools.store, definition.code)
        guard var mail = try await session.mime([item]).first(where: { $0.item.key == item.key })
        else { return false }
        try await tools.database.write {
            try store.relist($0, code, key: item.key, listed: item.fingerprint)
        }
        let other = mail.raw.map { SHA256.hex($0) } ?? hash
        guard other != hash else { return false }
        mail.item.key = "\(item.key)#\(other.prefix(16))"
        mail.item.number = nil
        let isKnown = try await tools.database.read { [key = mail.item.key] in
            try store.known($0, code, [key])[key] != nil
        }
        return isKnown ? false : try await keepOther(mail)
    }
}
