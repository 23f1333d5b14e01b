import Contracts
import Database
import JSON
import ServiceRuntime

/// What a source said of a mail that the ledger has.
struct KnownMail: Sendable {
    var listed: String?
    var sha256: String
}

/// What of a source is not in the ledger, and why. Of a source that numbers its mails every number
/// up to the position is in the ledger, is a gap (listed and not given) or is absent (not listed).
extension IntakeStore {
    /// Those of `keys` that the ledger has already.
    func known(
        _ connection: Connection, _ mailbox: FullCode, _ keys: [String]
    ) throws -> [String: KnownMail] {
        var known: [String: KnownMail] = [:]
        for key in keys {
            known[key] = try connection.first(
                """
                select listed, sha256 from intake
                where model = ? and mailbox = ? and source_key = ?
                """, [.text(mailbox.model), .text(mailbox.code), .text(key)]
            ) { KnownMail(listed: $0.optionalText(0), sha256: $0.text(1)) }
        }
        return known
    }

    /// The source says something else of a mail than before, and it is the same mail.
    func relist(
        _ connection: Connection, _ mailbox: FullCode, key: String, listed: String?
    ) throws {
        try connection.run(
            """
            update intake set listed = ?
            where model = ? and mailbox = ? and source_key = ?
            """,
            [SQLValue(listed), .text(mailbox.model), .text(mailbox.code), .text(key)])
    }

    /// A mail that the source listed and did not give; told once, by its last reason.
    func addGap(
        _ connection: Connection, _ mailbox: FullCode, _ gap: SourceGap, now: Timestamp
    ) throws {
        try connection.run(
            """
            insert into intake_gap (model, mailbox, source, reason, time) values (?, ?, ?, ?, ?)
            on conflict (model, mailbox, source) do update set reason = excluded.reason
            """,
            [
                .text(mailbox.model), .text(mailbox.code), .text(gap.key), .text(gap.reason),
                .text(now.text),
            ])
    }

    func addAbsent(
        _ connection: Connection, _ mailbox: FullCode, _ numbering: String, _ range: SourceRange,
        now: Timestamp
    ) throws {
        try connection.run(
            """
            insert into intake_absent (model, mailbox, numbering, low, high, time)
            values (?, ?, ?, ?, ?, ?)
            on conflict (model, mailbox, numbering, low) do update
                set high = case when excluded.high > intake_absent.high then excluded.high
                    else intake_absent.high end
            """,
            [
                .text(mailbox.model), .text(mailbox.code), .text(numbering),
                .integer(range.low), .integer(range.high), .text(now.text),
            ])
    }

    /// Whether anything of the mailbox is missing.
    func lacksAny(_ connection: Connection, _ mailbox: FullCode) throws -> Bool {
        for table in ["intake_gap", "intake_absent"] {
            let hasNone = try connection.hasNone(
                "select 1 from \(table) where model = ? and mailbox = ? limit 1",
                [.text(mailbox.model), .text(mailbox.code)])
            if !hasNone { return true }
        }
        return false
    }

    /// A mail has come after all: it is no gap any more, and its number is not absent.
    func close(
        _ connection: Connection, _ mailbox: FullCode, _ mail: StagedMail, numbering: String
    ) throws {
        try connection.run(
            "delete from intake_gap where model = ? and mailbox = ? and source = ?",
            [.text(mailbox.model), .text(mailbox.code), .text(mail.key)])
        guard let number = mail.number else { return }
        let found = try connection.first(
            """
            select id, low, high, time from intake_absent
            where model = ? and mailbox = ? and numbering = ? and low <= ? order by low desc limit 1
            """,
            [.text(mailbox.model), .text(mailbox.code), .text(numbering), .integer(number)]
        ) { ($0.integer(0), $0.integer(1), $0.integer(2), $0.text(3)) }
        guard let (id, low, high, time) = found, high >= number else { return }
        try connection.run("delete from intake_absent where id = ?", [.integer(id)])
        let since = Timestamp(time) ?? Timestamp(milliseconds: 0)
        for range in [
            SourceRange(low: low, high: number - 1), SourceRange(low: number + 1, high: high),
        ] where range.low <= range.high {
            try addAbsent(connection, mailbox, numbering, range, now: since)
        }
    }

    /// What the audit came to, shown at the mailbox.
    struct Audit: Sendable {
        var tally: SourceTally
        /// Mails that the source listed, and the highest number among them.
        var listed: Int
        var highest: Int64
    }

