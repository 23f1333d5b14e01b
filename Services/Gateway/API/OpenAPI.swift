import HTTP
import JSON

/// The OpenAPI 3.1 document, made from the table of routes.
enum OpenAPI {
    static func document(of entries: [RouteTable.Entry]) -> JSONValue {
        var paths = JSONObject()
        for entry in entries {
            let path = template(entry.path)
            var item = paths[path]?.object ?? JSONObject()
            item[entry.method.rawValue.lowercased()] = operation(entry)
            paths[path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Geartrain",
                "version": "1",
                "description": "Records, mail and workflow behind one door.",
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(JSONObject(schemas)),
                "securitySchemes": [
                    "bearer": ["type": "http", "scheme": "bearer"],
                    "basic": ["type": "http", "scheme": "basic"],
                    "cookie": ["type": "apiKey", "in": "cookie", "name": "geartrain"],
                ],
                "responses": [
                    "problem": [
                        "description": "What went wrong; the type is a page that explains it",
                        "content": [
                            "application/problem+json": ["schema": reference("Problem")]
                        ],
                    ]
                ],
            ],
        ]
    }

    static func reference(_ schema: String) -> JSONValue {
        ["$ref": .string("#/components/schemas/\(schema)")]
    }

    /// `{id:integer}` → `{id}`.
    static func template(_ path: String) -> String {
        var result = ""
        var isType = false
        for character in path {
            if character == ":" { isType = true }
            if character == "}" { isType = false }
            if !isType { result.append(character) }
        }
        return result
    }

    private static func operation(_ entry: RouteTable.Entry) -> JSONValue {
        var operation = JSONObject([
            ("operationId", .string(identifier(entry))),
            ("summary", .string(entry.operation.summary)),
            ("tags", [.string(tag(entry.path))]),
            ("security", security(entry.permission)),
        ])
        let parameters = parameters(entry)
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if !entry.body.isEmpty { operation["requestBody"] = body(entry) }
        if case .holder(let name) = entry.permission {
            operation["description"] = .string("Needs the permission `\(name)`.")
        }
        operation["responses"] = answers(entry)
        return .object(operation)
    }

    private static func identifier(_ entry: RouteTable.Entry) -> String {
        let parts = template(entry.path).split { "/{}.-".contains($0) }
        return ([entry.method.rawValue.lowercased()] + parts.map(String.init))
            .joined(separator: "_")
    }

    private static func tag(_ path: String) -> String {
        let parts = path.split(separator: "/")
        guard let first = parts.first else { return "pages" }
        if first == "api" { return parts.count > 1 ? String(parts[1]) : "api" }
        return ["livez", "readyz", "metrics", "openapi.json"].contains(first) ? "platform" : "pages"
    }

    private static func security(_ permission: Permission) -> JSONValue {
        if case .anyone = permission { return [] }
        return [["bearer": []], ["basic": []], ["cookie": []]]
    }

    private static func parameters(_ entry: RouteTable.Entry) -> [JSONValue] {
        var parameters: [JSONValue] = []
        for segment in entry.path.split(separator: "/") where segment.hasPrefix("{") {
            let parts = segment.dropFirst().dropLast().split(separator: ":")
            let isNumber = parts.count > 1
            parameters.append([
                "name": .string(String(parts[0])), "in": "path", "required": true,
                "schema": isNumber ? ["type": "integer", "minimum": 0] : ["type": "string"],
            ])
        }
        for parameter in entry.operation.query {
            parameters.append([
                "name": .string(parameter.name), "in": "query",
                "required": .boolean(parameter.required),
                "description": .string(parameter.about),
                "schema": ["type": .string(parameter.type)],
            ])
        }
        if entry.operation.needsVersion {
            parameters.append([
                "name": "If-Match", "in": "header",
                "required": .boolean(entry.method != .put),
                "description": "The ETag of the version that the caller saw",
                "schema": ["type": "string"],
            ])
        }
        // What the gateway makes itself is a secret, which is not kept to be answered again.
        let isOwn = entry.path == "/api/sessions" || entry.path == "/api/tokens"
        if entry.method == .post, entry.path.hasPrefix("/api/"), !isOwn {
            parameters.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "The same key answers the first answer again, for 24 hours",
                "schema": ["type": "string", "maxLength": 200],
            ])
        }
        return parameters
    }

    private static func body(_ entry: RouteTable.Entry) -> JSONValue {
        let schema: JSONValue
        if case .json(let name) = entry.operation.body {
            schema = ["schema": reference(name)]
        } else {
            schema = JSONValue.object(JSONObject())
        }
        return [
            "required": true,
            "content": .object(JSONObject(entry.body.map { ($0, schema) })),
        ]
    }

    private static func answers(_ entry: RouteTable.Entry) -> JSONValue {
        var answers = JSONObject()
        for answer in entry.operation.answers {
            var response = JSONObject([("description", .string(answer.about))])
            switch answer.content {
            case .json(let name):
                response["content"] = ["application/json": ["schema": reference(name)]]
            case .media(let type):
                response["content"] = .object(
                    JSONObject([(type, .object(JSONObject()))]))
            case nil: break
            }
            answers[String(answer.status)] = .object(response)
        }
        answers["default"] = ["$ref": "#/components/responses/problem"]
        return .object(answers)
    }
}
