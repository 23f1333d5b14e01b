import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// `GET /api/firings`, newest first. It tells what rules did, not what stood in the records: that
/// is for who may read those.
struct FiringQuery: Sendable {
    private var conditions = Conditions()
    private let limit: Int

    init(_ call: ListFirings, as principal: Principal) throws {
        limit = try InstanceQuery.limit(call.limit)
        conditions.narrow("rule", to: principal)
        var (type, record) = (call.class, call.record)
        if let text = record, let slash = text.lastIndex(of: "/") {
            let named = String(text[..<slash])
            guard type == nil || type == named else {
                throw WorkflowError.invalid(
                    pointer: "/record", detail: "The record is not one of \(type ?? "").")
            }
            (type, record) = (named, String(text[text.index(after: slash)...]))
        }
        if let type {
            guard FullCode(type) != nil else {
                throw WorkflowError.invalid(
                    pointer: "/class", detail: "A class is model.class here.")
            }
            conditions.add("class = ?", .text(type))
        }
        if let record {
            guard type != nil, let id = Int64(record) else {
                throw WorkflowError.invalid(
                    pointer: "/record",
                    detail: "A record is model.class/id, or a number beside the class.")
            }
            conditions.add("record = ?", .integer(id))
        }
        if let rule = call.rule {
            guard FullCode(rule) != nil else {
                throw WorkflowError.invalid(pointer: "/rule", detail: "A rule is model.rule here.")
            }
            conditions.add("rule = ?", .text(rule))
        }
        if let cause = call.cause { conditions.add("root = ?", .text(cause)) }
        try conditions.add(cursor: call.cursor)
    }

    func run(_ connection: Connection) throws -> JSONValue {
        let rows = try connection.query(
            """
            select id, inbox, rule, event_id, event_type, class, record, account, root, via, depth,
                fired, state, error
            from firing\(conditions.clause) order by id desc limit \(limit + 1)
            """, conditions.values
        ) { row in (id: row.integer(0), view: FiringQuery.view(row), inbox: row.integer(1)) }
        let page = rows.prefix(limit)
        let items = try page.map { row -> JSONValue in
            var view = row.view
            let actions = try actions(row.inbox, view["rule"]?.string ?? "", connection)
            view["state"] = .string(FiringQuery.state(view["state"]?.string, actions))
            view["actions"] = .array(actions)
            return .object(view)
        }
        let next = rows.count > limit ? page.last.map { JSONValue.string(String($0.id)) } : nil
        return ["items": .array(items), "next": next ?? .null]
    }

    private static func view(_ row: Row) -> JSONObject {
        func text(_ column: Int) -> JSONValue {
            row.optionalText(column).map { .string($0) } ?? .null
        }
        return JSONObject([
            ("id", .number(JSONNumber(row.integer(0)))), ("rule", text(2)), ("event", text(3)),
            ("type", text(4)), ("record", .string("\(row.text(5))/\(row.integer(6))")),
            ("account", text(7)), ("cause", text(8)), ("via", text(9)),
            ("depth", .number(JSONNumber(row.integer(10)))),
            ("time", .string(Timestamp(milliseconds: row.integer(11)).text)),
            ("state", text(12)), ("error", text(13)),
        ])
    }

    private func actions(
        _ inbox: Int64, _ rule: String, _ connection: Connection
    ) throws -> [JSONValue] {
        try connection.query(
            """
            select kind, target, state, failures, error, result, ended from action
            where inbox = ? and rule = ? order by place
            """, [.integer(inbox), .text(rule)]
        ) { row in
            let state = row.text(2)
            return [
                "kind": .string(row.text(0)),
                "target": row.text(1).isEmpty ? .null : .string(row.text(1)),
                "state": .string(state), "failures": .number(JSONNumber(row.integer(3))),
                "error": row.optionalText(4).map { .string($0) } ?? .null,
                "result": row.optionalText(5).map { .string($0) } ?? .null,
                "time": row.optionalInteger(6).map {
                    .string(Timestamp(milliseconds: $0).text)
                } ?? .null,
            ]
        }
    }

    /// Of the whole: what a person needs to know first.
    private static func state(_ stored: String?, _ actions: [JSONValue]) -> String {
        switch stored.flatMap(ReactionStore.FiringState.init(rawValue:)) {
        case .loop: return "stopped"
        case .fault: return "failed"
        case .fired, nil: break
        }
        let states = Set(actions.compactMap { $0["state"]?.string })
        if states.contains("failed") { return "failed" }
        return states.contains("pending") ? "running" : "done"
    }
}
