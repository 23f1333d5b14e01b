import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

/// Every page, by three kinds of people, in three languages, with a script and without, light and
/// dark: `Scripts/walk-pages` follows the links from the start page and looks at what it finds.
@Suite struct `The pages are walked` {
    private static let python = TestFile.repository + "/.build-playwright/bin/python"
    /// `GEARTRAIN_TEST_WALK=all` walks every combination.
    private static let isWhole = getenv("GEARTRAIN_TEST_WALK").map { String(cString: $0) } == "all"

    @Test func `no page lacks a name, a contrast or a place, and none is too wide or too large`()
        async throws
    {
        try #require(Files.exists(Self.python), "run Scripts/setup test, which brings it")
        let train = Train(.together)
        try await train.start()
        let admin = try await train.admin()
        try await fill(train, admin)
        let output = "\(train.folder.path)/walk.txt"
        let walk = try ChildProcess(
            Self.python,
            [
                TestFile.repository + "/Scripts/walk-pages",
                "http://127.0.0.1:\(train.visitor.port)", Train.password,
            ] + (Self.isWhole ? ["all"] : []),
            environment: ["HOME": train.folder.path], output: output, folder: train.folder.path)
        let code = try await walk.waitForExit(within: .seconds(Self.isWhole ? 900 : 300))
        let text = TestFile.text(output) ?? ""
        #expect(code == 0, "\(text.suffix(4000))")
        #expect(text.contains(", 0 faults"), "\(text.suffix(8000))")
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    /// People of three kinds, records, an organization, and mails of which one fails: there is
    /// something on every page.
    private func fill(_ train: Train, _ admin: APIClient) async throws {
        for role in ["agent", "customer"] {
            try await admin.expect(
                201, .put, "/api/accounts/\(role)",
                json: [
                    "name": .string("Person \(role)"), "password": .string(Train.password),
                    "roles": [.string(role)],
                ])
        }
        try await admin.expect(
            201, .put, "/api/org-structures/company",
            json: [
                "name": ["en": "Company"], "kind": "unit",
                "units": [
                    ["code": "all", "name": "Everybody", "members": ["agent"]],
                    ["code": "desk", "parent": "all", "name": "Desk", "members": ["customer"]],
                ],
            ])
        try await admin.post("/api/records/helpdesk/customer", ["name": "Mara"])
        for number in 1...60 {
            try await admin.post(
                "/api/records/helpdesk/ticket",
                ["subject": .string("Printer \(number)"), "customer": 1])
        }
        try TestFile.write(
            "From: <>\r\nSubject: To nobody\r\nMessage-ID: <n@x>\r\n\r\nNo sender.",
            to: "\(train.data)/mail/in/nobody.eml")
        try TestFile.write(
            """
            From: a@b.example\r
            Subject: HTML\r
            Message-ID: <h@x>\r
            Content-Type: text/html\r
            \r
            <p>Hello <img src="http://127.0.0.1:1/x"><script>alert(1)</script></p>
            """, to: "\(train.data)/mail/in/html.eml")
        try await eventually("an incident and a sent mail") {
            let incidents = try await admin.get("/api/incidents")["items"]?.array ?? []
            let mails = try await admin.get("/api/mail/messages?state=sent")["items"]?.array ?? []
            return !incidents.isEmpty && !mails.isEmpty
        }
    }
}
