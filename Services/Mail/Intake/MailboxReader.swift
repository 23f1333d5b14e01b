import Crypto
import Database
import ServiceRuntime

/// Reads one mailbox: what is new is kept with the position first, and the source is told last.
actor MailboxReader {
    /// What a reader works with.
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
    /// Entries marked or moved by one command.
    private static let settleLimit = 200

    let definition: MailboxDefinition
    private let source: any MailSource
    private let tools: Tools
    private var last: Task<Void, any Error>?
    private(set) var isReading = false

    init(_ definition: MailboxDefinition, source: any MailSource, tools: Tools) {
        self.definition = definition
        self.source = source
        self.tools = tools
    }

    /// One reading; readings of the same mailbox come one after the other.
    func read() async throws {
        let before = last
        let task = Task {
            _ = await before?.result
            try await self.readAlone()
        }
        last = task
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func readAlone() async throws {
        isReading = true
        defer { isReading = false }
        do {
            let session = try await source.open()
            do {
                try await read(session)
            } catch {
                await session.close()
                throw error
            }
            await session.close()
            try await keepReading(problem: nil)
        } catch {
            // A shutdown is no failure of the source.
            guard !Task.isCancelled else { throw CancellationError() }
            tools.metrics.readFailures.increment()
            tools.runtime.log.warning(
                "a mailbox cannot be read",
                ["mailbox": .string("\(definition.code)"), "error": "\(error)"])
            try await keepReading(problem: "\(error)")
            throw error
        }
    }

    private func keepReading(problem: String?) async throws {
        let (store, code, now) = (tools.store, definition.code, tools.runtime.clock.now())
        try await tools.database.write {
            try store.keepReading($0, code, problem: problem, now: now)
        }
    }

    private func read(_ session: any MailSession) async throws {
        try await settleAtSource(session)
        guard try await stageNew(session) else { return }
        tools.wake()
        let (store, code, database) = (tools.store, definition.code, tools.database)
        _ = try await tools.pulse.wait(
            atMost: MailboxReader.recordWait, clock: tools.runtime.clock
        ) { try await database.read { try store.untried($0, code) } == 0 }
        try await settleAtSource(session)
    }

    // MARK: - In

    /// Answers whether anything was staged.
    private func stageNew(_ session: any MailSession) async throws -> Bool {
        var hasStaged = false
        var hasMore = true
        while hasMore {
            try Task.checkCancellation()
            let (store, code) = (tools.store, definition.code)
            let position = try await tools.database.read { try store.position($0, code) }
            let changes = try await session.changes(since: position, limit: definition.batch)
            hasMore = changes.hasMore
            let keys = changes.items.map(\.key)
            let known = try await tools.database.read { try store.known($0, code, keys) }
            let new = changes.items.filter { !known.contains($0.key) }
            for chunk in MailboxReader.chunks(new, count: definition.batch) {
                if try await stage(chunk, session) { hasStaged = true }
            }
        }
        return hasStaged
    }

    /// Groups that fit into memory together.
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

    private func stage(_ items: [SourceItem], _ session: any MailSession) async throws -> Bool {
        var mails = try await session.mime(items)
        let given = Set(mails.map(\.item.key))
        var gaps: [String] = []
        for item in items where source.tellsGaps && !given.contains(item.key) {
            // Asked for alone, before it is called missing.
            if let mail = try await session.mime([item]).first {
                mails.append(mail)
            } else {
                gaps.append(item.key)
            }
        }
        let now = tools.runtime.clock.now()
        let limits = tools.limits
        let fetched = mails
        let staged = try await tools.parser.run {
            fetched.map { StagedMail($0, now: now, limits: limits) }
        }
        let (store, code, kind) = (tools.store, definition.code, source.kind)
        let (position, missing) = (items.last?.position, gaps)
        let count = try await tools.database.write { connection in
            for gap in missing {
                try store.addGap(
                    connection, code, source: gap, reason: "listed, and gone when asked for",
                    now: now)
            }
            return try store.stage(
                connection, code, source: kind, staged, position: position, now: now)
        }
        tools.metrics.staged.increment(by: count)
        return !staged.isEmpty
    }

    // MARK: - Back to the source

    /// Marks and moves what is settled, group by group; what fails is tried again at the next
    /// reading.
    private func settleAtSource(_ session: any MailSession) async throws {
        let (store, code) = (tools.store, definition.code)
        while true {
            let entries = try await tools.database.read {
                try store.unsettledAtSource($0, code, limit: MailboxReader.settleLimit)
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
            sha256: "", received: mail.received ?? now)
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
