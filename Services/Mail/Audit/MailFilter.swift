import Contracts
import Database
import JSON
import ServiceRuntime

/// What the audit is searched by, as SQL over `mail m`.
enum MailFilter {
    static func conditions(_ call: ListMails) throws -> (sql: [String], values: [SQLValue]) {
        var sql: [String] = []
        var values: [SQLValue] = []
        func add(_ condition: String, _ value: String) {
            sql.append(condition)
            values.append(.text(value))
        }
        if let state = call.state {
            guard DeliveryState(rawValue: state) != nil else {
                throw fault("state", "not-allowed", "“\(state)” is no state of a mail.")
            }
            add("m.state = ?", state)
        }
        if let address = call.address {
            add(
                "exists (select 1 from recipient r where r.mail = m.id and lower(r.address) = ?)",
                address.lowercased())
        }
        if let record = call.record { add("m.record = ?", record) }
        if let account = call.account { add("m.account = ?", account) }
        if let cause = call.cause {
            sql.append("(m.cause_root = ? or m.cause_via = ?)")
            values += [.text(cause), .text(cause)]
        }
        if let since = call.since { add("m.created >= ?", try time(since, "since")) }
        if let until = call.until { add("m.created < ?", try time(until, "until")) }
        if let text = call.text {
            guard let words = MailTexts.query(text) else {
                throw fault("text", "invalid", "Write at least one word.")
            }
            add("m.id in (select rowid from mail_text where mail_text match ?)", words)
        }
        return (sql, values)
    }

    /// A time, or the beginning of a day.
    private static func time(_ text: String, _ member: String) throws -> String {
        guard let time = Timestamp(text) ?? Timestamp(text + "T00:00:00Z") else {
            throw fault(
                member, "invalid-time", "Write a day such as 2026-11-22, or a time in RFC 3339.")
        }
        return time.text
    }

    private static func fault(_ member: String, _ code: String, _ detail: String) -> MailError {
        .invalid([FieldProblem(pointer: "/" + member, code: code, detail: detail)])
    }
}
