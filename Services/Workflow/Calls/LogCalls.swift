import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What happened, for people: the rules that fired, the events that were raised.
struct LogCalls: Sendable {
    let database: Database
    let incidents: IncidentStore
    let clock: any WallClock

    func firings(_ call: ListFirings, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look)
        let query = try FiringQuery(call, as: context.principal)
        return JSONBytes(try await database.read { try query.run($0) }.bytes)
    }

    func events(_ call: ListEvents, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look)
        let query = try EventQuery(call, as: context.principal, now: clock.now())
        return JSONBytes(try await database.read { try query.run($0) }.bytes)
    }

    /// A loop that another service stopped.
    func report(_ call: ReportLoop, _ context: CallContext) async throws -> Done {
        guard context.principal.isSystem else {
            throw Problem.forbidden("Only the platform itself reports a loop.")
        }
        let slash = call.record?.lastIndex(of: "/")
        let type = slash.flatMap { at in call.record.flatMap { FullCode(String($0[..<at])) } }
        let id = slash.flatMap { at in call.record.flatMap { Int64($0[$0.index(after: at)...]) } }
        let opening = IncidentStore.Opening(
            kind: .loop, type: type, record: id,
            problem: Problem(json: call.problem) ?? .loop("A loop was stopped."),
            cycle: call.cycle, onceKey: "\(call.service):\(call.key)", service: call.service)
        try await database.write { [incidents] in try incidents.open(opening, $0) }
        return Done()
    }
}
