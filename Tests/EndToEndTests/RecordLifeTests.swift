import HTTP
import JSON
import TestSupport
import Testing

/// API.md §1 and §4 over the whole train: arrays, deleted records, versions, many at once, history.
@Suite struct `The life of records` {
    private static let model = """
        {"code": "shop", "name": "Shop", "roles": ["keeper"],
         "classes": [
          {"code": "article", "name": "Article", "webAccess": true, "describe": "{number}",
           "columns": [{"code": "number", "type": "text", "required": true, "unique": true},
                       {"code": "price", "type": "decimal", "scale": 2},
                       {"code": "state", "type": "choice", "choices": ["new", "old"],
                        "default": "new"}],
           "grants": [{"role": "keeper", "operations": ["read", "insert", "change", "delete",
                                                        "changeMany", "deleteMany"]}]}]}
        """
    private static let path = "/api/records/shop/article"

    private func start() async throws -> (Train, APIClient) {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        try await api.expect(
            201, .put, "/api/models/shop", json: JSONValue(parsing: Array(Self.model.utf8)))
        let role = try await api.expect(200, .get, "/api/roles/keeper")
        try await api.expect(
            200, .patch, "/api/roles/keeper", json: ["members": ["admin"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        return (train, api)
    }

    private func fill(_ api: APIClient, _ count: Int) async throws {
        let items = (1...count).map { number -> JSONValue in
            ["number": .string("a\(number)"), "price": .number(JSONNumber(Int64(number)))]
        }
        try await api.expect(200, .post, Self.path + "?atomic=true", json: .array(items))
    }

    @Test func `arrays answer per item, all or none with atomic, and upsert by a unique column`()
        async throws
    {
        let (train, api) = try await start()
        let mixed: JSONValue = [["number": "x"], ["number": "x"], ["price": 1]]
        let each = try await api.post(Self.path, mixed, status: 200)["results"]?.array ?? []
        #expect(each.map { $0["problem"] == nil } == [true, false, false])
        #expect(each[2]["problem"]?["errors"]?.array?.first?["pointer"] == "/number")
        let none = try await api.expectProblem(
            422, "validation-failed", .post, Self.path + "?atomic=true",
            json: [["number": "y"], ["price": 1]])
        #expect(none["errors"]?.array?.first?["pointer"] == "/1/number")
        let upsert = try await api.post(
            Self.path + "?upsert=number", [["number": "x", "price": 2], ["number": "z"]],
            status: 200)
        #expect(
            upsert["results"]?.array?.map { $0["operation"] } == ["change", "insert"])
        try await api.expectProblem(
            422, "validation-failed", .post, Self.path + "?upsert=price", json: [])
        #expect(try await api.get(Self.path + "?count=true")["count"] == 2)
        _ = try await train.stop()
    }

    @Test func `a deleted record is listed, read and restored, and earlier versions come back`()
        async throws
    {
        let (train, api) = try await start()
        try await fill(api, 2)
        let one = Self.path + "/1"
        try await api.expect(200, .patch, one, json: ["price": 9], headers: ["If-Match": "\"1\""])
        try await api.expect(204, .delete, one, headers: ["If-Match": "\"2\""])
        try await api.expectProblem(404, "not-found", .get, one)
        let listed = try await api.get(Self.path + "?deleted=only")["items"]?.array ?? []
        #expect(listed.count == 1 && listed.first?["deleted"]?["account"] == "admin")
        let read = try await api.expect(200, .get, one + "?deleted=include")
        #expect(read.headers["ETag"] == "\"3\"")
        try await api.expectProblem(
            400, "invalid-parameter", .get, Self.path + "?deleted=perhaps")
        try await api.expectProblem(
            428, "precondition-required", .post, one + "/restore", json: .object(JSONObject()))
        let back = try await api.expect(
            200, .post, one + "/restore", json: .object(JSONObject()),
            headers: ["If-Match": "\"3\""])
        #expect(back.headers["ETag"] == "\"4\"")
        #expect(try back.json["price"]?.text == "9.00")
        let first = try await api.expect(
            200, .post, one + "/restore", json: ["version": 1], headers: ["If-Match": "\"4\""])
        #expect(try first.json["price"]?.text == "1.00")
        try await api.expectProblem(
            412, "version-mismatch", .post, one + "/restore", json: ["version": 1],
            headers: ["If-Match": "\"4\""])
        let history = try await api.get(one + "/history?limit=3")
        #expect(
            history["items"]?.array?.map { $0["operation"] } == ["insert", "change", "delete"])
        let cursor = try #require(history["next"]?.string)
        let rest = try await api.get(one + "/history?limit=3&cursor=\(cursor)")
        #expect(rest["items"]?.array?.map { $0["operation"] } == ["restore", "change"])
        #expect(rest["next"] == .null)
        let newest = try await api.get(one + "/history?newest=true&limit=1")["items"]?.array
        #expect(newest?.first?["version"] == 5)
        _ = try await train.stop()
    }

    @Test func `many records change or go by a filter, if they are as many as expected`()
        async throws
    {
        let (train, api) = try await start()
        try await fill(api, 30)
        let filter = "?filter=" + "price le 10".queryEncoded
        let body: JSONValue = ["state": "old"]
        try await api.expectProblem(
            428, "precondition-required", .patch, Self.path + filter, json: body)
        try await api.expectProblem(
            400, "invalid-parameter", .patch, Self.path + "?expect=10", json: body)
        let wrong = try await api.expectProblem(
            412, "count-mismatch", .patch, Self.path + filter + "&expect=9", json: body)
        #expect(wrong["count"] == 10)
        let sent = try await api.expect(
            200, .patch, Self.path + filter + "&expect=10", json: body,
            headers: ["X-Request-Id": "many-1"])
        #expect(try sent.json == ["count": 10, "changed": 10])
        var roots: Set<String> = []
        for id in 1...10 {
            let items = try await api.get(Self.path + "/\(id)/history")["items"]?.array ?? []
            #expect(items.count == 2)
            roots.insert(items.last?["root"]?.string ?? "")
        }
        #expect(roots.count == 1 && roots.first?.contains("many-1") == true)
        let gone = try await api.expect(200, .delete, Self.path + filter + "&expect=10")
        #expect(try gone.json["changed"] == 10)
        #expect(try await api.get(Self.path + "?count=true")["count"] == 20)
        _ = try await train.stop()
    }

    @Test func `the history is verified over the API and by the program, with a head kept`()
        async throws
    {
        let (train, api) = try await start()
        try await fill(api, 3)
        var found = JSONValue.null
        try await train.waitFor("all entries to be sealed") {
            found = try await api.expect(
                200, .post, "/api/history/verify", json: .object(JSONObject())
            ).json
            return found["unsealed"] == 0
        }
        #expect(found["fault"] == nil)
        #expect(found["entries"]?.integer ?? 0 >= 3)
        let head = try #require(found["head"]?.string)
        try await api.expectProblem(
            422, "validation-failed", .post, "/api/history/verify", json: ["head": "nonsense"])
        let environment = ["GEARTRAIN_DATA": train.data]
        for program in ["records", "geartrain"] {
            let good = try await ChildProcess.run(
                ChildProcess.product(program), ["verify", "--head", head],
                environment: environment)
            #expect(good.code == 0, "\(good.output)")
        }
        let flipped = try await ChildProcess.run(
            "sqlite3",
            [train.data + "/records.db", "UPDATE change_log SET account = 'eve' WHERE seq = 2"])
        #expect(flipped.code == 0)
        let bad = try await ChildProcess.run(
            ChildProcess.product("records"), ["verify"], environment: environment)
        #expect(bad.code == 1 && bad.output.contains("entry-changed"), "\(bad.output)")
        let fault = try await api.expect(
            200, .post, "/api/history/verify", json: .object(JSONObject())
        ).json["fault"]
        #expect(fault?["code"] == "entry-changed" && fault?["entry"] == 2)
        let wrong = try await ChildProcess.run(
            ChildProcess.product("records"), ["verify", "--tail"], environment: environment)
        #expect(wrong.code == 2 && wrong.output.contains("--head"))
        _ = try await train.stop()
    }
}
