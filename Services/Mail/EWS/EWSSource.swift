import Crypto
import Curl
import ServiceRuntime
import XML

/// A folder of an Exchange server by Exchange Web Services. What a mail is called is its item's id;
/// the position is the server's own `SyncState`. Where the server no longer takes it, everything is
/// listed again, and the ledger tells what it has by ids and bytes.
struct EWSSource: MailSource {
    let kind = "ews"
    let tellsGaps = true
    let definition: MailboxDefinition.EWS
    let secrets: MailboxSecrets
    let authorities: String?
    let timeout: Duration
    let byteLimit: Int
    let clock: any WallClock
    let slots: ServerSlots

    func open() async throws -> any MailSession {
        try await slots.take(definition.server)
        do {
            let secret = try await secrets.password(definition.password)
            let login: LoginHTTP.Login =
                switch definition.login {
                case .ntlm: .ntlm(user: definition.user, password: secret)
                case .basic: .basic(user: definition.user, password: secret)
                case .bearer: .bearer(token: secret)
                }
            let client = EWSClient(
                http: try LoginHTTP(login, authorities: authorities), url: definition.url,
                mailbox: definition.mailbox, timeout: timeout, clock: clock)
            return EWSSession(client: client, source: self)
        } catch {
            await slots.give(definition.server)
            throw error
        }
    }
}

