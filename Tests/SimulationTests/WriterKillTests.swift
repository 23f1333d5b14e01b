import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// Random writers of the same records, through the API and by plain SQL, while services are killed
/// under them.
@Suite(.serialized) struct `Writers killed and restarted` {
    private static let model = """
        {"code": "tally", "name": "Tally", "roles": ["counter"],
         "classes": [{"code": "item", "name": "Item", "webAccess": true,
          "columns": [{"code": "n", "type": "integer", "default": 0},
                      {"code": "note", "type": "text", "required": true},
                      {"code": "foreign_n", "type": "integer", "default": 0}],
          "grants": [{"role": "counter", "operations": ["read", "insert", "change"]}]}]}
        """
    private static let path = "/api/records/tally/item"
    private static let items = 6

    /// What one writer was told.
    private final class Ledger: Sendable {
        struct State {
            /// Notes whose write was acknowledged.
            var acknowledged: Set<String> = []
            /// Notes whose write was refused for another version, before anything was done.
            var refused: Set<String> = []
        }
        let state = Mutex(State())
        private let over = Atomic<Bool>(false)
        /// Whether nobody writes any more.
        var isOver: Bool { over.load(ordering: .relaxed) }
        func close() { over.store(true, ordering: .relaxed) }
        func acknowledge(_ note: String) {
            state.withLock { _ = $0.acknowledged.insert(note) }
        }
        func refuse(_ note: String) { state.withLock { _ = $0.refused.insert(note) } }
    }

