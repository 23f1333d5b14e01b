import HTTP
import JSON
import TestSupport
import Testing

/// Two copies of a service share what is to be done over one PostgreSQL.
@Suite struct `Copies of services` {
    private func settings() async throws -> [String: String] {
        let url = try await TestServer.shared.url()
        let name = TemporaryFolder().path.filter { $0.isLetter || $0.isNumber }
        let pairs = Train.services.map { service in
            (
                "\(service.uppercased())_DATABASE",
                "\(url)?sslmode=disable&schema=\(name)\(service)"
            )
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func `each ticket is handled once though copies are killed, and any gateway answers`()
        async throws
    {
        let train = Train(.apart, settings: try await settings())
        try await train.start()
        let api = try await train.admin()
        var ports: [String: Int] = [:]
        for service in ["records", "mail", "workflow", "gateway"] {
            let port = try train.startCopy(of: service, name: service + "-2")
            ports[service] = port
            try await eventually("the second \(service) is ready") {
                await APIClient(port: port).isReady()
            }
        }
        let loops = (1...12).map { TicketLoop(train, api, FolderMail(train), name: "copy-\($0)") }
        for loop in loops { try loop.deliver() }
        try await train.kill("workflow-2")
        try await train.kill("mail")
        try train.start("mail")
        try await train.kill("records-2")
        _ = try train.startCopy(of: "records", name: "records-2")
        ports["workflow"] = try train.startCopy(of: "workflow", name: "workflow-2")
        var other = APIClient(port: ports["gateway"] ?? 0)
        other.token = api.token
        for (number, loop) in loops.enumerated() {
            let id = try await loop.ticket()
            let link = try await loop.link()
            if number == 4 { try await train.kill("mail-2") }
            if number == 6 {
                try await train.kill("workflow")
                try train.start("workflow")
                try await train.ready("workflow")
            }
            #expect(try await loop.press(link).status == 303)
            try await loop.closed(id)
            #expect(loop.asked.count == 1 && loop.told.count == 1)
            // The session of one gateway is one of the other, and what it shows is the same.
            let path = "/api/records/helpdesk/ticket/\(id)"
            #expect(try await other.get(path) == api.get(path))
        }
        #expect(try await api.get("/api/incidents")["items"]?.array?.isEmpty == true)

        // What one gateway takes back, the other refuses at once.
        try await api.expect(204, .delete, "/api/sessions/current")
        try await eventually("the other has heard of it", within: .seconds(30)) {
            try await other.send(.get, "/api/me").status == 401
        }
        for name in ["workflow-2", "gateway-2"] { #expect(try await train.stop(name) == 0) }
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    @Test func `two gateways that start first at the same moment are one`() async throws {
        let train = Train(.apart, settings: try await settings(), model: nil)
        let port = try train.startCopy(of: "gateway", name: "gateway-2")
        try await train.start()
        let second = APIClient(port: port)
        try await eventually("the second gateway is ready") { await second.isReady() }
        for client in [train.visitor, second] {
            let admin = try await client.loggedIn("admin", Train.password)
            #expect(try await admin.get("/api/me")["account"] == "admin")
        }
        #expect(try await train.stop("gateway-2") == 0)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }
}
