#if PostgreSQL
    import Contracts
    import Database
    import JSON
    import ServiceRuntime
    import TestSupport
    import Testing

    @testable import Batch

    @Suite struct `A PostgreSQL that does not hold still` {
        private static let pull = """
            "direction": "pull", "key": {"code": "no"}, "deletes": "detect", "cursor": "changed",
            "overlap": "1s", "columns": {"name": "name", "price": "price", "stock": "stock"}
            """
        private static let table = """
            create table crm.items (no text primary key, name text, price numeric(12,2), stock int,
                changed timestamptz not null);
            create index on crm.items (changed);
            insert into crm.items select to_char(i, 'FMk00000'), 'name ' || i, i / 4.0, i % 7,
                '2026-11-29 10:00:00Z'::timestamptz + i % 3 * interval '1 min'
            from generate_series(1, 9500) i
            """

        /// One transaction of another program. Its times are few, so that many are equal, or those
        /// of its beginning; and it commits some while after: later ones are seen before.
        private static func transaction(_ random: inout TestRandom) -> [String] {
            func key() -> String { "k0\(Int.random(in: 1000...9999, using: &random))" }
            func time() -> String {
                Bool.random(using: &random)
                    ? "now()"
                    : "'2026-11-29 1\(Int.random(in: 0...2, using: &random)):00:00Z'"
            }
            var statements = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                let number = Int.random(in: 0...9, using: &random)
                return switch number {
                case 0...4:
                    """
                    insert into crm.items values ('\(key())', 'new \(number)', \(number) / 4.0, \
                    \(number), \(time())) on conflict (no) do update set \
                    name = excluded.name || 'x', changed = excluded.changed
                    """
                case 5...6: "update crm.items set stock = stock + 1 where no = '\(key())'"
                case 7:
                    """
                    update crm.items set no = lower(no) || 'X', changed = now() \
                    where no = '\(key())'
                    """
                default: "delete from crm.items where no = '\(key())'"
                }
            }
            let wait = Int.random(in: 0...9, using: &random)
            if wait > 5 { statements.append("select pg_sleep(0.0\(wait))") }
            return statements
        }

        @Test func `is verified while it changes, and equal in the end`() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("PostgreSQL churn seed \(seed)")
            let pg = try await PostgresBench(`A PostgreSQL that does not hold still`.pull)
            let bench = pg.bench
            try await pg.sql(`A PostgreSQL that does not hold still`.table)
            let ends = Shared(false)
            // Several programs at once, so that what begins first may commit last.
            let changing = (0..<3).map { program in
                Task {
                    var address = PostgresAddress(
                        host: "127.0.0.1", port: pg.server.port, database: "crm", user: "wheel",
                        password: "cogwheel", encryption: .off)
                    address.resolved = "127.0.0.1"
                    let source = try PostgresSource(address)
                    defer { source.close() }
                    var random = TestRandom(seed: seed &+ UInt64(program))
                    var count = 0
                    while !ends.value {
                        let statements = `A PostgreSQL that does not hold still`.transaction(
                            &random)
                        do {
                            try await source.write { session in
                                for statement in statements {
                                    try session.each(statement, []) { _ in true }
                                }
                            }
                            count += 1
                        } catch ForeignError.away {
                            // Two of them waited for each other, and this one gave way.
                        } catch ForeignError.constraint {
                            // Somebody else had the key.
                        }
                    }
                    return count
                }
            }
            for _ in 0..<6 {
                let run = try await bench.sync()
                #expect(run["verified"] == true, "seed \(seed): \(run.text)")
            }
            ends.value = true
            var count = 0
            for task in changing { count += try await task.value }
            print("PostgreSQL churn: \(count) transactions")
            #expect(count > 20)
            let last = try await bench.sync()
            #expect(last["verified"] == true, "seed \(seed): \(last.text)")
            let (ours, theirs) = (try await bench.ours(), try await pg.theirs())
            let differing = Set(ours).symmetricDifference(theirs)
            #expect(ours == theirs, "seed \(seed): \(differing.sorted().prefix(6))")
            try await pg.stop()
        }
    }
#endif
