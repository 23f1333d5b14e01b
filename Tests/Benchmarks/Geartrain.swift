import HTTP
import JSON
import ServiceRuntime
import TestSupport

/// The five executables as one would deploy them: apart, with a key between them, each on its own
/// database.
final class Geartrain: Sendable {
    static let services = ["records", "workflow", "mail", "batch", "gateway"]
    private static let password = "a password for benchmarks"

    let port: Int
    let processes: [ChildProcess]
    let client: APIClient
    let token: String

    init(in folder: String) async throws {
        let ports = Dictionary(
            uniqueKeysWithValues: zip(Geartrain.services, FreePort.take(Geartrain.services.count)))
        TestFile.makeFolder(folder)
        var environment = [
            "RPC_KEY": SystemRandom().token(), "GEARTRAIN_DATA": folder,
            "GATEWAY_ADMIN_PASSWORD": Geartrain.password, "INTEGRATIONS": "off",
            // One account at full speed is what is measured.
            "GATEWAY_RATE_ACCOUNT": "0", "GATEWAY_RATE_ADDRESS": "0", "GATEWAY_RATE_TOKEN": "0",
        ]
        for (service, port) in ports {
            environment["\(service.uppercased())_PORT"] = "\(port)"
            environment["\(service.uppercased())_URL"] = "http://127.0.0.1:\(port)"
        }
        processes = try Geartrain.services.map { service in
            try ChildProcess(
                ChildProcess.product(service), environment: environment,
                output: "\(folder)/\(service).log")
        }
        port = ports["gateway"] ?? 0
        for (service, port) in ports {
            try await eventually("\(service) is ready") {
                await APIClient(port: port).isReady()
            }
        }
        client = try await APIClient(port: port).loggedIn("admin", Geartrain.password)
        token = client.token ?? ""
        try await client.expect(201, .put, "/api/models/bench", json: Geartrain.model)
        let role = try await client.expect(200, .get, "/api/roles/agent")
        try await client.expect(
            200, .put, "/api/roles/agent",
            json: ["name": ["en": "Agent"], "enabled": true, "members": ["admin"]],
            headers: ["If-Match": role.headers["ETag"] ?? ""])
    }

    /// Row `n` gets the id `n`.
    func load(rows: Int) async throws {
        var next = 1
        while next <= rows {
            let last = min(next + 999, rows)
            let items = (next...last).map(Ticket.json)
            try await client.expect(
                200, .post, "/api/records/bench/ticket?atomic=true", json: .array(items))
            next = last + 1
        }
    }

    var servers: [ChildProcess] { processes }

    func get(rows: Int) -> Load {
        Load(
            connections: 64,
            script: headers + """
                request = function()
                  return wrk.format("GET", "/api/records/bench/ticket/" .. math.random(1, \(rows)))
                end
                """)
    }

    var list: Load {
        Load(
            connections: 16,
            script: headers + """
                request = function()
                  return wrk.format("GET", "/api/records/bench/ticket?limit=50&orderby=priority&" ..
                    "filter=status%20eq%20%27open%27%20and%20priority%20ge%20" .. math.random(0, 900))
                end
                """)
    }

    var create: Load {
        Load(
            connections: 64,
            script: headers + Ticket.luaBody + """
                request = function()
                  return wrk.format("POST", "/api/records/bench/ticket", nil, body())
                end
                """)
    }

    private var headers: String {
        """
        wrk.headers["Authorization"] = "Bearer \(token)"
        wrk.headers["Content-Type"] = "application/json"

        """
    }

    private static let model: JSONValue = [
        "code": "bench", "name": ["en": "Benchmark"], "roles": ["agent"],
        "classes": [
            [
                "code": "ticket", "name": ["en": "Ticket"], "describe": "#{id} {subject}",
                "history": true, "deletion": "logical", "webAccess": true,
                "columns": [
                    ["code": "subject", "type": "text", "required": true, "max": 200],
                    ["code": "body", "type": "text", "multiline": true],
                    [
                        "code": "status", "type": "choice",
                        "choices": ["new", "open", "waiting", "closed"], "default": "new",
                    ],
                    ["code": "priority", "type": "integer"],
                    ["code": "spent", "type": "decimal", "scale": 2],
                    ["code": "due", "type": "datetime"], ["code": "email", "type": "text"],
                    ["code": "urgent", "type": "boolean"],
                ],
                "indexes": [["status", "priority"]],
                "grants": [
                    [
                        "role": "agent", "operations": ["read", "insert", "change"],
                        "rows": ["scope": "all"],
                    ]
                ],
            ]
        ],
    ]
}
