import Database
import JSON
import TestSupport

/// Very many instances at once: copies of one that stands there already, put into the file.
struct Crowd: Sendable {
    let flows: Flows
    private static let chunk: Int64 = 50_000

    /// Copies instance `template` `count` times; copy `n` has the id `first + n`, waits for the key
    /// `k<id>`, and its timer is due at `due(n)` milliseconds.
    func copy(
        _ template: Int64, first: Int64, count: Int64, due: String
    ) async throws {
        for start in stride(from: 0, to: count, by: Int64.Stride(Crowd.chunk)) {
            let end = min(start + Crowd.chunk, count) - 1
            try await flows.change { connection in
                for table in ["instance", "step", "wait", "queue_timer"] {
                    try Crowd.copy(
                        table, template, ids: (first + start, first + end), first: first,
                        due: due, connection)
                }
            }
        }
    }

    /// Every column is that of the template but for those that tell them apart.
    private static func copy(
        _ table: String, _ template: Int64, ids: (Int64, Int64), first: Int64, due: String,
        _ connection: Connection
    ) throws {
        let columns = try connection.query("select name from pragma_table_info('\(table)')") {
            $0.text(0)
        }.filter { !(table == "queue_timer" && $0 == "id") }
        let isInstance = table == "instance"
        let values = columns.map { column in
            switch column {
            case "id" where isInstance, "instance": "n.id"
            case "start_key": "null"
            case "event_key": "case when event_key is null then null else 'k' || n.id end"
            case "key": "replace(key, '\(template)/', n.id || '/')"
            case "due", "ready": "(\(due.replacing("n", with: "(n.id - \(first))")))"
            default: "t.\"\(column)\""
            }
        }
        let condition =
            switch table {
            case "instance": "t.id = \(template)"
            // A range, which the index leads to: `0` is what comes after `/`.
            case "queue_timer": "t.key >= '\(template)/' and t.key < '\(template)0'"
            default: "t.instance = \(template)"
            }
        try connection.run(
            """
            with recursive n(id) as (
                select \(ids.0) union all select id + 1 from n where id < \(ids.1))
            insert into \(table) (\(columns.joined(separator: ", ")))
            select \(values.joined(separator: ", ")) from \(table) as t cross join n where \(condition)
            """)
    }
}
