import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

@Suite struct `Jobs over restarts` {
    /// A service that was there at 08:00 on 2027-01-15, and again at another time.
    private static func away(
        _ job: JSONValue, until time: String, _ body: (World) async throws -> Void
    ) async throws {
        let folder = TemporaryFolder()
        let before = try await World(folder: folder.path)
        try await before.take(Model.jobs(job))
        try await before.stop()
        let start = try #require(Timestamp("2027-\(time):00Z"))
        let after = try await World(folder: folder.path, clock: ManualClock(start: start))
        do {
            try await body(after)
        } catch {
            try await after.stop()
            throw error
        }
        try await after.stop()
    }

    @Test(arguments: [
        ("once", ["missed", "missed", "succeeded"]), ("skip", ["missed", "missed", "missed"]),
        ("all", ["succeeded", "succeeded", "succeeded"]),
    ])
    func `missed while the service was away`(missed: String, states: [String]) async throws {
        let job = Model.job("nightly", "0 3 * * *", ["missed": .string(missed)])
        try await `Jobs over restarts`.away(job, until: "01-18T10:00") { world in
            try await world.soon("all rows") {
                try await world.ledger("nightly").map { $0["state"]?.string } == states
            }
            #expect(
                try await world.rows("nightly").map { String($0.prefix(11)) }
                    == ["01-16 03:00", "01-17 03:00", "01-18 03:00"])
            let last = try await world.ledger("nightly")[2]
            #expect(last["reason"]?.string?.contains("was away") == true)
            let late = last["late"]?.integer ?? 0
            if missed != "skip" { #expect(late >= 25_200 && late < 86_400) }
            let jobs = try await world.json(ListJobs())["items"]?.array
            #expect(jobs?.first?["next"] == "2027-01-19T03:00:00.000Z")
        }
    }

    @Test func `one that is due makes up for those that were missed`() async throws {
        let job = Model.job("hourly", "@hourly")
        try await `Jobs over restarts`.away(job, until: "01-15T11:00") { world in
            try await world.soon("all rows") {
                try await world.rows("hourly")
                    == ["01-15 09:00 missed", "01-15 10:00 missed", "01-15 11:00 succeeded"]
            }
        }
    }

    @Test func `what all makes up for is limited, and the rest is told`() async throws {
        let job = Model.job("hourly", "@hourly", ["missed": "all"])
        try await `Jobs over restarts`.away(job, until: "01-20T08:05") { world in
            // Five days of 24.
            let code = World.job("hourly")
            try await world.soon("the runs") {
                let done = ListJobRuns(job: code, state: "succeeded", limit: 1000)
                return try await world.json(done)["items"]?.array?.count
                    == JobPlanner.catchUpLimit
            }
            let states = try await world.ledger("hourly").map { $0["state"]?.string }
            #expect(states.prefix(20).allSatisfy { $0 == "missed" })
            #expect(states.count == 120)
            let page = try await world.json(ListJobRuns(job: code, limit: 1, cursor: "3"))
            #expect(page["next"] == "2")
            #expect(page["items"]?.array?.first?["planned"] == "2027-01-15T10:00:00.000Z")
        }
    }

    @Test func `of very many occurrences the newest are told singly`() throws {
        let schedule = try CronSchedule("*/10 * * * *")
        let now = World.start.advanced(by: .seconds(10 * 86_400))
        let times = Occurrences(of: schedule, in: .utc, after: World.start, upTo: now)
        #expect(times.newest.count == Occurrences.limit)
        #expect(times.newest.last == now)
        #expect(times.olderCount == 440)
        #expect(times.oldest == World.start.advanced(by: .seconds(600)))
        let far = World.start.advanced(by: .seconds(3660 * 86_400))
        let daily = Occurrences(
            of: try CronSchedule("@daily"), in: .utc, after: World.start, upTo: far)
        #expect(daily.newest.count == 366)
    }

