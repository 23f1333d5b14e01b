import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Starting workflows and looking at instances.
struct InstanceCalls: Sendable {
    let database: Database
    let definitions: DefinitionStore
    let instances: InstanceStore
    let capabilities: Capabilities
    let peers: Peers
    let computing: StepComputing
    let clock: any WallClock

    /// What can be done of an instance while it begins is done, if it takes no longer.
    static let startTime = Duration.milliseconds(20)

    static let operate = "workflow:operate"
    static let look = "operations:read"
    static let listLimit = 1000

    // MARK: Starting

    func start(_ call: StartWorkflow, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.operate)
        guard context.principal.mayOperate(call.workflow.model),
            let version = definitions.currentVersion(of: call.workflow)
        else { throw WorkflowError.unknownWorkflow(call.workflow.description) }
        let values = call.values ?? .null
        guard values.isNull || values.object != nil else {
            throw WorkflowError.invalid(pointer: "/values", detail: "This must be an object.")
        }
        try await checkRecord(call.record, version, context)
        let start = InstanceStore.Start(
            version: version, record: call.record, values: values.object ?? JSONObject(),
            cause: context.cause.next("start:\(call.workflow)"),
            account: context.principal.account, key: context.platformKey)
        let request = JSONCoder.encode(call).bytes
        var walk = try InstanceWalk(start, at: clock.now())
        await walk.goOn(computing, within: InstanceCalls.startTime)
        let answer = try await database.write { [instances, clock, walk] connection in
            try KeyedAnswers(clock: clock).once(context, request, connection) {
                let (id, state) = try instances.begin(walk, start, connection)
                return ["id": .number(JSONNumber(id)), "state": .string(state.rawValue)]
            }
        }
        return JSONBytes(answer.bytes)
    }

    /// A record must be one that the caller may read.
    private func checkRecord(
        _ record: Int64?, _ version: DefinitionStore.Version, _ context: CallContext
    ) async throws {
        switch (version.workflow.type, record) {
        case (nil, nil): return
        case (.some(let type), nil):
            throw WorkflowError.invalid(
                pointer: "/record", detail: "The workflow runs on a record of \(type).")
        case (nil, .some):
            throw WorkflowError.invalid(
                pointer: "/record", detail: "The workflow has no class, and so no record.")
        case (.some(let type), .some(let id)):
            var reading = context
            reading.idempotencyKey = nil
            _ = try await peers["records"].call(
                GetRecord(type, id: id, select: ["id"]), as: reading)
        }
    }

    // MARK: Looking

    func list(_ call: ListInstances, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look, InstanceCalls.operate)
        let query = try InstanceQuery(call, as: context.principal)
        let page = try await database.read { [definitions] in
            try query.run($0, definitions)
        }
        return JSONBytes(page.bytes)
    }

    func get(_ call: GetInstance, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look, InstanceCalls.operate)
        let mayRaise = context.holds(InstanceCalls.operate)
        let view = try await database.read { [capabilities, definitions] connection in
            guard let row = try InstanceRow.find(call.id, connection),
                context.principal.mayOperate(row.workflow.model)
            else { throw WorkflowError.unknownInstance }
            let view = InstanceView(row: row, definitions: definitions)
            return (
                view: try view.whole(connection, capabilities: mayRaise ? capabilities : nil),
                links: mayRaise ? try view.links(connection, capabilities) : []
            )
        }
        // A link that is shown works.
        if !view.links.isEmpty {
            try await database.write { [capabilities] connection in
                for link in view.links {
                    try capabilities.grant(link.token, call.id, link.event, connection)
                }
            }
        }
        return JSONBytes(view.view.bytes)
    }
}
