import Contracts
import Database
import HTTP
import Incidents
import JSON
import RPC
import ServiceRuntime

/// Which mails need a person: received ones in quarantine, sent ones that failed or of which nobody
/// knows. Looked at within each transaction that changes their state.
struct MailIncidents: Sendable {
    let book: IncidentBook

    /// Who sees them.
    static let permission = "mail:read"

    enum Subject: Sendable {
        case mail(Int64)
        case intake(Int64)

        var text: String {
            switch self {
            case .mail(let id): "mail:\(id)"
            case .intake(let id): "intake:\(id)"
            }
        }

        init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let id = Int64(parts[1]) else { return nil }
            switch parts[0] {
            case "mail": self = .mail(id)
            case "intake": self = .intake(id)
            default: return nil
            }
        }
    }

    /// Opens or ends the incident about it, by its state as it is written now.
    func review(_ subject: Subject, _ connection: Connection) throws {
        let wanted =
            switch subject {
            case .mail(let id): try opening(mail: id, connection)
            case .intake(let id): try opening(intake: id, connection)
            }
        guard let wanted else { return try book.settle(subject.text, connection) }
        let known = try book.openEntry(subject.text, connection)
        // What a person has tried in vain is another one.
        if let known, !known.isMarked, known.kind == wanted.kind, known.problem == wanted.problem {
            return
        }
        try book.open(wanted, connection)
    }

    func mark(
        _ subject: Subject, _ action: IncidentAction, by account: String, _ connection: Connection
    ) throws {
        try book.mark(subject.text, action, by: account, connection)
    }

    /// It is not there any more.
    func forget(_ subject: Subject, _ connection: Connection) throws {
        try book.settle(subject.text, connection)
    }

    // MARK: What is the matter

    private func opening(mail id: Int64, _ connection: Connection) throws -> IncidentBook.Opening? {
        let found = try connection.first(
            "select state, record, notification from mail where id = ?", [.integer(id)]
        ) { (state: $0.text(0), record: $0.optionalText(1), notification: $0.optionalText(2)) }
        guard let found, let state = DeliveryState(rawValue: found.state),
            state == .failed || state == .uncertain
        else { return nil }
        let reply = try connection.first(
            """
            select code, reply from recipient where mail = ? and state = ? and kind <> 'audit'
            order by id limit 1
            """, [.integer(id), .text(state.rawValue)]
        ) { (code: $0.optionalInteger(0), text: $0.optionalText(1) ?? "") }
        let count = try connection.count(
            "select count(*) from recipient where mail = ? and state = ? and kind <> 'audit'",
            [.integer(id), .text(state.rawValue)])
        let words = [reply?.code.map { "\($0)" }, reply?.text].compactMap(\.self)
        let problem = MailIncidents.problem(state, count, words.joined(separator: " "))
        return IncidentBook.Opening(
            subject: Subject.mail(id).text,
            kind: state == .failed ? "undelivered" : "uncertain",
            model: MailIncidents.model(found.record ?? found.notification), record: found.record,
            problem: problem.member, link: "/api/mail/messages/\(id)", actions: [.retry, .close],
            permission: MailIncidents.permission)
    }

    private static func problem(_ state: DeliveryState, _ count: Int64, _ words: String) -> Problem
    {
        let recipients = count == 1 ? "One recipient" : "\(count) recipients"
        guard state == .failed else {
            return Problem(
                status: 502, code: "mail-uncertain", title: "Nobody knows whether a mail was sent",
                detail: "\(recipients) may have it or not; ask before it is sent again. \(words)")
        }
        return Problem(
            status: 502, code: "mail-undelivered", title: "A mail was not delivered",
            detail: "\(recipients) did not get it. The first answer: \(words)")
    }

    private func opening(
        intake id: Int64, _ connection: Connection
    ) throws -> IncidentBook.Opening? {
        let found = try connection.first(
            """
            select model, mailbox, number, problem,
                exists (select 1 from intake_raw r where r.intake = intake.id)
            from intake where id = ? and state = 'quarantined'
            """, [.integer(id)]
        ) {
            (
                model: $0.text(0), mailbox: $0.text(1), number: $0.integer(2),
                problem: try JSONValue(parsing: Array(($0.optionalText(3) ?? "null").utf8)),
                hasBytes: $0.boolean(4)
            )
        }
        guard let found else { return nil }
        let isLoop = found.problem["type"] == "/problems/loop"
        let mailbox = "/api/mailboxes/\(found.model).\(found.mailbox)"
        return IncidentBook.Opening(
            subject: Subject.intake(id).text, kind: isLoop ? "loop" : "quarantined",
            model: found.model, record: nil, problem: found.problem,
            link: found.hasBytes ? "\(mailbox)/messages/\(found.number)/raw" : mailbox,
            actions: found.hasBytes ? [.retry, .skip, .close] : [.skip, .close],
            permission: MailIncidents.permission)
    }

    /// Of `model.class/id` or `model.notification`.
    private static func model(_ code: String?) -> String? {
        code.map { String($0.prefix { $0 != "." }) }
    }
}

extension IntakeStore {
    /// A person says that no record is to be made of it; why it was in quarantine stays.
    func skip(_ connection: Connection, _ id: Int64) throws {
        try connection.run(
            """
            update intake set state = 'skipped', after_state = 'pending'
            where id = ? and state = 'quarantined'
            """, [.integer(id)])
    }
}
