/// Listing in parts: a large folder by ranges of UIDs, never all of it at once. Where UIDs are
/// sparse, the next that there is comes from the numbers in sequence, which are dense.
extension IMAPSession {
    /// UIDs that one command lists.
    static let window: UInt64 = 1000
    /// A folder of so many mails is listed by one command.
    static let wholeFolder = 5000

    private struct Page {
        var items: [SourceItem]
        /// The last UID that this says something of.
        var through: UInt64
        var next: UInt64?
    }

    func changes(since position: String?, limit: Int) async throws -> SourceChanges {
        let key = position.flatMap { IMAPKey($0) }
        let low = (key.flatMap { $0.validity == validity ? $0.uid : nil } ?? 0) + 1
        guard let page = try await page(from: low) else { return SourceChanges() }
        var changes = SourceChanges(items: page.items, hasMore: page.next != nil)
        guard page.through >= low else { return changes }
        changes.position = IMAPKey(validity: validity, uid: page.through).text
        var expected = low
        for item in page.items {
            guard let uid = item.number.map(UInt64.init) else { continue }
            if uid > expected { changes.absent.append(range(expected, uid - 1)) }
            expected = uid + 1
        }
        if page.through >= expected { changes.absent.append(range(expected, page.through)) }
        return changes
    }

    private func range(_ low: UInt64, _ high: UInt64) -> SourceRange {
        SourceRange(low: Int64(low), high: Int64(high))
    }

    func listing(from number: Int64) async throws -> SourceListing {
        guard let page = try await page(from: UInt64(max(1, number))) else {
            return SourceListing()
        }
        return SourceListing(items: page.items, next: page.next.map { Int64($0) })
    }

    private func page(from low: UInt64) async throws -> Page? {
        guard count > 0, let last else { return nil }
        guard low <= last else { return try await tail(from: low) }
        let isSmall = count <= IMAPSession.wholeFolder
        let high = isSmall ? last : min(last, low + IMAPSession.window - 1)
        let items = try await list(low, high)
        guard high < last else {
            let hasTail = next.map { $0 > last + 1 } ?? false
            // No further than what was really listed.
            let through = items.last?.number.map(UInt64.init) ?? low - 1
            return Page(items: items, through: through, next: hasTail ? last + 1 : nil)
        }
        guard items.isEmpty else { return Page(items: items, through: high, next: high + 1) }
        let following = try await first(from: high + 1) ?? last
        return Page(items: [], through: following - 1, next: following)
    }

    /// What a server has that says that its last mail is an earlier one. Nothing is said of UIDs
    /// that it does not list: they may be still to come.
    private func tail(from low: UInt64) async throws -> Page? {
        guard let next, next > low, next - 1 <= IMAPKey.largestUID else { return nil }
        let high = min(next - 1, low + IMAPSession.window - 1)
        let items = try await list(low, high)
        return Page(
            items: items, through: items.last?.number.map(UInt64.init) ?? low - 1, next: nil)
    }

    /// Ascending, each UID once, nothing that was not asked.
    private func list(_ low: UInt64, _ high: UInt64) async throws -> [SourceItem] {
        let answer = try await client.run(
            "UID FETCH \(low):\(high) (UID RFC822.SIZE INTERNALDATE)"
        ) { response in
            IMAPFetched(response)?.uid.map { (low...high).contains($0) } ?? false
        }
        var items: [UInt64: SourceItem] = [:]
        for values in IMAPSession.fetched(answer) {
            guard let uid = values.uid, items[uid] == nil else { continue }
            let size = values.items["RFC822.SIZE"]?.number
            let date = values.items["INTERNALDATE"]?.bytes.map {
                String(decoding: $0, as: UTF8.self)
            }
            let key = IMAPKey(validity: validity, uid: uid).text
            var item = SourceItem(
                key: key, bytes: size.map { Int(clamping: $0) }, number: Int64(uid), position: key)
            if let size { item.fingerprint = "\(size) \((date ?? "").prefix(40))" }
            items[uid] = item
        }
        return items.values.sorted { ($0.number ?? 0) < ($1.number ?? 0) }
    }

    /// The first UID from `low` on, by halving the numbers in sequence. They stand still while
    /// FETCH is all that is said (RFC 3501 §7.4.1).
    private func first(from low: UInt64) async throws -> UInt64? {
        var (from, through) = (1, await client.exists)
        guard from <= through, let end = try await uid(at: through), end >= low else {
            return nil
        }
        var found = end
        while from < through {
            let middle = (from + through) / 2
            guard let uid = try await uid(at: middle) else { return nil }
            if uid >= low {
                (through, found) = (middle, uid)
            } else {
                from = middle + 1
            }
        }
        return found >= low && found <= last ?? 0 ? found : nil
    }

    private func uid(at number: Int) async throws -> UInt64? {
        do {
            let answer = try await client.run("FETCH \(number) (UID)")
            return IMAPSession.fetched(answer).compactMap(\.uid).first
        } catch is IMAPClient.Refused {
            return nil
        }
    }
}
