import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// `GET /api/events`, newest first: what was raised, by whom, and whether anybody took it. Payloads
/// are for those who take them.
struct EventQuery: Sendable {
    private var conditions = Conditions()
    private let limit: Int
    private let now: Timestamp

    init(_ call: ListEvents, as principal: Principal, now: Timestamp) throws {
        limit = try InstanceQuery.limit(call.limit)
        self.now = now
        conditions.narrow("event", to: principal)
        if let event = call.event { conditions.add("event = ?", .text(event.description)) }
        let moment = SQLValue.integer(now.milliseconds)
        switch call.state {
        case .buffered:
            conditions.add("state = 'buffered' and (expires is null or expires > ?)", moment)
        case .expired: conditions.add("state = 'buffered' and expires <= ?", moment)
        case .taken, .unheard, .late:
            conditions.add("state = ?", .text(call.state?.rawValue ?? ""))
        case nil: break
        }
        try conditions.add(cursor: call.cursor)
    }

    func run(_ connection: Connection) throws -> JSONValue {
        let rows = try connection.query(
            """
            select id, event, scope, instance, workflow, event_key, account, root, depth, raised,
                state, activated, expires
            from event\(conditions.clause) order by id desc limit \(limit + 1)
            """, conditions.values
        ) { (id: $0.integer(0), view: view($0)) }
        let page = rows.prefix(limit)
        let next = rows.count > limit ? page.last.map { JSONValue.string(String($0.id)) } : nil
        return ["items": .array(page.map(\.view)), "next": next ?? .null]
    }

    private func view(_ row: Row) -> JSONValue {
        func text(_ column: Int) -> JSONValue {
            row.optionalText(column).map { .string($0) } ?? .null
        }
        func number(_ column: Int) -> JSONValue {
            row.optionalInteger(column).map { .number(JSONNumber($0)) } ?? .null
        }
        let expires = row.optionalInteger(12)
        let isExpired = row.text(10) == "buffered" && (expires ?? .max) <= now.milliseconds
        return [
            "id": number(0), "event": text(1), "scope": text(2), "instance": number(3),
            "workflow": text(4), "key": text(5), "account": text(6), "cause": text(7),
            "depth": number(8), "time": .string(Timestamp(milliseconds: row.integer(9)).text),
            "state": isExpired ? "expired" : text(10), "activated": number(11),
            "expires": expires.map { .string(Timestamp(milliseconds: $0).text) } ?? .null,
        ]
    }
}
