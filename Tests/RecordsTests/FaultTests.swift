import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// What happens when the storage does not do its part.
@Suite struct FaultTests {
    @Test(.ofFile)
    func `where there is no room callers are told, and nothing acknowledged is lost`()
        async throws
    {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        try await store.database.exclusive { connection in
            let pages = try connection.count("PRAGMA page_count")
            try connection.script("PRAGMA max_page_count = \(pages + 100)")
        }
        let text = JSONValue.string(String(repeating: "x", count: 3000))
        let outcomes = await withTaskGroup(of: (Int64?, Problem?).self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do {
                        return (try await store.create(item, ["a": text]).id, nil)
                    } catch {
                        return (nil, Records.problem(of: error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let acknowledged = outcomes.compactMap(\.0).sorted()
        let refused = outcomes.compactMap(\.1)
        #expect(acknowledged.count + refused.count == 200)
        #expect(!acknowledged.isEmpty && !refused.isEmpty)
        #expect(refused.allSatisfy { $0.status == 507 && $0.code == "insufficient-storage" })
        #expect(try await store.ids(item) == acknowledged)
        try await store.database.exclusive { try $0.script("PRAGMA max_page_count = 1000000") }
        #expect(try await store.create(item, ["a": text]).id > 0)
        let log = try await store.foreign("SELECT count(*) FROM change_log")
        #expect(log.output == "\(acknowledged.count + 1)\n")
        #expect(try await store.foreign("SELECT count(*) FROM write_context").output == "0\n")
        await store.database.close()
    }

    @Test(.ofFile) func `a model that cannot be stored leaves the old one in force`() async throws {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        try await store.database.exclusive { connection in
            let pages = try connection.count("PRAGMA page_count")
            try connection.script("PRAGMA max_page_count = \(pages)")
        }
        let columns = (0..<100).map { #"{"code": "c\#($0)", "type": "date"}"# }
        let wide = try small(columns.joined(separator: ", "))
        #expect(
            await refusal { try await store.apply(wide, allowDestructive: true) }?.status == 507)
        try await store.database.exclusive { try $0.script("PRAGMA max_page_count = 1000000") }
        #expect(try await store.create(item, ["a": "x"])["a"] == "x")
        try await store.apply(wide, allowDestructive: true)
        #expect(try await store.create(item, ["c99": "2026-11-22"])["c99"] == "2026-11-22")
        await store.database.close()
    }

    @Test(.ofFile) func `a failing commit fails every write in it`() async throws {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        // A promise of another program's schema that the commit finds broken.
        try await store.database.exclusive {
            try $0.script(
                """
                CREATE TABLE theirs (id INTEGER PRIMARY KEY,
                    other BIGINT REFERENCES theirs (id) DEFERRABLE INITIALLY DEFERRED);
                CREATE TRIGGER theirs AFTER INSERT ON DataRow_1 WHEN NEW.a = 'break'
                BEGIN INSERT INTO theirs (other) VALUES (99); END;
                """)
        }
        try await store.create(item, ["a": "good"])
        await #expect(throws: (any Error).self) { try await store.create(item, ["a": "break"]) }
        #expect(try await store.ids(item) == [1])
        #expect(try await store.create(item, ["a": "good"]).id == 2)
        await store.database.close()
    }

    @Test func `calls that meet a change of the model are begun again`() async throws {
        let store = try await TestStore()
        try await store.apply(small(#"{"code": "a", "type": "text"}"#))
        let seed: UInt64 = 5
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for round in 0..<15 {
                    let extra =
                        #", {"code": "b\#(round)", "type": "integer", "default": \#(round)}"#
                    try await store.apply(
                        small(#"{"code": "a", "type": "text"}\#(extra)"#), allowDestructive: true)
                }
            }
            for writer in 0..<4 {
                group.addTask {
                    var random = TestRandom(seed: seed + UInt64(writer))
                    for number in 0..<60 {
                        let id = try await store.create(item, ["a": .string("\(number)")]).id
                        if Bool.random(using: &random) {
                            let read = try await store.get(item, id)
                            #expect(read["a"]?.string == "\(number)")
                            try await store.change(item, id, ["a": "changed"])
                        }
                        _ = try await store.list(item, orderby: "a", limit: 3)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.ids(item).count == 240)
        await store.database.close()
    }
}
