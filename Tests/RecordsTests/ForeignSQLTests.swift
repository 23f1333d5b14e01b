import HTTP
import JSON
import TestSupport
import Testing

@testable import Records

/// Other programs write the tables with plain SQL.
@Suite struct ForeignSQLTests {
    private func make() async throws -> TestStore {
        let store = try await TestStore()
        try await store.apply(helpdesk())
        try await store.create(customer, ["name": "Anna"])
        return store
    }

    @Test func `a plain insert is a record with defaults and stands in history as database`()
        async throws
    {
        let store = try await make()
        let (code, output) = try await store.foreign(
            "INSERT INTO DataRow_2 (subject, spent, customer) VALUES ('Printer', 250, 1)")
        #expect(code == 0, "\(output)")
        let record = try await store.get(ticket, 1)
        #expect(record["subject"] == "Printer")
        #expect(record["status"] == "new")
        #expect(record["urgent"] == false)
        #expect(record["spent"] == .number(JSONNumber(unscaled: 250, scale: 2)))
        #expect(record["creator"] == "database")
        #expect(record["describe"] == "#1 Printer")
        let history = try await store.history(ticket, 1)
        #expect(history.count == 1)
        #expect(history[0]["account"] == "database")
        #expect(history[0]["door"] == "database")
        #expect(history[0]["operation"] == "insert")
        #expect(history[0]["cause"]?.string?.hasPrefix("database:") == true)
    }

