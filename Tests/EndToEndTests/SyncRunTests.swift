import Glibc
import HTTP
import JSON
import TestSupport
import Testing

@Suite struct `A synchronization of the whole platform` {
    private static let model = """
        {"code": "shop", "roles": ["clerk"], "classes": [{"code": "item", "webAccess": true, "columns": [
          {"code": "number", "type": "integer", "unique": true}, {"code": "name", "type": "text"}],
          "grants": [{"role": "clerk", "operations": ["read", "insert", "change", "delete",
            "import", "export"]}]}],
         "syncs": [{"code": "crm", "class": "item", "direction": "pull", "deletes": "detect",
           "source": {"kind": "sqlite", "path": "crm.db", "table": "items"},
           "key": {"number": "no"}, "columns": {"name": "name"}}]}
        """

    private func sqlite(_ path: String, _ sql: String) async throws {
        let (code, output) = try await ChildProcess.run("sqlite3", [path, sql])
        #expect(code == 0, "\(output)")
    }

    private func run(_ api: APIClient, _ number: Int64) async throws -> JSONValue {
        try await api.get("/api/runs/\(number)")
    }

    @Test func `is killed three times, goes on, and ends verified`() async throws {
        let train = Train(.together, model: nil)
        try await train.start()
        let admin = try await train.visitor.loggedIn("admin", Train.password)
        try await admin.expect(
            201, .put, "/api/models/shop",
            json: try JSONValue(
                parsing: Array(`A synchronization of the whole platform`.model.utf8)))
        let role = try await admin.expect(200, .get, "/api/roles/clerk")
        try await admin.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        try await sqlite(
            train.data + "/crm.db",
            """
            create table items (no integer primary key, name text);
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000)
            insert into items select i, 'item ' || i from n;
            """)
        let answer = try await admin.expect(202, .post, "/api/syncs/crm/runs")
        let number = try answer.json["run"]?.integer ?? 0
        for _ in 0..<3 {
            let before = try await run(admin, number)["counters"]?["read"]?.integer ?? 0
            try await train.waitFor("the run to come on") {
                let now = try await run(admin, number)
                let read = now["counters"]?["read"]?.integer ?? 0
                return read > before || now["ended"]?.isNull == false
            }
            try await train.kill("geartrain")
            try train.start("geartrain")
            for service in Train.services { try await train.ready(service) }
        }
        try await train.waitFor("the end of the run") {
            try await run(admin, number)["ended"]?.isNull == false
        }
        let end = try await run(admin, number)
        #expect(end["state"] == "succeeded" && end["verified"] == true, "\(end.text)")
        #expect(end["counters"]?["rejected"] == 0)
        let list = try await admin.get("/api/records/shop/item?limit=1&count=true")
        #expect(list["count"] == 40_000)
        let again = try await admin.expect(202, .post, "/api/syncs/shop.crm/runs")
        let second = try again.json["run"]?.integer ?? 0
        try await train.waitFor("the second run") {
            try await run(admin, second)["ended"]?.isNull == false
        }
        let same = try await run(admin, second)
        #expect(same["counters"]?["unchanged"] == 40_000, "\(same.text)")
        _ = try await train.stop()
    }
}
