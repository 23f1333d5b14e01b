import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Events that are raised: who waits for them takes them, the others are kept as long as their
/// definition says. Each one leaves a row, whatever becomes of it.
struct EventStore: Sendable {
    let definitions: DefinitionStore
    let incidents: IncidentStore
    let clock: any WallClock

    /// One event wakes at most so many instances.
    static let activationLimit = 10_000

    struct Raised: Sendable {
        var event: FullCode
        var scope: RaiseEvent.Scope
        var instance: Int64?
        var workflow: FullCode?
        /// Only instances on this record, whether they wait with the key or without one.
        var record: (type: FullCode, id: Int64)?
        /// Nil fits every wait in the scope.
        var key: String?
        var payload: JSONValue
        var account: String
        var cause: Cause
        /// Whether one that nobody waits for is kept until the instance ends, whatever the
        /// definition says.
        var keepsForInstance = false
        /// The platform's own key: what comes again under it is answered as it was.
        var onceKey: String?
    }

    struct Kept {
        var id: Int64
        var content: JSONValue
        var cause: Cause
    }

    enum State: String {
        /// Somebody took it.
        case taken
        case buffered
        /// Nobody waits, and nothing is kept.
        case unheard
        /// Its instance has ended.
        case late
    }

    func raise(_ raised: Raised, _ connection: Connection) throws -> EventRaised {
        if let known = try known(raised, connection) { return known }
        let waits = try self.waits(raised, connection)
        if waits.count > EventStore.activationLimit {
            throw WorkflowError.tooManyInstances(limit: EventStore.activationLimit)
        }
        let (state, expires) = try fate(raised, isAwaited: !waits.isEmpty, connection)
        let id = try insert(raised, state: state, expires: expires, connection)
        let content = EventStore.content(
            code: raised.event.code, key: raised.key, payload: raised.payload,
            account: raised.account, time: clock.now())
        let store = InstanceStore(
            definitions: definitions, incidents: incidents, clock: clock)
        var activated = 0
        for wait in waits {
            let woken = try store.apply(
                .event(visit: wait.visit, content: content), to: wait.instance,
                note: .init(cause: raised.cause), connection)
            if woken { activated += 1 }
        }
        if activated > 0 { try markTaken(id, activated: activated, connection) }
        return EventRaised(event: id, activated: activated)
    }

    private func known(_ raised: Raised, _ connection: Connection) throws -> EventRaised? {
        guard let key = raised.onceKey else { return nil }
        return try connection.first(
            "select id, activated from event where once_key = ?", [.text(key)]
        ) { EventRaised(event: $0.integer(0), activated: Int($0.integer(1))) }
    }

    /// The oldest event that is kept and fits; of those with a time, the one whose time ends first.
    func buffered(
        _ event: FullCode, for row: InstanceRow, key: String?, _ connection: Connection
    ) throws -> Kept? {
        var found = try buffered(event, for: row, keyed: nil, connection)
        let isOfRecord = key == nil
        if let key = key ?? row.record.map({ String($0) }) {
            let keyed = try buffered(
                event, for: row, keyed: key, isOfRecord: isOfRecord, connection)
            if let keyed, keyed.id < found?.id ?? .max { found = keyed }
        }
        return found
    }

    /// One key at a time, so that the index leads to it among however many are kept. `isOfRecord`:
    /// only those that are for what waits about the instance's record, with a key or without.
    private func buffered(
        _ event: FullCode, for row: InstanceRow, keyed key: String?, isOfRecord: Bool = false,
        _ connection: Connection
    ) throws -> Kept? {
        func kept(_ time: String, _ values: [SQLValue]) throws -> Kept? {
            try buffered(
                event, for: row, keyed: key, isOfRecord: isOfRecord, time, values, connection)
        }
        let timed = try kept("expires > ?", [.integer(clock.now().milliseconds)])
        let timeless = try kept("expires is null", [])
        guard let timed, let timeless else { return timed ?? timeless }
        return timed.id < timeless.id ? timed : timeless
    }

    /// `time` is a range of the index, which has those of one key in its order: what has expired
    /// is passed over, however much of it there is.
    private func buffered(
        _ event: FullCode, for row: InstanceRow, keyed key: String?, isOfRecord: Bool,
        _ time: String, _ values: [SQLValue], _ connection: Connection
    ) throws -> Kept? {
        let place: [SQLValue] = [
            .text(row.workflow.description), .integer(row.id),
            SQLValue(self.place(row.type, row.record)), .integer(isOfRecord ? 1 : 0),
        ]
        return try connection.first(
            """
            select id, event_key, payload, account, raised, root, depth, cause_account
            from event
            where event = ? and event_key is not distinct from ? and state = 'buffered' and \(time)
                and (scope = 'all' or (scope = 'workflow' and workflow = ?)
                    or (scope = 'instance' and instance = ?))
                and (record = ? or (record is null and ? = 0))
            order by expires, id limit 1
            """,
            [.text(event.description), SQLValue(key)] + values + place
        ) { found in
            Kept(
                id: found.integer(0),
                content: EventStore.content(
                    code: event.code, key: found.optionalText(1),
                    payload: try JSONValue(parsing: Array(found.text(2).utf8)),
                    account: found.text(3), time: Timestamp(milliseconds: found.integer(4))),
                cause: Cause(
                    root: found.text(5), via: "event:\(found.integer(0))",
                    depth: Int(found.integer(6)), account: found.optionalText(7)))
        }
    }

