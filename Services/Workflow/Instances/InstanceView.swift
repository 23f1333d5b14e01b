import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// An instance as API.md §6 shows it.
struct InstanceView {
    let row: InstanceRow
    let definitions: DefinitionStore

    struct Link: Sendable {
        var visit: Int64
        var event: FullCode
        var token: String
    }

    /// Without its steps.
    func summary(_ connection: Connection) throws -> JSONObject {
        let version = try definitions.version(row.definition, connection)
        return JSONObject([
            ("id", .number(JSONNumber(row.id))), ("workflow", .string(row.workflow.description)),
            ("definition", version.map { .number(JSONNumber($0.version)) } ?? .null),
            ("state", .string(row.snapshot.state.rawValue)),
            ("record", row.recordText.map { .string($0) } ?? .null),
            ("values", .object(row.snapshot.values)), ("cause", .string(row.cause.root)),
            ("parent", row.parent.map { .number(JSONNumber($0.instance)) } ?? .null),
            ("account", .string(row.account)), ("started", .string(row.started.text)),
            ("ended", row.ended.map { .string($0.text) } ?? .null),
        ])
    }

    /// With its steps, and with links where `capabilities` are given.
    func whole(_ connection: Connection, capabilities: Capabilities?) throws -> JSONValue {
        let tokens = try capabilities.map { try links(connection, $0) } ?? []
        var view = try summary(connection)
        let (children, tasks) = (try children(connection), try tasks(connection))
        let steps = try connection.query(
            """
            select visit, step, kind, state, entered, left_at, input, output, event, event_key,
                error, attempts, cause
            from step where instance = ? order by visit
            """, [.integer(row.id)]
        ) { step -> JSONValue in
            let visit = step.integer(0)
            let token = tokens.first { $0.visit == visit }?.token
            var view = try InstanceView.step(step, cause: row.cause)
            view["link"] = token.flatMap { capabilities?.path($0) }.map { .string($0) }
            view["waitsFor"] = children[visit]
            view["task"] = tasks[visit].map { .number(JSONNumber($0)) }
            return .object(view)
        }
        view["steps"] = .array(steps)
        return .object(view)
    }

    /// One for each step that waits for an event.
    func links(_ connection: Connection, _ capabilities: Capabilities) throws -> [Link] {
        let waits = try connection.query(
            "select visit, event from wait where instance = ? order by visit", [.integer(row.id)]
        ) { ($0.integer(0), FullCode($0.text(1))) }
        return try waits.compactMap { visit, event in
            guard let event else { return nil }
            return Link(
                visit: visit, event: event,
                token: try capabilities.token(row.id, event, connection))
        }
    }

    /// The newest instance that each step has started and waits for.
    private func children(_ connection: Connection) throws -> [Int64: JSONValue] {
        let found = try connection.query(
            "select id, parent_visit, state from instance where parent = ? order by id",
            [.integer(row.id)]
        ) {
            (
                $0.integer(1),
                ["id": .number(JSONNumber($0.integer(0))), "state": .string($0.text(2))]
                    as JSONValue
            )
        }
        return Dictionary(found, uniquingKeysWith: { _, last in last })
    }

    /// The open task of each step.
    private func tasks(_ connection: Connection) throws -> [Int64: Int64] {
        let found = try connection.query(
            "select visit, id from task where instance = ? and state = 'open'",
            [.integer(row.id)]
        ) { ($0.integer(0), $0.integer(1)) }
        return Dictionary(found, uniquingKeysWith: { _, last in last })
    }

    private static func step(_ row: Row, cause: Cause) throws -> JSONObject {
        func json(_ column: Int) throws -> JSONValue {
            try row.optionalText(column).map { try JSONValue(parsing: Array($0.utf8)) } ?? .null
        }
        func time(_ column: Int) -> JSONValue {
            row.optionalInteger(column).map {
                .string(Timestamp(milliseconds: $0).text)
            } ?? .null
        }
        // A step whose turn has come waits for it, and so does one whose branches are under way.
        let state = ["ready", "held", "forked"].contains(row.text(3)) ? "waiting" : row.text(3)
        let own = try row.optionalText(12).map {
            try JSONCoder.decode(Cause.self, from: JSONValue(parsing: Array($0.utf8)))
        }
        var view = JSONObject([
            ("step", .string(row.text(1))), ("kind", .string(row.text(2))),
            ("state", .string(state)), ("entered", time(4)), ("left", time(5)),
            ("input", try json(6)), ("output", try json(7)),
            ("event", row.optionalText(8).map { .string($0) } ?? .null),
            ("key", row.optionalText(9).map { .string($0) } ?? .null),
            ("cause", .string((own ?? cause).root)),
            ("attempts", .number(JSONNumber(row.integer(11)))),
        ])
        if let error = row.optionalText(10) { view["error"] = .string(error) }
        // What it waited for has come while the instance is paused.
        if row.text(3) == "held" { view["held"] = true }
        return view
    }
}

/// `GET /api/instances`, newest first.
struct InstanceQuery: Sendable {
    private var conditions = Conditions()
    private let limit: Int

    init(_ call: ListInstances, as principal: Principal) throws {
        limit = try InstanceQuery.limit(call.limit)
        if let workflow = call.workflow {
            if let full = FullCode(workflow) {
                conditions.add(
                    "model = ? and workflow = ?", .text(full.model), .text(full.code))
            } else {
                conditions.add("workflow = ?", .text(workflow))
            }
        }
        if let record = call.record {
            guard let slash = record.lastIndex(of: "/"),
                let type = FullCode(String(record[..<slash])),
                let id = Int64(record[record.index(after: slash)...])
            else {
                throw WorkflowError.invalid(
                    pointer: "/record", detail: "A record is model.class/id.")
            }
            conditions.add(
                "class = ? and record = ?", .text(type.description), .integer(id))
        }
        if let state = call.state {
            guard InstanceSnapshot.State(rawValue: state) != nil else {
                throw WorkflowError.invalid(
                    pointer: "/state", detail: "“\(state)” is no state of an instance.")
            }
            conditions.add("state = ?", .text(state))
        }
        if let models = principal.narrowing {
            let names = models.map { SQLValue.text($0) }
            conditions.add(
                "model in (\(Dialect.marks(names.count)))", names)
        }
        try conditions.add(cursor: call.cursor)
    }

    func run(_ connection: Connection, _ definitions: DefinitionStore) throws -> JSONValue {
        let rows = try connection.query(
            "select \(InstanceRow.columns) from instance\(conditions.clause)"
                + " order by id desc limit \(limit + 1)", conditions.values
        ) { try InstanceRow($0) }
        let page = rows.prefix(limit)
        let items = try page.map {
            JSONValue.object(
                try InstanceView(row: $0, definitions: definitions).summary(connection))
        }
        let next = rows.count > limit ? page.last.map { JSONValue.string(String($0.id)) } : nil
        return ["items": .array(items), "next": next ?? .null]
    }

    static func limit(_ asked: Int?) throws -> Int {
        let limit = asked ?? 50
        guard (1...InstanceCalls.listLimit).contains(limit) else {
            throw WorkflowError.invalid(
                pointer: "/limit", detail: "The limit is 1 to \(InstanceCalls.listLimit).")
        }
        return limit
    }
}
