import Contracts
import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Batch

/// Exports of views, and to other machines and mails.
@Suite struct ExportTargetTests {
    private static func model(_ exports: String...) -> JSONBytes {
        JSONBytes(
            Array(
                """
                {"code": "shop", "classes": [{"code": "price", "columns": [
                    {"code": "code", "type": "text", "unique": true},
                    {"code": "price", "type": "decimal"}, {"code": "note", "type": "text"}]}],
                 "exports": [\(exports.joined(separator: ","))]}
                """.utf8))
    }

    private static func bench(
        _ exports: String..., authorities: String? = nil
    ) async throws -> BatchBench {
        let networks = ["127.0.0.0/8"].compactMap { NetworkRange($0) }
        let bench = try await BatchBench(
            TemporaryFolder(),
            outgoing: OutgoingConfiguration(
                policy: OutgoingPolicy(opened: networks), authorities: authorities))
        let model = Self.model(exports.joined(separator: ","))
        _ = try await bench.actions.take(TakeModel(code: "shop", version: 2, document: model))
        let item = JSONObject([
            ("id", 1), ("code", "a"),
            ("price", JSONValue.number(JSONNumber(text: "1.5") ?? JSONNumber(0))), ("version", 3),
        ])
        bench.fake.state.withLock { $0.items = [item] }
        return bench
    }

    private static func start(_ bench: BatchBench, _ code: String) async throws -> Int64 {
        let call = StartExport(definition: FullCode(model: "shop", code: code))
        let answer = try await bench.actions.startExport(call, as: bench.context())
        return try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0
    }

    @Test(arguments: ["price", "shop.price", "shop_price"])
    func `a view is written with the columns of its API view`(_ name: String) async throws {
        let bench = try await Self.bench(
            #"{"code": "all", "view": "\#(name)", "filter": "id gt 0", "format": "csv"}"#)
        let run = try await bench.ended(try await Self.start(bench, "all"))
        let id = run["run"]?.integer ?? 0
        let file = try await bench.text(bench.actions.file(id, as: bench.context()))
        #expect(
            file == "id,version,created,creator,modified,modifier,code,price,note\r\n"
                + "1,3,,,,,a,1.5,\r\n", "\(run.text)")
        let listed = bench.fake.state.withLock(\.listed)
        #expect(listed?.view == true && listed?.export == true && listed?.filter == "id gt 0")
        try await bench.stop()
    }

