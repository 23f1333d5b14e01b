import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

/// Jobs over the gateway, with every service real.
@Suite(.serialized) struct `Jobs by hand and by dates` {
    private static let model = """
        {"code": "shop", "name": "Shop", "roles": ["seller"],
         "classes": [
          {"code": "bill", "webAccess": true, "columns": [
            {"code": "number", "type": "text", "required": true},
            {"code": "due", "type": "datetime"}, {"code": "day", "type": "date"},
            {"code": "status", "type": "choice", "choices": ["open", "late", "paid"],
             "default": "open"}],
           "grants": [
            {"role": "seller", "operations": ["read", "insert", "change", "export"]}]}],
         "exports": [
          {"code": "bills", "from": "bill", "columns": [{"column": "number", "as": "Number"}],
           "format": "csv", "target": "download"}],
         "jobs": [
          {"code": "nightly", "schedule": "0 3 * * mon-fri", "zone": "Europe/Prague",
           "steps": [{"export": "bills"}]},
          {"code": "late", "steps": [{"set": {"status": "late"}}],
           "when": {"class": "bill", "column": "due", "filter": "status eq 'open'"}},
          {"code": "days", "steps": [{"set": {"status": "late"}}],
           "when": {"class": "bill", "column": "day", "offset": "1d", "at": "00:00",
                    "zone": "Pacific/Apia", "filter": "status eq 'open'"}}]}
        """

    @Test func `a run waits for its export, and records change when they are due`() async throws {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let document = try JSONValue(parsing: Array(Self.model.utf8))
        // First without jobs, so that the bills are there when these look for the first time.
        var early = document.object ?? JSONObject()
        early["jobs"] = []
        try await api.expect(201, .put, "/api/models/shop", json: .object(early))
        let tag = try await api.expect(200, .get, "/api/roles/seller").headers["ETag"] ?? ""
        try await api.expect(
            200, .patch, "/api/roles/seller", json: ["members": ["admin"]],
            headers: ["If-Match": tag])
        let now = SystemClock().now()
        let yesterday = CalendarDate(now.advanced(by: .seconds(-86_400))).text
        let bills: [JSONValue] = [
            ["number": "1", "due": .string(now.advanced(by: .seconds(-3600)).text)],
            ["number": "2", "due": .string(now.advanced(by: .seconds(3600)).text)],
            ["number": "3", "due": .string(now.text), "status": "paid"],
            ["number": "4", "day": .string(yesterday)],
            ["number": "5", "day": .string(CalendarDate(now).text), "status": "paid"],
        ]
        for bill in bills { _ = try await api.post("/api/records/shop/bill", bill) }
        let model = try await api.expect(200, .get, "/api/models/shop").headers["ETag"] ?? ""
        try await api.expect(
            200, .put, "/api/models/shop", json: document, headers: ["If-Match": model])
        try await eventually("the bills are late") {
            let list = try await api.get("/api/records/shop/bill?orderby=id")
            return list["items"]?.array?.map { $0["status"]?.string }
                == ["late", "open", "paid", "late", "paid"]
        }
        let history = try await api.get("/api/records/shop/bill/1/history")
        let change = history["items"]?.array?.last
        #expect(change?["account"] == "job:late")
        #expect(change?["door"] == "job")

        let jobs = try await api.get("/api/jobs")["items"]?.array ?? []
        #expect(jobs.map { $0["job"] } == ["shop.days", "shop.late", "shop.nightly"])
        #expect(jobs[2]["next"]?.string?.hasSuffix(":00:00.000Z") == true)
        let started = try await api.expect(
            202, .post, "/api/jobs/nightly/run", headers: ["Idempotency-Key": "once"])
        let run = try started.json["run"]?.integer ?? 0
        let again = try await api.expect(
            202, .post, "/api/jobs/nightly/run", headers: ["Idempotency-Key": "once"])
        #expect(try again.json["run"]?.integer == run)
        try await eventually("the end of the run") {
            let view = try await api.get("/api/jobs/shop.nightly/runs/\(run)")
            if view["state"] == "failed" { throw Unexpected(run: view) }
            return view["state"] == "succeeded"
        }
        let view = try await api.get("/api/jobs/nightly/runs/\(run)")
        let output = view["steps"]?.array?.first?["output"]
        #expect(output?["kind"] == "export")
        #expect(output?["state"] == "succeeded")
        #expect(view["account"] == "admin")
        let file = try await api.expect(
            200, .get, "/api/runs/\(output?["run"]?.integer ?? 0)/file")
        #expect(file.text.contains("Number"))
        try await api.expectProblem(
            409, "conflict", .post, "/api/jobs/nightly/runs/\(run)/cancel")
        try await api.expectProblem(404, "not-found", .get, "/api/jobs/nightly/runs/99")
        #expect(try await api.get("/api/jobs/late/runs?limit=1")["items"]?.array?.count == 1)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    @Test func `a model with a schedule that never comes, or a zone that is none, is refused`()
        async throws
    {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let document = try JSONValue(parsing: Array(Self.model.utf8))
        let cases: [(String, JSONValue, String)] = [
            ("schedule", "0 0 30 2 *", "invalid-schedule"), ("zone", "Mars/Phobos", "unknown-zone"),
            ("zone", "../../../etc/passwd", "unknown-zone"),
        ]
        for (member, value, code) in cases {
            var wrong = document.object ?? JSONObject()
            var job = document["jobs"]?.array?.first?.object ?? JSONObject()
            job[member] = value
            wrong["jobs"] = [.object(job)]
            let problem = try await api.expectProblem(
                422, "validation-failed", .put, "/api/models/shop", json: .object(wrong))
            let fault = problem["errors"]?.array?.first
            #expect(fault?["pointer"] == .string("/jobs/0/\(member)"))
            #expect(fault?["code"] == .string(code))
        }
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    private struct Unexpected: Error { let run: JSONValue }
}
