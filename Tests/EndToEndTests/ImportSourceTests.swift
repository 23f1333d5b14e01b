import HTTP
import JSON
import TestSupport
import Testing

/// Imports that take their files from a folder and from another machine, with every service real.
@Suite(.serialized) struct `Imports with a source` {
    private static func model(_ remote: String) -> String {
        """
        {"code": "shop", "name": "Shop", "roles": ["clerk"],
         "classes": [{"code": "price", "webAccess": true, "columns": [
            {"code": "code", "type": "text", "unique": true}, {"code": "price", "type": "integer"}],
          "grants": [{"role": "clerk", "operations": ["read", "insert", "change", "import"]}]}],
         "imports": [
          {"code": "prices", "class": "price", "format": "csv", "mode": "upsert",
           "columns": [{"from": "Code", "to": "code", "key": true}, {"from": "Price", "to": "price"}],
           "source": {"kind": "folder", "path": "FOLDER", "files": "prices-*.csv",
                      "archive": "done", "failed": "errors"}},
          {"code": "far", "class": "price", "format": "csv", "mode": "upsert",
           "columns": [{"from": "Code", "to": "code", "key": true}, {"from": "Price", "to": "price"}],
           "source": \(remote)}],
         "jobs": [{"code": "nightly", "schedule": "0 3 1 1 *", "steps": [{"import": "prices"}]}]}
        """
    }

    /// moto asks who it is, and believes it.
    private static let authorization =
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20261129/us-east-1/s3/aws4_request,"
        + "SignedHeaders=host,Signature=0"

    private let train = Train(
        .together, settings: ["OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8"])

