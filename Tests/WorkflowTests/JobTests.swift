import Contracts
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// The clock stands at 2027-01-15 08:00 UTC, a Friday.
@Suite struct `Jobs` {
    @Test func `what was planned runs at its time, and the ledger shows both`() async throws {
        try await World.with { world in
            try await world.take(
                Model.jobs(Model.job("nightly", "0 3 * * *", ["zone": "Europe/Prague"])))
            let job = try #require(try await world.json(ListJobs())["items"]?.array?.first)
            #expect(job["job"] == "helpdesk.nightly")
            #expect(job["next"] == "2027-01-16T02:00:00.000Z")
            #expect(job["last"] == .null)
            #expect(try await world.ledger("nightly").isEmpty)
            world.turn(to: "01-16T02:00")
            try await world.soon("the run") {
                try await world.rows("nightly") == ["01-16 02:00 succeeded"]
            }
            let run = try await world.jobRun("nightly", 1)
            #expect(run["kind"] == "schedule")
            #expect(run["account"] == .null)
            #expect(run["steps"]?.array?.first?["state"] == "succeeded")
            #expect(run["steps"]?.array?.first?["output"]?["state"] == "queued")
            #expect(world.peers.state.withLock { $0.mails.map(\.key) } == ["job:1/0"])
            let context = world.peers.state.withLock { $0.contexts["job:1/0"] }
            #expect(context?.principal.account == "job:nightly")
            #expect(context?.door == .job)
            #expect(context?.cause.root == "job:helpdesk.nightly/1")
            let after = try #require(try await world.json(ListJobs())["items"]?.array?.first)
            #expect(after["next"] == "2027-01-17T02:00:00.000Z")
            #expect(after["last"]?["run"] == 1)
        }
    }