    @Test func `a plain update raises the version and keeps who created the record`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "spent": 1], as: .caller("bob", "agent"))
        let (code, output) = try await store.foreign(
            "UPDATE DataRow_2 SET status = 'open', creator = 'x', version = 77 WHERE id = 1")
        #expect(code == 0, "\(output)")
        let record = try await store.get(ticket, 1)
        #expect(record.version == 2)
        #expect(record["creator"] == "bob")
        #expect(record["modifier"] == "database")
        let history = try await store.history(ticket, 1)
        #expect(history.count == 2)
        let change = try json(#"[{"column": "status", "old": "new", "new": "open"}]"#)
        #expect(history[1]["changes"] == change)
        // Nothing differs: nothing is written.
        _ = try await store.foreign("UPDATE DataRow_2 SET status = 'open' WHERE id = 1")
        #expect(try await store.get(ticket, 1).version == 2)
        #expect(try await store.history(ticket, 1).count == 2)
    }

    @Test func `a plain delete stands in history`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"])
        #expect(try await store.foreign("DELETE FROM DataRow_2").code == 0)
        #expect(await refusal { try await store.get(ticket, 1) }?.status == 404)
        let history = try await store.history(ticket, 1)
        #expect(history.map { $0["operation"]?.string } == ["insert", "delete"])
    }

    // A server makes a whole number of one that is none, and a text of bits, before any trigger
    // sees it.
    private static let ofFile =
        TestStore.isServer ? [] : [("spent = 2.5", "spent"), ("subject = x'00'", "subject")]

    @Test(
        arguments: ForeignSQLTests.ofFile + [
            ("subject = NULL", "subject"), ("subject = ''", "subject"),
            ("subject = 'much longer than twenty characters'", "subject"),
            ("status = 'gone'", "status"),
            ("spent = -1", "spent"), ("spent = 'abc'", "spent"), ("score = 11", "score"),
            ("urgent = 2", "urgent"), ("due = '2026-11-22 10:00:00'", "due"),
            ("due = '2026-02-30T10:00:00.000Z'", "due"), ("day = '2026-02-30'", "day"),
            ("day = 'soon'", "day"), ("customer = 99", "customer"), ("id = 5", "id"),
            ("mail_id = 'taken'", "mail_id"), ("deleted = 3", "deleted"),
        ])
    func `a bad value of another program is refused`(assignment: String, column: String)
        async throws
    {
        let store = try await make()
        try await store.create(ticket, ["subject": "a"])
        try await store.create(ticket, ["subject": "b", "mail_id": "taken"])
        let (code, output) = try await store.foreign(
            "UPDATE DataRow_2 SET \(assignment) WHERE id = 1")
        #expect(code != 0)
        #expect(output.contains(column), "\(output)")
        #expect(try await store.get(ticket, 1).version == 1)
        #expect(try await store.history(ticket, 1).count == 1)
    }

    @Test func `an upsert of another program is a change of what is there`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "mail_id": "m1"])
        let upsert = try await store.foreign(
            """
            INSERT INTO DataRow_2 (subject, mail_id) VALUES ('e', 'm1')
            ON CONFLICT (mail_id) WHERE deleted = 0 DO UPDATE SET subject = excluded.subject
            """)
        #expect(upsert.code == 0, "\(upsert.output)")
        #expect(try await store.get(ticket, 1)["subject"] == "e")
        #expect(try await store.get(ticket, 1).version == 2)
        #expect(try await store.history(ticket, 1).count == 2)
    }

    @Test(.ofFile) func `INSERT OR REPLACE cannot remove a record behind the history`() async throws
    {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "mail_id": "m1"])
        try await store.create(ticket, ["subject": "b", "mail_id": "m2"])
        let (code, output) = try await store.foreign(
            "INSERT OR REPLACE INTO DataRow_2 (subject, mail_id) VALUES ('c', 'm1')")
        #expect(code == 0, "\(output)")
        #expect(
            try await store.history(ticket, 1).map { $0["operation"]?.string }
                == ["insert", "delete"])
        #expect(try await store.history(ticket, 3).count == 1)
        let same = try await store.foreign(
            "INSERT OR REPLACE INTO DataRow_2 (id, subject) VALUES (2, 'd')")
        #expect(same.code == 0, "\(same.output)")
        let history = try await store.history(ticket, 2)
        #expect(history.map { $0["operation"]?.string } == ["insert", "delete", "insert"])
        #expect(history.map { $0.version } == [1, 2, 3])
        #expect(try await store.get(ticket, 2).version == 3)
    }

    @Test func `an id at the end of all numbers is refused`() async throws {
        let store = try await make()
        for id in ["9223372036854775807", "0", "-1"] {
            let (code, output) = try await store.foreign(
                "INSERT INTO DataRow_2 (id, subject) VALUES (\(id), 'x')")
            #expect(code != 0, "\(id)")
            #expect(output.uppercased().contains("CHECK"), "\(output)")
        }
        let own = try await store.foreign("INSERT INTO DataRow_2 (id, subject) VALUES (70, 'x')")
        #expect(own.code == 0, "\(own.output)")
        #expect(try await store.create(ticket, ["subject": "a"]).id == 71)
    }

    @Test func `another program's trigger may refuse what the service writes`() async throws {
        let store = try await make()
        let made = try await store.foreign(
            TestStore.isServer
                ? """
                CREATE FUNCTION theirs() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'not on a Sunday'; END $$;
                CREATE TRIGGER theirs BEFORE UPDATE ON DataRow_2 FOR EACH ROW
                WHEN (NEW.status = 'closed') EXECUTE FUNCTION theirs();
                CREATE TABLE seen (subject TEXT UNIQUE);
                CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN INSERT INTO seen VALUES (NEW.subject); RETURN NULL; END $$;
                CREATE TRIGGER mine AFTER INSERT ON DataRow_2 FOR EACH ROW EXECUTE FUNCTION mine();
                """
                : """
                CREATE TRIGGER theirs BEFORE UPDATE ON DataRow_2 WHEN NEW.status = 'closed'
                BEGIN SELECT RAISE(ABORT, 'not on a Sunday'); END;
                CREATE TABLE seen (subject TEXT UNIQUE);
                CREATE TRIGGER mine AFTER INSERT ON DataRow_2
                BEGIN INSERT INTO seen VALUES (NEW.subject); END;
                """)
        #expect(made.code == 0, "\(made.output)")
        try await store.create(ticket, ["subject": "a"])
        let closed = await refusal { try await store.change(ticket, 1, ["status": "closed"]) }
        #expect(closed?.status == 409)
        #expect(closed?.detail?.contains("not on a Sunday") == true)
        let twice = await refusal { try await store.create(ticket, ["subject": "a"]) }
        #expect(twice?.status == 409)
        #expect(try await store.ids(ticket) == [1])
        #expect(try await store.history(ticket, 1).count == 1)
    }

    @Test func `the API view shows codes, decimals and no deleted records`() async throws {
        let store = try await make()
        try await store.create(ticket, ["subject": "a", "spent": 2])
        try await store.create(ticket, ["subject": "b"])
        try await store.delete(ticket, 2)
        let (code, output) = try await store.foreign(
            "SELECT id, subject, spent, status FROM helpdesk_ticket")
        #expect(code == 0)
        #expect(output.hasPrefix("1|a|2.0") && output.hasSuffix("|new\n"), "\(output)")
    }
}
