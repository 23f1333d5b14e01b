import Contracts
import Crypto
import Database
import HTTP
import JSON
import ServiceRuntime

enum IntakeState: String, Sendable {
    case staged, done, skipped, quarantined
}

/// A mail on its way into the ledger: its head is read already.
struct StagedMail: Sendable {
    var key: String
    var raw: [UInt8]?
    var bytes: Int
    var sha256: String
    var messageID: String?
    var sender: String?
    var automatic: String?
    var received: Timestamp
    /// What the source said of it.
    var listed: String?
    var number: Int64?
    /// Why the source cannot give it.
    var failure: String?
}

/// What one transaction keeps of a reading.
struct StagedPart: Sendable {
    /// `folder`, `imap`, `ews`.
    var source: String
    var numbering = ""
    var mails: [StagedMail] = []
    var gaps: [SourceGap] = []
    var absent: [SourceRange] = []
    var position: String?
}

/// An entry of the ledger.
struct IntakeEntry: Sendable {
    var id: Int64
    var mailbox: FullCode
    var number: Int64
    var sourceKey: String
    var state: IntakeState
    var attempts: Int
    var record: String?
    var duplicateOf: Int64?
    var received: Timestamp
    /// It answers a mail about `record`, which has been changed by it.
    var isReply: Bool
}

/// The ledger of received mail. Every function runs in its caller's transaction.
struct IntakeStore: Sendable {
    let queue = MailMigrations.intake
    /// Told of quarantine and its end.
    var incidents: MailIncidents?

    static func queueKey(_ entry: Int64) -> String { "intake:\(entry)" }

    func position(_ connection: Connection, _ mailbox: FullCode) throws -> String? {
        try connection.first(
            "select position from mailbox where model = ? and code = ?",
            [.text(mailbox.model), .text(mailbox.code)]
        ) { $0.optionalText(0) } ?? nil
    }

    /// Keeps mails, their work, what is missing and the position together; answers how many are to
    /// be worked on.
    func stage(
        _ connection: Connection, _ mailbox: FullCode, _ part: StagedPart, now: Timestamp
    ) throws -> Int {
        try ensure(connection, mailbox)
        var count = 0
        let lacks = try lacksAny(connection, mailbox)
        let first = try connection.count(
            "select next_number from mailbox where model = ? and code = ?",
            [.text(mailbox.model), .text(mailbox.code)])
        var number = first
        for mail in part.mails {
            let isNew = try connection.hasNone(
                "select 1 from intake where model = ? and mailbox = ? and source_key = ?",
                [.text(mailbox.model), .text(mailbox.code), .text(mail.key)])
            guard isNew else { continue }
            if try insert(connection, mailbox, part.source, mail, number: number, now: now) {
                count += 1
            }
            number += 1
            if lacks { try close(connection, mailbox, mail, numbering: part.numbering) }
        }
        if number > first {
            try connection.run(
                "update mailbox set next_number = ? where model = ? and code = ?",
                [.integer(number), .text(mailbox.model), .text(mailbox.code)])
        }
        for gap in part.gaps { try addGap(connection, mailbox, gap, now: now) }
        for range in part.absent {
            try addAbsent(connection, mailbox, part.numbering, range, now: now)
        }
        if let position = part.position {
            try connection.run(
                "update mailbox set position = ? where model = ? and code = ?",
                [.text(position), .text(mailbox.model), .text(mailbox.code)])
        }
        return count
    }

    func ensure(_ connection: Connection, _ mailbox: FullCode) throws {
        try connection.run(
            "insert into mailbox (model, code) values (?, ?) on conflict (model, code) do nothing",
            [.text(mailbox.model), .text(mailbox.code)])
    }

