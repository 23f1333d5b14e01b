import Contracts
import Database
import JSON

/// Mailboxes and their ledgers as JSON (API.md §5).
struct IntakeQueries: Sendable {
    /// Gaps shown with a mailbox.
    private static let gapLimit = 100
    /// Of a position that is shown: a server's own may be long.
    private static let positionBytes = 200

    func mailbox(
        _ connection: Connection, _ mailbox: MailboxDefinition, isReading: Bool, isOff: Bool
    ) throws -> [UInt8] {
        let code = mailbox.code
        let row = try connection.first(
            "select position, last_read, problem, audit from mailbox where model = ? and code = ?",
            [.text(code.model), .text(code.code)]
        ) {
            ($0.optionalText(0), $0.optionalText(1), $0.optionalText(2), $0.optionalText(3))
        }
        let problem = row?.2
        let state =
            isOff ? "stopped" : isReading ? "reading" : problem == nil ? "idle" : "failing"
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.key("code")
        writer.string("\(code)")
        writer.key("kind")
        writer.string(mailbox.source.kind)
        writer.key("state")
        writer.string(state)
        write("lastRead", row?.1, &writer)
        write("problem", problem, &writer)
        write("position", row?.0.map { $0.prefix(IntakeQueries.positionBytes) }, &writer)
        try writeCounts(connection, code, &writer)
        writer.key("audit")
        let audit = row?.3
        if let audit { writer.raw(JSONBytes(Array(audit.utf8))) } else { writer.null() }
        try writeGaps(connection, code, audit: audit, &writer)
        writer.endObject()
        return writer.bytes
    }

    private func writeCounts(
        _ connection: Connection, _ code: FullCode, _ writer: inout JSONWriter
    ) throws {
        let counts = Dictionary(
            try connection.query(
                """
                select state, count(*) from intake where model = ? and mailbox = ?
                group by state
                """, [.text(code.model), .text(code.code)]
            ) { ($0.text(0), $0.integer(1)) }, uniquingKeysWith: +)
        writer.key("counts")
        writer.beginObject()
        for state in [IntakeState.staged, .done, .skipped, .quarantined] {
            writer.key(state.rawValue)
            writer.integer(counts[state.rawValue] ?? 0)
        }
        writer.endObject()
    }

    /// What was listed and not given, then what was not listed, each newest first.
    private func writeGaps(
        _ connection: Connection, _ code: FullCode, audit: String?, _ writer: inout JSONWriter
    ) throws {
        let place: [SQLValue] = [.text(code.model), .text(code.code)]
        let given = try connection.query(
            """
            select source, reason, time from intake_gap where model = ? and mailbox = ?
            order by id desc limit \(IntakeQueries.gapLimit)
            """, place
        ) { (source: $0.text(0), reason: $0.text(1), time: $0.text(2)) }
        let reason = IntakeQueries.absence(audit)
        let absent = try connection.query(
            """
            select numbering, low, high, time from intake_absent where model = ? and mailbox = ?
            order by id desc limit \(IntakeQueries.gapLimit)
            """, place
        ) { row in
            let (low, high) = (row.integer(1), row.integer(2))
            let numbers = low == high ? "\(low)" : "\(low)-\(high)"
            return (
                source: "imap:\(row.text(0)):\(numbers)", reason: reason, time: row.text(3)
            )
        }
        writer.key("gaps")
        writer.beginArray()
        for gap in given + absent {
            writer.beginObject()
            write("source", gap.source, &writer)
            write("reason", gap.reason, &writer)
            write("time", gap.time, &writer)
            writer.endObject()
        }
        writer.endArray()
    }

    /// Why numbers are not listed, as far as anybody can tell.
    private static func absence(_ audit: String?) -> String {
        let removed = "not listed: removed before it was read"
        guard let audit, let value = try? JSONValue(parsing: Array(audit.utf8)),
            let hidden = value["hidden"]?.integer, hidden > 0,
            let count = value["count"]?.integer, let listed = value["listed"]?.integer
        else { return removed }
        return "\(removed), or hidden: the server says that it has \(count) mails and lists"
            + " \(listed)"
    }

    /// A page of entries, newest first: `{"items", "next"}`.
    func list(_ connection: Connection, _ mailbox: FullCode, _ call: ListIntake) throws -> [UInt8] {
        let limit = try MailQueries.limit(call.limit)
        var condition = "model = ? and mailbox = ?"
        var values: [SQLValue] = [.text(mailbox.model), .text(mailbox.code)]
        if let state = call.state {
            guard IntakeState(rawValue: state) != nil else {
                throw MailError.invalid([
                    FieldProblem(
                        pointer: "/state", code: "not-allowed",
                        detail: "“\(state)” is none of staged, done, skipped, quarantined.")
                ])
            }
            condition += " and state = ?"
            values.append(.text(state))
        }
        if let cursor = call.cursor {
            condition += " and number < ?"
            values.append(.integer(try MailQueries.position(cursor)))
        }
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        var count = 0
        var last: Int64 = 0
        var hasMore = false
        try connection.each(
            """
            select \(IntakeQueries.columns) from intake where \(condition)
            order by number desc limit ?
            """, values + [.integer(Int64(limit) + 1)]
        ) { row in
            guard count < limit else {
                hasMore = true
                return false
            }
            write(row, &writer)
            last = row.integer(0)
            count += 1
            return true
        }
        writer.endArray()
        writer.key("next")
        if hasMore { writer.string(MailQueries.cursor(last)) } else { writer.null() }
        writer.endObject()
        return writer.bytes
    }

    func entry(_ connection: Connection, _ mailbox: FullCode, number: Int64) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        var found = false
        try connection.each(
            """
            select \(IntakeQueries.columns) from intake
            where model = ? and mailbox = ? and number = ?
            """, [.text(mailbox.model), .text(mailbox.code), .integer(number)]
        ) { row in
            write(row, &writer)
            found = true
            return false
        }
        guard found else { throw MailError.noSuchEntry(number) }
        return writer.bytes
    }

    private static let columns = """
        number, source_key, message_id, sha256, received, state, record, problem, size, attempts,
        automatic, sender, reply
        """

    private func write(_ row: Row, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("number")
        writer.integer(row.integer(0))
        write("source", row.text(1), &writer)
        write("messageId", row.optionalText(2), &writer)
        write("sha256", row.text(3), &writer)
        write("received", row.text(4), &writer)
        write("state", row.text(5), &writer)
        write("record", row.optionalText(6), &writer)
        writer.key("problem")
        if let problem = row.optionalText(7) {
            writer.raw(JSONBytes(Array(problem.utf8)))
        } else {
            writer.null()
        }
        writer.key("bytes")
        writer.integer(row.integer(8))
        writer.key("attempts")
        writer.integer(row.integer(9))
        write("automatic", row.optionalText(10), &writer)
        write("from", row.optionalText(11), &writer)
        writer.key("reply")
        writer.boolean(row.boolean(12))
        writer.endObject()
    }

    private func write(
        _ key: StaticString, _ text: (some StringProtocol)?, _ writer: inout JSONWriter
    ) {
        writer.key(key)
        if let text { writer.string(String(text)) } else { writer.null() }
    }
}
