import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

/// An instance on files of SQLite goes on on a PostgreSQL.
@Suite(.serialized) struct `A move to PostgreSQL` {
    private func words(_ arguments: [String], to url: String) -> [String] {
        ["move", "--to", url + "?sslmode=disable"] + arguments
    }

    private func environment(_ data: String) -> [String: String] {
        var all = [
            "GEARTRAIN_DATA": data, "SWIFT_BACKTRACE": "enable=no",
            "RPC_KEY": "a key of a test, as long as thirty-two bytes or more",
        ]
        for service in Train.services {
            all[service.uppercased() + "_URL"] = "http://127.0.0.1:1"
        }
        return all
    }

    private func move(
        _ data: String, to url: String, _ arguments: [String] = []
    ) async throws -> (code: Int32, output: String) {
        try await ChildProcess.run(
            ChildProcess.product("geartrain"), words(arguments, to: url),
            environment: environment(data), within: .seconds(120))
    }

    @Test func `an instance goes on where it was, and nothing is done twice`() async throws {
        let server = try await TestServer.shared.server()
        let name = "moved\(TestRandom.seed())"
        try await server.sql("drop database if exists \(name)", in: "postgres")
        try await server.sql("create database \(name)", in: "postgres")
        let url = server.url(name)

        let old = Train(.apart)
        try await old.start()
        let admin = try await old.admin()
        let begun = (1...3).map { TicketLoop(old, admin, FolderMail(old), name: "move\($0)") }
        for loop in begun { try loop.deliver() }
        var links: [String] = []
        for loop in begun { links.append(try await loop.link()) }
        let first = try await begun[0].ticket()
        try await begun[0].press(links[0])
        try await begun[0].closed(first)
        let token = try await admin.post("/api/tokens", ["name": "a program"], status: 201)
        let running = try await move(old.data, to: url)
        #expect(running.code == 2 && running.output.contains("is in use"), "\(running.output)")
        #expect(try await old.stop().allSatisfy { $0 == 0 })

        try await killed(old.data, server, name)
        let moved = try await move(old.data, to: url)
        #expect(moved.code == 0, "\(moved.output)")
        let settings = moved.output.split(separator: "\n").filter { $0.contains("_DATABASE=") }
            .map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        #expect(settings.count == 5)
        try await refused(old.data, to: url)

        let new = Train(
            .apart,
            settings: Dictionary(uniqueKeysWithValues: settings.map { ($0[0], $0[1]) }))
        try Files.removeTree(new.data)
        try Files.rename(old.data, to: new.data)
        try await new.start(isCounted: false)
        // The session that stood, and the token.
        var api = new.visitor
        api.token = admin.token
        #expect(try await api.get("/api/me")["account"] == "admin")
        api.token = token["token"]?.string
        #expect(try await api.get("/api/me")["account"] == "admin")
        _ = try await new.visitor.loggedIn("admin", Train.password)
        let found = try await api.get("/api/mail/messages?text=fire&limit=100")
        #expect(found["items"]?.array?.count == 4)

        let loops = (1...4).map { TicketLoop(new, api, FolderMail(new), name: "move\($0)") }
        try loops[3].deliver()
        let id = try await loops[3].ticket()
        links.append(try await loops[3].link())
        for number in 1...3 {
            try await loops[number].press(links[number])
            try await loops[number].closed(try await loops[number].ticket())
        }
        #expect(try await loops[0].tickets().map { $0["id"]?.integer } == [first])
        #expect(id > first)
        for loop in loops { #expect(loop.asked.count == 1 && loop.told.count == 1) }
        #expect(try await api.get("/api/incidents")["items"]?.array?.isEmpty == true)
        let chain = try await api.post("/api/history/verify", [:], status: 200)
        #expect(chain["fault"] == .null || chain["fault"] == nil)
        #expect(try await new.stop().allSatisfy { $0 == 0 })
    }

    /// A move that is killed leaves nothing that a service would start on.
    private func killed(_ data: String, _ server: PostgreSQL, _ name: String) async throws {
        let log = TemporaryFolder()
        // So slow that it goes on when it is seen.
        try await server.sql(
            """
            create function slow() returns event_trigger language plpgsql as
                $$ begin perform pg_sleep(0.1); end $$;
            create event trigger slow on ddl_command_end when tag in ('CREATE TABLE')
                execute function slow()
            """, in: name)
        let child = try ChildProcess(
            ChildProcess.product("geartrain"), words([], to: server.url(name)),
            environment: environment(data), output: log.path + "/log")
        try await eventually("tables are made", within: .seconds(60)) {
            try await server.sql("select to_regclass('gateway.account')", in: name)
                .contains("account")
        }
        try await child.killNow()
        #expect(!child.output.contains("moved in"))
        try await server.sql("drop event trigger slow; drop function slow()", in: name)
        var environment = environment(data)
        environment["GATEWAY_DATABASE"] = server.url(name) + "?sslmode=disable&schema=gateway"
        environment["GATEWAY_PORT"] = "\(FreePort.take())"
        let gateway = try await ChildProcess.run(
            ChildProcess.product("gateway"), environment: environment)
        #expect(gateway.code == 1, "\(gateway.output)")
        #expect(gateway.output.contains("did not come to its end"), "\(gateway.output)")
    }

    private func refused(_ data: String, to url: String) async throws {
        let again = try await move(data, to: url)
        #expect(again.code == 2 && again.output.contains("was moved before"), "\(again.output)")
        let service = try await ChildProcess.run(
            ChildProcess.product("workflow"), environment: environment(data))
        #expect(service.code != 0 && service.output.contains("was moved to a server"))
        let backup = try await ChildProcess.run(
            ChildProcess.product("geartrain"), ["backup", data + "-copy"],
            environment: environment(data))
        #expect(backup.code != 0 && backup.output.contains("was moved to a server"))
    }

    @Test func `what cannot be done is said before anything is done`() async throws {
        let folder = TemporaryFolder()
        func refused(_ arguments: [String], _ words: String) async throws {
            let run = try await ChildProcess.run(
                ChildProcess.product("geartrain"), ["move"] + arguments,
                environment: environment(folder.path))
            #expect(run.code == 2 && run.output.contains(words), "\(run.output)")
            #expect(!run.output.contains("a secret"))
        }
        try await refused([], "say where to")
        try await refused(["--to", "http://x"], "begins with postgresql://")
        try await refused(["--to", "postgresql://u:a secret@h:x/d"], "its port is none")
        try await refused(["--to", "postgresql://u@h/d", "--service", "x"], "needs one of")
        try await refused(
            ["--to", "postgresql://u@h/d?schema=s"], "is for one service")
        try await refused(["--to", "postgresql://u@127.0.0.1/d"], "there is no")
    }
}
