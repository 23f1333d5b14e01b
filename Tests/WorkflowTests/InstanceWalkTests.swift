import Contracts
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Database
@testable import Workflow

/// Steps that are written together.
@Suite struct InstanceWalkTests {
    /// The store of instances over a file of its own.
    private struct Bench {
        let folder = TemporaryFolder()
        let database: Database
        let store: InstanceStore
        let clock = ManualClock(start: World.start)
        let definitions = DefinitionStore()

        init() async throws {
            let runtime = TestRuntime.make(clock: clock)
            database = try await Database.open(
                StoreEngine.chosen.place("workflow", in: folder.path), runtime: runtime)
            try await database.migrate(Migrations.all)
            store = InstanceStore(
                definitions: definitions, incidents: IncidentStore(runtime: runtime), clock: clock)
            let install = try await database.write { [definitions] in
                try definitions.take(
                    "helpdesk", version: 1, document: InstanceWalkTests.document, $0)
            }
            install?()
        }

        func start(_ values: JSONObject) throws -> InstanceStore.Start {
            let code = FullCode(model: "helpdesk", code: "both")
            return .init(
                version: try #require(definitions.currentVersion(of: code)), values: values,
                cause: Cause(root: "request:1"), account: "olga")
        }

        /// What is in the tables of instances.
        func rows() async throws -> [String] {
            try await database.read { connection in
                try ["instance", "step", "wait", "queue_timer", "queue_instance"].flatMap { table in
                    let columns = try connection.query(
                        "select name from pragma_table_info('\(table)')"
                    ) { $0.text(0) }
                    let row = columns.map { "quote(\"\($0)\")" }.joined(separator: " || ' ' || ")
                    return try connection.query("select \(row) from \(table) order by 1") {
                        table + " " + $0.text(0)
                    }
                }
            }
        }
    }

    private static let document: JSONValue = Model.document(
        workflows: [
            [
                "code": "both", "start": "a",
                "steps": [
                    condition("a", then: "b"), condition("b", then: "split"),
                    [
                        "code": "split", "kind": "parallel", "branches": ["c", "d"],
                        "join": "last",
                    ],
                    condition("c", then: "wait"), condition("d", then: "last"),
                    [
                        "code": "wait", "kind": "event", "event": "confirmed", "key": "=values.n",
                        "timeout": "1h", "onTimeout": "last", "next": "last",
                    ], condition("last", then: "end"), ["code": "end", "kind": "end"],
                ],
            ]
        ])

    private static func condition(_ code: String, then: String) -> JSONValue {
        [
            "code": .string(code), "kind": "condition", "when": "=values.n > 0",
            "then": .string(then), "else": .string(then), "result": .string(code),
        ]
    }

    /// The inputs of each lane, until it stands or is over.
    private static func take(_ walk: inout InstanceWalk, _ time: Timestamp) throws {
        while let task = walk.task {
            let input: StepInput =
                task.step.code == "wait"
                ? task.stands(key: "1", until: time.advanced(by: .seconds(3600)))
                : task.condition(true).input
            let fits = walk.take(input, at: time)
            #expect(fits)
        }
    }

    @Test(.ofFile) func `a walk leaves the rows that its steps leave one by one`() async throws {
        let (together, apart) = (try await Bench(), try await Bench())
        let start = try together.start(JSONObject([("n", 1)]))
        var walk = try InstanceWalk(start, at: together.clock.now())
        try Self.take(&walk, together.clock.now())
        #expect(walk.passages.count == 3)
        let begun = walk
        let id = try await together.database.write { [store = together.store] in
            try store.begin(begun, start, $0).id
        }
        let other = try apart.start(JSONObject([("n", 1)]))
        _ = try await apart.database.write { [store = apart.store] in try store.start(other, $0) }
        for passage in begun.passages.dropFirst() {
            _ = try await apart.database.write { [store = apart.store] in
                try store.advance(passage.input, to: id, note: .init(lane: 0), $0)
            }
        }
        // Who goes on with a lane takes its item away.
        try await apart.database.write { _ = try Queues.instance.cancel($0, key: "\(id)") }
        func same(_ moment: String) async throws {
            let (a, b) = (try await together.rows(), try await apart.rows())
            #expect(
                Self.withoutNumbers(a) == Self.withoutNumbers(b), "\(moment)")
        }
        try await same("at the fork")
        for lane in try await Self.lanes(of: id, in: together) {
            let walk = try await Self.walk(id, lane, in: together)
            _ = try await together.database.write { [store = together.store] in
                try store.advance(walk, $0)
            }
            for passage in walk.passages {
                _ = try await apart.database.write { [store = apart.store] in
                    try store.advance(passage.input, to: id, note: .init(lane: lane), $0)
                }
            }
            try await same("after lane \(lane)")
        }
        await together.database.close()
        await apart.database.close()
    }

    @Test func `of a walk whose instance has changed meanwhile only the first step is written`()
        async throws
    {
        let bench = try await Bench()
        let start = try bench.start(JSONObject([("n", 1)]))
        let id = try await bench.database.write { [store = bench.store] in
            try store.start(start, $0)
        }
        let walk = try await Self.walk(id, 0, in: bench)
        #expect(walk.passages.count == 2)
        _ = try await bench.database.write { [store = bench.store] in
            try store.apply(.pause, to: id, $0)
        }
        let row = try await bench.database.write { [store = bench.store] in
            try store.advance(walk, $0)
        }
        #expect(row?.snapshot.state == .paused)
        #expect(row?.snapshot.visits.map { $0.step } == ["b"])
        // The same walk comes too late a second time.
        let late = try await bench.database.write { [store = bench.store] in
            try store.advance(walk, $0)
        }
        #expect(late == nil)
        await bench.database.close()
    }

    private static func walk(
        _ id: Int64, _ lane: Int64, in bench: Bench
    ) async throws -> InstanceWalk {
        let found = try await bench.database.read { [definitions = bench.definitions] connection in
            try InstanceRow.find(id, connection).flatMap { row in
                try definitions.version(row.definition, connection).map { (row, $0) }
            }
        }
        let (row, version) = try #require(found)
        var walk = InstanceWalk(row, version, lane: lane)
        try take(&walk, bench.clock.now())
        return walk
    }

    private static func lanes(of id: Int64, in bench: Bench) async throws -> [Int64] {
        try await bench.database.read { connection in
            try InstanceRow.find(id, connection)?.snapshot.visits
                .filter { $0.phase == .ready }.map(\.lane) ?? []
        }
    }

    /// Items of queues are numbered as they come.
    private static func withoutNumbers(_ rows: [String]) -> [String] {
        rows.map { row in
            guard row.hasPrefix("queue_") else { return row }
            let words = row.split(separator: " ")
            return ([words[0]] + words.dropFirst(2)).joined(separator: " ")
        }.sorted()
    }
}
