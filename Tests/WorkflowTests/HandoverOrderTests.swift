import Contracts
import Database
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// Documents of one model that come at once: the newest is in force, whatever overtakes what.
@Suite struct HandoverOrderTests {
    private static func document(_ version: Int64) -> JSONValue {
        Model.document(
            workflows: [
                [
                    "code": "count", "start": "s",
                    "steps": [
                        [
                            "code": "s", "kind": "script", "source": .string("return \(version)"),
                            "next": "end",
                        ],
                        ["code": "end", "kind": "end"],
                    ],
                ]
            ])
    }

    private static let count = FullCode(model: "helpdesk", code: "count")

    @Test func `commits that are told of in another order install the newest`() async throws {
        let folder = TemporaryFolder()
        let runtime = TestRuntime.make()
        let database = try await Database.open(
            StoreEngine.chosen.place("workflow", in: folder.path), runtime: runtime)
        try await database.migrate(Migrations.all)
        let definitions = DefinitionStore()
        var installs: [@Sendable () -> Void] = []
        for version in Int64(1)...4 {
            let install = try await database.write {
                try definitions.take(
                    "helpdesk", version: version, document: Self.document(version), $0)
            }
            installs.append(try #require(install))
        }
        for place in [2, 0, 3, 1] {
            installs[place]()
            let current = definitions.currentVersion(of: Self.count)?.version
            #expect(current == (place == 2 || place == 0 ? 3 : 4))
        }
        // Handed over again, or older.
        for version in [Int64(4), 2] {
            let again = try await database.write {
                try definitions.take(
                    "helpdesk", version: version, document: Self.document(version), $0)
            }
            #expect(again == nil)
        }
        // What is read at the next start is the same.
        let next = DefinitionStore()
        try await database.read { try next.load($0) }
        #expect(next.currentVersion(of: Self.count)?.version == 4)
        await database.close()
    }

    @Test func `twenty at once, in any order, leave the newest in force`() async throws {
        try await World.with { world in
            let seed = TestRandom.seed()
            var random = TestRandom(seed: seed)
            let order = (Int64(1)...20).shuffled(using: &random)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for version in order {
                    group.addTask { try await world.take(Self.document(version), version: version) }
                }
                try await group.waitForAll()
            }
            let id = try await world.start("count")
            let done = try await world.reaches(id, "finished")
            #expect(done["steps"]?.array?.first?["output"] == 20, "seed \(seed)")
        }
    }
}
