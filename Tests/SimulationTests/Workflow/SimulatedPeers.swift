import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Records, Mail and Batch as far as Workflow calls them. What they did stands in `World`, which
/// outlives every kill; each effect is done once by its key, as the real ones do.
struct SimulatedPeers: Sendable {
    /// What stands outside of Workflow.
    struct World {
        var records: [Int64: JSONObject] = [:]
        /// How often each effect was done, by its key.
        var effects: [String: Int] = [:]
        var answers: [String: JSONValue] = [:]
        /// How often each run was looked at.
        var runs: [Int64: Int] = [:]
    }

    let simulation: Simulation
    /// Of the life of Workflow that calls; what an earlier life still asks for is not done.
    let life: Int

    func transports(_ signer: PrincipalSigner, _ runtime: Runtime) -> [String: any Transport] {
        let records = RPCRoutes(service: "records", signer: signer, runtime: runtime) { nil }
        records.on(GetRecord.self) { call, _ in
            try await pass()
            guard let record = simulation.world.records[call.id] else { throw Problem.notFound() }
            return JSONBytes(JSONValue.object(record).bytes)
        }
        records.on(ChangeRecord.self) { call, context in
            let changes = try JSONValue(parsing: call.body.bytes).object ?? JSONObject()
            return try await once(context) { world in
                guard var record = world.records[call.id] else { throw Problem.notFound() }
                for (name, value) in changes.members { record[name] = value }
                record["version"] = .number(JSONNumber((record["version"]?.integer ?? 0) + 1))
                world.records[call.id] = record
                return .object(record)
            }
        }
        let mail = RPCRoutes(service: "mail", signer: signer, runtime: runtime) { nil }
        mail.on(SendMail.self) { _, context in
            let answer = try await once(context) { world in
                [
                    "id": .number(JSONNumber(Int64(world.effects.count))), "messageId": "<1@x>",
                    "state": "queued",
                ]
            }
            return try JSONCoder.decode(MailQueued.self, from: JSONValue(parsing: answer.bytes))
        }
        let batch = RPCRoutes(service: "batch", signer: signer, runtime: runtime) { nil }
        batch.on(StartExport.self) { _, context in
            try await once(context) { world in
                let run = Int64(world.runs.count + 1)
                world.runs[run] = 0
                return ["run": .number(JSONNumber(run))]
            }
        }
        batch.on(GetRun.self) { call, _ in
            try await pass()
            let looks = (simulation.world.runs[call.run] ?? 0) + 1
            simulation.world.runs[call.run] = looks
            let state: JSONValue = looks > 2 ? "succeeded" : "running"
            let view: JSONValue = ["id": .number(JSONNumber(call.run)), "state": state]
            return JSONBytes(view.bytes)
        }
        return [
            "records": RouterTransport(records.router), "mail": RouterTransport(mail.router),
            "batch": RouterTransport(batch.router),
        ]
    }

    /// A moment at which anything may happen elsewhere, also the end of this life.
    private func pass() async throws {
        guard simulation.life == life else { throw Problem.unavailable("killed") }
        await simulation.meanwhile()
        guard simulation.life == life else { throw Problem.unavailable("killed") }
    }

    private func once(
        _ context: CallContext, _ effect: (inout World) throws -> JSONValue
    ) async throws -> JSONBytes {
        try await pass()
        let key = context.idempotencyKey ?? "none"
        if simulation.mayFail() {
            throw Problem(status: 500, code: "failed", title: "It did not go right")
        }
        let answer: JSONValue
        if let kept = simulation.world.answers[key] {
            answer = kept
        } else {
            answer = try effect(&simulation.world)
            simulation.world.answers[key] = answer
            simulation.world.effects[key, default: 0] += 1
        }
        // The answer may be lost, by a kill or on its way.
        try await pass()
        if simulation.mayFail() { throw Problem.unavailable("the answer was lost") }
        return JSONBytes(answer.bytes)
    }
}
