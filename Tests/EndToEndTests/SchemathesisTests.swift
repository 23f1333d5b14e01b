import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

/// Schemathesis sends what the served description allows, and what it does not, as several callers:
/// no answer is a 5xx, and none is other than described.
@Suite(.serialized) struct `The API is as it is described` {
    private static let program = TestFile.repository + "/.build-schemathesis/bin/schemathesis"
    /// For each caller; `GEARTRAIN_TEST_SECONDS` looks longer.
    private static let seconds = number("GEARTRAIN_TEST_SECONDS") ?? 14
    /// The same inputs each time, unless `GEARTRAIN_TEST_SEED` looks for others: what one of
    /// millions of inputs finds shall not stop whoever changed something else.
    private static let seed = number("GEARTRAIN_TEST_SEED") ?? 1
    /// They end the session that the run stands on.
    private static let excluded = "^delete_.*sessions|logout"

    @Test func `no 5xx and no undocumented answer, as nobody, a stranger, an agent and admin`()
        async throws
    {
        try #require(
            Files.exists(Self.program), "run Scripts/setup test, which brings it")
        let train = Train(.together)
        try await train.start()
        let admin = try await train.admin()
        try await admin.post("/api/records/helpdesk/customer", ["name": "Mara"])
        try await admin.post("/api/records/helpdesk/ticket", ["subject": "Printer", "customer": 1])
        for (account, roles) in [("stranger", []), ("agent", ["agent"])] as [(String, [JSONValue])]
        {
            try await admin.expect(
                201, .put, "/api/accounts/\(account)",
                json: [
                    "name": .string(account), "password": .string(Train.password),
                    "roles": .array(roles),
                ])
        }
        try await run(train, "nobody", token: nil)
        for account in ["stranger", "agent"] {
            let session = try await train.visitor.loggedIn(account, Train.password)
            let token = try await session.post("/api/tokens", ["name": "schemathesis"])
            try await run(train, account, token: token["token"]?.string)
        }
        try await run(train, "admin", token: admin.token)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    private func run(_ train: Train, _ caller: String, token: String?) async throws {
        let seed = Self.seed
        var arguments = [
            "run", "http://127.0.0.1:\(train.visitor.port)/openapi.json", "--no-color", "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,"
                + "response_headers_conformance,response_schema_conformance",
            "--phases", "examples,coverage,fuzzing", "--max-time",
            "\(Self.seconds)", "--seed", "\(seed)", "--generation-database", "none",
            "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off",
        ]
        arguments += ["--exclude-operation-id-regex", Self.excluded]
        if let token { arguments += ["-H", "Authorization: Bearer \(token)"] }
        let output = "\(train.folder.path)/schemathesis-\(caller).txt"
        let child = try ChildProcess(
            Self.program, arguments, output: output, folder: train.folder.path)
        let code = try await child.waitForExit(within: .seconds(180))
        let text = TestFile.text(output) ?? ""
        let failures = Self.failures(in: text)
        #expect(code == 0, "\(caller), seed \(seed):\n\(failures.isEmpty ? text : failures)")
        #expect(text.contains("Test cases:"), "\(caller): \(text.suffix(2000))")
    }

    private static func number(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }
    }

    /// The operations at fault, with the beginning of what was wrong.
    private static func failures(in text: String) -> String {
        let parts = text.split(separator: "\n____").dropFirst()
        return parts.prefix(12).map { part in
            "\(part.drop { $0 == "_" }.prefix(900))\n"
        }.joined()
    }
}