    @Test func `a clock that is set back runs nothing twice, and jobs go on`() async throws {
        let folder = TemporaryFolder()
        let job = Model.job("hourly", "@hourly")
        let early = try await World(folder: folder.path)
        try await early.take(Model.jobs(job))
        early.turn(to: "01-15T09:00")
        try await early.soon("the first") {
            try await early.rows("hourly") == ["01-15 09:00 succeeded"]
        }
        early.turn(to: "01-15T10:00")
        try await early.soon("the second") {
            try await early.rows("hourly")
                == ["01-15 09:00 succeeded", "01-15 10:00 succeeded"]
        }
        let state = early.peers.state.withLock { $0 }
        try await early.stop()
        // The clock says 08:30 once more.
        let start = World.start.advanced(by: .seconds(1800))
        let late = try await World(
            folder: folder.path, clock: ManualClock(start: start), state: state)
        try await late.soon("the plan") {
            try await late.json(ListJobs())["items"]?.array?.first?["next"]
                == "2027-01-15T09:00:00.000Z"
        }
        for hour in ["09:00", "10:00", "11:00"] {
            late.turn(to: "01-15T\(hour)")
            try await late.soon("the hour \(hour)") {
                let next = try await late.json(ListJobs())["items"]?.array?.first?["next"]?.string
                return (next ?? "") > "2027-01-15T\(hour):30"
            }
        }
        try await late.soon("the third") { try await late.rows("hourly").count == 3 }
        try await late.soon("its end") {
            try await late.rows("hourly").last == "01-15 11:00 succeeded"
        }
        #expect(late.peers.state.withLock { $0.mails.count } == 3)
        try await late.stop()
    }

    @Test func `nothing sleeps until a clock that was set back has come again`() async throws {
        let folder = TemporaryFolder()
        let early = try await World(folder: folder.path)
        try await early.take(
            Model.jobs(
                Model.job("mail", nil),
                Model.job(
                    "due", nil, steps: [["set": ["status": "late"]]],
                    ["when": ["class": "ticket", "column": "due", "offset": "-2d"]])))
        early.peers.isMailUp.withLock { $0 = false }
        let run = try await early.runNow("mail")
        try await early.soon("an attempt") {
            try await early.jobRun("mail", run)["state"] == "running"
        }
        try await early.stop()
        let start = World.start.advanced(by: .seconds(-86_400))
        let late = try await World(folder: folder.path, clock: ManualClock(start: start))
        _ = late.peers.insert(1, JSONObject([("due", .string(World.start.text))]))
        try await late.soon("the mail") {
            try await late.jobRun("mail", run)["state"] == "succeeded"
        }
        late.clock.advance(by: .seconds(120))
        try await late.soon("the record") {
            late.peers.state.withLock { $0.records[1]?["status"] } == "late"
        }
        try await late.stop()
    }

