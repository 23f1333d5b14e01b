#if PostgreSQL
    import Contracts
    import Database
    import Glibc
    import HTTP
    import JSON
    import RPC
    import TestSupport
    import Testing

    @testable import Batch

    /// Batch over a real Records and a real PostgreSQL whose own order of texts is a language's.
    struct PostgresBench {
        static let name = "crm"

        let server: PostgreSQL
        let bench: SyncBench

        static func source(port: Int, _ more: String = "", table: String = "crm.items") -> String {
            """
            {"kind": "postgresql", "host": "127.0.0.1", "port": \(port), "database": "crm", \
            "user": "wheel", "password": "secret:crm", "tls": "off", "table": "\(table)"\(more)}
            """
        }

        init(_ sync: String, secret: String = "cogwheel", in folder: TemporaryFolder? = nil)
            async throws
        {
            server = try await PostgreSQL(
                user: "wheel", password: "cogwheel", settings: PostgreSQL.careless)
            try await server.sql(
                "create database crm template template0 encoding 'UTF8' locale_provider icu"
                    + " icu_locale 'en' locale 'C.UTF-8'", in: "postgres")
            try await server.sql("create schema crm", in: PostgresBench.name)
            bench = try await SyncBench(
                sync, source: PostgresBench.source(port: server.port), secrets: ["crm": secret],
                in: folder ?? TemporaryFolder())
        }

        @discardableResult
        func sql(_ script: String) async throws -> String {
            try await server.sql(script, in: PostgresBench.name)
        }

        /// As `SyncBench.ours`.
        func theirs() async throws -> [String] {
            try await sql(
                """
                select no, coalesce(name, ''), coalesce(price::text, ''), coalesce(stock::text, '')
                from crm.items order by no collate "C"
                """
            ).split(separator: "\n").map(String.init)
        }

        func stop() async throws {
            try await bench.stop()
            try await server.stop()
        }
    }

    private let items = """
        create table crm.items (no varchar(20) primary key, name text, price numeric(12,2),
            stock int, number bigint, active boolean, since date, seen timestamptz,
            changed timestamptz not null default now(),
            constraint "not much" check (stock < 1000));
        create index on crm.items (changed);
        """

    @Suite struct `A synchronization with PostgreSQL` {
        private static let all = """
            "key": {"code": "no"}, "deletes": "detect",
            "columns": {"name": "name", "price": "price", "stock": "stock", "number": "number",
                "active": "active", "since": "since", "seen": "seen"}
            """

        @Test func `pulls what is there, what changed, and what is gone`() async throws {
            let all = `A synchronization with PostgreSQL`.all
            let pg = try await PostgresBench(#""cursor": "changed", \#(all)"#)
            let bench = pg.bench
            try await pg.sql(
                items + """
                    insert into crm.items values
                    ('b', 'Bolt 🔩', 1.5, 7, 5, true, '2024-02-29', '2026-11-29 12:00:00.25+02', '2026-11-29 10:00:00'),
                    ('B', 'Big', 0.01, null, -922337203685477, false, null, null, '2026-11-29 10:00:00'),
                    ('á', null, 2, -1, null, null, null, '2026-11-29 10:00:00.123456', '2026-11-29 10:00:01'),
                    ('a b', '', null, 0, null, null, null, null, '2026-11-29 10:00:01')
                    """)
            let first = try await bench.sync()
            #expect(first["verified"] == true, "\(first.text)")
            #expect(first.syncCounts == [4, 4, 0, 0, 0, 0])
            #expect(
                try await bench.ours() == [
                    "B|Big|0.01|", "a b|||0", "b|Bolt 🔩|1.50|7", "á||2.00|-1",
                ])
            let bolt = try await bench.record("b")
            #expect(bolt["active"] == true && bolt["since"] == "2024-02-29")
            #expect(bolt["seen"] == "2026-11-29T10:00:00.250Z", "\(bolt.text)")
            #expect(try await bench.record("á")["seen"] == "2026-11-29T10:00:00.123Z")

            try await pg.sql(
                """
                update crm.items set name = 'Bolt M8', changed = now() where no = 'b';
                update crm.items set stock = 8, changed = '2020-01-01' where no = 'B';
                delete from crm.items where no = 'á';
                alter table crm.items add column note text
                """)
            let second = try await bench.sync()
            #expect(second["verified"] == true, "\(second.text)")
            #expect(second.syncCounts[1...2] == [0, 2] && second.syncCounts[4] == 1)
            #expect(try await bench.ours() == pg.theirs())
            let third = try await bench.sync()
            #expect(third["verified"] == true && third.syncCounts[1...2] == [0, 0])
            try await pg.stop()
        }

        @Test func `pushes, and rows that a rule of theirs refuses are told`() async throws {
            let all = `A synchronization with PostgreSQL`.all
            let pg = try await PostgresBench(#""direction": "push", \#(all)"#)
            let bench = pg.bench
            try await pg.sql(items)
            try await bench.create([
                "code": "a", "name": "Axle", "price": .number(JSONNumber(unscaled: 125, scale: 2)),
                "active": true, "since": "2024-02-29", "seen": "2026-11-29T10:00:00.250Z",
                "number": 9,
            ])
            for index in 0..<250 {
                try await bench.create([
                    "code": .string("n\(index)"), "stock": .number(JSONNumber(Int64(index))),
                ])
            }
            let first = try await bench.sync()
            #expect(first["verified"] == true, "\(first.text)")
            #expect(first.syncCounts[1] == 251)
            #expect(try await pg.theirs() == bench.ours())
            let row = try await pg.sql(
                "select active, since, seen at time zone 'UTC', number from crm.items where no = 'a'"
            )
            #expect(row == "t|2024-02-29|2026-11-29 10:00:00.25|9\n")

            try await bench.change("n1", ["stock": 1001])
            try await bench.change("n2", ["stock": 999])
            try await bench.create(["code": "new", "stock": 2000])
            try await bench.delete("n3")
            try await pg.sql("insert into crm.items (no, stock) values ('foreign', 1)")
            let second = try await bench.sync()
            #expect(second["state"] == "failed" && second["verified"] == false, "\(second.text)")
            let errors = second["problem"]?["errors"]?.array ?? []
            #expect(errors.map { $0["pointer"] } == ["/rows/n1", "/rows/new"])
            #expect(errors.first?["detail"]?.string?.contains("not much") == true)
            #expect(try await pg.theirs().filter { $0.contains("999") } == ["n2|||999"])
            #expect(
                try await pg.sql(
                    "select count(*) from crm.items where no in ('foreign', 'n3')") == "0\n")
            try await bench.change("n1", ["stock": 1])
            try await bench.delete("new")
            let third = try await bench.sync()
            #expect(third["verified"] == true, "\(third.text)")
            #expect(try await pg.theirs() == bench.ours())
            try await pg.stop()
        }

        @Test func `goes both ways`() async throws {
            let all = `A synchronization with PostgreSQL`.all
            let pg = try await PostgresBench(
                #""direction": "both", "conflict": "records", "cursor": "changed", \#(all)"#)
            let bench = pg.bench
            try await pg.sql(
                items + "insert into crm.items (no, name) values ('a', 'A'), ('b', 'B')")
            try await bench.create(["code": "c", "name": "C"])
            #expect(try await bench.sync()["verified"] == true)
            try await pg.sql(
                """
                update crm.items set name = 'theirs', changed = now() where no in ('a', 'b');
                delete from crm.items where no = 'c'
                """)
            try await bench.change("b", ["name": "ours"])
            let run = try await bench.sync()
            #expect(run["verified"] == true, "\(run.text)")
            #expect(try await bench.ours() == ["a|theirs||", "b|ours||"])
            #expect(try await pg.theirs() == bench.ours())
            try await pg.stop()
        }

        @Test func `tells what hinders it, and no password`() async throws {
            let pg = try await PostgresBench(
                `A synchronization with PostgreSQL`.all, secret: "not-the-password")
            let bench = pg.bench
            func problem() async throws -> (JSONValue?, String) {
                let run = try await bench.sync()
                #expect(!run.text.contains("not-the-password") && !run.text.contains("cogwheel"))
                return (run["problem"]?["type"], run.text)
            }
            let refused = try await problem()
            #expect(refused.0 == "/problems/source-unusable", "\(refused.1)")
            #expect(refused.1.contains("password"))
            _ = try await bench.records.call(
                PutSecret(name: "crm", value: "cogwheel"), as: bench.context(SyncBench.admin))
            #expect(try await problem().0 == "/problems/schema-drift")
            try await pg.sql("create table crm.items (no text, name int)")
            #expect(try await problem().0 == "/problems/schema-drift")
            let source = PostgresBench.source(port: pg.server.port)
            for (old, new) in [
                ("127.0.0.1", "10.0.0.1"), (#""crm", "user""#, #""none", "user""#),
                (#""off""#, #""verify""#),
            ] {
                try await bench.define(
                    SyncBench.model(
                        `A synchronization with PostgreSQL`.all,
                        source: source.replacing(old, with: new)))
                guard old != #""off""# else { continue }
                let found = try await problem()
                #expect(found.0 == "/problems/source-unusable", "\(new): \(found.1)")
            }
            // A server without encryption gets no password: whether it stays so is not known.
            let id = try await bench.start()
            try await eventually("a source that cannot be trusted") {
                try await bench.run(id)["problem"]?["type"] == "/problems/source-away"
            }
            await #expect(throws: Problem.self) {
                try await bench.define(
                    SyncBench.model(
                        `A synchronization with PostgreSQL`.all,
                        source: source.replacing("secret:crm", with: "cogwheel")))
            }
            try await pg.stop()
        }

        @Test func `that goes away in the middle goes on where it stands`() async throws {
            let pg = try await PostgresBench(`A synchronization with PostgreSQL`.all)
            let bench = pg.bench
            try await pg.sql(
                items + """
                    insert into crm.items (no, name)
                    select 'k' || i, 'name ' || i from generate_series(1, 40000) i
                    """)
            // A careless server forgets what it did just before a crash.
            try await pg.sql("checkpoint")
            let id = try await bench.start()
            try await eventually("the first rows", within: .seconds(30)) {
                (try await bench.run(id)["counters"]?["inserted"]?.integer ?? 0) > 0
            }
            try await pg.server.halt(SIGQUIT)
            try await eventually("a source that is away", within: .seconds(30)) {
                let run = try await bench.run(id)
                return run["problem"]?["type"] == "/problems/source-away"
                    || run["state"] != "running"
            }
            #expect(try await bench.run(id)["state"] == "running")
            try await pg.server.start()
            let run = try await bench.ended(id)
            #expect(run["verified"] == true, "\(run.text)")
            #expect(try await bench.ours().count == 40_000)
            try await pg.stop()
        }
    }
#endif