    @Test func `a file goes into a bucket, with its done-file, by a secret`() async throws {
        let server = try await PythonFileServer(.s3)
        let url = "http://127.0.0.1:\(server.port)/out"
        let made = try await ChildProcess.run("curl", ["-s", "-X", "PUT", url])
        #expect(made.code == 0)
        let bench = try await Self.bench(
            """
            {"code": "far", "from": "price", "format": "csv", "columns": [{"column": "code"}],
             "target": {"kind": "s3", "url": "s3+\(url)/daily", "user": "AKIA",
                        "password": "secret:bucket", "file": "p-{run}.csv", "done": ".ok"}}
            """)
        bench.fake.state.withLock { $0.secrets["bucket"] = "hidden" }
        let run = try await bench.ended(try await Self.start(bench, "far"))
        #expect(run["state"] == "succeeded", "\(run.text)")
        let place = try Self.bucket(url + "/daily")
        let files = RemoteFiles(
            place, policy: OutgoingPolicy(opened: [NetworkRange("127.0.0.0/8")].compactMap(\.self)),
            clock: SystemClock())
        let name = "p-\(run["run"]?.integer ?? 0).csv"
        #expect(
            try await files.list() == [
                RemoteFile(name: name, size: 9), RemoteFile(name: name + ".ok", size: 0),
            ])
        #expect(!run.text.contains("hidden"))
        try await bench.stop()
    }

    private static func bucket(_ url: String) throws -> RemotePlace {
        var place = try RemotePlace("s3+" + url)
        (place.user, place.password) = ("AKIA", "secret")
        return place
    }

    @Test func `a machine that is away is waited for, and one that refuses ends the run`()
        async throws
    {
        let server = try await PythonFileServer(.ftps)
        let free = FreePort.take()
        func target(_ port: Int, _ password: String) -> String {
            """
            "target": {"kind": "ftps", "url": "ftpes://127.0.0.1:\(port)", "user": "anna",
                       "password": "\(password)", "file": "p.csv"}
            """
        }
        let bench = try await Self.bench(
            """
            {"code": "good", "from": "price", "format": "csv", "columns": [{"column": "code"}],
             \(target(server.port, "secret"))}
            """,
            """
            {"code": "shut", "from": "price", "format": "csv", "columns": [{"column": "code"}],
             \(target(server.port, "wrong"))}
            """,
            """
            {"code": "away", "from": "price", "format": "csv", "columns": [{"column": "code"}],
             \(target(free, "secret"))}
            """, authorities: server.certificate)
        let good = try await bench.ended(try await Self.start(bench, "good"))
        #expect(good["state"] == "succeeded", "\(good.text)")
        #expect(TestFile.names(in: server.files) == ["p.csv"])
        #expect(TestFile.text(server.files + "/p.csv") == "code\r\na\r\n")
        let shut = try await bench.ended(try await Self.start(bench, "shut"))
        #expect(shut["state"] == "failed" && shut["problem"]?["status"] == 422, "\(shut.text)")
        // What was written is there to be had.
        #expect(shut["file"] != .null && !shut.text.contains("wrong"))
        let away = try await Self.start(bench, "away")
        try await eventually("the problem of the target") {
            try await bench.run(away)["problem"]?["type"] == "/problems/target-away"
        }
        #expect(try await bench.run(away)["state"] == "running")
        _ = try await bench.actions.cancel(away, as: bench.context())
        try await bench.stop()
    }

    @Test func `a mail takes the file along, once`() async throws {
        let bench = try await Self.bench(
            """
            {"code": "post", "from": "price", "format": "json", "columns": [{"column": "code"}],
             "target": {"kind": "mail", "to": ["role:agent", "a@ok.test"], "bcc": ["b@ok.test"],
                        "subject": "Prices", "text": "Here they are.", "file": "p-{run}.json"}}
            """)
        let run = try await bench.ended(try await Self.start(bench, "post"))
        #expect(run["state"] == "succeeded", "\(run.text)")
        let id = run["run"]?.integer ?? 0
        let mail = bench.fake.state.withLock { $0.mails["export:\(id)"] }
        #expect(mail?.to == ["role:agent", "a@ok.test"] && mail?.bcc == ["b@ok.test"])
        #expect(mail?.subject == "Prices" && mail?.text == "Here they are.")
        #expect(mail?.attachments?.first?.run == id)
        #expect(mail?.attachments?.first?.name == "p-\(id).json")
        try await bench.stop()
    }

    @Test(arguments: [
        (#""target": "mail""#, "/exports/0/target not-allowed"),
        (#""target": {"kind": "pigeon"}"#, "/exports/0/target/kind not-allowed"),
        (#""target": {"kind": "mail"}"#, "/exports/0/target/to required"),
        (
            #""target": {"kind": "https", "url": "https://a.test/x", "file": "../x"}"#,
            "/exports/0/target/file invalid"
        ),
        (
            #""target": {"kind": "sftp", "url": "sftp://a.test/x", "file": "x"}"#,
            "/exports/0/target/hostKey required"
        ),
        (
            #""done": ".ok", "target": {"kind": "https", "url": "https://a.test", "file": "x"}"#,
            "/exports/0/done contradiction"
        ),
        (#""view": "price""#, "/exports/0/from contradiction"),
    ])
    func `a target that cannot be meant is refused`(_ target: String, _ fault: String) {
        let text =
            #"{"code": "x", "from": "price", "format": "csv", \#(target)}"#
        let document = (try? JSONValue(parsing: Self.model(text).bytes)) ?? .null
        let found = Models.read(document, model: "shop").0.map { "\($0.pointer) \($0.code)" }
        #expect(found == [fault])
    }
}
