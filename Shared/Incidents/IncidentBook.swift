import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What needs a person in this service. A row is written with what it is about, in the same
/// transaction, and told to Workflow from there, where people see the incidents of all services.
/// About one subject at most one is open; when it has ended and Workflow knows, its row goes.
public struct IncidentBook: Sendable {
    public struct Opening: Sendable {
        /// What it is about, in the words of this service: `mail:12`.
        public var subject: String
        public var kind: String
        public var model: String?
        /// `model.class/id`.
        public var record: String?
        /// As problem+json.
        public var problem: JSONValue
        /// A path below `/api`.
        public var link: String?
        public var actions: [IncidentAction]
        /// Who sees it needs this beside what the list needs.
        public var permission: String?

        public init(
            subject: String, kind: String, model: String?, record: String?, problem: JSONValue,
            link: String?, actions: [IncidentAction], permission: String?
        ) {
            self.subject = subject
            self.kind = kind
            self.model = model
            self.record = record
            self.problem = problem
            self.link = link
            self.actions = actions
            self.permission = permission
        }
    }

    /// One that is open.
    public struct Entry: Sendable {
        public let key: String
        public let kind: String
        public let problem: JSONValue
        /// A person is at it: what happens to it next is that person's doing.
        public let isMarked: Bool
    }

    public static let queue = DurableQueue(name: "incident")
    /// What ended one that nobody acted on.
    public static let settled = "settled"

    public let service: String
    let runtime: Runtime

    public init(service: String, runtime: Runtime) {
        self.service = service
        self.runtime = runtime
    }

    /// `acting` is who is at it, and with what.
    public static var migrations: [Migration] {
        [
            Migration(
                "incident-book-1",
                """
                create table incident (
                    key text primary key,
                    subject text not null,
                    kind text not null,
                    time text not null,
                    model text,
                    record text,
                    problem text not null,
                    link text,
                    actions text not null,
                    permission text,
                    acting text,
                    acting_account text,
                    resolution text,
                    resolved_by text,
                    resolved_at text);
                create unique index incident_open on incident (subject) where resolution is null;
                """)
        ] + queue.migrations
    }

    // MARK: Within the transaction of what it is about

    /// Opens one; an older one about the same ends.
    public func open(_ opening: Opening, _ connection: Connection) throws {
        try settle(opening.subject, connection)
        let now = runtime.clock.now()
        let key = runtime.random.identifier(at: now)
        try connection.run(
            """
            insert into incident (key, subject, kind, time, model, record, problem, link, actions,
                permission) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(key), .text(opening.subject), .text(opening.kind), .text(now.text),
                SQLValue(opening.model), SQLValue(opening.record), .text(opening.problem.text),
                SQLValue(opening.link),
                .text(opening.actions.map(\.rawValue).joined(separator: " ")),
                SQLValue(opening.permission),
            ])
        try tell("\(key)/open", connection)
    }

    public func openEntry(_ subject: String, _ connection: Connection) throws -> Entry? {
        try connection.first(
            """
            select key, kind, problem, acting from incident
            where subject = ? and resolution is null
            """, [.text(subject)]
        ) {
            Entry(
                key: $0.text(0), kind: $0.text(1),
                problem: try JSONValue(parsing: Array($0.text(2).utf8)),
                isMarked: $0.optionalText(3) != nil)
        }
    }

    /// A person begins to do something about a subject: what comes of it is of that account.
    public func mark(
        _ subject: String, _ action: IncidentAction, by account: String, _ connection: Connection
    ) throws {
        try connection.run(
            """
            update incident set acting = ?, acting_account = ?
            where subject = ? and resolution is null
            """, [.text(action.rawValue), .text(account), .text(subject)])
    }

    /// Nobody is needed any more; nothing where none is open.
    public func settle(_ subject: String, _ connection: Connection) throws {
        guard let entry = try openEntry(subject, connection) else { return }
        try connection.run(
            """
            update incident set resolution = coalesce(acting, ?),
                resolved_by = coalesce(acting_account, ?), resolved_at = ?
            where key = ?
            """,
            [
                .text(IncidentBook.settled), .text(service), .text(runtime.clock.now().text),
                .text(entry.key),
            ])
        try tell("\(entry.key)/end", connection)
    }

    private func tell(_ key: String, _ connection: Connection) throws {
        let now = runtime.clock.now()
        try IncidentBook.queue.enqueue(connection, key: key, payload: [], due: now, now: now)
    }

    // MARK: Reading

    /// One by its key, with its subject.
    public func find(
        _ key: String, _ connection: Connection
    ) throws -> (subject: String, report: IncidentReport)? {
        try connection.first(
            """
            select subject, kind, time, model, record, problem, link, actions, permission,
                resolution, resolved_by, resolved_at
            from incident where key = ?
            """, [.text(key)]
        ) { row in
            (
                row.text(0),
                IncidentReport(
                    service: service, key: key, kind: row.text(1), time: row.text(2),
                    model: row.optionalText(3), record: row.optionalText(4),
                    problem: try JSONValue(parsing: Array(row.text(5).utf8)),
                    link: row.optionalText(6),
                    actions: row.text(7).split(separator: " ").compactMap {
                        IncidentAction(rawValue: String($0))
                    }, permission: row.optionalText(8), resolution: row.optionalText(9),
                    resolvedBy: row.optionalText(10), resolvedAt: row.optionalText(11))
            )
        }
    }

    // MARK: Telling

    /// The worker that tells Workflow; it is needed where integrations are off, too.
    public func teller(_ database: Database, _ workflow: Peer) -> QueueWorker {
        let backoff = exponentialBackoff(
            first: .milliseconds(200), most: .seconds(30), random: runtime.random)
        return QueueWorker(
            IncidentBook.queue, database: database, runtime: runtime,
            name: "\(service)-incidents", concurrency: 1, backoff: backoff
        ) { [self] item in
            let key = String(item.key.prefix { $0 != "/" })
            let found = try await database.pointRead { try find(key, $0)?.report }
            guard let report = found else { return .done() }
            do {
                _ = try await workflow.call(TellIncident(report), as: context(key))
            } catch let problem as Problem {
                return .retry("workflow: \(problem.code)")
            }
            return .done {
                try $0.run(
                    "delete from incident where key = ? and resolution is not null and ? = 1",
                    [.text(key), SQLValue(report.resolution != nil)])
            }
        }
    }

    private func context(_ key: String) -> CallContext {
        CallContext(
            principal: .system, door: .system, cause: Cause(root: "incident:\(key)"),
            trace: TraceContext(requestID: runtime.random.identifier(at: runtime.clock.now())))
    }
}
