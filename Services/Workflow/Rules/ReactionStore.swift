import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// The inbox of record events and the actions that are to be done; the log of rules that fired
/// stands in its own file.
struct ReactionStore: Sendable {
    /// An event that came and is not finished with.
    struct Entry: Sendable {
        var id: Int64
        var event: RecordEvent
        /// Its rules have been evaluated; what is left are actions.
        var isActing: Bool
    }

    struct Action: Sendable {
        var id: Int64
        var rule: String
        var place: Int64
        var kind: String
        /// The workflow, notification, event, script or run that it is about; "" for `set` and
        /// `http`.
        var target: String
        var content: JSONValue
        var failures: Int64
    }

    let clock: any WallClock

    // MARK: Inbox

    /// Takes an event that a rule may want; one that came before is known.
    func receive(_ event: RecordEvent, _ connection: Connection) throws {
        let type = event.record.description
        let added = try connection.run(
            """
            insert into inbox (event_id, class, record, state, received, body)
            values (?, ?, ?, 'new', ?, ?)
            on conflict (event_id) do nothing
            """,
            [
                .text(event.id), .text(type), .integer(event.recordID),
                .integer(clock.now().milliseconds), .text(JSONCoder.encode(event).text),
            ])
        if added > 0 { try queue(type, event.recordID, connection) }
    }

    func queue(_ type: String, _ record: Int64, _ connection: Connection) throws {
        let now = clock.now()
        try Queues.reaction.enqueue(
            connection, key: "\(type)/\(record)", payload: [], due: now, now: now)
    }

    /// The oldest event of a record (`model.class/id`) that is not finished with.
    func next(_ lane: String, _ connection: Connection) throws -> Entry? {
        guard let (type, record) = ReactionStore.lane(lane) else { return nil }
        return try connection.first(
            """
            select id, state, body from inbox
            where class = ? and record = ? and state <> 'done' order by id limit 1
            """, [.text(type), .integer(record)], ReactionStore.entry)
    }

    /// Whether an event's rules have not been evaluated yet.
    func isNew(_ id: Int64, _ connection: Connection) throws -> Bool {
        try connection.count(
            "select count(*) from inbox where id = ? and state = 'new'", [.integer(id)]) > 0
    }

    func setState(_ id: Int64, _ state: String, _ connection: Connection) throws {
        try connection.run(
            "update inbox set state = ? where id = ?", [.text(state), .integer(id)])
    }

    private static func entry(_ row: Row) throws -> Entry {
        let body = try JSONValue(parsing: Array(row.text(2).utf8))
        return Entry(
            id: row.integer(0), event: try JSONCoder.decode(RecordEvent.self, from: body),
            isActing: row.text(1) == "acting")
    }

    private static func lane(_ key: String) -> (String, Int64)? {
        guard let slash = key.lastIndex(of: "/"), let id = Int64(key[key.index(after: slash)...])
        else { return nil }
        return (String(key[..<slash]), id)
    }

    // MARK: Actions

    func add(_ firing: RuleEngine.Firing, of entry: Entry, _ connection: Connection) throws {
        for (place, (action, content)) in zip(firing.rule.actions, firing.contents).enumerated() {
            try connection.run(
                """
                insert into action (inbox, rule, place, kind, target, content, state)
                values (?, ?, ?, ?, ?, ?, 'pending')
                """,
                [
                    .integer(entry.id), .text(firing.rule.fullCode.description),
                    .integer(Int64(place)), .text(action.kindName), .text(action.target),
                    .text(content.text),
                ])
        }
    }

    func nextAction(of entry: Entry, _ connection: Connection) throws -> Action? {
        try connection.first(
            """
            select id, rule, place, kind, target, content, failures from action
            where inbox = ? and state = 'pending' order by id limit 1
            """, [.integer(entry.id)]
        ) {
            Action(
                id: $0.integer(0), rule: $0.text(1), place: $0.integer(2), kind: $0.text(3),
                target: $0.text(4), content: try JSONValue(parsing: Array($0.text(5).utf8)),
                failures: $0.integer(6))
        }
    }

    func finish(
        _ action: Int64, state: String, error: String? = nil, result: String? = nil,
        _ connection: Connection
    ) throws {
        try connection.run(
            """
            update action set state = ?, error = ?, result = ?, ended = ?
            where id = ? and state = 'pending'
            """,
            [
                .text(state), SQLValue(error), SQLValue(result), .integer(clock.now().milliseconds),
                .integer(action),
            ])
    }

    func countFailure(_ action: Int64, _ error: String, _ connection: Connection) throws {
        try connection.run(
            "update action set failures = failures + 1, error = ? where id = ?",
            [.text(error), .integer(action)])
    }

    /// A person says: again. Answers the record whose turn it is.
    func revive(_ action: Int64, _ connection: Connection) throws -> Bool {
        let found = try connection.first(
            """
            select inbox.id, inbox.class, inbox.record from action
            join inbox on inbox.id = action.inbox where action.id = ? and action.state = 'failed'
            """, [.integer(action)]
        ) { (inbox: $0.integer(0), type: $0.text(1), record: $0.integer(2)) }
        guard let found else { return false }
        try connection.run(
            "update action set state = 'pending', failures = 0, ended = null where id = ?",
            [.integer(action)])
        try setState(found.inbox, "acting", connection)
        try queue(found.type, found.record, connection)
        return true
    }
}

extension RuleDefinition.Action {
    /// What the action is about, as a code.
    var target: String {
        switch self {
        case .set, .http: ""
        case .run(_, let code): code.description
        case .workflow(let code, _), .script(let code): code.description
        case .mail(let mail): mail.notification.description
        case .event(let code, _): code.description
        }
    }
}
