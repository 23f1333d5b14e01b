import Contracts
import Database
import JSON
import ServiceRuntime

/// Tasks of people. One belongs to a visit of a `task` step and is open as long as that waits.
struct TaskStore: Sendable {
    let clock: any WallClock

    struct Opening: Sendable {
        var instance: Int64
        var visit: Int64
        var model: String
        var title: String
        var assignee: Assignee
        var due: Timestamp?
        var remind: Timestamp?
        /// Who gets it too when it is due.
        var escalate: Assignee?
        var outcomes: [String]
    }

    enum State: String, Sendable {
        case open, done
        /// Nobody did it, and nobody needs to any more.
        case closed
    }

    struct Item: Sendable {
        var id: Int64
        var instance: Int64
        var visit: Int64
        var model: String
        var title: String
        var assignees: [String]
        var due: Timestamp?
        var outcomes: [String]
        var state: State
        var created: Timestamp
        var ended: Timestamp?
        var outcome: String?
        var completedBy: String?
        var isReminded: Bool
    }

    func open(_ opening: Opening, _ connection: Connection) throws {
        let now = clock.now()
        let task = try connection.insert(
            """
            insert into task (instance, visit, model, title, assignees, due, remind, escalate,
                outcomes, state, created)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
            """,
            [
                .integer(opening.instance), .integer(opening.visit), .text(opening.model),
                .text(opening.title), .text(TaskStore.text([opening.assignee.key])),
                SQLValue(opening.due?.milliseconds), SQLValue(opening.remind?.milliseconds),
                SQLValue(opening.escalate?.key), .text(TaskStore.text(opening.outcomes)),
                .integer(now.milliseconds),
            ])
        try assign(task, opening.assignee.key, connection)
        if let remind = opening.remind {
            try Queues.timer.enqueue(
                connection,
                key: TimerKey(opening.instance, opening.visit, isReminder: true).text,
                payload: [], due: remind, now: now)
        }
    }

    private func assign(_ task: Int64, _ key: String, _ connection: Connection) throws {
        try connection.run(
            """
            insert into task_assignee (key, task) values (?, ?)
            on conflict (key, task) do nothing
            """, [.text(key), .integer(task)])
    }

    /// The overdue task goes to others too.
    func escalate(_ instance: Int64, visit: Int64, _ connection: Connection) throws {
        let found = try connection.first(
            """
            select id, assignees, escalate from task
            where instance = ? and visit = ? and state = 'open'
            """, [.integer(instance), .integer(visit)]
        ) { (id: $0.integer(0), keys: try TaskStore.list($0.text(1)), to: $0.optionalText(2)) }
        guard let found, let key = found.to else { return }
        try connection.run(
            "update task set assignees = ?, escalated = ? where id = ?",
            [
                .text(TaskStore.text(found.keys + [key])), .integer(clock.now().milliseconds),
                .integer(found.id),
            ])
        try assign(found.id, key, connection)
    }

    /// Nobody needs to do it any more.
    func close(_ instance: Int64, visit: Int64, _ connection: Connection) throws {
        let found = try connection.first(
            "select id from task where instance = ? and visit = ?",
            [.integer(instance), .integer(visit)]
        ) { $0.integer(0) }
        guard let found else { return }
        try end(found, .closed, connection)
    }

    func complete(
        _ task: Int64, outcome: String, by account: String, _ connection: Connection
    ) throws {
        try end(task, .done, outcome: outcome, by: account, connection)
    }

    private func end(
        _ task: Int64, _ state: State, outcome: String? = nil, by account: String? = nil,
        _ connection: Connection
    ) throws {
        try connection.run(
            """
            update task set state = ?, ended = ?, outcome = ?, completed_by = ?
            where id = ? and state = 'open'
            """,
            [
                .text(state.rawValue), .integer(clock.now().milliseconds), SQLValue(outcome),
                SQLValue(account), .integer(task),
            ])
        try connection.run("delete from task_assignee where task = ?", [.integer(task)])
    }

    // MARK: Reminders

