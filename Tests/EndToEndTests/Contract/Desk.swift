import HTTP
import JSON
import TestSupport
import Testing

/// A running platform with a small shop, for tests that hold it to the lines of its contract: anna
/// does everything in the shop, victor reads numbers and states of articles, sam has no role.
struct Desk {
    static let articles = "/api/records/shop/article"
    static let makers = "/api/records/shop/maker"

    private let folder = TemporaryFolder()
    let train: Train
    let admin: APIClient
    let anna: APIClient
    let victor: APIClient
    let sam: APIClient

    init() async throws {
        // Without a model of its own a train begins with the sample.
        try TestFile.write(
            #"{"code": "empty", "name": "Empty"}"#, to: folder.path + "/empty.json")
        train = Train(.together, model: folder.path + "/empty.json")
        try await train.start(isCounted: false)
        admin = try await train.visitor.loggedIn("admin", Train.password)
        try await admin.expect(
            201, .put, "/api/models/shop", json: JSONValue(parsing: Array(shop.utf8)))
        for (account, roles) in [("anna", ["clerk"]), ("victor", ["viewer"]), ("sam", [])]
            as [(String, [JSONValue])]
        {
            try await admin.expect(
                201, .put, "/api/accounts/\(account)",
                json: [
                    "name": .string(account), "email": .string("\(account)@example.com"),
                    "password": .string(Train.password), "roles": .array(roles),
                ])
        }
        anna = try await train.visitor.loggedIn("anna", Train.password)
        victor = try await train.visitor.loggedIn("victor", Train.password)
        sam = try await train.visitor.loggedIn("sam", Train.password)
    }

    /// A new article of anna's; its number is made of `name`.
    func article(_ name: String, _ members: String = "") async throws -> Int64 {
        let body = "{\"number\": \"\(name)\"\(members.isEmpty ? "" : ", ")\(members)}"
        let made = try await anna.post(
            Desk.articles, try JSONValue(parsing: Array(body.utf8)))
        return try #require(made["id"]?.integer)
    }

    /// The numbers of a list, in its order.
    func numbers(_ query: String, as client: APIClient? = nil) async throws -> [String] {
        let page = try await (client ?? anna).get("\(Desk.articles)?\(query)")
        return (page["items"]?.array ?? []).compactMap { $0["number"]?.string }
    }

    /// Runs a statement by the `sqlite3` program on the database of Records.
    func sqlite(_ sql: String) async throws -> String {
        let child = try await ChildProcess.run(
            "sqlite3", ["-cmd", ".timeout 5000", train.data + "/records.db", sql])
        #expect(child.code == 0, "\(child.output)")
        return child.output
    }
}

/// One desk for all tests of a suite.
struct SharedDesk: SuiteTrait, TestScoping {
    @TaskLocal private static var shared: Desk?

    /// Of the suite that runs.
    static var desk: Desk {
        get throws { try #require(shared) }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let desk = try await Desk()
        try await SharedDesk.$shared.withValue(desk) { try await function() }
        _ = try await desk.train.stop()
    }
}

extension Trait where Self == SharedDesk {
    static var desk: SharedDesk { SharedDesk() }
}

private let shop = """
    {"code": "shop", "name": {"en": "Shop", "de": "Laden"}, "roles": ["clerk", "viewer"],
     "classes": [
      {"code": "article", "name": "Article", "webAccess": true, "describe": "{number} ({maker})",
       "columns": [
        {"code": "number", "type": "text", "required": true, "unique": true, "max": 20},
        {"code": "price", "type": "decimal", "scale": 2, "min": 0},
        {"code": "state", "type": "choice", "choices": ["new", "old"], "default": "new"},
        {"code": "count", "type": "integer"}, {"code": "sold", "type": "boolean"},
        {"code": "due", "type": "datetime"}, {"code": "day", "type": "date"},
        {"code": "maker", "type": "reference", "class": "maker"},
        {"code": "tags", "type": "text", "many": true}, {"code": "data", "type": "json"},
        {"code": "papers", "type": "file", "many": true}],
       "prefill": ["number"],
       "grants": [
        {"role": "clerk", "operations": ["read", "insert", "change", "delete"]},
        {"role": "viewer", "operations": ["read"], "columns": ["number", "state"]}]},
      {"code": "maker", "name": "Maker", "webAccess": true, "describe": "{name}",
       "columns": [{"code": "name", "type": "text"}],
       "grants": [{"role": "clerk", "operations": ["read", "insert", "change", "delete"]}]}],
     "queries": [
      {"code": "stock", "sql": "select number, price from shop_article where state = :state",
       "parameters": [{"code": "state", "type": "text"}], "grants": [{"role": "clerk"}]}]}
    """
