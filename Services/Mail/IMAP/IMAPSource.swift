import ServiceRuntime

/// A folder of an IMAP server. What a mail is called is its UIDVALIDITY and UID; the position is
/// the highest UID that is staged. A new UIDVALIDITY means that the server renumbered: then
/// everything is listed again, and the ledger tells what it has by the bytes.
struct IMAPSource: MailSource {
    let kind = "imap"
    let tellsGaps = true
    let account: IMAPAccount
    let folder: String
    let timeout: Duration
    let byteLimit: Int

    func open() async throws -> any MailSession {
        var limits = IMAPReader.Limits()
        limits.literals = max(limits.literals, byteLimit + (16 << 20))
        let target = try await account.target()
        let client = try await IMAPClient.open(target, timeout: timeout, limits: limits)
        do {
            let session = try await IMAPSession(client: client, source: self)
            return session
        } catch {
            await client.close()
            throw error
        }
    }
}

/// One selected folder.
actor IMAPSession: MailSession {
    private let client: IMAPClient
    private let source: IMAPSource
    private let validity: UInt64
    private let capabilities: Set<String>
    /// UIDs above the position, ascending; listed once.
    private var listed: [UInt64]?

    init(client: IMAPClient, source: IMAPSource) async throws {
        self.client = client
        self.source = source
        let name = IMAPClient.quoted(IMAPClient.folderName(source.folder))
        let answer = try await client.run("SELECT \(name)")
        let validity = answer.responses.lazy.compactMap { response -> UInt64? in
            guard case .status(.ok, let code, _) = response,
                code.first?.atom?.uppercased() == "UIDVALIDITY", code.count > 1
            else { return nil }
            return code[1].number
        }.first
        guard let validity else { throw SourceError("the server tells no UIDVALIDITY") }
        self.validity = validity
        capabilities = await client.capabilities
    }

    func changes(since position: String?, limit: Int) async throws -> SourceChanges {
        let last = position.flatMap { Key($0) }.flatMap { $0.validity == validity ? $0.uid : nil }
        var uids = if let listed { listed } else { try await list(above: last ?? 0) }
        let batch = Array(uids.prefix(limit))
        uids.removeFirst(batch.count)
        listed = uids
        let sizes = try await sizes(of: batch)
        let items = batch.map { uid in
            let key = Key(validity: validity, uid: uid).text
            return SourceItem(key: key, bytes: sizes[uid], position: key)
        }
        return SourceChanges(items: items, hasMore: !uids.isEmpty)
    }

    private func list(above last: UInt64) async throws -> [UInt64] {
        let answer = try await client.run("UID SEARCH UID \(last + 1):*")
        var uids: Set<UInt64> = []
        for case .untagged(_, "SEARCH", let values) in answer.responses {
            uids.formUnion(values.compactMap(\.number))
        }
        // `n:*` names the last mail even where its UID is below n.
        return uids.filter { $0 > last && $0 <= UInt64(UInt32.max) }.sorted()
    }

    private func sizes(of uids: [UInt64]) async throws -> [UInt64: Int] {
        guard !uids.isEmpty else { return [:] }
        let answer = try await client.run("UID FETCH \(IMAPSession.set(uids)) (UID RFC822.SIZE)")
        var sizes: [UInt64: Int] = [:]
        for item in IMAPSession.fetched(answer) {
            if let uid = item["UID"]?.number, let size = item["RFC822.SIZE"]?.number {
                sizes[uid] = Int(clamping: size)
            }
        }
        return sizes
    }

    func mime(_ items: [SourceItem]) async throws -> [SourceMail] {
        var mails: [SourceMail] = []
        var batch: [(UInt64, SourceItem)] = []
        for item in items {
            guard let key = Key(item.key), key.validity == validity else { continue }
            if let size = item.bytes, size > source.byteLimit {
                mails.append(SourceMail(item: item, raw: nil, received: nil))
            } else {
                batch.append((key.uid, item))
            }
        }
        if !batch.isEmpty { mails += try await fetch(batch) }
        return mails
    }

    private func fetch(_ batch: [(UInt64, SourceItem)]) async throws -> [SourceMail] {
        let items = Dictionary(batch, uniquingKeysWith: { first, _ in first })
        let set = IMAPSession.set(batch.map(\.0))
        let answer = try await client.run("UID FETCH \(set) (UID INTERNALDATE BODY.PEEK[])")
        var found: [UInt64: SourceMail] = [:]
        for values in IMAPSession.fetched(answer) {
            guard let uid = values["UID"]?.number, let item = items[uid],
                case .string(let raw)? = values["BODY[]"]
            else { continue }
            let date = values["INTERNALDATE"]?.bytes.flatMap(MIMEDate.parse)
            found[uid] = SourceMail(item: item, raw: raw, received: date)
        }
        return batch.compactMap { found[$0.0] }
    }

    /// Each FETCH response as its items by name.
    private static func fetched(_ answer: IMAPClient.Answer) -> [[String: IMAPValue]] {
        answer.responses.compactMap { response in
            guard case .untagged(_, "FETCH", let values) = response,
                let list = values.first?.list
            else { return nil }
            var items: [String: IMAPValue] = [:]
            var index = 0
            while index + 1 < list.count {
                if let name = list[index].atom { items[name.uppercased()] = list[index + 1] }
                index += 2
            }
            return items
        }
    }

    /// `1:3,7`.
    static func set(_ uids: [UInt64]) -> String {
        var ranges: [(UInt64, UInt64)] = []
        for uid in uids.sorted() {
            if let last = ranges.last, last.1 + 1 == uid {
                ranges[ranges.count - 1].1 = uid
            } else {
                ranges.append((uid, uid))
            }
        }
        return ranges.map { $0.0 == $0.1 ? "\($0.0)" : "\($0.0):\($0.1)" }.joined(separator: ",")
    }

    func mark(_ keys: [String]) async throws {
        guard let set = set(of: keys) else { return }
        _ = try await client.run("UID STORE \(set) +FLAGS.SILENT (\\Seen)")
    }

    func move(_ keys: [String], to folder: String) async throws {
        guard let set = set(of: keys) else { return }
        let name = IMAPClient.quoted(IMAPClient.folderName(folder))
        try await mark(keys)
        if capabilities.contains("MOVE") {
            _ = try await client.run("UID MOVE \(set) \(name)")
            return
        }
        _ = try await client.run("UID COPY \(set) \(name)")
        _ = try await client.run("UID STORE \(set) +FLAGS.SILENT (\\Deleted)")
        // Without UIDPLUS, EXPUNGE would remove what others marked, too: then it stays marked.
        if capabilities.contains("UIDPLUS") { _ = try await client.run("UID EXPUNGE \(set)") }
    }

    /// Nil where none is left: after a renumbering mails are called otherwise.
    private func set(of keys: [String]) -> String? {
        let uids = keys.compactMap(Key.init).filter { $0.validity == validity }.map(\.uid)
        return uids.isEmpty ? nil : IMAPSession.set(uids)
    }

    func close() async { await client.close() }

    /// `imap:<UIDVALIDITY>:<UID>`.
    private struct Key {
        var validity: UInt64
        var uid: UInt64

        init(validity: UInt64, uid: UInt64) {
            self.validity = validity
            self.uid = uid
        }

        init?(_ text: String) {
            let parts = text.split(separator: ":")
            guard parts.count == 3, parts[0] == "imap", let validity = UInt64(parts[1]),
                let uid = UInt64(parts[2])
            else { return nil }
            self.init(validity: validity, uid: uid)
        }

        var text: String { "imap:\(validity):\(uid)" }
    }
}
