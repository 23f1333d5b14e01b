import HTTP
import JSON

/// The OpenAPI 3.1 document, made from the table of routes: what every route of a kind has in
/// common is said here, once.
enum OpenAPI {
    static func document(of entries: [RouteTable.Entry]) -> JSONValue {
        var paths = JSONObject()
        for entry in entries {
            let path = template(entry.path)
            var item = paths[path]?.object ?? JSONObject()
            item[entry.method.rawValue.lowercased()] = operation(entry)
            paths[path] = .object(item)
        }
        let used = Set(entries.map { tag($0.path) })
        let named = tags.filter { used.contains($0.name) }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Geartrain",
                "version": "1",
                "description": .string(about),
            ],
            "servers": [["url": "/"]],
            "tags": .array(
                named.map { ["name": .string($0.name), "description": .string($0.about)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(JSONObject(Schemas.all)),
                "securitySchemes": [
                    "bearer": [
                        "type": "http", "scheme": "bearer",
                        "description": "The token of a session or an API token",
                    ],
                    "basic": [
                        "type": "http", "scheme": "basic",
                        "description": "For old callers, over TLS or the loopback address",
                    ],
                    "cookie": [
                        "type": "apiKey", "in": "cookie", "name": "geartrain",
                        "description":
                            "The pages' session; every change needs its token in X-CSRF-Token",
                    ],
                ],
                "responses": .object(problemResponses),
            ],
        ]
    }

    private static let about = """
        Records, mail and workflow behind one door. Every answer carries `X-Request-Id` and \
        honours `traceparent`. An error is `application/problem+json` (RFC 9457), whose `type` is \
        a page that explains it. HEAD is GET without the body.
        """

    /// By the first segment below `/api`, in the order in which they are shown.
    static let tags: [(name: String, about: String)] = [
        ("sessions", "Log-in and log-out"), ("me", "Who the caller is"),
        ("password", "The caller's own password"), ("tokens", "API tokens"),
        ("accounts", "People and service accounts"), ("roles", "What accounts may do"),
        ("org-structures", "Units, teams and managers"),
        ("explain", "Why somebody may, or may not"), ("audit", "Log-ins and changes of rights"),
        ("models", "Definitions of applications as documents"),
        ("secrets", "What definitions name as `secret:name`"),
        ("records", "The records of classes"), ("views", "API views as data"),
        ("queries", "Queries of models as data"), ("history", "The chain of all changes"),
        ("events", "Events from outside"), ("workflows", "Starting workflows"),
        ("firings", "What rules did"), ("instances", "Workflows that run"),
        ("incidents", "What needs a person"),
        ("tasks", "The caller's tasks"), ("jobs", "Schedules"), ("rules", "Rules"),
        ("scripts", "Scripts of models"), ("mail", "Outgoing mail and its audit"),
        ("mailboxes", "Incoming mail"), ("notifications", "Texts of mails"),
        ("imports", "Files in"), ("exports", "Files out"),
        ("syncs", "Synchronizations"), ("runs", "Imports, exports, syncs that run"),
        ("call", "URL calls of old systems"), ("platform", "Health and description"),
        ("pages", "For people with a browser"),
    ]

    static func reference(_ schema: String) -> JSONValue {
        ["$ref": .string("#/components/schemas/\(schema)")]
    }

    /// `{id:integer}` → `{id}`, `{path...}` → `{path}`.
    static func template(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            guard segment.hasPrefix("{") else { return String(segment) }
            return "{\(segment.dropFirst().prefix { !":.}".contains($0) })}"
        }.joined(separator: "/")
    }

    private static func operation(_ entry: RouteTable.Entry) -> JSONValue {
        var operation = JSONObject([
            ("operationId", .string(identifier(entry))),
            ("summary", .string(entry.operation.summary)),
            ("tags", [.string(tag(entry.path))]),
            ("security", security(entry)),
        ])
        var about = entry.operation.about.map { [$0] } ?? []
        if case .holder(let name) = entry.permission { about.append("Needs `\(name)`.") }
        if !about.isEmpty { operation["description"] = .string(about.joined(separator: " ")) }
        let parameters = parameters(entry)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if !entry.body.isEmpty { operation["requestBody"] = body(entry) }
        operation["responses"] = .object(answers(entry))
        return .object(operation)
    }

    static func identifier(_ entry: RouteTable.Entry) -> String {
        let parts = template(entry.path).split { "/{}.-".contains($0) }
        return ([entry.method.rawValue.lowercased()] + parts.map(String.init))
            .joined(separator: "_")
    }

    static func tag(_ path: String) -> String {
        let parts = path.split(separator: "/")
        guard let first = parts.first else { return "pages" }
        switch first {
        case "api": return parts.count > 1 ? String(parts[1]) : "platform"
        case "call": return "call"
        case "livez", "readyz", "metrics", "openapi.json": return "platform"
        default: return "pages"
        }
    }

    private static func security(_ entry: RouteTable.Entry) -> JSONValue {
        if case .anyone = entry.permission { return [] }
        // An old system's URL must not work by the cookie of whoever opens it.
        if tag(entry.path) == "call" { return [["bearer": []], ["basic": []]] }
        return [["bearer": []], ["basic": []], ["cookie": []]]
    }

    private static func body(_ entry: RouteTable.Entry) -> JSONValue {
        let schema: JSONValue
        if case .json(let name) = entry.operation.body {
            schema = ["schema": reference(name)]
        } else {
            schema = .object(JSONObject())
        }
        return [
            "required": .boolean(entry.operation.needsBody),
            "content": .object(
                JSONObject(
                    entry.body.map { ($0, $0.contains("json") ? schema : .object(JSONObject())) })),
        ]
    }
}
