import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What a person does to an instance as a whole.
struct InstanceActionCalls: Sendable {
    let database: Database
    let instances: InstanceStore
    let wakes: Wakes
    let clock: any WallClock

    func act(_ call: ActOnInstance, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.operate)
        let request = JSONCoder.encode(call).bytes
        let answer = try await database.write { [self] connection in
            try KeyedAnswers(clock: clock).once(context, request, connection) {
                guard let row = try InstanceRow.find(call.id, connection),
                    context.principal.mayOperate(row.workflow.model)
                else { throw WorkflowError.unknownInstance }
                try act(call.action, on: row, context, connection)
                guard let changed = try InstanceRow.find(call.id, connection) else {
                    throw WorkflowError.unknownInstance
                }
                let view = InstanceView(row: changed, definitions: instances.definitions)
                return .object(try view.summary(connection))
            }
        }
        wakes.instances()
        wakes.timers()
        return JSONBytes(answer.bytes)
    }

    private func act(
        _ action: ActOnInstance.Action, on row: InstanceRow, _ context: CallContext,
        _ connection: Connection
    ) throws {
        let note = InstanceStore.Note(
            cause: context.cause.next("\(action.rawValue):\(row.id)"))
        let state = row.snapshot.state
        guard !state.isOver else {
            throw WorkflowError.instanceNot(row.id, state: state.rawValue, action: action.rawValue)
        }
        let isDone: Bool
        switch action {
        case .cancel:
            try instances.incidents.closeAll(
                ofInstance: row.id, resolution: action.rawValue,
                account: context.principal.account, connection)
            isDone = try instances.apply(.cancel, to: row.id, note: note, connection)
        case .pause: isDone = try instances.apply(.pause, to: row.id, connection)
        case .resume: isDone = try instances.apply(.resume, to: row.id, connection)
        case .retry: isDone = try retry(row, context, connection)
        }
        guard isDone else {
            throw WorkflowError.instanceNot(row.id, state: state.rawValue, action: action.rawValue)
        }
    }

    /// Every step that failed, here and in the instances that this one waits for.
    private func retry(
        _ row: InstanceRow, _ context: CallContext, _ connection: Connection
    ) throws -> Bool {
        var isDone = false
        for visit in row.snapshot.visits where visit.phase == .failed {
            try instances.incidents.closeAll(
                ofInstance: row.id, visit: visit.number, resolution: "retry",
                account: context.principal.account, connection)
            isDone =
                try instances.apply(.retry(visit: visit.number), to: row.id, connection) || isDone
        }
        for child in try instances.children(of: row.id, connection) {
            guard let row = try InstanceRow.find(child, connection) else { continue }
            isDone = try retry(row, context, connection) || isDone
        }
        return isDone
    }
}
