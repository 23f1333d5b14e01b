import Contracts
import HTTP
import JSON
import RPC

/// A call of somebody outside, as he repeats it until it is answered.
struct SimulatedCall {
    enum Kind {
        case start(workflow: String, record: Int64)
        /// A new record that a rule waits for.
        case inserted(record: Int64)
        case raise(event: String, scope: RaiseEvent.Scope, instance: Int64?, key: Int64?)
        case complete(task: Int64, outcome: String)
        case act(instance: Int64, ActOnInstance.Action)
        case retry(incident: Int64)
    }

    var key: String
    var kind: Kind
}

extension Simulation {
    func place(_ kind: SimulatedCall.Kind) -> SimulatedCall {
        callCount += 1
        return SimulatedCall(key: "call-\(callCount)", kind: kind)
    }

    /// Makes the call. One that is not answered, and now and then one that is, is made again later.
    func make(_ call: SimulatedCall) async throws {
        do {
            let answer = try await send(call)
            note("\(call.key) \(answer)")
            if let before = successes[call.key], before != answer {
                throw Wrong("\(call.key) was answered \(before) and then \(answer)")
            }
            successes[call.key] = answer
        } catch let problem as Problem {
            note("\(call.key) \(problem.code)")
            if alive == nil || problem.status >= 500 || problem.status == 401 {
                calls.append(call)
                return
            }
            // Too late, or somebody else has done it.
            guard [404, 409].contains(problem.status) else { throw problem }
            // Those have no key; the second time there is nothing to be done.
            if case .retry = call.kind { return }
            if case .act = call.kind { return }
            if let before = successes[call.key] {
                throw Wrong("\(call.key) was answered \(before) and then \(problem.code)")
            }
        }
        if isWild && roll(6) { calls.append(call) }
    }

    private func send(_ call: SimulatedCall) async throws -> String {
        switch call.kind {
        case .start(let workflow, let record):
            let answer = try await self.call(
                StartWorkflow(
                    workflow: FullCode(model: "sim", code: workflow), values: nil, record: record),
                as: Simulation.agent, key: call.key)
            return String(decoding: answer.bytes, as: UTF8.self)
        case .inserted(let record):
            _ = try await self.call(DeliverEvents(events: [event(of: record)]), key: nil)
            return "delivered"
        case .raise(let event, let scope, let instance, let key):
            let answer = try await self.call(
                RaiseEvent(
                    event: FullCode(model: "sim", code: event), scope: scope, instance: instance,
                    key: key.map { .number(JSONNumber($0)) },
                    payload: ["call": .string(call.key)]),
                as: Simulation.agent, key: call.key)
            return "event \(answer.event) \(answer.activated)"
        case .complete(let task, let outcome):
            let answer = try await self.call(
                CompleteTask(id: task, outcome: outcome), as: Simulation.agent, key: call.key)
            return "task " + String(decoding: answer.bytes, as: UTF8.self)
        case .act(let instance, let action):
            _ = try await self.call(
                ActOnInstance(id: instance, action: action), as: Simulation.agent, key: nil)
            return action.rawValue
        case .retry(let incident):
            _ = try await self.call(
                ResolveIncident(id: incident, action: .retry), as: Simulation.agent, key: nil)
            return "retried"
        }
    }

    private func event(of record: Int64) -> RecordEvent {
        RecordEvent(
            id: "store-\(record)", type: "record.created",
            record: FullCode(model: "sim", code: "ticket"), recordID: record,
            time: "2026-01-01T00:00:00.000Z", account: "anna", door: .api,
            cause: Cause(root: "request:record-\(record)"), before: .null,
            after: .object(world.records[record] ?? JSONObject()))
    }

    /// A record of its own for whatever begins with it.
    func newRecord() -> Int64 {
        let id = Int64(world.records.count + 1)
        world.records[id] = JSONObject([
            ("id", .number(JSONNumber(id))), ("version", 1), ("describe", .string("#\(id)")),
            ("subject", .string("Ticket \(id)")), ("email", "mara@example.com"),
        ])
        return id
    }
}

/// Something that must never be.
struct Wrong: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