    @Test func `the ledger is kept for its time, and then goes`() async throws {
        try await World.with { world in
            try await world.take(Model.jobs(Model.job("mail", nil)))
            let run = try await world.runNow("mail")
            try await world.soon("the run") {
                try await world.jobRun("mail", run)["state"] == "succeeded"
            }
            world.clock.advance(by: Housekeeping.logRetention - .seconds(7200))
            #expect(try await world.jobRun("mail", run)["state"] == "succeeded")
            world.clock.advance(by: .seconds(7200))
            // A sweep that was under way sleeps for an interval from now on.
            try await world.soon("the sweep") {
                world.clock.advance(by: Housekeeping.interval)
                return try await world.ledger("mail").isEmpty
            }
            #expect(
                await world.problem(of: GetJobRun(job: World.job("mail"), run: run))?.status == 404)
            // The job itself stays.
            #expect(try await world.runNow("mail") > run)
        }
    }

    /// A database as a kill would have left it, with what the others had done by then.
    private struct Wreck {
        let moment: String
        let folder: TemporaryFolder
        let state: FakePeers.State
    }

    @Test(.ofFile) func `killed at any effect and started again, each step is done once`()
        async throws
    {
        let folder = TemporaryFolder()
        let found = Mutex<[Wreck]>([])
        let source = Mutex<FakePeers?>(nil)
        let world = try await World(
            folder: folder.path,
            hook: { key, moment in
                guard let peers = source.withLock({ $0 }) else { return }
                let wreck = Wreck(
                    moment: "\(moment) \(key)", folder: TemporaryFolder(),
                    state: peers.state.withLock { $0 })
                for name in ["workflow.db", "workflow.db-wal"] {
                    guard let bytes = TestFile.bytes(folder.path + "/" + name) else { continue }
                    try TestFile.write(bytes, to: wreck.folder.path + "/" + name)
                }
                found.withLock { $0.append(wreck) }
            })
        source.withLock { $0 = world.peers }
        try await world.take(
            Model.document(
                workflows: [Model.pause],
                jobs: [
                    Model.job(
                        "all", "0 9 * * *",
                        steps: [
                            Model.mail, ["workflow": "pause"], ["event": "confirmed"],
                            ["export": ["code": "open", "wait": false]], Model.mail,
                        ])
                ]))
        world.turn(to: "01-15T09:00")
        try await world.soon("the run") {
            try await world.rows("all") == ["01-15 09:00 succeeded"]
        }
        try await world.stop()
        let wrecks = found.withLock { $0 }
        #expect(wrecks.count == 6)
        for wreck in wrecks {
            let clock = ManualClock(start: World.start.advanced(by: .seconds(3600)))
            let again = try await World(
                folder: wreck.folder.path, clock: clock, state: wreck.state)
            try await again.soon("the end after \(wreck.moment)") {
                try await again.rows("all") == ["01-15 09:00 succeeded"]
            }
            #expect(try await again.instances().count == 1, "\(wreck.moment)")
            again.peers.state.withLock { state in
                #expect(state.mails.map(\.key) == ["job:1/0", "job:1/4"], "\(wreck.moment)")
                #expect(state.runs.count == 1, "\(wreck.moment)")
            }
            try await again.stop()
        }
    }

    @Test func `two copies of the service do each occurrence once`() async throws {
        let folder = TemporaryFolder()
        let clock = ManualClock(start: World.start)
        let first = try await World(folder: folder.path, clock: clock)
        let second = try await World(folder: folder.path, clock: clock)
        try await first.take(
            Model.jobs(
                Model.job("a", "* * * * *", ["overlap": "queue"]),
                Model.job("b", "* * * * *", ["overlap": "allow"])))
        for minute in 1...20 {
            clock.advance(by: .seconds(60))
            try await first.soon("minute \(minute)") {
                let ended = try await first.rows("a") + second.rows("b")
                return ended.count >= 2 * minute && ended.allSatisfy { $0.hasSuffix("succeeded") }
            }
        }
        let rows = try await second.rows("a") + first.rows("b")
        #expect(Set(try await first.rows("a")).count == rows.count / 2)
        let mails = [first, second].flatMap { $0.peers.state.withLock { $0.mails.map(\.key) } }
        #expect(mails.count == rows.count)
        #expect(Set(mails).count == rows.count)
        try await first.stop()
        try await second.stop()
    }

    @Test func `two planners that meet make one row of an occurrence`() async throws {
        let folder = TemporaryFolder()
        let runtime = TestRuntime.make(clock: ManualClock(start: World.start))
        let database = try await Database.open(
            StoreEngine.chosen.place("workflow", in: folder.path), runtime: runtime)
        try await database.migrate(Migrations.all)
        let store = JobStore(runtime: runtime)
        let plan = JobStore.Plan(
            code: World.job("a"), version: 1, through: World.start, next: nil)
        let ids = try await database.write { connection in
            try (0..<2).map { _ in
                try store.add(
                    .init(plan: plan, kind: .schedule, planned: World.start, occurrence: "a/1"),
                    connection)
            }
        }
        #expect(ids == [1, nil])
        #expect(try await database.read { try store.open(plan.code, $0) } == 1)
        await database.close()
    }
}

extension Model {
    /// A workflow without a record that waits for a day.
    fileprivate static let pause: JSONValue = [
        "code": "pause", "start": "wait",
        "steps": [
            ["code": "wait", "kind": "timer", "wait": "1d", "next": "end"],
            ["code": "end", "kind": "end"],
        ],
    ]
}
