import HTTP
import JSON
import TestSupport
import Testing

/// API.md §9, line by line.
@Suite(.serialized) struct `Contract 9, services` {
    @Test func `each service tells its health and metrics on its own port`() async throws {
        let train = Train(.together)
        try await train.start()
        for service in Train.services {
            let client = APIClient(port: train.ports[service] ?? 0)
            for path in ["/livez", "/readyz"] {
                #expect(try await client.send(.get, path).status == 200, "\(service)\(path)")
            }
            let metrics = try await client.expect(200, .get, "/metrics")
            #expect(metrics.text.contains("# TYPE "), "\(service)")
            // Calls between services are signed, and are nowhere through the gateway.
            let call = try await client.send(
                .post, "/rpc/\(service == "gateway" ? "records" : service)/models",
                body: [123, 125])
            #expect([401, 403, 404].contains(call.status), "\(service): \(call)")
            let outside = try await train.visitor.send(
                .post, "/rpc/\(service)/models", body: [123, 125])
            #expect(outside.status == 404)
        }
        _ = try await train.stop()
    }

    @Test func `help lists every setting, and secrets are read from files too`() async throws {
        for program in Train.services + ["geartrain"] {
            let help = try await ChildProcess.run(ChildProcess.product(program), ["--help"])
            #expect(help.code == 0 && help.output.contains("RPC_KEY"), "\(program)")
            #expect(help.output.contains("_FILE"), "\(program)")
        }
        let folder = TemporaryFolder()
        let path = folder.path + "/password"
        try TestFile.write("the password of a file\n", to: path)
        let train = Train(
            .together,
            settings: ["GATEWAY_ADMIN_PASSWORD": "", "GATEWAY_ADMIN_PASSWORD_FILE": path])
        try await train.start()
        let admin = try await train.visitor.loggedIn("admin", "the password of a file")
        #expect(try await admin.get("/api/me")["account"] == "admin")
        _ = try await train.stop()
    }

    @Test func `the sample is applied at first start, and the environment is on every page`()
        async throws
    {
        let train = Train(.together, settings: ["ENVIRONMENT": "acceptance"])
        try await train.start()
        let admin = try await train.admin()
        #expect(try await admin.get("/api/models/helpdesk")["code"] == "helpdesk")
        for path in ["/login", "/problems", "/docs"] {
            let page = try await train.visitor.send(.get, path)
            #expect(page.text.contains("acceptance"), "\(path)")
        }
        _ = try await train.stop()
    }

    @Test func `INTEGRATIONS off holds mails and lets mailboxes, imports and exports stand still`()
        async throws
    {
        let train = Train(.together, settings: ["INTEGRATIONS": "off"])
        try await train.start()
        let admin = try await train.admin()
        let mail = try await admin.post(
            "/api/mail/messages",
            ["to": ["x@example.com"], "subject": "S", "text": "T"], status: 202)
        let id = try #require(mail["id"]?.integer)
        try await train.waitFor("the mail to be held") {
            try await admin.get("/api/mail/messages/\(id)")["state"] == "held"
        }
        let read = try await admin.send(.post, "/api/mailboxes/support/read")
        #expect(read.status == 409, "\(read)")
        let made = try await admin.send(.post, "/api/exports/open_tickets/runs")
        #expect(made.status == 202, "\(made)")
        let run = try made.json["run"]?.integer ?? 0
        #expect(try await admin.get("/api/runs/\(run)")["state"] == "planned")
        _ = try await train.stop()
    }
}