    private func start(_ remote: String) async throws -> APIClient {
        let folder = train.data + "/exchange"
        TestFile.makeFolder(folder)
        try await train.start()
        let api = try await train.admin()
        let text = Self.model(remote).replacing("FOLDER", with: folder)
        _ = try await api.expect(
            201, .put, "/api/models/shop", json: JSONValue(parsing: Array(text.utf8)))
        let role = try await api.expect(200, .get, "/api/roles/clerk")
        _ = try await api.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin"]],
            headers: ["If-Match": role.headers["ETag"] ?? ""])
        return api
    }

    private func run(
        _ api: APIClient, _ code: String, key: String = TestRandom.seed().description
    ) async throws -> JSONValue {
        // The same wish twice is one run.
        var run = JSONValue.null
        for _ in 0..<2 {
            let started = try await api.post(
                "/api/imports/shop.\(code)/runs", ["source": true], status: 202,
                headers: ["Idempotency-Key": key])
            let number = started["run"]?.integer ?? 0
            try await train.waitFor("the run") {
                run = try await api.get("/api/runs/\(number)")
                return run["state"] == "succeeded" || run["state"] == "failed"
            }
        }
        return run
    }

    private func prices(_ api: APIClient) async throws -> [String: Int64] {
        let items = try await api.get("/api/records/shop/price")["items"]?.array ?? []
        return Dictionary(
            items.map { ($0["code"]?.string ?? "", $0["price"]?.integer ?? -1) },
            uniquingKeysWith: { $1 })
    }

    @Test func `files of a folder and of a bucket are taken once and put away`() async throws {
        let server = try await PythonFileServer(.s3)
        let url = "http://127.0.0.1:\(server.port)/prices"
        for arguments in [
            ["-s", "-X", "PUT", url],
            [
                "-s", "-X", "PUT", "-H", "Content-Type: text/csv", "--data-binary",
                "Code,Price\nfar,7\n", url + "/in/x.csv",
            ],
        ] {
            let made = try await ChildProcess.run("curl", arguments)
            #expect(made.code == 0)
        }
        let api = try await start(
            """
            {"kind": "s3", "url": "s3+\(url)/in", "user": "AKIA", "password": "secret",
             "files": "*.csv", "archive": "done"}
            """)
        let folder = train.data + "/exchange"
        // Nothing there is no failure.
        let none = try await run(api, "prices")
        #expect(none["state"] == "succeeded" && none["counters"]?["read"] == 0)
        try TestFile.write("Code,Price\na,1\n", to: folder + "/prices-1.csv")
        try TestFile.write("Code,Price\nb,2\n", to: folder + "/prices-2.csv")
        try TestFile.write("Code,Price\nc,3\n", to: folder + "/other.csv")
        try TestFile.write("Code,Pri", to: folder + "/prices-3.csv.part")
        let two = try await run(api, "prices")
        #expect(two["state"] == "succeeded" && two["runs"]?.array?.count == 2)
        #expect(two["counters"]?["inserted"] == 2 && two["file"] == .null)
        #expect(try await prices(api) == ["a": 1, "b": 2])
        try await train.waitFor("the files to be put away") {
            TestFile.names(in: folder + "/done") == ["prices-1.csv", "prices-2.csv"]
        }
        // The same file again is no new one; another of the same name is.
        try TestFile.write("Code,Price\na,1\n", to: folder + "/prices-1.csv")
        let again = try await run(api, "prices")
        #expect(again["counters"]?["read"] == 0)
        // Of the same name and size, and other bytes.
        try TestFile.write("Code,Price\na,5\n", to: folder + "/prices-1.csv")
        let same = try await run(api, "prices")
        #expect(same["counters"]?["updated"] == 1)
        try await train.waitFor("the file to be put away") {
            !TestFile.names(in: folder).contains("prices-1.csv")
        }
        try TestFile.write("Code,Price\na,9\nd,4\n", to: folder + "/prices-1.csv")
        try await api.expect(202, .post, "/api/jobs/shop.nightly/run")
        try await train.waitFor("the job's import") {
            let runs = try await api.get("/api/jobs/shop.nightly/runs")["items"]?.array ?? []
            if let failed = runs.first(where: { $0["state"] == "failed" }) {
                Issue.record("the job failed: \(failed.text)")
                return true
            }
            return try await prices(api) == ["a": 9, "b": 2, "d": 4]
        }
        let far = try await run(api, "far")
        #expect(far["state"] == "succeeded")
        #expect(try await prices(api)["far"] == 7)
        try await train.waitFor("the bucket's file to be put away") {
            let answer = try await ChildProcess.run(
                "curl", ["-s", "-H", Self.authorization, url + "/in/done/x.csv"])
            return answer.output.contains("far,7")
        }
        let codes = try await train.stop()
        #expect(codes.allSatisfy { $0 == 0 })
    }

    @Test func `what is not allowed is not read`() async throws {
        let api = try await start(
            #"{"kind": "folder", "path": "/etc", "files": "passwd"}"#)
        let refused = try await run(api, "far")
        #expect(refused["state"] == "failed")
        #expect(refused["problem"]?["type"] == "/problems/source-unreadable")
        #expect(
            refused["problem"]?["detail"]?.string?.contains("no folder that is allowed") == true)
        for source in [
            #"{"kind": "folder", "path": "in", "files": "*"}"#,
            #"{"kind": "folder", "path": "/a/../etc", "files": "*"}"#,
            #"{"kind": "sftp", "url": "sftp://host/x", "files": "*"}"#,
            #"{"kind": "https", "url": "https://host/x", "files": "*"}"#,
            #"{"kind": "s3", "url": "sftp://host/x", "files": "*"}"#,
            #"{"kind": "folder", "path": "/x", "files": "*", "archive": "a/b"}"#, #""file:///x""#,
        ] {
            let text = Self.model(source).replacing("FOLDER", with: "/x")
            _ = try await api.expectProblem(
                422, "validation-failed", .put, "/api/models/shop",
                json: JSONValue(parsing: Array(text.utf8)))
        }
        let codes = try await train.stop()
        #expect(codes.allSatisfy { $0 == 0 })
    }
}
