import HTTP
import JSON
import TestSupport

/// PocketBase with the same collection, the same rule (whoever is logged in) and the same rows, put
/// straight into its SQLite file. It runs with its own default, synchronous=NORMAL.
final class PocketBase: Sendable {
    private static let password = "a password for benchmarks"

    let port: Int
    let process: ChildProcess
    let token: String

    /// Its tables: `ticket` with `rows`, `big` with `manyRows`, and `fresh`, which is written.
    init(rows: Int, manyRows: Int, in folder: String) async throws {
        let data = folder + "/data"
        TestFile.makeFolder(folder)
        let (code, output) = try await ChildProcess.run(
            "pocketbase",
            ["superuser", "upsert", "admin@example.com", PocketBase.password, "--dir", data])
        guard code == 0 else { throw BenchmarkError("pocketbase: \(output)") }
        let port = FreePort.take()
        try await PocketBase.makeCollections(port: port, data: data, folder: folder)
        try await PocketBase.load("ticket", rows, into: data + "/data.db")
        try await PocketBase.load("big", manyRows, into: data + "/data.db")
        process = try PocketBase.serve(port: port, data: data, folder: folder)
        token = try await PocketBase.logIn(
            "users", "user@example.com", port: port)
        self.port = port
    }

    private static func serve(port: Int, data: String, folder: String) throws -> ChildProcess {
        try ChildProcess(
            "pocketbase", ["serve", "--http", "127.0.0.1:\(port)", "--dir", data],
            output: folder + "/log")
    }

    private static func logIn(_ collection: String, _ account: String, port: Int) async throws
        -> String
    {
        let client = APIClient(port: port)
        try await eventually("PocketBase is ready") {
            (try? await client.send(.get, "/api/health").status) == 200
        }
        let answer = try await client.post(
            "/api/collections/\(collection)/auth-with-password",
            ["identity": .string(account), "password": .string(password)], status: 200)
        return answer["token"]?.string ?? ""
    }

    /// The collections and a user, by its API.
    private static func makeCollections(port: Int, data: String, folder: String) async throws {
        let process = try serve(port: port, data: data, folder: folder)
        var client = APIClient(port: port)
        client.token = try await logIn("_superusers", "admin@example.com", port: port)
        for name in ["ticket", "fresh", "big"] {
            try await client.post("/api/collections", collection(name), status: 200)
        }
        try await client.expect(
            200, .patch, "/api/settings",
            json: ["batch": ["enabled": true, "maxRequests": 1000, "timeout": 60]])
        try await client.post(
            "/api/collections/users/records",
            [
                "email": "user@example.com", "password": .string(password),
                "passwordConfirm": .string(password),
            ], status: 200)
        process.kill(15)
        try await process.waitForExit()
    }

    private static func load(_ table: String, _ rows: Int, into path: String) async throws {
        let sql = """
            WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(rows))
            INSERT INTO \(table) (id, subject, body, status, priority, spent, due, email, urgent, created, updated)
            SELECT printf('r%014d', n), 'Printer on floor ' || (n % 40) || ' is on fire, report ' || n,
              '\(Ticket.body)',
              CASE n % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'open' WHEN 2 THEN 'waiting' ELSE 'closed' END,
              n % 1000, 2.5, '2026-11-22 10:15:30.123Z', 'user' || (n % 5000) || '@example.com', n % 7 = 0,
              '2026-11-22 10:15:30.123Z', '2026-11-22 10:15:30.123Z' FROM numbers
            """
        let (code, output) = try await ChildProcess.run("sqlite3", [path, sql])
        guard code == 0 else { throw BenchmarkError("sqlite3: \(output)") }
    }

    func get(rows: Int) -> Load {
        Load(
            connections: 64,
            script: headers + """
                request = function()
                  return wrk.format("GET", string.format("/api/collections/ticket/records/r%014d",
                    math.random(1, \(rows))))
                end
                """)
    }

    func list(_ collection: String = "ticket", isCounted: Bool = false) -> Load {
        Load(
            connections: 16,
            script: headers + """
                request = function()
                  return wrk.format("GET", "/api/collections/\(collection)/records?perPage=50&" ..
                    "skipTotal=\(isCounted ? 0 : 1)&" ..
                    "sort=priority&filter=(status%3D%27open%27%26%26priority%3E%3D" ..
                    math.random(0, 900) .. ")")
                end
                """)
    }

    var create: Load {
        Load(
            connections: 64,
            script: headers + Ticket.luaBody + """
                request = function()
                  return wrk.format("POST", "/api/collections/fresh/records", nil, body())
                end
                """)
    }

    /// A thousand at once; an answer is a thousand records.
    var arrays: Load {
        Load(
            connections: 2,
            script: headers + Ticket.luaBody + """
                local items = {}
                for n = 1, 1000 do
                  items[n] = '{"method":"POST","url":"/api/collections/fresh/records","body":' .. body() .. '}'
                end
                local all = '{"requests":[' .. table.concat(items, ",") .. ']}'
                request = function() return wrk.format("POST", "/api/batch", nil, all) end
                """)
    }

    private var headers: String {
        """
        wrk.headers["Authorization"] = "\(token)"
        wrk.headers["Content-Type"] = "application/json"

        """
    }

    private static func collection(_ name: String) -> JSONValue {
        let rule: JSONValue = "@request.auth.id != \"\""
        return [
            "name": .string(name), "type": "base", "listRule": rule, "viewRule": rule,
            "createRule": rule, "updateRule": rule,
            "fields": [
                ["name": "subject", "type": "text", "required": true, "max": 200],
                ["name": "body", "type": "text"],
                [
                    "name": "status", "type": "select", "maxSelect": 1,
                    "values": ["new", "open", "waiting", "closed"],
                ],
                ["name": "priority", "type": "number"], ["name": "spent", "type": "number"],
                ["name": "due", "type": "date"], ["name": "email", "type": "text"],
                ["name": "urgent", "type": "bool"],
                ["name": "created", "type": "autodate", "onCreate": true],
                ["name": "updated", "type": "autodate", "onCreate": true, "onUpdate": true],
            ],
            "indexes": [.string("CREATE INDEX idx_\(name) ON \(name) (status, priority)")],
        ]
    }
}
