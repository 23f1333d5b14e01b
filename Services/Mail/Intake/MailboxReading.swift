import Crypto
import Database
import ServiceRuntime

/// One reading of a mailbox: what is new is kept with the position first, and the source is told
/// last. Whatever a server does with one mail, the others are read: what it fails at is asked for
/// in halves and then alone, over a new connection each time, and told as a gap in the end.
actor MailboxReading {
    /// What readings work with.
    struct Tools: Sendable {
        let database: Database
        let store: IntakeStore
        let runtime: Runtime
        let metrics: MailMetrics
        /// Parsing of heads runs here.
        let parser: ThreadExecutor
        let limits: MIMELimits
        let pulse: Pulse
        /// Wakes the worker of the intake queue.
        let wake: @Sendable () -> Void
    }

    /// Bytes of mails that are in memory together.
    private static let chunkBytes = 16 << 20
    /// How long a reading waits for the records of what it found, before it marks the mails at the
    /// source.
    private static let recordWait = Duration.seconds(30)
    /// Another copy may make them, which tells nobody here.
    private static let lookInterval = Duration.milliseconds(250)
    /// Entries marked or moved by one command.
    private static let settleLimit = 200
    /// Mails that were not given, asked for alone; more are asked for together.
    private static let aloneLimit = 20
    /// Connections that a reading opens anew after failures.
    static let reopenLimit = 200

    let definition: MailboxDefinition
    let tools: Tools
    private let source: any MailSource
    private(set) var session: any MailSession
    var numbering = ""
    private var reopened = 0

    init(
        _ definition: MailboxDefinition, source: any MailSource, session: any MailSession,
        tools: Tools
    ) {
        self.definition = definition
        self.source = source
        self.session = session
        self.tools = tools
    }

    func run() async throws {
        numbering = await session.numbering()
        // What cannot be marked or moved keeps nobody from reading; it is told in the end.
        var failure = try await settle()
        var hasStaged = try await stageNew()
        tools.wake()
        if try await review() { hasStaged = true }
        guard hasStaged else {
            if let failure { throw failure }
            return
        }
        tools.wake()
        let (store, code, database) = (tools.store, definition.code, tools.database)
        _ = try await tools.pulse.wait(
            atMost: MailboxReading.recordWait,
            orEvery: database.isShared ? MailboxReading.lookInterval : nil,
            clock: tools.runtime.clock
        ) { try await database.read { try store.untried($0, code) } == 0 }
        failure = try await settle()
        if let failure { throw failure }
    }

    /// A new connection to the same numbering; throws where the source is away.
    private func reopen() async throws {
        try Task.checkCancellation()
        await session.close()
        reopened += 1
        guard reopened <= MailboxReading.reopenLimit else {
            throw SourceError("the server failed \(reopened) times within one reading")
        }
        session = try await source.open()
        guard await session.numbering() == numbering else {
            throw SourceError("the server has numbered its mails anew while they were read")
        }
    }

    // MARK: - In

    /// Answers whether anything was staged.
    private func stageNew() async throws -> Bool {
        var hasStaged = false
        var hasMore = true
        while hasMore {
            try Task.checkCancellation()
            let (store, code) = (tools.store, definition.code)
            let position = try await tools.database.read { try store.position($0, code) }
            let changes = try await session.changes(since: position, limit: definition.batch)
            hasMore = changes.hasMore && changes.position != position
            let keys = changes.items.map(\.key)
            let known = try await tools.database.read { try store.known($0, code, keys) }
            let new = changes.items.filter { known[$0.key] == nil }
            if try await stage(new, position: changes.position, absent: changes.absent) {
                hasStaged = true
            }
        }
        return hasStaged
    }

    /// Fetches and keeps mails, chunk by chunk: the next is fetched while one is being kept. The
    /// position moves with each, so that no mail stands in the ledger beyond it.
    func stage(
        _ items: [SourceItem], position: String? = nil, absent: [SourceRange] = []
    ) async throws -> Bool {
        var chunks = MailboxReading.chunks(items, count: definition.batch)
        if chunks.isEmpty, position != nil || !absent.isEmpty { chunks = [[]] }
        var hasStaged = false
        var keeping: Task<Bool, any Error>?
        var absent = absent[...]
        do {
            for (index, chunk) in chunks.enumerated() {
                var fetched = try await fetch(chunk)
                if let keeping, try await keeping.value { hasStaged = true }
                if index == chunks.count - 1 {
                    (fetched.position, fetched.absent) = (position, Array(absent))
                } else if position != nil, let last = chunk.last, let number = last.number {
                    fetched.position = last.position
                    fetched.absent = Array(absent.prefix { $0.high < number })
                    absent = absent.dropFirst(fetched.absent.count)
                }
                let part = fetched
                keeping = Task { try await self.keep(part) }
            }
        } catch {
            _ = await keeping?.result
            throw error
        }
        if let keeping, try await keeping.value { hasStaged = true }
        return hasStaged
    }

    /// Groups that fit into memory together, if the sizes are true.
    private static func chunks(_ items: [SourceItem], count: Int) -> [[SourceItem]] {
        var chunks: [[SourceItem]] = []
        var bytes = 0
        for item in items {
            let size = item.bytes ?? 0
            if let last = chunks.indices.last, chunks[last].count < count,
                bytes + size <= chunkBytes
            {
                chunks[last].append(item)
                bytes += size
            } else {
                chunks.append([item])
                bytes = size
            }
        }
        return chunks
    }

    /// What is fetched and not kept yet.
    private struct Fetched {
        var mails: [SourceMail] = []
        var gaps: [SourceGap] = []
        var position: String?
        var absent: [SourceRange] = []
    }

    private func fetch(_ items: [SourceItem]) async throws -> Fetched {
        guard !items.isEmpty else { return Fetched() }
        do {
            return try await ask(items)
        } catch {
            // Some mail of these brings the connection down, or the server has gone.
            try await reopen()
            guard items.count > 1 else { return try await fetchAlone(items[0]) }
        }
        let middle = items.count / 2
        var all = try await fetch(Array(items[..<middle]))
        let rest = try await fetch(Array(items[middle...]))
        all.mails += rest.mails
        all.gaps += rest.gaps
        return all
    }

    private func fetchAlone(_ item: SourceItem) async throws -> Fetched {
        do {
            return try await ask([item])
        } catch {
            let reason = "the server fails at it: \(error)"
            try await reopen()
            return Fetched(gaps: [SourceGap(key: item.key, reason: String(reason.prefix(500)))])
        }
    }

    private func ask(_ items: [SourceItem]) async throws -> Fetched {
        var all = Fetched(mails: try await session.mime(items))
        guard source.tellsGaps else { return all }
        let given = Set(all.mails.map(\.item.key))
        let missing = items.filter { !given.contains($0.key) }
        // Asked for once more before it is called missing.
        if items.count > 1, missing.count <= MailboxReading.aloneLimit {
            for item in missing { all.mails += try await session.mime([item]) }
        } else if !missing.isEmpty {
            all.mails += try await session.mime(missing)
        }
        let found = Set(all.mails.map(\.item.key))
        all.gaps = missing.filter { !found.contains($0.key) }.map {
            SourceGap(key: $0.key, reason: "listed, and not given when asked for")
        }
        return all
    }

    /// Answers whether there was anything.
    private func keep(_ fetched: Fetched) async throws -> Bool {
        let now = tools.runtime.clock.now()
        let limits = tools.limits
        let mails = fetched.mails
        let staged = try await tools.parser.run {
            mails.map { StagedMail($0, now: now, limits: limits) }
        }
        var part = StagedPart(source: source.kind, numbering: numbering, mails: staged)
        (part.gaps, part.absent, part.position) = (fetched.gaps, fetched.absent, fetched.position)
        let (store, code, whole) = (tools.store, definition.code, part)
        let count = try await tools.database.write { connection in
            try store.stage(connection, code, whole, now: now)
        }
        tools.metrics.staged.increment(by: count)
        if count > 0 { tools.wake() }
        return !staged.isEmpty
    }

    /// A mail that came under the number of another.
    func keepOther(_ mail: SourceMail) async throws -> Bool {
        try await keep(Fetched(mails: [mail]))
    }

    // MARK: - Back to the source

    /// Marks and moves what is settled, group by group; what fails is tried again at the next
    /// reading. Answers why it failed.
    private func settle() async throws -> (any Error)? {
        do {
            try await settleAtSource()
            return nil
        } catch {
            try await reopen()
            return error
        }
    }

    private func settleAtSource() async throws {
        let (store, code) = (tools.store, definition.code)
        while true {
            let entries = try await tools.database.read {
                try store.unsettledAtSource($0, code, limit: MailboxReading.settleLimit)
            }
            guard !entries.isEmpty else { return }
            let quarantined = entries.filter { $0.state == .quarantined }.map(\.sourceKey)
            let settled = entries.filter { $0.state != .quarantined }.map(\.sourceKey)
            if let folder = definition.after.move {
                try await session.move(settled, to: folder)
            } else {
                try await session.mark(settled)
            }
            // Left as it is, so that a person finds it, unless the definition says where to.
            if let folder = definition.after.failed {
                try await session.move(quarantined, to: folder)
            }
            let ids = entries.map(\.id)
            try await tools.database.write { try store.settledAtSource($0, ids) }
        }
    }
}

extension StagedMail {
    /// Reads the head of a mail; the whole is parsed when the record is made.
    init(_ mail: SourceMail, now: Timestamp, limits: MIMELimits) {
        self.init(
            key: mail.item.key, raw: mail.raw, bytes: mail.raw?.count ?? mail.item.bytes ?? 0,
            sha256: "", received: mail.received ?? now, listed: mail.item.fingerprint,
            number: mail.item.number, failure: mail.failure)
        guard let raw = mail.raw else { return }
        sha256 = SHA256.hex(raw)
        let head = Message(parsing: StagedMail.head(of: raw, limits), limits: limits)
        messageID = head.messageID
        sender = head.from.first?.address
        automatic = head.automatic
    }

    /// Up to the first empty line.
    private static func head(of raw: [UInt8], _ limits: MIMELimits) -> [UInt8] {
        let searched = raw.prefix(limits.headerBytes)
        var lineStart = 0
        for index in searched.indices where raw[index] == ASCII.lf {
            let isEmpty =
                index == lineStart || (index == lineStart + 1 && raw[lineStart] == ASCII.cr)
            if isEmpty, index > 1 { return Array(raw[...index]) }
            lineStart = index + 1
        }
        return Array(searched)
    }
}
