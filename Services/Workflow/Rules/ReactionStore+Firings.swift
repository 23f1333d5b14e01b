import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// The log of rules that fired, and what it tells of loops.
extension ReactionStore {
    /// What became of a rule whose turn came.
    enum FiringState: String {
        /// What it wants are rows of `action`.
        case fired
        /// It met itself, or the chain was too long: nothing was done.
        case loop
        /// Its condition or a value could not be evaluated.
        case fault
    }

    /// Of a chain of causes; more of it than this is not looked at.
    private static let chainLimit = 1000

    func logFiring(
        _ rule: String, of entry: Entry, fingerprint: String, state: FiringState = .fired,
        error: String? = nil, _ connection: Connection
    ) throws {
        let event = entry.event
        try connection.run(
            """
            insert into firing (inbox, rule, class, record, root, via, depth, fingerprint, fired,
                event_id, event_type, account, state, error)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(entry.id), .text(rule), .text(event.record.description),
                .integer(event.recordID), .text(event.cause.root), .text(event.cause.via),
                .integer(Int64(event.cause.depth)), .text(fingerprint),
                .integer(clock.now().milliseconds), .text(event.id), .text(event.type),
                .text(event.account), .text(state.rawValue), SQLValue(error),
            ])
    }

    /// The way from where the same rule met the same content of the same record, higher up in the
    /// chain of causes, to this event; nil where it did not.
    func cycle(
        _ rule: String, _ event: RecordEvent, fingerprint: String, _ connection: Connection
    ) throws -> JSONValue? {
        let first = try connection.first(
            """
            select id from firing where root = ? and class = ? and record = ? and rule = ?
                and fingerprint = ? and depth < ? and state = 'fired' order by id desc limit 1
            """,
            [
                .text(event.cause.root), .text(event.record.description),
                .integer(event.recordID), .text(rule), .text(fingerprint),
                .integer(Int64(event.cause.depth)),
            ]
        ) { $0.integer(0) }
        return try first.map { try chain(to: event, from: $0, connection) }
    }

    /// The firings that led to an event, oldest first: from each to the one whose action it was.
    /// What stood between two of them (a workflow's step, a mail that was answered) is named.
    func chain(
        to event: RecordEvent, from first: Int64 = 0, _ connection: Connection
    ) throws -> JSONValue {
        let cause = event.cause
        let firings = try connection.query(
            """
            select rule, class, record, depth, via from firing
            where root = ? and id >= ? and state = 'fired' order by id desc limit ?
            """, [.text(cause.root), .integer(first), .integer(Int64(ReactionStore.chainLimit))]
        ) { row in
            (
                rule: row.text(0), record: "\(row.text(1))/\(row.integer(2))",
                depth: Int(row.integer(3)), via: row.optionalText(4) ?? ""
            )
        }
        var way: [JSONValue] = []
        var (depth, via) = (cause.depth, cause.via)
        var record = "\(event.record)/\(event.recordID)"
        for firing in firings where firing.depth < depth {
            let isByRule = via.hasPrefix("rule:")
            // A rule itself changes no record but its own.
            if isByRule, firing.record != record || firing.depth != depth - 1 { continue }
            if isByRule, via != "rule:\(firing.rule)" { continue }
            if !isByRule, !via.isEmpty {
                way.append(["via": .string(via), "depth": .number(JSONNumber(Int64(depth)))])
            }
            way.append([
                "rule": .string(firing.rule), "record": .string(firing.record),
                "depth": .number(JSONNumber(Int64(firing.depth))),
            ])
            (depth, via, record) = (firing.depth, firing.via, firing.record)
        }
        return .array(way.reversed())
    }
}
