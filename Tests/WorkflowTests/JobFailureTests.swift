import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

@Suite struct `Jobs that fail` {
    /// Three mails, of which some are refused.
    private static let three: JSONValue = [
        ["mail": ["notification": "ask", "to": "=parameters.run > 0 ? 'a@example.com' : null"]],
        Model.mail, Model.mail,
    ]

    /// Calls that are refused so many times.
    private final class Refusals: Sendable {
        private let left: Mutex<[String: Int]>

        init(_ times: [String: Int]) { left = Mutex(times) }

        @Sendable func refuse(_ key: String, _ moment: FakePeers.Moment) throws {
            guard moment == .before else { return }
            let isRefused = left.withLock { left in
                guard let times = left[key], times > 0 else { return false }
                left[key] = times - 1
                return true
            }
            guard isRefused else { return }
            throw Problem(status: 422, code: "refused", title: "No", detail: "not to them")
        }
    }

    private static func states(_ run: JSONValue) -> [String] {
        run["steps"]?.array?.map { $0["state"]?.string ?? "" } ?? []
    }

    @Test func `the first failure stops it, and a person tries again from there`() async throws {
        let refused = Refusals(["job:1/1": 2])
        try await World.with(hook: refused.refuse) { world in
            try await world.take(
                Model.jobs(Model.job("three", nil, steps: `Jobs that fail`.three)))
            let id = try await world.runNow("three")
            try await world.soon("the failure") {
                try await world.jobRun("three", id)["state"] == "failed"
            }
            var run = try await world.jobRun("three", id)
            #expect(`Jobs that fail`.states(run) == ["succeeded", "failed", "skipped"])
            #expect(run["problem"]?["detail"] == "not to them")
            var incident = try #require(try await world.incidents().first)
            #expect(incident["kind"] == "job")
            #expect(incident["run"] == .number(JSONNumber(id)))
            // In vain, and then with success; what was done is not done again.
            for attempt in 2...3 {
                let number = incident["id"]?.integer ?? 0
                _ = try await world.json(ResolveIncident(id: number, action: .retry))
                try await world.soon("attempt \(attempt)") {
                    let state = try await world.jobRun("three", id)["state"]
                    return state == (attempt == 2 ? "failed" : "succeeded")
                }
                incident = try await world.incidents().first ?? incident
            }
            run = try await world.jobRun("three", id)
            #expect(`Jobs that fail`.states(run) == ["succeeded", "succeeded", "succeeded"])
            #expect(run["problem"] == .null)
            #expect(
                world.peers.state.withLock { $0.mails.map(\.key) }
                    == ["job:1/0", "job:1/1", "job:1/2"])
            #expect(try await world.incidents().isEmpty)
        }
    }

    @Test func `a person goes on without what failed`() async throws {
        let refused = Refusals(["job:1/1": 1])
        try await World.with(hook: refused.refuse) { world in
            try await world.take(
                Model.jobs(Model.job("three", nil, steps: `Jobs that fail`.three)))
            let id = try await world.runNow("three")
            try await world.soon("the incident") { try await world.incidents().count == 1 }
            let number = try await world.incidents()[0]["id"]?.integer ?? 0
            _ = try await world.json(ResolveIncident(id: number, action: .skip))
            try await world.soon("the end") {
                try await world.jobRun("three", id)["state"] == "succeeded"
            }
            let run = try await world.jobRun("three", id)
            #expect(`Jobs that fail`.states(run) == ["succeeded", "skipped", "succeeded"])
        }
    }

    @Test func `with onFailure continue the rest is done, and the run has failed`() async throws {
        let refused = Refusals(["job:1/0": 1])
        try await World.with(hook: refused.refuse) { world in
            try await world.take(
                Model.jobs(
                    Model.job(
                        "three", nil, steps: `Jobs that fail`.three, ["onFailure": "continue"])))
            let id = try await world.runNow("three")
            try await world.soon("the end") {
                try await world.jobRun("three", id)["state"] == "failed"
            }
            let run = try await world.jobRun("three", id)
            #expect(`Jobs that fail`.states(run) == ["failed", "succeeded", "succeeded"])
            #expect(try await world.incidents().count == 1)
        }
    }

    @Test func `a failed run of Batch is a failed step, and tried again it is another run`()
        async throws
    {
        try await World.with { world in
            try await world.take(Model.jobs(Model.job("export", nil, steps: [["export": "open"]])))
            let id = try await world.runNow("export")
            try await world.soon("Batch") { world.peers.state.withLock { $0.runs.count == 1 } }
            world.peers.state.withLock { $0.runs[1] = "failed" }
            try await world.soon("the incident") { try await world.incidents().count == 1 }
            let incident = try await world.incidents()[0]
            #expect(incident["problem"]?["detail"]?.string?.contains("no such column") == true)
            _ = try await world.json(
                ResolveIncident(id: incident["id"]?.integer ?? 0, action: .retry))
            try await world.soon("another") { world.peers.state.withLock { $0.runs.count == 2 } }
            world.peers.state.withLock { $0.runs[2] = "succeeded" }
            try await world.soon("the end") {
                try await world.jobRun("export", id)["state"] == "succeeded"
            }
            let step = try await world.jobRun("export", id)["steps"]?.array?.first
            #expect(step?["output"]?["state"] == "succeeded")
            #expect(step?["attempt"] == 2)
        }
    }

    @Test func `a workflow is waited for where the step says so`() async throws {
        let pause: JSONValue = [
            "code": "pause", "start": "wait",
            "steps": [
                ["code": "wait", "kind": "event", "event": "confirmed", "next": "end"],
                ["code": "end", "kind": "end"],
            ],
        ]
        let wait: JSONValue = ["workflow": ["code": "pause", "values": ["a": 1], "wait": true]]
        try await World.with { world in
            try await world.take(
                Model.document(
                    workflows: [pause],
                    jobs: [
                        Model.job("long", nil, steps: [wait, Model.mail]),
                        Model.job("short", nil, steps: [["workflow": "pause"], Model.mail]),
                    ]))
            let short = try await world.runNow("short")
            try await world.soon("the short one") {
                try await world.jobRun("short", short)["state"] == "succeeded"
            }
            let long = try await world.runNow("long")
            try await world.soon("the wait") {
                try await world.jobRun("long", long)["steps"]?.array?.first?["state"] == "waiting"
            }
            try await world.reaches(2, "waiting")
            _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all))
            try await world.soon("the long one") {
                try await world.jobRun("long", long)["state"] == "succeeded"
            }
            let step = try await world.jobRun("long", long)["steps"]?.array?.first
            #expect(step?["instance"] == 2)
            #expect(step?["output"]?["values"]?["a"] == 1)
            #expect(world.peers.state.withLock { $0.mails.count } == 2)
        }
    }

    @Test func `a run that takes too long fails, and one that need not wait does not`()
        async throws
    {
        try await World.with { world in
            try await world.take(
                Model.jobs(
                    Model.job("long", nil, steps: [["export": "open"]], ["timeout": "5s"]),
                    Model.job(
                        "short", nil, steps: [["export": ["code": "open", "wait": false]]])))
            let long = try await world.runNow("long")
            let short = try await world.runNow("short")
            try await world.soon("both ends") {
                let state = try await world.jobRun("short", short)["state"]
                return try await world.jobRun("long", long)["state"] == "failed"
                    && state == "succeeded"
            }
            let problem = try await world.jobRun("long", long)["problem"]?["detail"]?.string
            #expect(problem?.contains("timeout of 5s") == true)
        }
    }

    @Test func `who is away is waited for`() async throws {
        try await World.with { world in
            try await world.take(Model.jobs(Model.job("mail", nil)))
            world.peers.isMailUp.withLock { $0 = false }
            let id = try await world.runNow("mail")
            try await world.soon("attempts") {
                try await world.jobRun("mail", id)["state"] == "running"
            }
            world.peers.isMailUp.withLock { $0 = true }
            try await world.soon("the end") {
                try await world.jobRun("mail", id)["state"] == "succeeded"
            }
            #expect(try await world.incidents().isEmpty)
        }
    }

    @Test func `what cannot be begun says so`() async throws {
        try await World.with { world in
            try await world.take(
                Model.jobs(Model.job("upload", nil, steps: [["import": "prices"]])))
            _ = try await world.runNow("upload")
            try await world.soon("the incident") { try await world.incidents().count == 1 }
            let detail = try await world.incidents()[0]["problem"]?["detail"]?.string
            #expect(detail?.contains("upload") == true)
        }
    }
}
