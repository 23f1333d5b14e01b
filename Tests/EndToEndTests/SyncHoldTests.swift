import HTTP
import JSON
import TestSupport
import Testing

/// Nothing of a synchronization leaves an instance that is switched off, or a restored one that
/// nobody has released; what was asked for meanwhile is done then.
@Suite struct `A synchronization that is held` {
    private static func model(_ path: String) -> String {
        """
        {"code": "shop", "roles": ["clerk"], "classes": [{"code": "item", "webAccess": true,
          "columns": [{"code": "number", "type": "integer", "unique": true},
            {"code": "name", "type": "text"}], "grants": [{"role": "clerk",
            "operations": ["read", "insert", "change", "delete", "import", "export"]}]}],
         "syncs": [{"code": "out", "class": "item", "direction": "push", "key": {"number": "no"},
           "source": {"kind": "sqlite", "path": "\(path)", "table": "items"},
           "columns": {"name": "name"}}]}
        """
    }

    private func geartrain(_ arguments: [String], data: String) async throws {
        let (code, output) = try await ChildProcess.run(
            ChildProcess.product("geartrain"), arguments,
            environment: ["GEARTRAIN_DATA": data, "SWIFT_BACKTRACE": "enable=no"],
            within: .seconds(120))
        #expect(code == 0, "\(output)")
    }

    private func sqlite(_ path: String, _ sql: String) async throws -> String {
        try await ChildProcess.run("sqlite3", [path, sql]).output
    }

    /// Looked at often enough that a worker would have taken it.
    private func stands(_ admin: APIClient, _ run: Int64, _ path: String) async throws {
        for _ in 0..<30 {
            let state = try await admin.get("/api/runs/\(run)")["state"]
            #expect(state == "planned")
        }
        #expect(try await sqlite(path, "select count(*) from items") == "0\n")
    }

    @Test func `waits while integrations are off, and until a restored instance is released`()
        async throws
    {
        let outside = TemporaryFolder()
        let path = outside.path + "/crm.db"
        _ = try await sqlite(path, "create table items (no integer primary key, name text)")
        let off = Train(
            .together, settings: ["INTEGRATIONS": "off", "BATCH_FOLDERS": outside.path],
            model: nil)
        try await off.start()
        let admin = try await off.visitor.loggedIn("admin", Train.password)
        try await admin.expect(
            201, .put, "/api/models/shop",
            json: try JSONValue(
                parsing: Array(`A synchronization that is held`.model(path).utf8)))
        let role = try await admin.expect(200, .get, "/api/roles/clerk")
        try await admin.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        try await admin.post("/api/records/shop/item", ["number": 1, "name": "one"])
        let made = try await admin.expect(202, .post, "/api/syncs/out/runs")
        let run = try made.json["run"]?.integer ?? 0
        try await stands(admin, run, path)
        #expect(try await off.stop().allSatisfy { $0 == 0 })

        let backup = outside.path + "/backup"
        try await geartrain(["backup", backup], data: off.data)
        let copy = Train(.together, settings: ["BATCH_FOLDERS": outside.path], model: nil)
        try await geartrain(["restore", backup], data: copy.data)
        try await copy.start(isCounted: false)
        let again = try await copy.visitor.loggedIn("admin", Train.password)
        try await stands(again, run, path)
        let second = try await again.expect(202, .post, "/api/syncs/out/runs")
        try await stands(again, try second.json["run"]?.integer ?? 0, path)
        #expect(try await copy.stop().allSatisfy { $0 == 0 })

        try await geartrain(["release"], data: copy.data)
        try copy.start("geartrain")
        try await copy.ready("gateway")
        let released = try await copy.visitor.loggedIn("admin", Train.password)
        try await copy.waitFor("the run that was held") {
            try await released.get("/api/runs/\(run)")["ended"]?.isNull == false
        }
        let end = try await released.get("/api/runs/\(run)")
        #expect(end["verified"] == true, "\(end.text)")
        #expect(try await sqlite(path, "select no, name from items") == "1|one\n")
        #expect(try await copy.stop().allSatisfy { $0 == 0 })
    }
}
