#if ODBC
    import Contracts
    import Database
    import Glibc
    import HTTP
    import JSON
    import ODBC
    import RPC
    import TestSupport
    import Testing

    @testable import Batch

    /// Batch over a real Records, and a real MariaDB over its driver.
    private struct MariaBench {
        static let source =
            #"{"kind": "odbc", "dsn": "wheel", "user": "wheel", "password": "secret:crm", "#
            + #""table": "items"}"#
        static let all = """
            "key": {"code": "no"}, "deletes": "detect",
            "columns": {"name": "name", "price": "price", "stock": "stock", "active": "active",
                "since": "since", "seen": "seen"}
            """
        static let items = """
            create table items (no varchar(20) primary key, name text, price decimal(12,2),
                stock int, active boolean, since date, seen datetime(3),
                changed datetime(6) not null default now(6),
                constraint not_much check (stock < 1000), key (changed)) default charset utf8mb4;
            """

        /// Of the data source: another for each server, since the library remembers what it read.
        let name: String
        let server: MariaDB
        let bench: SyncBench
        let folder = TemporaryFolder()

        init(_ sync: String, secret: String = "cogwheel") async throws {
            server = try await MariaDB()
            name = "wheel\(server.port)"
            let file = folder.path + "/odbc.ini"
            let library = try await ChildProcess.run(
                "sh", ["-c", "ls /usr/lib/*/odbc/libmaodbc.so"])
            try TestFile.write(
                """
                [\(name)]
                Driver = \(library.output.split(separator: "\n").first ?? "")
                Server = 127.0.0.1
                Port = \(server.port)
                Database = crm

                """, to: file)
            // The library reads it when it connects; only this suite does, one test at a time.
            setenv("ODBCINI", file, 1)
            bench = try await SyncBench(
                sync,
                source: MariaBench.source.replacing(
                    #""dsn": "wheel""#, with: #""dsn": "\#(name)""#),
                secrets: ["crm": secret])
        }

        @discardableResult
        func sql(_ script: String) async throws -> String {
            try await server.sql(script, in: "crm")
        }

        /// As `SyncBench.ours`.
        func theirs() async throws -> [String] {
            try await sql(
                """
                select no, coalesce(name, ''), coalesce(price, ''), coalesce(stock, '')
                from items order by binary no
                """
            ).split(separator: "\n").map(String.init)
        }

        func stop() async throws {
            try await bench.stop()
            try await server.stop()
        }
    }

    @Suite(.serialized) struct `A synchronization with MariaDB` {
        @Test func `pulls what is there, what changed, and what is gone`() async throws {
            let maria = try await MariaBench(#""cursor": "changed", \#(MariaBench.all)"#)
            let bench = maria.bench
            try await maria.sql(
                MariaBench.items + """
                    insert into items values
                    ('b', 'Bolt 🔩', 1.5, 7, true, '2024-02-29', '2026-11-29 10:00:00.25', '2026-11-29 10:00:00'),
                    ('Z', 'Big', 0.01, null, false, null, null, '2026-11-29 10:00:00'),
                    ('é', null, 2, -1, null, null, '2026-11-29 10:00:00', '2026-11-29 10:00:01.123456'),
                    ('a b', '', null, 0, null, null, null, '2026-11-29 10:00:01')
                    """)
            let first = try await bench.sync()
            #expect(first["verified"] == true, "\(first.text)")
            #expect(first.syncCounts == [4, 4, 0, 0, 0, 0])
            #expect(
                try await bench.ours() == [
                    "Z|Big|0.01|", "a b|||0", "b|Bolt 🔩|1.50|7", "é||2.00|-1",
                ])
            let bolt = try await bench.record("b")
            #expect(bolt["active"] == true && bolt["since"] == "2024-02-29")
            #expect(bolt["seen"] == "2026-11-29T10:00:00.250Z", "\(bolt.text)")
            try await maria.sql(
                """
                update items set name = 'Bolt M8', changed = now() where no = 'b';
                update items set stock = 8, changed = '2020-01-01' where no = 'Z';
                delete from items where no = 'é'; alter table items add column note text
                """)
            let second = try await bench.sync()
            #expect(second["verified"] == true, "\(second.text)")
            #expect(second.syncCounts[1...2] == [0, 2] && second.syncCounts[4] == 1)
            #expect(try await bench.ours() == maria.theirs())
            let third = try await bench.sync()
            #expect(third["verified"] == true && third.syncCounts[1...2] == [0, 0])
            try await maria.stop()
        }

        @Test func `pushes, and rows that a rule of theirs refuses are told`() async throws {
            let maria = try await MariaBench(#""direction": "push", \#(MariaBench.all)"#)
            let bench = maria.bench
            try await maria.sql(MariaBench.items)
            try await bench.create([
                "code": "á", "name": "Axle 🔧",
                "price": .number(JSONNumber(unscaled: 125, scale: 2)),
                "active": true, "since": "2024-02-29", "seen": "2026-11-29T10:00:00.250Z",
            ])
            for index in 0..<150 {
                try await bench.create([
                    "code": .string("n\(index)"), "stock": .number(JSONNumber(Int64(index))),
                ])
            }
            let first = try await bench.sync()
            #expect(first["verified"] == true, "\(first.text)")
            #expect(try await maria.theirs() == bench.ours())
            let row = try await maria.sql("select active, since, seen from items where no = 'á'")
            #expect(row == "1|2024-02-29|2026-11-29 10:00:00.250\n")
            try await bench.change("n1", ["stock": 1001])
            try await bench.change("n2", ["stock": 999])
            try await bench.delete("n3")
            try await maria.sql("insert into items (no, stock) values ('foreign', 1)")
            let second = try await bench.sync()
            #expect(second["state"] == "failed" && second["verified"] == false, "\(second.text)")
            let errors = second["problem"]?["errors"]?.array ?? []
            #expect(errors.map { $0["pointer"] } == ["/rows/n1"])
            #expect(errors.first?["detail"]?.string?.contains("not_much") == true)
            #expect(
                try await maria.sql(
                    "select count(*), sum(stock) from items where no in ('foreign', 'n2', 'n3')")
                    == "1|999\n")
            try await maria.stop()
        }

        @Test func `is not waited for where it is silent, and holds nobody else up`() async throws {
            let maria = try await MariaBench(MariaBench.all)
            func open(_ silence: Duration) async throws -> ODBCSource {
                try await ODBCSource(
                    name: maria.name, user: "wheel", password: "cogwheel", silence: silence)
            }
            let source = try await open(.seconds(10))
            @Sendable func fault(_ sql: String) async -> String? {
                do {
                    try await source.read { try $0.each(sql, []) { _ in true } }
                    return nil
                } catch {
                    return (error as? ForeignError)?.message ?? "\(error)"
                }
            }
            #expect(await fault("SELECT 1") == nil)
            async let silent = fault("SELECT SLEEP(500)")
            let other = try await open(.seconds(60))
            #expect(try await other.columns(of: "items") == nil)
            #expect(await silent == "it gave no answer for 10 seconds")
            // What was given up is not asked again.
            #expect(await fault("SELECT 1") == "it gave no answer for 10 seconds")
            try await other.read { try $0.each("SELECT 1", []) { _ in true } }
            try await maria.stop()
        }

        @Test func `tells what hinders it, and goes on after a crash`() async throws {
            let maria = try await MariaBench(MariaBench.all, secret: "not-the-password")
            let bench = maria.bench
            let refused = try await bench.sync()
            #expect(
                refused["problem"]?["type"] == "/problems/source-unusable", "\(refused.text)")
            #expect(!refused.text.contains("not-the-password"))
            _ = try await bench.records.call(
                PutSecret(name: "crm", value: "cogwheel"), as: bench.context(SyncBench.admin))
            #expect(try await bench.sync()["problem"]?["type"] == "/problems/schema-drift")
            try await maria.sql(
                MariaBench.items
                    + "insert into items (no, name) select concat('k', seq), 'n' from seq_1_to_24000"
            )
            let id = try await bench.start()
            try await eventually("the first rows", within: .seconds(30)) {
                (try await bench.run(id)["counters"]?["inserted"]?.integer ?? 0) > 0
            }
            try await maria.server.halt(SIGKILL)
            try await eventually("a source that is away", within: .seconds(30)) {
                let run = try await bench.run(id)
                return run["problem"]?["type"] == "/problems/source-away"
                    || run["state"] != "running"
            }
            #expect(try await bench.run(id)["state"] == "running")
            try await maria.server.start()
            let run = try await bench.ended(id)
            #expect(run["verified"] == true, "\(run.text)")
            #expect(try await bench.ours().count == 24_000)
            await #expect(throws: Problem.self) {
                try await bench.define(
                    SyncBench.model(
                        MariaBench.all,
                        source: MariaBench.source.replacing(
                            #""wheel", "user""#, with: #""x;Driver=y", "user""#)))
            }
            try await maria.stop()
        }
    }
#endif