/// One reading of a folder.
actor EWSSession: MailSession {
    /// Changes of one answer; the server takes no more.
    private static let changeLimit = 512
    /// Mails of one answer, and their bytes as the server tells them.
    private static let itemLimit = 20
    private static let itemBytes = 8 << 20
    /// Ids of one change or move.
    private static let idLimit = 100
    /// Around the bytes of a mail, which come as base64.
    private static let envelopeBytes = 8 << 20

    private let client: EWSClient
    private let source: EWSSource
    private var folders: [String: EWSFolder] = [:]
    private var isClosed = false

    init(client: EWSClient, source: EWSSource) {
        self.client = client
        self.source = source
    }

    private static let (position, key) = ("ews:", "ews:")

    private static func id(_ key: String) -> String? {
        key.hasPrefix(EWSSession.key) ? String(key.dropFirst(EWSSession.key.count)) : nil
    }

    // MARK: What is new

    func changes(since position: String?, limit: Int) async throws -> SourceChanges {
        let state = position.flatMap { text in
            text.hasPrefix(EWSSession.position)
                ? String(text.dropFirst(EWSSession.position.count)) : nil
        }
        do {
            return try await changes(state: state)
        } catch let error as EWSError where error.code == "ErrorInvalidSyncStateData" {
            return try await changes(state: nil)
        }
    }

    private func changes(state: String?) async throws -> SourceChanges {
        let folder = try await folder(source.definition.folder)
        let request = EWSEnvelope.syncFolderItems(
            folder, state: state, limit: EWSSession.changeLimit)
        let answer = try await client.call(request)
        guard let message = answer.first else { throw SourceError("the server answers nothing") }
        try message.check()
        guard let next = message.element.child("SyncState")?.text, !next.isEmpty else {
            throw SourceError("the server tells no SyncState")
        }
        var items: [SourceItem] = []
        var seen: Set<String> = []
        for change in message.element.child("Changes")?.children ?? [] {
            // An update of a mail that was never seen is news as well.
            guard ["Create", "Update"].contains(change.name.local) else { continue }
            for element in change.children {
                guard let id = element.child("ItemId")?[attribute: "Id"], seen.insert(id).inserted
                else { continue }
                items.append(
                    SourceItem(
                        key: EWSSession.key + id,
                        bytes: element.child("Size").flatMap { Int($0.text) }))
            }
        }
        let isLast = message.element.child("IncludesLastItemInRange")?.text != "false"
        return SourceChanges(
            items: items, position: EWSSession.position + next, hasMore: !isLast)
    }

    // MARK: Bytes

    func mime(_ items: [SourceItem]) async throws -> [SourceMail] {
        var mails: [SourceMail] = []
        var batch: [SourceItem] = []
        var bytes = 0
        for item in items {
            guard EWSSession.id(item.key) != nil else { continue }
            let size = item.bytes ?? 0
            if size > source.byteLimit {
                mails.append(SourceMail(item: item, raw: nil, received: nil))
                continue
            }
            if !batch.isEmpty,
                batch.count == EWSSession.itemLimit || bytes + size > EWSSession.itemBytes
            {
                mails += try await fetch(batch)
                (batch, bytes) = ([], 0)
            }
            batch.append(item)
            bytes += size
        }
        if !batch.isEmpty { mails += try await fetch(batch) }
        return mails
    }

    private func fetch(_ batch: [SourceItem]) async throws -> [SourceMail] {
        let ids = batch.compactMap { EWSSession.id($0.key) }
        let limit = source.byteLimit / 3 * 4 + EWSSession.envelopeBytes
        let answer = try await client.call(EWSEnvelope.getItem(ids, withMIME: true), limit: limit)
        let known = Dictionary(zip(ids, batch), uniquingKeysWith: { first, _ in first })
        var mails: [SourceMail] = []
        for (index, message) in answer.enumerated() {
            if let code = message.failure {
                // Somebody moved or removed it meanwhile.
                if code == "ErrorItemNotFound" { continue }
                guard EWSError.unreadable.contains(code), index < batch.count else {
                    throw EWSError(message)
                }
                mails.append(SourceMail(item: batch[index], failure: message.text))
                continue
            }
            for element in message.element.child("Items")?.children ?? [] {
                guard let id = element.child("ItemId")?[attribute: "Id"], let item = known[id],
                    let content = element.child("MimeContent")?.text,
                    let raw = Base64.decode(content, lenient: true), !raw.isEmpty
                else { continue }
                let received = element.child("DateTimeReceived").flatMap { Timestamp($0.text) }
                var mail = SourceMail(item: item, raw: raw, received: received)
                if raw.count > source.byteLimit {
                    (mail.raw, mail.item.bytes) = (nil, raw.count)
                }
                mails.append(mail)
            }
        }
        return mails
    }

    // MARK: Settling

    func mark(_ keys: [String]) async throws {
        for ids in EWSSession.groups(keys) {
            // A change needs the key of the last change, and what is gone has none.
            let answer = try await client.call(EWSEnvelope.getItem(ids, withMIME: false))
            var current: [(id: String, change: String)] = []
            for message in answer {
                if message.failure == "ErrorItemNotFound" { continue }
                try message.check()
                for element in message.element.child("Items")?.children ?? [] {
                    guard let item = element.child("ItemId"), let id = item[attribute: "Id"],
                        let change = item[attribute: "ChangeKey"]
                    else { continue }
                    current.append((id, change))
                }
            }
            guard !current.isEmpty else { continue }
            for message in try await client.call(EWSEnvelope.markRead(current))
            where message.failure != "ErrorItemNotFound" {
                try message.check()
            }
        }
    }

    func move(_ keys: [String], to folder: String) async throws {
        guard !keys.isEmpty else { return }
        let target = try await self.folder(folder, makes: true)
        try await mark(keys)
        for ids in EWSSession.groups(keys) {
            for message in try await client.call(EWSEnvelope.move(ids, to: target))
            where message.failure != "ErrorItemNotFound" {
                try message.check()
            }
        }
    }

    private static func groups(_ keys: [String]) -> [[String]] {
        let ids = keys.compactMap(EWSSession.id)
        return stride(from: 0, to: ids.count, by: EWSSession.idLimit).map {
            Array(ids[$0..<min($0 + EWSSession.idLimit, ids.count)])
        }
    }

    // MARK: Folders

    /// `inbox/Orders`: a well-known folder and names below it; a name that is not well known
    /// stands beside the inbox. `makes`: one that is not there is made.
    private func folder(_ path: String, makes: Bool = false) async throws -> EWSFolder {
        if let folder = folders[path] { return folder }
        var names = path.split(separator: "/").map(String.init)[...]
        var folder = EWSFolder.known("msgfolderroot", mailbox: source.definition.mailbox)
        if let first = names.first?.lowercased(), EWSFolder.names.contains(first) {
            folder = .known(first, mailbox: source.definition.mailbox)
            names.removeFirst()
        }
        for name in names {
            if let found = try await child(name, of: folder) {
                folder = found
            } else {
                guard makes else { throw SourceError("the server has no folder “\(path)”") }
                folder = try await makeFolder(name, in: folder)
            }
        }
        folders[path] = folder
        return folder
    }

    private func child(_ name: String, of parent: EWSFolder) async throws -> EWSFolder? {
        let answer = try await client.call(EWSEnvelope.findFolder(name, in: parent))
        guard let message = answer.first else { throw SourceError("the server answers nothing") }
        try message.check()
        return message.element.first("Folders").flatMap(EWSFolder.init)
    }

    private func makeFolder(_ name: String, in parent: EWSFolder) async throws -> EWSFolder {
        let answer = try await client.call(EWSEnvelope.createFolder(name, in: parent))
        guard let message = answer.first else { throw SourceError("the server answers nothing") }
        try message.check()
        guard let folder = message.element.first("Folders").flatMap(EWSFolder.init) else {
            throw SourceError("the server does not name the folder that it made")
        }
        return folder
    }

    func close() async {
        guard !isClosed else { return }
        isClosed = true
        await client.close()
        await source.slots.give(source.definition.server)
    }
}
