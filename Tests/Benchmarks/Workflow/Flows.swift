import Database
import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport

/// Workflows of Geartrain, started by HTTP through the gateway, and seen as anybody sees them: by
/// what a call answers. Nobody else has the file open while it is measured.
struct Flows: Sendable {
    let geartrain: Geartrain

    private static let patience = 30.0

    init(_ geartrain: Geartrain) async throws {
        self.geartrain = geartrain
        let client = geartrain.client
        try await client.expect(201, .put, "/api/models/flow", json: FlowModel.document)
        let role = try await client.expect(200, .get, "/api/roles/agent")
        try await client.expect(
            200, .put, "/api/roles/agent",
            json: ["name": "Agent", "enabled": true, "members": ["admin"]],
            headers: ["If-Match": role.headers["ETag"] ?? ""])
    }

    /// What an instance, once started, is waited for.
    enum Goal: String { case finished, waiting }

    /// Answers its id, and how far it has come by then.
    func start(_ workflow: String, _ values: JSONValue) async throws -> (id: Int64, state: String) {
        let answer = try await geartrain.client.post(
            "/api/workflows/flow.\(workflow)/instances", ["values": values], status: 201)
        return (answer["id"]?.integer ?? 0, answer["state"]?.string ?? "")
    }

    /// Starts one and waits until it has come so far.
    @discardableResult
    func start(_ workflow: String, _ values: JSONValue, until goal: Goal) async throws -> Int64 {
        let (id, state) = try await start(workflow, values)
        if state != goal.rawValue { try await reached(id, goal) }
        return id
    }

    /// Asks until the instance has come so far.
    func reached(_ id: Int64, _ goal: Goal) async throws {
        let end = Flows.now + Flows.patience
        repeat {
            let answer = try await geartrain.client.expect(200, .get, "/api/instances/\(id)")
            if try answer.json["state"] == .string(goal.rawValue) { return }
        } while Flows.now < end
        throw BenchmarkError("instance \(id) is not \(goal)")
    }

    /// Starts one, waits until it has come so far, starts the next.
    func sequential(
        _ workflow: String, _ goal: Goal = .finished, seconds: Int,
        values: (Int) -> JSONValue = { _ in ["n": 1] }
    ) async throws -> Sample {
        let servers = geartrain.processes(of: ["gateway", "workflow"])
        let before = ProcessUsage.microseconds(of: servers)
        var times: [Double] = []
        let start = Flows.now
        while Flows.now - start < Double(seconds) {
            let began = Flows.now
            try await self.start(workflow, values(times.count), until: goal)
            times.append(Flows.now - began)
        }
        let rate = Double(times.count) / (Flows.now - start)
        let spent = ProcessUsage.microseconds(of: servers) - before
        return Flows.sample(times, rate: rate, spent)
    }

    /// As many as there is room for, from 64 connections, until all have ended.
    func parallel(_ workflow: String, seconds: Int, in folder: String) async throws -> Sample {
        let servers = geartrain.processes(of: ["gateway", "workflow"])
        let before = (ProcessUsage.microseconds(of: servers), try await count())
        let start = Flows.now
        let load = geartrain.posts(
            64, "/api/workflows/flow.\(workflow)/instances", "{\"values\":{\"n\":1}}")
        let answers = try await load.run(
            port: geartrain.port, seconds: seconds, servers: [], in: folder, name: workflow)
        try await eventually("all have ended", within: .seconds(120)) {
            try await list("state=running&limit=1").isEmpty
        }
        let spent = Flows.now - start
        let ended = try await count() - before.1
        return Sample(
            rate: Double(ended) / spent, median: answers.median, p99: answers.p99,
            processor: Double(ProcessUsage.microseconds(of: servers) - before.0) / Double(ended))
    }

    private func count() async throws -> Int64 {
        try await look {
            try $0.count("select count(*) from instance where state = 'finished'")
        }
    }

    func list(_ query: String) async throws -> [JSONValue] {
        try await geartrain.client.expect(200, .get, "/api/instances?" + query)
            .json["items"]?.array ?? []
    }

    /// Milliseconds from the answer of the call that raised the event to the end of the next step.
    func wakes(_ keys: [String], _ ids: [Int64]) async throws -> Sample {
        let servers = geartrain.processes(of: ["gateway", "workflow"])
        let before = ProcessUsage.microseconds(of: servers)
        var times: [Double] = []
        for (key, id) in zip(keys, ids) {
            let answer = try await geartrain.client.send(
                .post, "/api/events/flow.go", body: Flows.event(key).bytes)
            let began = Flows.now
            guard try answer.json["activated"] == 1 else {
                throw BenchmarkError("the event woke nobody: \(answer)")
            }
            try await reached(id, .finished)
            times.append(Flows.now - began)
        }
        let spent = ProcessUsage.microseconds(of: servers) - before
        return Flows.sample(times, rate: Double(times.count) / times.reduce(0, +), spent)
    }

    private static func event(_ key: String) -> JSONValue {
        ["scope": "all", "key": .string(key), "payload": ["by": "benchmarks"]]
    }

    /// Changes the file as another program would.
    func change(_ body: @escaping @Sendable (Connection) throws -> Void) async throws {
        try await withFile { try await $0.write(body) }
    }

    func look<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        try await withFile { try await $0.read(body) }
    }

    /// Open for no longer than it takes: the writer leaves others their turn.
    private func withFile<T: Sendable>(
        _ body: (Database) async throws -> T
    ) async throws -> T {
        let file = try await Database.open(
            DatabaseConfiguration(location: geartrain.file(of: "workflow")),
            runtime: TestRuntime.make())
        let result: Result<T, any Error>
        do {
            result = .success(try await body(file))
        } catch {
            result = .failure(error)
        }
        await file.close()
        return try result.get()
    }

    static func sample(_ times: [Double], rate: Double, _ spent: Int) -> Sample {
        let sorted = times.sorted()
        guard !sorted.isEmpty else { return Sample(rate: 0, median: 0, p99: 0) }
        return Sample(
            rate: rate, median: sorted[sorted.count / 2] * 1000,
            p99: sorted[sorted.count * 99 / 100] * 1000,
            processor: Double(spent) / Double(times.count))
    }

    /// Seconds that never go back.
    static var now: Double { Double(SystemClock().monotonicNanoseconds()) / 1_000_000_000 }
}
