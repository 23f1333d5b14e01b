import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// What the audit is searched by, as SQL over `mail m`.
enum MailFilter {
    static func conditions(
        _ call: ListMails, _ principal: Principal, _ dialect: Dialect
    ) throws -> (sql: [String], values: [SQLValue]) {
        var (sql, values) = narrowed(to: principal)
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
            guard let words = MailWords(dialect).query(text) else {
                throw fault("text", "invalid", "Write at least one word.")
            }
            add("m.id in (\(MailWords(dialect).found))", words)
        }
        return (sql, values)
    }

    /// A token that is narrowed to models sees the mails about their records and of their
    /// notifications.
    static func narrowed(to principal: Principal) -> (sql: [String], values: [SQLValue]) {
        guard let models = principal.narrowing else { return ([], []) }
        // `helpdesk.` up to `helpdesk/`, the character after the dot.
        let ranges = models.flatMap { _ in
            ["record", "notification"].map { "(m.\($0) >= ? and m.\($0) < ?)" }
        }
        let values = models.flatMap { model in
            [model + ".", model + "/", model + ".", model + "/"].map(SQLValue.text)
        }
        return (["(\(ranges.joined(separator: " or ")))"], values)
    }

    /// Answers what is no mail for a principal as one that is not there.
    static func require(_ id: Int64, for principal: Principal, _ connection: Connection) throws {
        let (sql, values) = narrowed(to: principal)
        guard let condition = sql.first else { return }
        let count = try connection.count(
            "select count(*) from mail m where m.id = ? and \(condition)",
            [.integer(id)] + values)
        guard count > 0 else { throw MailError.noSuchMail(id) }
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
