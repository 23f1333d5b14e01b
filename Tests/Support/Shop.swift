import HTTP
import JSON

/// A shop whose prices come in by files, and what tests do with it.
public struct Shop: Sendable {
    public let train: Train
    public let api: APIClient

    static let model = """
        {"code": "shop", "name": {"en": "Shop"}, "roles": ["agent"],
         "classes": [
          {"code": "maker", "name": {"en": "Maker"}, "describe": "{name}", "webAccess": true,
           "columns": [{"code": "name", "type": "text", "unique": true}],
           "grants": [{"role": "agent", "operations": ["read", "insert", "change", "delete"]}]},
          {"code": "price", "name": {"en": "Price"}, "describe": "{code}", "webAccess": true,
           "columns": [
            {"code": "region", "type": "text", "required": true},
            {"code": "code", "type": "text", "required": true},
            {"code": "price", "type": "decimal", "scale": 2, "min": 0},
            {"code": "active", "type": "boolean", "default": true},
            {"code": "origin", "type": "text"},
            {"code": "note", "type": "text"},
            {"code": "maker", "type": "reference", "class": "maker"}],
           "unique": [["region", "code"]],
           "grants": [{"role": "agent",
             "operations": ["read", "insert", "change", "delete", "import", "export"]}]}],
         "rules": [{"code": "mark", "class": "price", "on": "inserting",
                    "when": "=record.note == null", "do": [{"set": {"note": "by rule"}}]}],
         "scripts": [{"code": "told", "source":
           "gt.records.create('maker', {name: 'run ' + parameters.run.run});"}],
         "workflows": [{"code": "report", "start": "end",
                        "steps": [{"code": "end", "kind": "end"}]}],
         "imports": [\(imports)]}
        """

    private static let columns = """
        [{"from": "Region", "to": "region", "key": true},
         {"from": "Code", "to": "code", "key": true},
         {"from": "Price", "to": "price"}, {"from": "Maker", "to": "maker", "by": "name"},
         {"to": "origin", "default": "file"}, {"from": "Active", "to": "active", "default": true}]
        """

    private static let imports = [
        #""code": "prices", "mode": "upsert", "after": {"workflow": "report"}"#,
        #""code": "plain", "mode": "upsert", "rules": false, "after": {"script": "told"}"#,
        #""code": "known", "mode": "update""#,
        #""code": "whole", "mode": "upsert", "missing": {"do": "delete", "limit": 50}"#,
        #""code": "retired", "mode": "upsert", "missing": {"do": "set", "set": {"active": false}, "#
            + #""limit": 60, "within": "region eq 'eu'"}"#,
    ].map { #"{\#($0), "class": "price", "format": "csv", "columns": \#(columns)}"# }
        .joined(separator: ",\n")

    public init(_ train: Train) async throws {
        self.train = train
        api = try await train.admin()
        let answer = try await api.send(
            .put, "/api/models/shop", body: Array(Shop.model.utf8))
        guard answer.status < 300 else {
            throw APIClient.Unexpected(request: "PUT model", answer: answer)
        }
        try await api.post(
            "/api/records/shop/maker", [["name": "Acme"], ["name": "Bolt"]], status: 200)
    }

    /// Starts an import when its definition has arrived; answers the path of the run.
    public func start(_ definition: String, _ rows: String, plan: Bool = false) async throws
        -> String
    {
        let file = Array(("Region,Code,Price,Maker,Active\n" + rows).utf8)
        var answer: APIClient.Answer?
        try await train.waitFor("the import \(definition)") {
            answer = try await api.send(
                .post, "/api/imports/\(definition)/runs" + (plan ? "?plan=true" : ""), body: file,
                type: "text/csv")
            return answer?.status != 404
        }
        guard let answer, answer.status == 202 else {
            throw TicketLoop.Wrong("\(answer?.text ?? "")")
        }
        return "/api/runs/\(try answer.json["run"]?.integer ?? 0)"
    }

    /// The run when it has ended, or its plan is made.
    public func ended(_ path: String) async throws -> JSONValue {
        try await train.waitFor("the end of \(path)") {
            let run = try await api.get(path)
            let state = run["state"]?.string
            return state != "running" && (state != "planned" || run["plan"]?.object != nil)
        }
        return try await api.get(path)
    }

    public func run(_ definition: String, _ rows: String, plan: Bool = false) async throws
        -> JSONValue
    {
        try await ended(start(definition, rows, plan: plan))
    }

    /// Undoes a run; answers the run that did.
    public func undo(_ run: JSONValue) async throws -> JSONValue {
        let path = "/api/runs/\(run["run"]?.integer ?? 0)/undo"
        let answer = try await api.expect(202, .post, path).json
        return try await ended("/api/runs/\(answer["run"]?.integer ?? 0)")
    }

    /// All prices, by region and code, without what the platform keeps of them.
    public func prices() async throws -> [String: JSONObject] {
        var prices: [String: JSONObject] = [:]
        var cursor = ""
        while true {
            let page = try await api.get(
                "/api/records/shop/price?limit=1000" + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
            for item in page["items"]?.array ?? [] {
                var object = item.object ?? JSONObject()
                for key in ["version", "created", "creator", "modified", "modifier", "describe"] {
                    object[key] = nil
                }
                prices["\(item["region"]?.string ?? "")/\(item["code"]?.string ?? "")"] = object
            }
            guard let next = page["next"]?.string else { return prices }
            cursor = next
        }
    }
}

extension Shop {
    /// Somebody else changes a record.
    public func touch(_ record: Int64) async throws {
        let path = "/api/records/shop/price/\(record)"
        let version = try await api.get(path)["version"]?.integer ?? 0
        try await api.expect(
            200, .patch, path, json: ["note": .string("touched at \(version)")],
            headers: ["If-Match": "\"\(version)\""])
    }
}
