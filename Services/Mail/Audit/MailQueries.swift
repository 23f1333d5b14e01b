import Contracts
import Crypto
import Database
import JSON
import RPC
import ServiceRuntime

/// The audit as JSON (API.md §5).
struct MailQueries: Sendable {
    static let defaultLimit = 50
    static let largestLimit = 1000

    /// A page of mails, newest first: `{"items", "next"}`.
    func list(
        _ connection: Connection, _ call: ListMails, for principal: Principal
    ) throws -> [UInt8] {
        let limit = try MailQueries.limit(call.limit)
        var (conditions, values) = try MailFilter.conditions(call, principal, connection.dialect)
        if let cursor = call.cursor {
            conditions.append("m.id < ?")
            values.append(.integer(try MailQueries.position(cursor)))
        }
        let filter = conditions.isEmpty ? "" : "where " + conditions.joined(separator: " and ")
        let ids = try connection.query(
            "select m.id from mail m \(filter) order by m.id desc limit ?",
            values + [.integer(Int64(limit) + 1)]
        ) { $0.integer(0) }
        var writer = JSONWriter(capacity: 4096)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for id in ids.prefix(limit) { try write(connection, id, &writer) }
        writer.endArray()
        writer.key("next")
        if ids.count > limit {
            writer.string(MailQueries.cursor(ids[limit - 1]))
        } else {
            writer.null()
        }
        writer.endObject()
        return writer.bytes
    }

    /// One mail with recipients and attempts.
    func mail(_ connection: Connection, _ id: Int64) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 2048)
        guard try write(connection, id, &writer) else { throw MailError.noSuchMail(id) }
        return writer.bytes
    }

    @discardableResult
    private func write(_ connection: Connection, _ id: Int64, _ writer: inout JSONWriter) throws
        -> Bool
    {
        var found = false
        try connection.each(
            """
            select message_id, state, created, from_text, subject, record, notification, account,
                cause_root, cause_via, sha256, size, mail_class, mail_account, bytes_removed
            from mail where id = ?
            """, [.integer(id)]
        ) { row in
            found = true
            writer.beginObject()
            writer.key("id")
            writer.integer(id)
            for (column, key) in ["messageId", "state", "created", "from", "subject"].enumerated() {
                writer.key(key)
                writer.string(row.text(column))
            }
            for (column, key) in [(5, "record"), (6, "notification")] {
                writer.key(key)
                writer.optional(row.optionalText(column))
            }
            writer.key("account")
            writer.string(row.text(7))
            writer.key("cause")
            writer.string(row.text(9).isEmpty ? row.text(8) : row.text(9))
            writer.key("causeRoot")
            writer.string(row.text(8))
            writer.key("sha256")
            writer.string(row.text(10))
            writer.key("bytes")
            writer.integer(row.integer(11))
            writer.key("class")
            writer.optional(row.optionalText(12))
            writer.key("mailAccount")
            writer.string(row.text(13))
            writer.key("bytesRemoved")
            writer.optional(row.optionalText(14))
            return false
        }
        guard found else { return false }
        try writeRecipients(connection, id, &writer)
        try writeAttempts(connection, id, &writer)
        writer.endObject()
        return true
    }

    private func writeRecipients(_ connection: Connection, _ id: Int64, _ writer: inout JSONWriter)
        throws
    {
        writer.key("recipients")
        writer.beginArray()
        try connection.each(
            """
            select address, kind, state, attempts, code, reply, redirected
            from recipient where mail = ? order by id
            """, [.integer(id)]
        ) { row in
            writer.beginObject()
            for (column, key) in ["address", "kind", "state"].enumerated() {
                writer.key(key)
                writer.string(row.text(column))
            }
            writer.key("attempts")
            writer.integer(row.integer(3))
            writer.key("code")
            if let code = row.optionalInteger(4) { writer.integer(code) } else { writer.null() }
            writer.key("reply")
            writer.optional(row.optionalText(5))
            if let redirected = row.optionalText(6) {
                writer.key("redirectedTo")
                writer.string(redirected)
            }
            writer.endObject()
            return true
        }
        writer.endArray()
    }

    private func writeAttempts(_ connection: Connection, _ id: Int64, _ writer: inout JSONWriter)
        throws
    {
        writer.key("attempts")
        writer.beginArray()
        try connection.each(
            "select time, server, outcome, reply from attempt where mail = ? order by id",
            [.integer(id)]
        ) { row in
            writer.beginObject()
            for (column, key) in ["time", "server", "outcome", "reply"].enumerated() {
                writer.key(key)
                writer.string(row.text(column))
            }
            writer.endObject()
            return true
        }
        writer.endArray()
    }

    // MARK: - Pages

    static func limit(_ limit: Int?) throws -> Int {
        let limit = limit ?? defaultLimit
        guard (1...largestLimit).contains(limit) else {
            throw MailError.invalid([
                FieldProblem(
                    pointer: "/limit", code: "out-of-range",
                    detail: "The limit must be from 1 to \(largestLimit).")
            ])
        }
        return limit
    }

    static func cursor(_ position: Int64) -> String {
        Base64.encodeURL(Array("\(position)".utf8))
    }

    static func position(_ cursor: String) throws -> Int64 {
        guard let bytes = Base64.decodeURL(cursor),
            let text = String(validating: bytes, as: UTF8.self), let position = Int64(text)
        else { throw MailError.invalidCursor }
        return position
    }
}

extension JSONWriter {
    fileprivate mutating func optional(_ text: String?) {
        if let text { string(text) } else { null() }
    }
}
