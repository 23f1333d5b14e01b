import ServiceRuntime

/// A folder of an IMAP server. What a mail is called is its UIDVALIDITY and UID; the position is
/// the UID up to which every mail is staged, or known to be missing. A new UIDVALIDITY means that
/// the server renumbered: then everything is listed again, and the ledger tells what it has by the
/// bytes.
struct IMAPSource: MailSource {
    let kind = "imap"
    let tellsGaps = true
    let account: IMAPAccount
    let folder: String
    let timeout: Duration
    let byteLimit: Int
    let clock: any WallClock
    let slots: ServerSlots

    func open() async throws -> any MailSession {
        try await slots.take(account.server)
        do {
            var limits = IMAPReader.Limits()
            limits.literals = max(limits.literals, byteLimit + (16 << 20))
            let target = try await account.target()
            let client = try await IMAPClient.open(
                target, timeout: timeout, limits: limits, clock: clock)
            do {
                let session = IMAPSession(client: client, source: self)
                try await session.refresh()
                return session
            } catch {
                await client.close()
                throw error
            }
        } catch {
            await slots.give(account.server)
            throw error
        }
    }
}

/// One selected folder.
actor IMAPSession: MailSession {
    /// A server may end an IDLE after 30 minutes (RFC 2177).
    static let longestIdle = Duration.seconds(28 * 60)
    /// Literals of several mails at once; of one, the reader's limit holds.
    private static let fetchBytes = 48 << 20

    let client: IMAPClient
    let source: IMAPSource
    private var isClosed = false
    var validity: UInt64 = 0
    var next: UInt64?
    /// The largest UID that the server shows; nil in an empty folder.
    var last: UInt64?
    var count = 0

    init(client: IMAPClient, source: IMAPSource) {
        self.client = client
        self.source = source
    }

    func refresh() async throws {
        (validity, next) = try await client.select(source.folder)
        count = await client.exists
        last = nil
        guard count > 0 else { return }
        let shown = try await IMAPSession.fetched(client.run("UID FETCH * (UID)"))
        last = shown.compactMap(\.uid).max() ?? next.map { $0 - 1 }
        guard last != nil else {
            throw SourceError("the server has mails and tells the UID of none")
        }
    }

    func numbering() -> String { "\(validity)" }

    func tally() async -> SourceTally? {
        SourceTally(
            numbering: "\(validity)", next: next.map { Int64(clamping: $0) },
            count: await client.exists)
    }

    // MARK: Bytes

    func mime(_ items: [SourceItem]) async throws -> [SourceMail] {
        var mails: [SourceMail] = []
        var batch: [UInt64: SourceItem] = [:]
        for item in items {
            guard let key = IMAPKey(item.key), key.validity == validity else { continue }
            if let size = item.bytes, size > source.byteLimit, try await isTooLarge(key.uid) {
                mails.append(SourceMail(item: item, raw: nil, received: nil))
            } else {
                batch[key.uid] = item
            }
        }
        if !batch.isEmpty { mails += try await fetch(batch) }
        return mails
    }

    /// Whether there is a byte beyond the limit: the size that a server tells need not be true.
    private func isTooLarge(_ uid: UInt64) async throws -> Bool {
        do {
            let answer = try await client.run(
                "UID FETCH \(uid) (UID BODY.PEEK[]<\(source.byteLimit).1>)")
            return IMAPSession.fetched(answer).filter { $0.uid == uid }.allSatisfy { values in
                values.items.contains { $0.key.hasPrefix("BODY[]<") && $0.value.bytes?.count == 1 }
            }
        } catch is IMAPClient.Refused {
            return true
        }
    }

    private func fetch(_ batch: [UInt64: SourceItem]) async throws -> [SourceMail] {
        let set = IMAPNames.set(Array(batch.keys))
        let answer = try await client.run(
            "UID FETCH \(set) (UID INTERNALDATE BODY.PEEK[])",
            bytes: batch.count == 1 ? .max : IMAPSession.fetchBytes
        ) { response in
            IMAPFetched(response)?.uid.map { batch[$0] != nil } ?? false
        }
        var found: [UInt64: SourceMail] = [:]
        for values in IMAPSession.fetched(answer) {
            guard let uid = values.uid, let item = batch[uid], found[uid] == nil,
                case .string(let raw)? = values.items["BODY[]"],
                // Nothing where there is said to be something is not the mail.
                !raw.isEmpty || item.bytes == 0
            else { continue }
            let date = values.items["INTERNALDATE"]?.bytes.flatMap(MIMEDate.parse)
            var mail = SourceMail(item: item, raw: raw, received: date)
            if raw.count > source.byteLimit {
                mail.raw = nil
                mail.item.bytes = raw.count
            }
            found[uid] = mail
        }
        return Array(found.values)
    }

    static func fetched(_ answer: IMAPClient.Answer) -> [IMAPFetched] {
        answer.responses.compactMap(IMAPFetched.init)
    }

    // MARK: Settling

    func mark(_ keys: [String]) async throws {
        guard let set = set(of: keys) else { return }
        _ = try await client.run("UID STORE \(set) +FLAGS.SILENT (\\Seen)") { _ in false }
    }

    func move(_ keys: [String], to folder: String) async throws {
        guard let set = set(of: keys) else { return }
        let name = IMAPNames.folder(folder)
        try await mark(keys)
        do {
            try await move(set, name)
        } catch let error as IMAPClient.Refused where error.code == "TRYCREATE" {
            _ = try await client.run("CREATE \(name)")
            try await move(set, name)
        }
    }

    private func move(_ set: String, _ name: String) async throws {
        let capabilities = await client.capabilities
        if capabilities.contains("MOVE") {
            _ = try await client.run("UID MOVE \(set) \(name)") { _ in false }
            return
        }
        _ = try await client.run("UID COPY \(set) \(name)") { _ in false }
        _ = try await client.run("UID STORE \(set) +FLAGS.SILENT (\\Deleted)") { _ in false }
        // Without UIDPLUS, EXPUNGE would remove what others marked, too: then it stays marked.
        if capabilities.contains("UIDPLUS") {
            _ = try await client.run("UID EXPUNGE \(set)") { _ in false }
        }
    }

    /// Nil where none is left: after a renumbering mails are called otherwise.
    private func set(of keys: [String]) -> String? {
        let uids = keys.compactMap(IMAPKey.init).filter { $0.validity == validity }.map(\.uid)
        return uids.isEmpty ? nil : IMAPNames.set(uids)
    }

    // MARK: Waiting

    func canWait() async -> Bool {
        guard await client.capabilities.contains("IDLE") else { return false }
        return await source.slots.mayRest(source.account.server)
    }

    func wait(atMost limit: Duration) async throws -> Bool {
        let clock = source.clock
        let end = clock.monotonicNanoseconds() + limit.nanoseconds
        while true {
            let now = clock.monotonicNanoseconds()
            guard now < end else { return false }
            let left = min(Duration.nanoseconds(end - now), IMAPSession.longestIdle)
            if try await client.idle(atMost: left) { return true }
        }
    }

    func close() async {
        guard !isClosed else { return }
        isClosed = true
        await client.close()
        await source.slots.give(source.account.server)
    }
}

/// A FETCH response as its items by name.
struct IMAPFetched {
    let items: [String: IMAPValue]

    init?(_ response: IMAPResponse) {
        guard case .untagged(_, "FETCH", let values) = response, let list = values.first?.list
        else { return nil }
        var items: [String: IMAPValue] = [:]
        var index = 0
        while index + 1 < list.count {
            if let name = list[index].atom { items[name.uppercased()] = list[index + 1] }
            index += 2
        }
        self.items = items
    }

    /// Nil where it is none that there can be.
    var uid: UInt64? {
        items["UID"]?.number.flatMap { (1...IMAPKey.largestUID).contains($0) ? $0 : nil }
    }
}
