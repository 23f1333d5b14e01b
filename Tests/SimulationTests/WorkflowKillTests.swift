import Glibc
import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// Workflow is killed a hundred times in a busy minute, and the books balance.
@Suite struct `Workflow killed a hundred times` {
    static let kills = 100
    /// Things that are filed meanwhile, at most.
    static let things = 400
    /// Between a kill and the next, at most: with its start again it is a minute in all.
    static let pause = 600

    @Test func `every record is worked on once, each mail goes once, and nothing is left over`()
        async throws
    {
        let seed =
            getenv("GEARTRAIN_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
            ?? UInt64.random(in: 0...UInt64.max)
        print("kill seed \(seed)")
        var random = TestRandom(seed: seed)
        let pauses = (0..<Self.kills).map { _ in Int.random(in: 20...Self.pause, using: &random) }
        let train = try await Train.hurried(.apart)
        let office = BusyOffice(train: train, api: try await train.admin())
        try await office.prepare()
        let filing = Filing()
        let killing = Task {
            defer { filing.end() }
            for pause in pauses {
                try await Task.sleep(for: .milliseconds(pause))
                try await train.kill("workflow")
                try train.start("workflow")
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while let number = filing.next() { try await office.file(number) }
                }
            }
            try await group.waitForAll()
        }
        try await killing.value
        try await train.ready("workflow")
        let filed = filing.count
        print("\(filed) things were filed")
        try await balance(office, filed, "seed \(seed)")
    }

    /// The numbers of the things, handed out until the kills are over.
    private final class Filing: Sendable {
        private let state = Mutex((count: 0, isOver: false))

        var count: Int { state.withLock(\.count) }

        func next() -> Int? {
            state.withLock { state in
                guard !state.isOver, state.count < things else { return nil }
                state.count += 1
                return state.count
            }
        }

        func end() { state.withLock { $0.isOver = true } }
    }

    private func balance(_ office: BusyOffice, _ filed: Int, _ seed: String) async throws {
        try await office.train.waitFor("all to be closed", within: .seconds(60)) {
            let open = "state ne 'closed' or state eq null".queryEncoded
            let left = try? await office.api.get("/api/records/busy/thing?limit=1&filter=\(open)")
            let running = try? await office.api.get("/api/instances?state=running&limit=1")
            return left?["items"] == [] && running?["items"] == []
        }
        let things = try await office.all("/api/records/busy/thing")
        #expect(things.count == filed, "\(seed)")
        let instances = try await office.all("/api/instances?workflow=busy.handle")
        #expect(instances.count == filed, "\(seed)")
        #expect(Set(instances.map { $0["record"]?.string }).count == filed, "\(seed)")
        #expect(instances.allSatisfy { $0["state"] == "finished" }, "\(seed)")
        #expect(try await office.all("/api/incidents").isEmpty, "\(seed)")
        // Each changed once: version 2.
        #expect(things.allSatisfy { $0["version"] == 2 }, "\(seed)")
        try await balanceJobs(office, filed, seed)
        var mails: [JSONValue] = []
        try await office.train.waitFor("all mails to be sent", within: .seconds(60)) {
            mails = (try? await office.all("/api/mail/messages")) ?? []
            return mails.allSatisfy { $0["state"] == "sent" || $0["state"] == "uncertain" }
        }
        let subjects = mails.compactMap { $0["subject"]?.string }.filter { $0.hasPrefix("Filed:") }
        #expect(subjects.count == filed && Set(subjects).count == filed, "\(seed)")
        let queues = try await ChildProcess.run(
            "sqlite3",
            [
                "\(office.train.data)/workflow.db",
                """
                select (select count(*) from queue_instance) + (select count(*) from queue_timer)
                    + (select count(*) from queue_reaction) + (select count(*) from wait);
                """,
            ])
        #expect(queues.output == "0\n", "\(seed)")
    }

    /// The ledger has a row for each minute and for each call by hand, and each of them began one
    /// instance.
    private func balanceJobs(_ office: BusyOffice, _ filed: Int, _ seed: String) async throws {
        var runs: [JSONValue] = []
        try await office.train.waitFor("all runs of the job to end", within: .seconds(60)) {
            runs = (try? await office.all("/api/jobs/busy.beat/runs")) ?? []
            return runs.allSatisfy { $0["state"] != "planned" && $0["state"] != "running" }
        }
        #expect(runs.allSatisfy { $0["state"] == "succeeded" }, "\(seed)")
        let byHand = runs.filter { $0["account"] == "admin" }
        #expect(byHand.count == (1...filed).filter(BusyOffice.beats).count, "\(seed)")
        let minutes = runs.filter { $0["account"] != "admin" }.map { $0["planned"]?.string }
        #expect(Set(minutes).count == minutes.count, "\(seed)")
        let ticks = try await office.all("/api/instances?workflow=busy.tick")
        #expect(ticks.count == runs.count, "\(seed)")
        #expect(Set(ticks.map { $0["values"]?["run"] }).count == runs.count, "\(seed)")
    }
}
