import Database
import JSON
import TestSupport
import Testing

@testable import Records

/// Models whose tables are on a server.
@Suite(.enabled(if: TestStore.isServer, "of a server alone")) struct ServerModelTests {
    @Test func `who reads while a model changes its tables misses no row`() async throws {
        let store = try await TestStore()
        func document(_ computed: Int) throws -> JSONValue {
            try small(
                #"{"code": "n", "type": "integer"}"#
                    + (0..<computed).map {
                        #", {"code": "c\#($0)", "type": "computed", "value": "=n + \#($0)"}"#
                    }.joined())
        }
        try await store.apply(document(0))
        let rows = 400
        let items: [JSONValue] = (0..<rows).map { ["n": .number(JSONNumber(Int64($0)))] }
        try await store.create(item, .array(items))
        let counts = try await withThrowingTaskGroup(of: Set<Int>.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var seen: Set<Int> = []
                    while !Task.isCancelled {
                        let page = try await store.list(item, filter: "n ge 0", limit: 1000)
                        seen.insert(page.ids.count)
                    }
                    return seen
                }
            }
            for number in 1...12 { try await store.apply(document(number)) }
            group.cancelAll()
            return try await group.reduce(into: Set<Int>()) { $0.formUnion($1) }
        }
        #expect(counts == [rows])
    }

    @Test func `what a model says stays text, whatever it looks like`() async throws {
        let store = try await TestStore()
        let text = "x$geartrain$ LANGUAGE plpgsql; DROP TABLE store; --"
        let more = "y$geartrain1$"
        try await store.apply(
            small(
                #"{"code": "c", "type": "choice", "choices": ["a", "\#(text)", "\#(more)"]}"#))
        try await store.create(item, ["c": .string(text)])
        #expect(
            try await store.foreign("INSERT INTO DataRow_1 (c) VALUES ('\(more)')").code == 0)
        #expect(try await store.foreign("INSERT INTO DataRow_1 (c) VALUES ('b')").code != 0)
        #expect(
            try await store.list(item)["items"]?.array?.map { $0["c"]?.string } == [text, more])
        #expect(try await store.foreign("SELECT count(*) FROM store").output == "1\n")
    }
}
