import HTTP
import JSON

// What a route answers: its own answers, and the problems of every route of its kind.
extension OpenAPI {
    private static func needsAccount(_ entry: RouteTable.Entry) -> Bool {
        if case .anyone = entry.permission { false } else { true }
    }

    static func answers(_ entry: RouteTable.Entry) -> JSONObject {
        var answers = JSONObject()
        for answer in entry.operation.answers {
            // One status may be answered in several media types, an answer for each.
            let status = String(answer.status)
            var response =
                answers[status]?.object ?? JSONObject([("description", .string(answer.about))])
            switch answer.content {
            case .json(let name):
                response["content"] = ["application/json": ["schema": reference(name)]]
            case .media(let type):
                var content = response["content"]?.object ?? JSONObject()
                content[type] = .object(JSONObject())
                response["content"] = .object(content)
            case nil: break
            }
            answers[status] = .object(response)
        }
        let tag = tag(entry.path)
        let isPage = tag == "pages"
        if isPage, entry.method == .get, needsAccount(entry), answers["303"] == nil {
            answers["303"] = ["description": "To the log-in, where nobody is logged in"]
        }
        let kind = isPage ? "page" : tag == "call" ? "line" : "problem"
        for status in problems(entry) where answers[String(status)] == nil {
            answers[String(status)] = ["$ref": .string("#/components/responses/\(kind)\(status)")]
        }
        return answers
    }

    /// The statuses of a route's problems, in their order.
    static func problems(_ entry: RouteTable.Entry) -> [Int] {
        // Any request may be malformed, too much, too long, or meet a service that is away.
        var statuses: Set<Int> = [400, 408, 414, 429, 431, 500, 502, 503, 504]
        switch entry.permission {
        case .anyone: break
        case .account, .holder, .peer: statuses.formUnion([401, 403])
        }
        let isCall = tag(entry.path) == "call"
        let names = entry.operation.query.contains(where: \.namesDefinition)
        if entry.path.contains("{") || isCall || names { statuses.insert(404) }
        if !entry.body.isEmpty { statuses.insert(417) }
        if !entry.body.isEmpty || !entry.operation.query.isEmpty { statuses.insert(422) }
        // A body where none is taken is one of the wrong type.
        statuses.formUnion([413, 415])
        // Several models may have the code that a URL names.
        if entry.method != .get || isCall { statuses.formUnion([409, 507]) }
        // The forms of a page say which version they show.
        if entry.method == .post, tag(entry.path) == "pages" {
            statuses.formUnion([403, 412, 428])
        }
        if entry.operation.needsVersion { statuses.formUnion([412, 428]) }
        return statuses.union(entry.operation.problems).sorted()
    }

    /// `problem404` for programs, `page404` for pages, which show a problem as a page to whom asks
    /// for one, and `line404` for the URL calls of old systems.
    static var problemResponses: JSONObject {
        var responses = JSONObject()
        let nothing = JSONValue.object(JSONObject())
        for (status, kinds) in kindsByStatus {
            let codes = kinds.map { "`\($0.code)` \($0.title)" }.joined(separator: "; ")
            let types = kinds.map { JSONValue.string("/problems/\($0.code)") }
            let schema: JSONValue = [
                "allOf": [reference("Problem")],
                "properties": [
                    "type": ["enum": .array(types)],
                    "status": ["const": .number(JSONNumber(Int64(status)))],
                ],
            ]
            let json = ("application/problem+json", ["schema": schema] as JSONValue)
            responses["problem\(status)"] = [
                "description": .string(codes), "content": .object(JSONObject([json])),
            ]
            responses["page\(status)"] = [
                "description": .string(codes),
                "content": .object(JSONObject([("text/html", nothing), json])),
            ]
            responses["line\(status)"] = [
                "description": .string("`ERROR: …`, one line. \(codes)"),
                // What is no request at all is refused before anybody looks at its path.
                "content": .object(JSONObject([("text/plain", nothing), json])),
            ]
        }
        return responses
    }

    private static var kindsByStatus: [(Int, [ProblemKind])] {
        Dictionary(grouping: ProblemKind.all, by: \.status).sorted { $0.key < $1.key }
    }
}