    /// Reminders that came due while the instance was paused.
    func queueReminders(of instance: Int64, _ connection: Connection) throws {
        let found = try connection.query(
            """
            select visit, remind from task
            where instance = ? and state = 'open' and remind is not null and reminded is null
            """, [.integer(instance)]
        ) { (visit: $0.integer(0), at: Timestamp(milliseconds: $0.integer(1))) }
        for reminder in found {
            try Queues.timer.enqueue(
                connection, key: TimerKey(instance, reminder.visit, isReminder: true).text,
                payload: [], due: reminder.at, now: clock.now())
        }
    }

    func markReminded(_ task: Int64, _ connection: Connection) throws {
        try connection.run(
            "update task set reminded = ? where id = ?",
            [.integer(clock.now().milliseconds), .integer(task)])
    }

    // MARK: Reading

    private static let columns = """
        task.id, task.instance, task.visit, task.model, task.title, task.assignees, task.due, \
        task.outcomes, task.state, task.created, task.ended, task.outcome, task.completed_by, \
        task.reminded
        """

    func find(_ id: Int64, _ connection: Connection) throws -> Item? {
        try connection.first(
            "select \(TaskStore.columns) from task where id = ?", [.integer(id)], TaskStore.item)
    }

    func find(_ instance: Int64, visit: Int64, _ connection: Connection) throws -> Item? {
        try connection.first(
            "select \(TaskStore.columns) from task where instance = ? and visit = ?",
            [.integer(instance), .integer(visit)], TaskStore.item)
    }

    /// Open tasks of a caller after `after`, oldest first.
    func list(
        of caller: TaskCaller, after: Int64, limit: Int, _ connection: Connection
    ) throws -> [Item] {
        // The page of each key is at the beginning of what is left of it, in the index's order.
        let pages = try caller.keys.map {
            try self.ids(of: $0, caller, after: after, limit: limit, connection)
        }
        let found = Set(pages.joined()).sorted().prefix(limit)
        return try connection.query(
            """
            select \(TaskStore.columns) from task
            where id in (\(Dialect.marks(found.count))) order by id
            """, found.map { .integer($0) }, TaskStore.item)
    }

    private func ids(
        of key: String, _ caller: TaskCaller, after: Int64, limit: Int, _ connection: Connection
    ) throws -> [Int64] {
        let off = caller.off.filter { $0.key == key }.map(\.model)
        var condition = ""
        if !off.isEmpty { condition += " and t.model not in (\(Dialect.marks(off.count)))" }
        if let models = caller.models {
            condition += " and t.model in (\(Dialect.marks(models.count)))"
        }
        let named: [SQLValue] = (off + (caller.models ?? [])).map { .text($0) }
        // `cross join`: the assignees lead.
        return try connection.query(
            """
            select a.task from task_assignee a cross join task t
            where a.key = ? and a.task > ? and t.id = a.task\(condition)
            order by a.task limit ?
            """,
            [.text(key), .integer(after)] + named + [.integer(Int64(limit))]
        ) { $0.integer(0) }
    }

    private static func item(_ row: Row) throws -> Item {
        func time(_ column: Int) -> Timestamp? {
            row.optionalInteger(column).map { Timestamp(milliseconds: $0) }
        }
        return Item(
            id: row.integer(0), instance: row.integer(1), visit: row.integer(2),
            model: row.text(3), title: row.text(4), assignees: try list(row.text(5)),
            due: time(6), outcomes: try list(row.text(7)),
            state: State(rawValue: row.text(8)) ?? .closed,
            created: Timestamp(milliseconds: row.integer(9)), ended: time(10),
            outcome: row.optionalText(11), completedBy: row.optionalText(12),
            isReminded: row.optionalInteger(13) != nil)
    }

    private static func text(_ list: [String]) -> String {
        JSONValue.array(list.map { .string($0) }).text
    }

    private static func list(_ text: String) throws -> [String] {
        try JSONValue(parsing: Array(text.utf8)).array?.compactMap(\.string) ?? []
    }
}
