import Database
import ServiceRuntime
import TestSupport
import Testing

@Suite struct DatabaseIdempotencyTests {
    let folder = TemporaryFolder()
    let table = IdempotencyTable()
    let now = Timestamp(milliseconds: 1_000_000)

    @Test(arguments: StoreEngine.allCases)
    func `the same key answers the same, another request under it is refused`(engine: StoreEngine)
        async throws
    {
        let database = try await engine.open(in: folder)
        try await database.migrate([table.migration])
        let (table, expires) = (table, now.advanced(by: .seconds(86_400)))
        for _ in 0..<2 {
            let answer = try await database.write { connection in
                if let kept = try table.answer(connection, key: "k", fingerprint: [1]) {
                    return kept
                }
                try table.keep(
                    connection, key: "k", fingerprint: [1], answer: [7, 7], expires: expires)
                return [7, 7]
            }
            #expect(answer == [7, 7])
        }
        await #expect(throws: IdempotencyError.self) {
            try await database.write { try table.answer($0, key: "k", fingerprint: [2]) }
        }
        #expect(
            try await database.write { try table.answer($0, key: "other", fingerprint: [1]) } == nil
        )
        await database.close()
    }

    @Test(arguments: StoreEngine.allCases)
    func `an answer goes with its expiry, as many as the limit says`(engine: StoreEngine)
        async throws
    {
        let database = try await engine.open(in: folder)
        try await database.migrate([table.migration])
        let (table, now) = (table, now)
        try await database.write { connection in
            for n in 0..<5 {
                try table.keep(
                    connection, key: "k\(n)", fingerprint: [], answer: [],
                    expires: now.advanced(by: .seconds(Int64(n))))
            }
            try table.expire(connection, now: now.advanced(by: .seconds(2)), limit: 2)
        }
        let kept = { @Sendable (connection: Connection) in
            try (0..<5).filter {
                try table.answer(connection, key: "k\($0)", fingerprint: []) != nil
            }
        }
        #expect(try await database.read(kept) == [2, 3, 4])
        try await database.write { try table.expire($0, now: now.advanced(by: .seconds(2))) }
        #expect(try await database.read(kept) == [3, 4])
        await database.close()
    }
}
