import Database
import HTTP
import JSON
import ServiceRuntime

private typealias Answer = Operation.Answer

/// `GET /api/audit`: newest first.
struct AuditRoutes: Sendable {
    let audit: Audit

    func add(to table: RouteTable) {
        table.on(
            .get, "/api/audit", .holder(of: Permissions.operationsRead),
            Operation(
                "Log-ins, refusals and changes of rights, newest first",
                query: [
                    .init(
                        name: "kind", about: "What happened",
                        words: Audit.Kind.allCases.map(\.rawValue)),
                    .init(name: "account", about: "Who did it"),
                    .init(name: "subject", about: "To whom or what"),
                    .init(name: "from", about: "Not before this RFC 3339 time"),
                    .init(name: "until", about: "Before this RFC 3339 time"), .limit, .cursor,
                ], answers: [Answer(200, "A page of entries", "AuditList")])
        ) { request, _ in try await list(request) }
    }

    private func list(_ request: Request) async throws -> Response {
        let query = try QueryReader(
            request, ["kind", "account", "subject", "from", "until", "limit", "cursor"])
        var conditions: [String] = []
        var values: [SQLValue] = []
        func add(_ condition: String, _ value: SQLValue?) {
            guard let value else { return }
            conditions.append(condition)
            values.append(value)
        }
        if let kind = query.text("kind"), Audit.Kind(rawValue: kind) == nil {
            let words = Audit.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalidParameter("kind is one of: \(words).")
        }
        add("kind = ?", query.text("kind").map { .text($0) })
        add("account = ?", query.text("account").map { .text($0) })
        add("subject = ?", query.text("subject").map { .text($0) })
        add("time >= ?", try AuditRoutes.time(query, "from"))
        add("time < ?", try AuditRoutes.time(query, "until"))
        if let cursor = query.text("cursor") {
            guard let id = Int64(cursor) else { throw Problem.invalidCursor }
            add("id < ?", .integer(id))
        }
        let limit = try query.limit() ?? 50
        let filter = conditions.isEmpty ? "" : " where " + conditions.joined(separator: " and ")
        let sql =
            "select id, time, kind, account, subject, address, request, detail, changes"
            + " from audit\(filter) order by id desc limit ?"
        let all = values + [.integer(Int64(limit + 1))]
        let bytes = try await audit.database.read { connection in
            try AuditRoutes.page(connection, sql, all, limit: limit)
        }
        return .json(bytes)
    }

    private static func time(_ query: QueryReader, _ name: String) throws -> SQLValue? {
        guard let text = query.text(name) else { return nil }
        guard let time = Timestamp(text) else {
            throw Problem.invalidParameter("\(name) is an RFC 3339 time.")
        }
        return .integer(time.milliseconds)
    }

    private static func page(
        _ connection: Connection, _ sql: String, _ values: [SQLValue], limit: Int
    ) throws -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        var count = 0
        var last: Int64 = 0
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        try connection.each(sql, values) { row in
            count += 1
            guard count <= limit else { return false }
            last = row.integer(0)
            try write(row, &writer)
            return true
        }
        writer.endArray()
        writer.key("next")
        writer.string(orNull: count > limit ? String(last) : nil)
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ row: Row, _ writer: inout JSONWriter) throws {
        writer.beginObject()
        writer.key("id")
        writer.integer(row.integer(0))
        writer.key("time")
        writer.string(Timestamp(milliseconds: row.integer(1)).text)
        writer.key("kind")
        writer.string(row.text(2))
        for (column, key) in [(3, "account"), (4, "subject"), (5, "address"), (6, "requestId")] {
            writer.key(key)
            writer.string(orNull: row.text(column).isEmpty ? nil : row.text(column))
        }
        writer.key("detail")
        writer.string(orNull: row.optionalText(7))
        writer.key("changes")
        if let changes = row.optionalText(8) {
            writer.value(try JSONValue(parsing: Array(changes.utf8)))
        } else {
            writer.beginArray()
            writer.endArray()
        }
        writer.endObject()
    }
}

extension Problem {
    static let invalidCursor = Problem(
        status: 400, code: "invalid-cursor", title: "The cursor cannot be read",
        detail: "Pass next of the page before as it came, or begin without a cursor.")
}