    /// Answers whether there is something to work on: the same bytes again are not.
    private func insert(
        _ connection: Connection, _ mailbox: FullCode, _ source: String, _ mail: StagedMail,
        number: Int64, now: Timestamp
    ) throws -> Bool {
        let original = try original(connection, mailbox, mail)
        var state = IntakeState.staged
        var problem: Problem?
        if let original {
            state = .skipped
            problem = IntakeProblem.duplicate(of: original.number)
        } else if let failure = mail.failure {
            state = .quarantined
            problem = IntakeProblem.notGiven(failure)
        } else if mail.raw == nil {
            state = .quarantined
            problem = IntakeProblem.tooLarge(mail.bytes)
        }
        let id = try connection.insert(
            """
            insert into intake (model, mailbox, number, source, source_key, message_id, sender,
                automatic, sha256, size, received, state, record, problem, duplicate_of,
                after_state, listed)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(mailbox.model), .text(mailbox.code), .integer(number), .text(source),
                .text(mail.key), SQLValue(mail.messageID), SQLValue(mail.sender),
                SQLValue(mail.automatic), .text(mail.sha256), .integer(Int64(mail.bytes)),
                .text(mail.received.text), .text(state.rawValue), SQLValue(original?.record),
                SQLValue(problem.map(IntakeProblem.text)), SQLValue(original?.id),
                .text(state == .staged ? "none" : "pending"), SQLValue(mail.listed),
            ])
        if state == .quarantined { try incidents?.review(.intake(id), connection) }
        guard state == .staged, let raw = mail.raw else { return false }
        try connection.run(
            "insert into intake_raw (intake, raw) values (?, ?)", [.integer(id), .blob(raw)])
        try queue.enqueue(
            connection, key: IntakeStore.queueKey(id), payload: Array("\(id)".utf8), due: now,
            now: now)
        return true
    }

    /// The entry with the same bytes, and so with the same Message-ID.
    private func original(_ connection: Connection, _ mailbox: FullCode, _ mail: StagedMail) throws
        -> (id: Int64, number: Int64, record: String?)?
    {
        guard mail.raw != nil else { return nil }
        return try connection.first(
            """
            select id, number, record from intake
            where model = ? and mailbox = ? and sha256 = ? and duplicate_of is null
            order by id limit 1
            """, [.text(mailbox.model), .text(mailbox.code), .text(mail.sha256)]
        ) { ($0.integer(0), $0.integer(1), $0.optionalText(2)) }
    }

    func entry(_ connection: Connection, id: Int64) throws -> IntakeEntry? {
        try connection.first(
            "select \(IntakeStore.columns) from intake where id = ?", [.integer(id)],
            IntakeStore.entry)
    }

    func entry(_ connection: Connection, _ mailbox: FullCode, number: Int64) throws
        -> IntakeEntry?
    {
        try connection.first(
            """
            select \(IntakeStore.columns) from intake
            where model = ? and mailbox = ? and number = ?
            """, [.text(mailbox.model), .text(mailbox.code), .integer(number)], IntakeStore.entry)
    }

    private static let columns =
        """
        id, model, mailbox, number, source_key, state, attempts, record, duplicate_of, received,
        reply
        """

    private static func entry(_ row: Row) -> IntakeEntry {
        IntakeEntry(
            id: row.integer(0), mailbox: FullCode(model: row.text(1), code: row.text(2)),
            number: row.integer(3), sourceKey: row.text(4),
            state: IntakeState(rawValue: row.text(5)) ?? .staged, attempts: Int(row.integer(6)),
            record: row.optionalText(7), duplicateOf: row.optionalInteger(8),
            received: Timestamp(row.text(9)) ?? Timestamp(milliseconds: 0),
            isReply: row.boolean(10))
    }

    /// The bytes of an entry; those of a duplicate are its original's.
    func raw(_ connection: Connection, _ entry: IntakeEntry) throws -> [UInt8]? {
        try connection.first(
            "select raw from intake_raw where intake = ?",
            [.integer(entry.duplicateOf ?? entry.id)]
        ) { $0.blob(0) }
    }

    /// The end of an entry's way; a replay may end it anew.
    func settle(
        _ connection: Connection, _ id: Int64, state: IntakeState, record: String?,
        isReply: Bool = false, problem: Problem?
    ) throws {
        try connection.run(
            """
            update intake set state = ?, record = ?, reply = case when ? = 1 then 1 else reply end,
                problem = ?, attempts = attempts + 1, after_state = 'pending'
            where id = ?
            """,
            [
                .text(state.rawValue), SQLValue(record), SQLValue(isReply),
                SQLValue(problem.map(IntakeProblem.text)), .integer(id),
            ])
        try incidents?.review(.intake(id), connection)
    }

    /// The record that it answers about has been changed: not again, should the rest have to wait
    /// longer than Records keeps the key.
    func keepReply(_ connection: Connection, _ id: Int64) throws {
        try connection.run("update intake set reply = 1 where id = ?", [.integer(id)])
    }

    /// It stays staged, with the reason.
    func postpone(_ connection: Connection, _ id: Int64, problem: Problem) throws {
        try connection.run(
            "update intake set problem = ?, attempts = attempts + 1 where id = ?",
            [.text(IntakeProblem.text(problem)), .integer(id)])
    }

    /// Entries that are settled here and not yet at the source.
    func unsettledAtSource(_ connection: Connection, _ mailbox: FullCode, limit: Int) throws
        -> [IntakeEntry]
    {
        try connection.query(
            """
            select \(IntakeStore.columns) from intake
            where model = ? and mailbox = ? and after_state = 'pending' order by id limit ?
            """,
            [.text(mailbox.model), .text(mailbox.code), .integer(Int64(limit))],
            IntakeStore.entry)
    }

    func settledAtSource(_ connection: Connection, _ ids: [Int64]) throws {
        for id in ids {
            try connection.run(
                "update intake set after_state = 'done' where id = ?", [.integer(id)])
        }
    }

    /// How many entries up to `number` nobody has tried yet.
    func untried(_ connection: Connection, _ mailbox: FullCode) throws -> Int64 {
        try connection.count(
            """
            select count(*) from intake
            where model = ? and mailbox = ? and state = 'staged' and attempts = 0
            """, [.text(mailbox.model), .text(mailbox.code)])
    }

    /// What a reading came to: shown at the mailbox.
    func keepReading(
        _ connection: Connection, _ mailbox: FullCode, problem: String?, now: Timestamp
    ) throws {
        try ensure(connection, mailbox)
        try connection.run(
            "update mailbox set last_read = ?, problem = ? where model = ? and code = ?",
            [.text(now.text), SQLValue(problem), .text(mailbox.model), .text(mailbox.code)])
    }
}