    @Test func `no update is lost, versions are dense, and the chain of the history verifies`()
        async throws
    {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("writers seed \(seed)")
        var random = TestRandom(seed: seed)
        let train = try await Train.hurried(
            .apart,
            settings: [
                "GATEWAY_RATE_ACCOUNT": "0", "GATEWAY_RATE_ADDRESS": "0", "GATEWAY_RATE_TOKEN": "0",
            ])
        let api = try await train.admin()
        try await Self.prepare(api)
        let ledger = Ledger()
        let seeds = (0..<6).map { _ in random.next() }
        var head: String?
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, seed) in seeds.enumerated() {
                group.addTask {
                    try await Self.write(
                        index, TestRandom(seed: seed), api, train, ledger)
                }
            }
            group.addTask { try await Self.writeSQL(train, ledger) }
            for round in 0..<10 {
                let victim = round % 3 == 2 ? "gateway" : "records"
                let wait = Duration.milliseconds(Int.random(in: 30...400, using: &random))
                try await Task.sleep(for: wait)
                try await train.kill(victim)
                if round == 5 { head = try await Self.verify(train).head }
                try train.start(victim)
                try await train.ready(victim)
            }
            ledger.close()
            try await group.waitForAll()
        }
        try await train.waitFor("the gateway to reach the records") {
            (try? await api.send(.get, "\(Self.path)/1").status) == 200
        }
        try await Self.check(api, ledger, seed)
        let last = try await Self.verify(train, head: head)
        #expect(last.code == 0, "seed \(seed): \(last.output)")
        _ = try await train.stop()
        let stopped = try await Self.verify(train, head: last.head)
        #expect(stopped.code == 0, "seed \(seed): \(stopped.output)")
        #expect(!stopped.output.contains("not sealed"), "\(stopped.output)")
    }

    private static func prepare(_ api: APIClient) async throws {
        let document = try JSONValue(parsing: Array(model.utf8))
        try await api.expect(201, .put, "/api/models/tally", json: document)
        let role = try await api.expect(200, .get, "/api/roles/counter")
        try await api.expect(
            200, .patch, "/api/roles/counter", json: ["members": ["admin"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
        for number in 1...items {
            try await api.post(path, ["note": .string("made \(number)")])
        }
    }

    /// Reads a record and writes one more under the version that it saw, over and over. What got
    /// no answer is not asked again: it happened once or not at all.
    private static func write(
        _ writer: Int, _ seeded: TestRandom, _ api: APIClient, _ train: Train, _ ledger: Ledger
    ) async throws {
        var random = seeded
        var step = 0
        while !ledger.isOver {
            step += 1
            let target = "\(path)/\(Int.random(in: 1...items, using: &random))"
            guard let answer = try? await api.send(.get, target), answer.status == 200,
                let record = try? answer.json, let count = record["n"]?.integer,
                let tag = answer.headers["ETag"]
            else { continue }
            let note = "writer \(writer) step \(step)"
            let body = JSONValue.object(
                JSONObject([("n", .number(JSONNumber(count + 1))), ("note", .string(note))]))
            let written = try? await api.send(
                .patch, target, body: body.bytes, headers: ["If-Match": tag])
            switch written?.status {
            case 200: ledger.acknowledge(note)
            case 412: ledger.refuse(note)
            default: break
            }
        }
    }

    /// Another program adds to a column of its own.
    private static func writeSQL(_ train: Train, _ ledger: Ledger) async throws {
        let table = try await sqlite(
            train,
            "SELECT 'DataRow_' || number FROM class WHERE model = 'tally' AND code = 'item'")
        let name = table.prefix { $0 != "\n" }
        while !ledger.isOver {
            _ = try await sqlite(
                train, "UPDATE \(name) SET foreign_n = foreign_n + 1 WHERE id <= 2")
        }
    }

    private static func sqlite(_ train: Train, _ sql: String) async throws -> String {
        try await ChildProcess.run(
            "sqlite3", ["-cmd", ".timeout 5000", train.data + "/records.db", sql]
        ).output
    }

    private static func check(_ api: APIClient, _ ledger: Ledger, _ seed: UInt64) async throws {
        var notes: [String: Int] = [:]
        var changes = 0
        for id in 1...items {
            var history: [JSONValue] = []
            var cursor: String?
            repeat {
                let query = cursor.map { "&cursor=\($0.queryEncoded)" } ?? ""
                let page = try await api.get("\(path)/\(id)/history?limit=500\(query)")
                history += page["items"]?.array ?? []
                cursor = page["next"]?.string
            } while cursor != nil
            let versions = history.compactMap { $0["version"]?.integer }
            #expect(versions == Array(1...Int64(max(versions.count, 1))), "seed \(seed): \(id)")
            for column in ["n", "foreign_n"] {
                var last: Int64 = 0
                for entry in history.dropFirst() {
                    let change = (entry["changes"]?.array ?? []).first {
                        $0["column"]?.string == column
                    }
                    guard let change else { continue }
                    #expect(change["old"]?.integer == last, "seed \(seed): \(id) \(column)")
                    #expect(change["new"]?.integer == last + 1, "seed \(seed): \(id) \(column)")
                    last += 1
                }
                let record = try await api.get("\(path)/\(id)")
                #expect(record[column]?.integer == last, "seed \(seed): \(id) \(column)")
                #expect(record["version"]?.integer == versions.last)
            }
            for entry in history {
                for change in entry["changes"]?.array ?? [] where change["column"] == "note" {
                    notes[change["new"]?.string ?? "", default: 0] += 1
                    changes += 1
                }
            }
        }
        let told = ledger.state.withLock { $0 }
        for note in told.acknowledged where notes[note] != 1 {
            Issue.record("seed \(seed): \(note) stands \(notes[note] ?? 0) times")
        }
        for note in told.refused where notes[note] != nil {
            Issue.record("seed \(seed): \(note) was refused and stands")
        }
        print("writers: \(told.acknowledged.count) acknowledged, \(changes) changes in history")
        #expect(told.acknowledged.count > 20, "seed \(seed): hardly anything was written")
    }

    private static func verify(
        _ train: Train, head: String? = nil
    ) async throws -> (code: Int32, output: String, head: String?) {
        let found = try await ChildProcess.run(
            ChildProcess.product("records"), ["verify"] + (head.map { ["--head", $0] } ?? []),
            environment: ["GEARTRAIN_DATA": train.data])
        let line = found.output.split(separator: "\n").first { $0.hasPrefix("head ") }
        return (found.code, found.output, line.map { String($0.dropFirst(5)) })
    }
}