    /// A position beyond the number that the next mail gets was a lie: back to what is listed.
    func retreat(_ connection: Connection, _ mailbox: FullCode, _ audit: Audit) throws {
        let position = try position(connection, mailbox).flatMap { IMAPKey($0) }
        guard let position, let next = audit.tally.next, Int64(position.uid) >= next,
            "\(position.validity)" == audit.tally.numbering, audit.highest < Int64(position.uid)
        else { return }
        let place: [SQLValue] = [
            .text(mailbox.model), .text(mailbox.code),
        ]
        let key = IMAPKey(validity: position.validity, uid: UInt64(audit.highest)).text
        try connection.run(
            "update mailbox set position = ? where model = ? and code = ?", [.text(key)] + place)
        let numbers = place + [.text(audit.tally.numbering), .integer(audit.highest)]
        try connection.run(
            """
            delete from intake_absent
            where model = ? and mailbox = ? and numbering = ? and low > ?
            """, numbers)
        try connection.run(
            """
            update intake_absent set high = ?
            where model = ? and mailbox = ? and numbering = ? and high > ?
            """, [.integer(audit.highest)] + numbers)
    }

    /// Counts what became of every number up to the position and keeps it as
    /// `{time, numbering, next, through, read, absent, gaps, unaccounted, count, listed, hidden}`.
    func keepAudit(
        _ connection: Connection, _ mailbox: FullCode, _ audit: Audit, now: Timestamp
    ) throws {
        let numbering = audit.tally.numbering
        let prefix = "imap:\(numbering):"
        let place: [SQLValue] = [.text(mailbox.model), .text(mailbox.code)]
        // The semicolon is the sign after the colon: all keys that begin so.
        let keys: [SQLValue] = place + [.text(prefix), .text("imap:\(numbering);")]
        let read = try connection.count(
            """
            select count(*) from intake where model = ? and mailbox = ?
                and source_key >= ? and source_key < ? and source_key not like '%#%'
            """, keys)
        let gaps = try connection.count(
            """
            select count(*) from intake_gap where model = ? and mailbox = ?
                and source >= ? and source < ?
            """, keys)
        let absent = try connection.count(
            """
            select coalesce(sum(high - low + 1), 0) from intake_absent
            where model = ? and mailbox = ? and numbering = ?
            """, place + [.text(numbering)])
        let position = try position(connection, mailbox).flatMap { IMAPKey($0) }
        let through = position.map { "\($0.validity)" == numbering ? Int64($0.uid) : 0 } ?? 0
        var members: [(String, JSONValue)] = [
            ("time", .string(now.text)), ("numbering", .string(numbering)),
            ("next", audit.tally.next.map { .number(JSONNumber($0)) } ?? .null),
            ("through", .number(JSONNumber(through))), ("read", .number(JSONNumber(read))),
            ("absent", .number(JSONNumber(absent))), ("gaps", .number(JSONNumber(gaps))),
            (
                "unaccounted",
                .number(JSONNumber(max(0, through - read - gaps - absent)))
            ),
        ]
        let hidden = max(0, audit.tally.count - audit.listed)
        for (name, value) in [
            ("count", audit.tally.count), ("listed", audit.listed), ("hidden", hidden),
        ] {
            members.append((name, .number(JSONNumber(Int64(value)))))
        }
        try connection.run(
            "update mailbox set audit = ? where model = ? and code = ?",
            [.text(JSONValue.object(JSONObject(members)).text)] + place)
    }

    /// When the last audit was, and of which numbering.
    func lastAudit(
        _ connection: Connection, _ mailbox: FullCode
    ) throws -> (time: Timestamp, numbering: String)? {
        let text =
            try connection.first(
                "select audit from mailbox where model = ? and code = ?",
                [.text(mailbox.model), .text(mailbox.code)]
            ) { $0.optionalText(0) } ?? nil
        guard let text, let value = try? JSONValue(parsing: Array(text.utf8)),
            let time = value["time"]?.string.flatMap({ Timestamp($0) }),
            let numbering = value["numbering"]?.string
        else { return nil }
        return (time, numbering)
    }
}

extension Connection {
    /// Whether a query has no row.
    func hasNone(_ sql: String, _ values: [SQLValue]) throws -> Bool {
        try first(sql, values) { _ in true } == nil
    }
}