    @Test(arguments: [
        // In Prague 02:30 is not there on March 28, and there twice on October 31.
        ("03-27T12:00", ["03-28T01:00", "03-29T00:30"]),
        ("10-30T12:00", ["10-31T00:30", "11-01T01:30"]),
    ])
    func `where clocks are set it runs once`(start: String, times: [String]) async throws {
        let start = try #require(Timestamp("2027-\(start):00Z"))
        try await World.with(clock: ManualClock(start: start)) { world in
            try await world.take(
                Model.jobs(Model.job("nightly", "30 2 * * *", ["zone": "Europe/Prague"])))
            for (count, time) in times.enumerated() {
                world.turn(to: time)
                try await world.soon("the run of \(time)") {
                    try await world.rows("nightly").count == count + 1
                }
            }
            #expect(
                try await world.ledger("nightly").map { $0["planned"]?.string }
                    == times.map { "2027-\($0):00.000Z" })
        }
    }

    @Test func `a new model leaves a schedule that is as it was, and plans another anew`()
        async throws
    {
        try await World.with { world in
            try await world.take(
                Model.jobs(Model.job("a", "0 9 * * *"), Model.job("b", "0 9 * * *")))
            try await world.take(
                Model.jobs(
                    Model.job("a", "0 9 * * *", steps: [["event": "confirmed"]]),
                    Model.job("b", "30 9 * * *"), Model.job("c", "0 9 * * *", ["enabled": false])),
                version: 2)
            world.turn(to: "01-15T09:00")
            try await world.soon("a") {
                try await world.rows("a") == ["01-15 09:00 succeeded"]
            }
            #expect(try await world.jobRun("a", 1)["steps"]?.array?.first?["kind"] == "event")
            world.turn(to: "01-15T09:30")
            try await world.soon("b") {
                try await world.rows("b") == ["01-15 09:30 succeeded"]
            }
            #expect(try await world.rows("c").isEmpty)
            // Gone: it is not planned any more, and its ledger stays.
            try await world.take(Model.jobs(Model.job("b", "30 9 * * *")), version: 3)
            world.turn(to: "01-16T09:30")
            try await world.soon("b again") { try await world.rows("b").count == 2 }
            #expect(try await world.rows("a") == ["01-15 09:00 succeeded"])
        }
    }

    @Test func `a person runs a job, once for each key, though it is switched off`() async throws {
        try await World.with { world in
            try await world.take(Model.jobs(Model.job("report", "0 3 * * *", ["enabled": false])))
            let run = try await world.runNow("report", key: "k")
            #expect(try await world.runNow("report", key: "k") == run)
            try await world.soon("the run") {
                try await world.jobRun("report", run)["state"] == "succeeded"
            }
            let ledger = try await world.ledger("report")
            #expect(ledger.count == 1)
            #expect(ledger[0]["account"] == "olga")
            #expect(ledger[0]["kind"] == "manual")
            let cause = world.peers.state.withLock { $0.contexts["job:\(run)/0"]?.cause }
            #expect(cause?.root == "request:test")
        }
    }

    @Test func `scripts have the rights of runAs, or of who said so`() async throws {
        try await World.with { world in
            try await world.take(
                Model.jobs(
                    Model.job("own", nil), Model.job("other", nil, ["runAs": "robot"])))
            for (code, account) in [("own", "olga"), ("other", "robot")] {
                let answer = try await world.call(
                    RunJob(job: World.job(code)), as: World.operator_,
                    cause: Cause(root: "request:1", account: "olga"))
                let run = try JSONValue(parsing: answer.bytes)["run"]?.integer ?? 0
                try await world.soon("the run") {
                    try await world.jobRun(code, run)["state"] == "succeeded"
                }
                let cause = world.peers.state.withLock { $0.contexts["job:\(run)/0"]?.cause }
                #expect(cause?.account == account)
            }
        }
    }

    @Test func `a script of a job acts by gt, where somebody's rights are there`() async throws {
        let source = "return gt.records.change('ticket', parameters.id, {subject: 'seen'}).subject"
        let steps: JSONValue = [["script": ["code": "mark", "parameters": ["id": 1]]]]
        try await World.with { world in
            try await world.take(
                Model.document(
                    scripts: [["code": "mark", "source": .string(source)]],
                    jobs: [
                        Model.job("robots", "0 9 * * *", steps: steps, ["runAs": "robot"]),
                        Model.job("nobodys", "0 9 * * *", steps: steps),
                    ]))
            _ = try await world.call(
                TakeDirectory(
                    base: 0, version: 3,
                    accounts: [
                        DirectoryAccount(
                            code: "robot", name: "Robot", active: true, kind: "service",
                            roles: ["agent"])
                    ]))
            _ = world.peers.insert(1, JSONObject([("subject", "new")]))
            world.turn(to: "01-15T09:00")
            try await world.soon("both ends") {
                let nobodys = try await world.rows("nobodys")
                return try await world.rows("robots") == ["01-15 09:00 succeeded"]
                    && nobodys == ["01-15 09:00 failed"]
            }
            let robots = try #require(try await world.ledger("robots").first?["run"]?.integer)
            let step = try await world.jobRun("robots", robots)["steps"]?.array?.first
            #expect(step?["output"] == "seen")
            let context = world.peers.state.withLock { $0.contexts["job:\(robots)/0#1"] }
            #expect(context?.principal.account == "robot")
            let incident = try #require(try await world.incidents().first)
            #expect(incident["problem"]?["detail"]?.string?.contains("runAs") == true)
        }
    }

    @Test func `a program of the operator's list is a step`() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/it"
        try TestFile.write("#!/bin/sh\necho rotated $1\n", to: path)
        chmod(path, 0o755)
        try await World.with(settings: ["WORKFLOW_COMMANDS": "rotate=" + path]) { world in
            let arguments: JSONValue = ["command": "rotate", "arguments": ["=parameters.job"]]
            try await world.take(
                Model.jobs(
                    Model.job("list", nil, steps: [["command": "rotate"], ["command": arguments]]),
                    Model.job("other", nil, steps: [["command": "unknown"]])))
            let run = try await world.runNow("list")
            let other = try await world.runNow("other")
            try await world.soon("both ends") {
                let state = try await world.jobRun("other", other)["state"]
                return try await world.jobRun("list", run)["state"] == "succeeded"
                    && state == "failed"
            }
            let steps = try await world.jobRun("list", run)["steps"]?.array ?? []
            #expect(
                steps.map { $0["output"]?["stdout"]?.string }
                    == ["rotated\n", "rotated helpdesk.list\n"])
            #expect(steps.map { $0["target"] } == ["rotate", "rotate"])
        }
    }

    @Test func `who looks and who acts`() async throws {
        try await World.with { world in
            try await world.take(Model.jobs(Model.job("report", nil)))
            let code = World.job("report")
            let stranger = Principal(account: "eve")
            let looker = Principal(account: "lea", permissions: ["operations:read"])
            #expect(await world.problem(of: ListJobs(), as: stranger)?.status == 403)
            #expect(await world.problem(of: ListJobRuns(job: code), as: stranger)?.status == 403)
            #expect(await world.problem(of: ListJobs(), as: looker) == nil)
            #expect(await world.problem(of: RunJob(job: code), as: looker)?.status == 403)
            #expect(
                await world.problem(of: CancelJobRun(job: code, run: 1), as: looker)?.status == 403)
            #expect(await world.problem(of: RunJob(job: World.job("none")))?.status == 404)
            #expect(await world.problem(of: ListJobRuns(job: World.job("none")))?.status == 404)
            #expect(await world.problem(of: GetJobRun(job: code, run: 9))?.status == 404)
            #expect(await world.problem(of: CancelJobRun(job: code, run: 9))?.status == 404)
            #expect(
                await world.problem(of: ListJobRuns(job: code, cursor: "x"))?.status == 400)
            let narrow = Principal(
                account: "tom", permissions: ["operations:read", "workflow:operate"],
                models: ["shop"])
            #expect(await world.problem(of: RunJob(job: code), as: narrow)?.status == 404)
            let list = try await world.json(ListJobs(), as: narrow)
            #expect(list["items"]?.array?.isEmpty == true)
        }
    }

    @Test(arguments: [
        ("skip", ["succeeded", "skipped", "skipped"]), ("queue", ["succeeded", "succeeded"]),
        ("allow", ["succeeded", "succeeded"]),
    ])
    func `runs that meet`(overlap: String, states: [String]) async throws {
        try await World.with { world in
            try await world.take(
                Model.jobs(
                    Model.job(
                        "export", "*/10 * * * *", steps: [["export": "open"], Model.mail],
                        ["overlap": .string(overlap)])))
            let peers = world.peers
            world.turn(to: "01-15T08:10")
            try await world.soon("the first run of Batch") {
                peers.state.withLock { $0.runs == [1: "running"] }
            }
            try await world.soon("its number in the ledger") {
                try await world.jobRun("export", 1)["steps"]?.array?.first?["run"] == 1
            }
            world.turn(to: "01-15T08:20")
            try await world.soon("the second row") { try await world.rows("export").count == 2 }
            if overlap == "skip" {
                #expect(
                    try await world.ledger("export")[1]["reason"]
                        == "The run before it was still going.")
                let problem = await world.problem(of: RunJob(job: World.job("export")))
                #expect(problem?.status == 409)
                world.turn(to: "01-15T08:30")
                try await world.soon("the third row") {
                    try await world.rows("export").count == 3
                }
            }
            if overlap == "allow" {
                try await world.soon("the second run of Batch") {
                    peers.state.withLock { $0.runs.count == 2 }
                }
            }
            if overlap == "queue" {
                #expect(peers.state.withLock { $0.runs.count } == 1)
                #expect(try await world.jobRun("export", 2)["state"] == "planned")
            }
            try await world.soon("the ends") {
                peers.state.withLock { state in
                    for run in state.runs.keys { state.runs[run] = "succeeded" }
                }
                return try await world.ledger("export").map { $0["state"]?.string } == states
            }
            #expect(peers.state.withLock { $0.mails.count } == states.count { $0 == "succeeded" })
        }
    }

    @Test func `a run is cancelled, and Batch hears of it`() async throws {
        try await World.with { world in
            try await world.take(
                Model.jobs(
                    Model.job(
                        "export", nil, steps: [["export": "open"], Model.mail],
                        ["overlap": "queue"])))
            let run = try await world.runNow("export")
            let next = try await world.runNow("export")
            let last = try await world.runNow("export")
            try await world.soon("the wait for Batch") {
                try await world.jobRun("export", run)["steps"]?.array?.first?["state"] == "waiting"
            }
            // One that waits, and one that goes: the last gets its turn.
            let code = World.job("export")
            #expect(
                try await world.json(CancelJobRun(job: code, run: next))["state"] == "cancelled")
            let cancelled = try await world.json(CancelJobRun(job: code, run: run))
            #expect(cancelled["reason"] == "Cancelled by olga.")
            #expect(
                cancelled["steps"]?.array?.map { $0["state"]?.string }
                    == ["cancelled", "cancelled"])
            #expect(await world.problem(of: CancelJobRun(job: code, run: run))?.status == 409)
            try await world.soon("Batch was told, and the last goes") {
                world.peers.state.withLock { $0.runs == [1: "cancelled", 2: "running"] }
            }
            #expect(try await world.jobRun("export", last)["state"] == "running")
            #expect(try await world.incidents().isEmpty)
        }
    }

    @Test func `with integrations switched off jobs stand still, and the ledger says so`()
        async throws
    {
        try await World.with(settings: ["INTEGRATIONS": "off"]) { world in
            try await world.take(
                Model.jobs(
                    Model.job("out", "0 9 * * *"),
                    Model.job("own", "0 9 * * *", ["integration": false])))
            world.turn(to: "01-15T09:00")
            try await world.soon("both rows") {
                let own = try await world.rows("own")
                return try await world.rows("out").count == 1 && own == ["01-15 09:00 succeeded"]
            }
            let row = try await world.ledger("out")[0]
            #expect(row["state"] == "skipped")
            #expect(row["reason"]?.string?.contains("INTEGRATIONS=off") == true)
            let refused = await world.problem(of: RunJob(job: World.job("out")))
            #expect(refused?.status == 409)
            #expect(refused?.detail?.contains("INTEGRATIONS=off") == true)
            let jobs = try await world.json(ListJobs())["items"]?.array ?? []
            #expect(jobs.map { $0["standstill"] == .null } == [false, true])
        }
    }
}
