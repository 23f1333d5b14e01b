import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// Databases of earlier versions, with mails in every state, and what comes of them.
@Suite struct OldMailDatabaseTests {
    /// Those of which the rows below are written: the tables, their queues and kept answers.
    private static let first = 8

    private static func add(
        _ connection: Connection, _ table: String, _ values: [(String, SQLValue)]
    ) throws {
        let columns = values.map(\.0).joined(separator: ", ")
        let marks = values.map { _ in "?" }.joined(separator: ", ")
        try connection.run(
            "insert into \(table) (\(columns)) values (\(marks))", values.map(\.1))
    }

    private static let bytes = Array("Subject: old\r\n\r\nHello\r\n".utf8)
    private static let time = SQLValue.text("2026-11-01T00:00:00.000Z")

    private static func hasPieces(_ connection: Connection) throws -> Bool {
        let tables =
            connection.dialect.isSQLite
            ? "select name from sqlite_master"
            : "select tablename as name from pg_tables where schemaname = current_schema()"
        return try connection.count(
            "select count(*) from (\(tables)) as t where name = 'mail_piece'") > 0
    }

    /// Mails that are sent, uncertain and queued; entries that are done and in quarantine.
    private static func fill(_ connection: Connection) throws {
        try add(
            connection, "model",
            [("code", "desk"), ("version", 1), ("document", .text(deskModel()))])
        let table = try hasPieces(connection)
        let states = ["sent", "uncertain", "queued"]
        for (place, state) in states.enumerated() {
            let id = SQLValue.integer(Int64(place + 1))
            try add(
                connection, "mail",
                [
                    ("id", id), ("message_id", .text("<\(state)@example.org>")),
                    ("created", time), ("expires", "2099-01-01T00:00:00.000Z"),
                    ("sender", "s@example.org"), ("from_text", "s@example.org"),
                    ("subject", "old"), ("record", "desk.ticket/4"), ("account", "anna"),
                    ("cause_root", "request:old"), ("cause_via", ""), ("sha256", "00"),
                    ("size", .integer(Int64(bytes.count))), ("state", .text(state)),
                ])
            try add(
                connection, "recipient",
                [
                    ("mail", id), ("address", "bob@example.org"), ("kind", "to"),
                    ("state", .text(state)),
                ])
            try add(
                connection, "attempt",
                [
                    ("mail", id), ("time", time), ("server", "s"), ("outcome", "deferred"),
                    ("reply", "later"),
                ])
            if table {
                try add(
                    connection, "mail_piece",
                    [("mail", id), ("number", 0), ("bytes", .blob(bytes))])
            } else {
                try add(connection, "mail_raw", [("mail", id), ("raw", .blob(bytes))])
            }
        }
        try MailMigrations.outgoing.enqueue(
            connection, key: MailStore.queueKey(3), payload: Array("3".utf8),
            due: Timestamp(milliseconds: 0), now: Timestamp(milliseconds: 0))
        try add(
            connection, "mailbox", [("model", "desk"), ("code", "support"), ("next_number", 3)])
        for (number, state) in [(Int64(1), "done"), (2, "quarantined")] {
            try add(
                connection, "intake",
                [
                    ("id", .integer(number)), ("model", "desk"), ("mailbox", "support"),
                    ("number", .integer(number)), ("source", "folder"),
                    ("source_key", .text("\(number).eml")), ("sha256", .text("\(number)")),
                    ("size", 9), ("received", time), ("state", .text(state)),
                    ("record", number == 1 ? .text("desk.ticket/4") : .null),
                    (
                        "problem",
                        number == 1
                            ? .null : .text(#"{"type": "/problems/conflict", "status": 409}"#)
                    ),
                ])
            let mail = Array(testMail(Int(number)).utf8)
            try add(connection, "intake_raw", [("intake", .integer(number)), ("raw", .blob(mail))])
        }
        try add(
            connection, "intake_gap",
            [
                ("model", "desk"), ("mailbox", "support"), ("source", "9"), ("reason", "gone"),
                ("time", time),
            ])
    }

    @Test(arguments: first..<MailMigrations.all.count)
    func `what was queued is sent, what was read is read, what needs a person is told`(
        _ count: Int
    ) async throws {
        let folder = TemporaryFolder()
        let old = try await Database.open(
            StoreEngine.chosen.place("mail", in: folder.path), runtime: TestRuntime.make())
        try await old.migrate(Array(MailMigrations.all.prefix(count)))
        try await old.write(Self.fill)
        await old.close()

        let bench = try await MailBench(folder)
        _ = try await bench.mail(3, in: "sent")
        for id in Int64(1)...3 {
            #expect(try await bench.raw(GetMailRaw(id: id)) == Self.bytes)
        }
        let found = try await bench.json(ListMails(text: "hello"))["items"]?.array
        #expect(found?.count == 3)
        let ledger = try await bench.json(ListIntake(mailbox: "desk.support"))["items"]?.array
        #expect(ledger?.map { $0["state"] } == ["quarantined", "done"])
        #expect(
            try await bench.raw(GetIntakeRaw(mailbox: "support", number: 1))
                == Array(testMail(1).utf8))
        let mailbox = try await bench.json(GetMailbox(mailbox: "support"))
        #expect(mailbox["gaps"]?.array?.count == 1)
        if count <= MailMigrations.all.firstIndex(where: { $0.name == "mail-incidents" }) ?? 0 {
            try await eventually("the incidents") {
                bench.peers.state.withLock { $0.incidents.count } == 2
            }
            let told = bench.peers.state.withLock(\.incidents)
            #expect(Set(told.map(\.kind)) == ["quarantined", "uncertain"])
            #expect(told.allSatisfy { $0.model == "desk" })
            let key = try #require(told.first { $0.kind == "quarantined" }).key
            let answer = try await bench.call(ActOnIncident(key: key, action: .retry))
            #expect(answer.resolution == "retry")
        }
        try await bench.stop()
    }
}
