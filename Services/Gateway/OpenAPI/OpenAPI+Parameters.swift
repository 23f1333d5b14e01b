import HTTP
import JSON

// What a caller says besides the body: in the path, the query and the headers.
extension OpenAPI {
    /// Codes in paths: what else stands there is a 404.
    private static let pathPatterns = [
        "model": "^[a-z][a-z0-9_]{0,62}$", "class": "^[a-z][a-z0-9_]{0,62}$",
        "column": "^[a-z][a-z0-9_]{0,62}$", "query": "^[a-z][a-z0-9_]{0,62}$",
        "code": "^[a-z][a-z0-9_.-]{0,126}$", "event": "^[a-z][a-z0-9_.]{0,126}$",
        "workflow": "^[a-z][a-z0-9_.]{0,126}$", "import": "^[a-z][a-z0-9_.]{0,126}$",
        "export": "^[a-z][a-z0-9_.]{0,126}$", "script": "^[a-z][a-z0-9_.]{0,126}$",
    ]

    static func parameters(_ entry: RouteTable.Entry) -> [JSONValue] {
        path(entry) + entry.operation.query.map(query) + headers(entry)
    }

    private static func path(_ entry: RouteTable.Entry) -> [JSONValue] {
        entry.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { segment in
            let name = String(segment.dropFirst().prefix { !":.}".contains($0) })
            let example = examples["\(tag(entry.path))/\(name)"] ?? examples[name]
            let schema: JSONValue =
                if segment.contains(":integer") {
                    ["type": "integer", "format": "int64", "minimum": 0]
                } else if let pattern = pathPatterns[name] {
                    ["type": "string", "pattern": .string(pattern)]
                } else {
                    ["type": "string", "minLength": 1]
                }
            var parameter = JSONObject([
                ("name", .string(name)), ("in", "path"), ("required", true), ("schema", schema),
            ])
            parameter["example"] = example
            return .object(parameter)
        }
    }

    /// What stands there in the bundled sample, by the area and the name, or the name alone.
    private static let examples: [String: JSONValue] = [
        "model": "helpdesk", "class": "ticket", "id": 1, "number": 1, "run": 1,
        "accounts/code": "admin", "roles/code": "agent", "mailboxes/code": "support",
        "org-structures/code": "company", "pages/code": "not-found", "name": "icon.svg",
        "column": "attachments", "event": "customer_confirmed", "workflow": "handle_ticket",
    ]

    private static func query(_ parameter: Operation.Parameter) -> JSONValue {
        var schema = JSONObject([("type", .string(parameter.type))])
        if !parameter.words.isEmpty {
            schema["enum"] = .array(parameter.words.map { .string($0) })
        }
        if let range = parameter.range {
            schema["minimum"] = .number(JSONNumber(range.lowerBound))
            schema["maximum"] = .number(JSONNumber(range.upperBound))
        }
        return [
            "name": .string(parameter.name), "in": "query",
            "required": .boolean(parameter.required), "description": .string(parameter.about),
            "schema": .object(schema),
        ]
    }

    private static func headers(_ entry: RouteTable.Entry) -> [JSONValue] {
        var headers: [JSONValue] = []
        if entry.operation.needsVersion {
            headers.append([
                "name": "If-Match", "in": "header", "required": .boolean(entry.method != .put),
                "description": "The ETag of the version that the caller saw",
                "schema": ["type": "string", "maxLength": 200],
            ])
        }
        if entry.method == .post, tag(entry.path) != "pages" {
            headers.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "The same key and body answer the first answer again for 24 hours",
                "schema": ["type": "string", "pattern": "^[!-~]{1,200}$"],
            ])
        }
        return headers
    }
}
