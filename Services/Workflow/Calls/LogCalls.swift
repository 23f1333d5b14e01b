import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What happened, for people: the rules that fired, the events that were raised.
struct LogCalls: Sendable {
    let database: Database
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
}