    func markTaken(_ id: Int64, activated: Int, _ connection: Connection) throws {
        try connection.run(
            "update event set state = 'taken', activated = activated + ? where id = ?",
            [.integer(Int64(activated)), .integer(id)])
    }

    private func waits(_ raised: Raised, _ connection: Connection) throws
        -> [(instance: Int64, visit: Int64)]
    {
        var sql = "select wait.instance, wait.visit from wait where wait.event = ?"
        var values: [SQLValue] = [.text(raised.event.description)]
        if let key = raised.key {
            sql += " and wait.event_key = ?"
            values.append(.text(key))
        }
        switch raised.scope {
        case .all where raised.record != nil: return try waits(onRecord: raised, connection)
        case .all: break
        case .instance: return try waits(ofInstance: raised, connection)
        case .workflow:
            sql += " and wait.workflow = ?"
            values.append(SQLValue(raised.workflow?.description))
        }
        // Put in order here: there may be very many, and only so many are looked at.
        sql += " limit \(EventStore.activationLimit + 1)"
        return try connection.query(sql, values) { ($0.integer(0), $0.integer(1)) }
            .sorted { $0 < $1 }
    }

    /// One instance has few waits, and an event may have very many: so these are found by the
    /// instance.
    private func waits(ofInstance raised: Raised, _ connection: Connection) throws
        -> [(instance: Int64, visit: Int64)]
    {
        let found = try connection.query(
            "select instance, visit, event, event_key from wait where instance = ? order by visit",
            [SQLValue(raised.instance)]
        ) { (wait: ($0.integer(0), $0.integer(1)), event: $0.text(2), key: $0.optionalText(3)) }
        return found.filter {
            $0.event == raised.event.description && (raised.key == nil || raised.key == $0.key)
        }.map(\.wait)
    }

    private func waits(onRecord raised: Raised, _ connection: Connection) throws
        -> [(instance: Int64, visit: Int64)]
    {
        guard let record = raised.record else { return [] }
        let found = try definitions.family(of: record.type).flatMap { type in
            try connection.query(
                """
                select wait.instance, wait.visit, wait.event_key from instance
                join wait on wait.instance = instance.id
                where instance.class = ? and instance.record = ? and wait.event = ?
                """,
                [.text(type.description), .integer(record.id), .text(raised.event.description)]
            ) { (wait: ($0.integer(0), $0.integer(1)), key: $0.optionalText(2)) }
        }
        return found.filter { $0.key == nil || $0.key == raised.key }.map(\.wait).sorted { $0 < $1 }
    }

    /// A record by the first class of its family, since the ids are the family's.
    private func place(_ type: FullCode?, _ id: Int64?) -> String? {
        guard let type, let id, let first = definitions.family(of: type).first else { return nil }
        return "\(first)/\(id)"
    }

    private func fate(_ raised: Raised, isAwaited: Bool, _ connection: Connection) throws
        -> (State, expires: Timestamp?)
    {
        if isAwaited { return (.taken, nil) }
        if raised.scope == .instance {
            let state = try connection.first(
                "select state from instance where id = ?", [SQLValue(raised.instance)]
            ) { InstanceSnapshot.State(rawValue: $0.text(0)) }
            if state.flatMap(\.self)?.isOver ?? true { return (.late, nil) }
        }
        if let buffer = definitions.event(raised.event)?.buffer {
            return (.buffered, clock.now().advanced(by: buffer))
        }
        return raised.keepsForInstance && raised.scope == .instance
            ? (.buffered, nil) : (.unheard, nil)
    }

    private func insert(
        _ raised: Raised, state: State, expires: Timestamp?, _ connection: Connection
    ) throws -> Int64 {
        return try connection.insert(
            """
            insert into event (event, scope, instance, workflow, event_key, payload, account,
                root, depth, cause_account, raised, state, activated, expires, once_key,
                record)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
            """,
            [
                .text(raised.event.description), .text(raised.scope.rawValue),
                SQLValue(raised.instance), SQLValue(raised.workflow?.description),
                SQLValue(raised.key), .text(raised.payload.text), .text(raised.account),
                .text(raised.cause.root), .integer(Int64(raised.cause.depth)),
                SQLValue(raised.cause.account), .integer(clock.now().milliseconds),
                .text(state.rawValue), SQLValue(expires?.milliseconds), SQLValue(raised.onceKey),
                SQLValue(place(raised.record?.type, raised.record?.id)),
            ])
    }

    /// What expressions see as `event`.
    private static func content(
        code: String, key: String?, payload: JSONValue, account: String, time: Timestamp
    ) -> JSONValue {
        [
            "code": .string(code), "key": key.map { .string($0) } ?? .null, "payload": payload,
            "account": .string(account), "time": .string(time.text),
        ]
    }
}

/// How keys of events compare: as text, so that `14` from a record and `"14"` from a URL are the
/// same.
enum EventKey {
    static let lengthLimit = 200

    /// Nil for null; throws where the value is no plain one.
    static func text(_ value: JSONValue) throws -> String? {
        let text: String
        switch value {
        case .null: return nil
        case .string(let string): text = string
        case .number(let number): text = number.integer.map { String($0) } ?? number.text
        case .boolean(let boolean): text = boolean ? "true" : "false"
        case .array, .object:
            throw WorkflowError.invalidKey("a key is a text, a number or true or false")
        }
        guard text.utf8.count <= lengthLimit else {
            throw WorkflowError.invalidKey("a key has at most \(lengthLimit) bytes")
        }
        return text
    }
}
