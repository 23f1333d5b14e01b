import HTTP
import JSON
import TestSupport
import Testing

/// A model is applied as a whole or not at all, also where Records is killed while it rewrites
/// every row.
@Suite struct `Models killed and restarted` {
    static let rows = 20_000

    private func document(_ type: String) -> [UInt8] {
        Array(
            """
            {"code": "kills", "name": "Kills", "classes": [{"code": "item", "describe": "{a}",
             "columns": [{"code": "a", "type": "\(type)"}, {"code": "b", "type": "text"}]}]}
            """.utf8)
    }

    private func sqlite(_ train: Train, _ sql: String) async throws -> String {
        try await ChildProcess.run(
            "sqlite3", ["-cmd", ".timeout 10000", train.data + "/records.db", sql]
        ).output
    }

    @Test func `killed in the middle of a conversion, every row is as before or as after`()
        async throws
    {
        let seed = UInt64(20)
        var random = TestRandom(seed: seed)
        let train = try await Train.hurried(.apart)
        let api = try await train.admin()
        let made = try await api.send(.put, "/api/models/kills", body: document("integer"))
        #expect(made.status == 201)
        let number = try await sqlite(
            train, "SELECT number FROM class WHERE model = 'kills' AND dropped = 0")
        let table = "DataRow_" + number.filter(\.isNumber)
        _ = try await sqlite(
            train,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(Self.rows))
            INSERT INTO \(table) (a, b) SELECT i, 'row ' || i FROM n
            """)
        var standing = "integer"
        var outcomes: [String] = []
        for kill in 1...6 {
            let wanted = standing == "integer" ? "text" : "integer"
            let body = document(wanted)
            let putting = Task { try? await api.send(.put, "/api/models/kills", body: body).status }
            let delay = Int.random(in: 1...900, using: &random)
            try await Task.sleep(for: .milliseconds(delay))
            try await train.kill("records")
            try train.start("records")
            try await train.ready("records")
            _ = await putting.value
            var model = ""
            try await train.waitFor("the model") {
                model = (try? await api.get("/api/models/kills").text) ?? ""
                return !model.isEmpty
            }
            standing = model.contains("\"integer\"") ? "integer" : "text"
            let kinds = try await sqlite(
                train,
                "SELECT typeof(a), count(*), min(a + 0), max(a + 0), sum(a + 0) FROM \(table) GROUP BY 1"
            )
            let sum = Self.rows * (Self.rows + 1) / 2
            #expect(
                kinds == "\(standing)|\(Self.rows)|1|\(Self.rows)|\(sum)\n",
                "seed \(seed), kill \(kill) after \(delay) ms")
            #expect(try await sqlite(train, "PRAGMA integrity_check") == "ok\n")
            outcomes.append("\(delay) ms: \(standing == wanted ? "applied" : "not applied")")
        }
        print("seed \(seed): \(outcomes.joined(separator: ", "))")
    }
}
