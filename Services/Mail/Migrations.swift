import Database
import Incidents

/// The schema of `mail.db`.
enum MailMigrations {
    static let outgoing = DurableQueue(name: "outgoing")
    static let intake = DurableQueue(name: "intake")

    /// Of an account beside the default.
    static func outgoing(of account: String) -> DurableQueue {
        DurableQueue(name: "outgoing_\(account)")
    }

    static var all: [Migration] {
        [
            Migration("mail-1-model", model), Migration("mail-2-outgoing", apply: mails),
            Migration("mail-3-intake", apply: intakes),
        ] + outgoing.migrations + intake.migrations + [
            IdempotencyTable().migration,
            Migration(
                "mail-4-confidential",
                "alter table mail add column confidential integer not null default 0;"),
            Migration("mail-5-answers", answers),
            Migration("mail-6-accounts", apply: accounts),
            Migration("mail-7-numbers", apply: numbers),
        ] + IncidentBook.migrations + [
            Migration("mail-incidents", formerIncidents)
        ]
    }

    /// Causes go on from a mail of ours to the mail that answers it.
    private static let answers = """
        alter table mail add column cause_depth bigint not null default 0;
        alter table intake add column cause_root text;
        alter table intake add column cause_depth bigint;
        alter table intake add column reply integer not null default 0;
        create index intake_message on intake (message_id) where message_id is not null;
        create index intake_cause on intake (cause_root, cause_depth)
            where cause_root is not null;
        """

    /// Accounts and classes, redirection, bytes in pieces, and what the audit is searched by.
    @Sendable private static func accounts(_ connection: Connection) throws {
        let dialect = connection.dialect
        try connection.script(
            """
            alter table mail add column mail_class text;
            alter table mail add column mail_account text not null default 'default';
            alter table mail add column utf8 integer not null default 0;
            alter table mail add column bytes_removed text;
            alter table recipient add column redirected text;
            update mail set utf8 = 1 where exists (select 1 from recipient r
                where r.mail = mail.id and length(cast(r.address as blob)) <> length(r.address));
            create table mail_piece (
                mail bigint not null references mail (id),
                number integer not null,
                bytes \(dialect.blobType) not null,
                primary key (mail, number));
            insert into mail_piece (mail, number, bytes)
                select mail, 0, raw from mail_raw where length(raw) > 0;
            drop table mail_raw;
            drop index recipient_address;
            create index recipient_address on recipient (lower(address), mail);
            create index recipient_waiting on recipient (mail)
                where state in ('queued', 'deferred');
            create index mail_created on mail (created, id);
            create index mail_with_bytes on mail (created) where bytes_removed is null;
            create index mail_cause on mail (cause_root, id);
            create index mail_via on mail (cause_via, id);
            """ + MailWords(dialect).table)
    }

    /// `intake_absent` has the numbers that a source did not list, both ends included, within a
    /// numbering; `mailbox.audit` what the last gap audit found; `intake.listed` what the source
    /// said of the mail when it listed it.
    @Sendable private static func numbers(_ connection: Connection) throws {
        try connection.script(
            """
            create table intake_absent (
                id \(connection.dialect.identityColumn),
                model text not null,
                mailbox text not null,
                numbering text not null,
                low bigint not null,
                high bigint not null,
                time text not null,
                unique (model, mailbox, numbering, low));
            delete from intake_gap where id not in (
                select max(id) from intake_gap group by model, mailbox, source);
            create unique index intake_gap_source on intake_gap (model, mailbox, source);
            alter table mailbox add column audit text;
            alter table intake add column listed text;
            """)
    }

