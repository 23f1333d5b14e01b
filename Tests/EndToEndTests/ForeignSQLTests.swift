import JSON
import TestSupport
import Testing

@Suite struct `Foreign SQL` {
    @Test func `a row by the sqlite3 program fires the rule and stands in history as database`()
        async throws
    {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let world = FolderMail(train)
        let loop = TicketLoop(train, api, world, name: "foreign")
        let database = train.data + "/records.db"
        let insert = try await ChildProcess.run(
            "sqlite3",
            [
                database,
                "insert into DataRow_1 (subject, email) values ('\(loop.subject)', "
                    + "'\(loop.address)');",
            ])
        #expect(insert.code == 0, "\(insert.output)")
        let id = try await loop.ticket()
        let link = try await loop.link()

        let view = try await ChildProcess.run(
            "sqlite3", [database, "select status from helpdesk_ticket where id = \(id)"])
        #expect(view.output == "new\n")
        let change = try await ChildProcess.run(
            "sqlite3", [database, "update DataRow_1 set spent = 250 where id = \(id)"])
        #expect(change.code == 0, "\(change.output)")
        #expect(try await api.get("/api/records/helpdesk/ticket/\(id)")["spent"]?.text == "2.50")
        try await loop.press(link)
        try await loop.closed(id)

        let path = "/api/records/helpdesk/ticket/\(id)/history"
        let history = try await api.get(path)["items"]?.array ?? []
        #expect(
            history.map { $0["account"] } == ["database", "database", "workflow:handle_ticket"])
        #expect(history.map { $0["door"] } == ["database", "database", "workflow"])
        #expect(history.map { $0["version"] } == [1, 2, 3])
        let refused = try await ChildProcess.run(
            "sqlite3", [database, "update DataRow_1 set status = 'odd' where id = \(id)"])
        #expect(refused.code != 0)
        _ = try await train.stop()
    }
}