    /// What needed a person before incidents were kept. A mail that failed then is history.
    private static let formerIncidents = """
        insert into incident (key, subject, kind, time, model, record, problem, link, actions,
            permission)
        select 'former-intake-' || id, 'intake:' || id, 'quarantined', received, model, null,
            coalesce(problem, 'null'),
            '/api/mailboxes/' || model || '.' || mailbox || case when r.intake is null then ''
                else '/messages/' || number || '/raw' end,
            case when r.intake is null then 'skip close' else 'retry skip close' end, 'mail:read'
        from intake left join intake_raw r on r.intake = intake.id where state = 'quarantined';
        insert into incident (key, subject, kind, time, model, record, problem, link, actions,
            permission)
        select 'former-mail-' || id, 'mail:' || id, 'uncertain', created,
            substr(record, 1, instr(record, '.') - 1), record,
            '{"type":"/problems/mail-uncertain","status":502,'
                || '"title":"Nobody knows whether a mail was sent"}',
            '/api/mail/messages/' || id, 'retry close', 'mail:read'
        from mail where state = 'uncertain';
        insert into queue_incident (key, payload, due, ready, created)
        select key || '/open', x'', 0, 0, 0 from incident;
        """

    private static let model = """
        create table model (
            code text primary key,
            version bigint not null,
            document text not null);
        """

    /// `mail.origin` is the idempotency key of a caller within the platform, kept as long as the
    /// mail is.
    @Sendable private static func mails(_ connection: Connection) throws {
        let dialect = connection.dialect
        try connection.script(
            """
            create table mail (
                id \(dialect.identityColumn),
                message_id text not null unique,
                created text not null,
                expires text not null,
                sender text not null,
                from_text text not null,
                subject text not null,
                record text,
                notification text,
                account text not null,
                cause_root text not null,
                cause_via text not null,
                origin text unique,
                sha256 text not null,
                size bigint not null,
                state text not null);
            create index mail_state on mail (state, id);
            create index mail_record on mail (record, id);
            create table mail_raw (
                mail bigint primary key references mail (id),
                raw \(dialect.blobType) not null);
            create table recipient (
                id \(dialect.identityColumn),
                mail bigint not null references mail (id),
                address text not null,
                kind text not null,
                state text not null,
                attempts integer not null default 0,
                code integer,
                reply text);
            create index recipient_mail on recipient (mail, id);
            create index recipient_address on recipient (address, mail);
            create index recipient_sending on recipient (state) where state = 'sending';
            create table attempt (
                id \(dialect.identityColumn),
                mail bigint not null references mail (id),
                time text not null,
                server text not null,
                outcome text not null,
                reply text not null);
            create index attempt_mail on attempt (mail, id);
            """)
    }

    /// `intake.source_key` is what the source calls the mail; `after_state` is `none`, `pending` or
    /// `done`.
    @Sendable private static func intakes(_ connection: Connection) throws {
        let dialect = connection.dialect
        try connection.script(
            """
            create table mailbox (
                model text not null,
                code text not null,
                position text,
                next_number bigint not null default 1,
                last_read text,
                problem text,
                primary key (model, code));
            create table intake (
                id \(dialect.identityColumn),
                model text not null,
                mailbox text not null,
                number bigint not null,
                source text not null,
                source_key text not null,
                message_id text,
                sender text,
                automatic text,
                sha256 text not null,
                size bigint not null,
                received text not null,
                state text not null,
                attempts integer not null default 0,
                record text,
                problem text,
                duplicate_of bigint,
                after_state text not null default 'none',
                unique (model, mailbox, number),
                unique (model, mailbox, source_key));
            create index intake_hash on intake (model, mailbox, sha256);
            create index intake_state on intake (model, mailbox, state, number);
            create index intake_after on intake (model, mailbox) where after_state = 'pending';
            create index intake_record on intake (record) where record is not null;
            create table intake_raw (
                intake bigint primary key references intake (id),
                raw \(dialect.blobType) not null);
            create table intake_gap (
                id \(dialect.identityColumn),
                model text not null,
                mailbox text not null,
                source text not null,
                reason text not null,
                time text not null);
            create index intake_gap_mailbox on intake_gap (model, mailbox, id);
            """)
    }
}
