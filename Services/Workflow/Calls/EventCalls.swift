import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Events from outside: raised by the API, by other services, and by a person's link.
struct EventCalls: Sendable {
    let database: Database
    let definitions: DefinitionStore
    let events: EventStore
    let capabilities: Capabilities
    let peers: Peers
    let wakes: Wakes
    let clock: any WallClock
    let log: Log

    // MARK: Raising

    func raise(_ call: RaiseEvent, _ context: CallContext) async throws -> EventRaised {
        guard let event = definitions.event(call.event) else {
            throw WorkflowError.unknownEvent(call.event.description)
        }
        try allow(event, of: call.event.model, context.principal)
        if call.byGet == true, !event.get {
            throw WorkflowError.eventNotAllowed(
                "The event “\(event.code)” is not raised by GET; use POST, or say get in its"
                    + " definition.")
        }
        var raised = EventStore.Raised(
            event: call.event, scope: call.scope, instance: try instance(call),
            workflow: try workflow(call), key: try call.key.flatMap { try EventKey.text($0) },
            payload: call.payload ?? .null, account: context.principal.account,
            cause: context.cause.next("event:\(call.event)"))
        // The platform's own keys name a work for ever; a person's live for a day.
        raised.onceKey = context.platformKey
        raised.record = try record(call, context)
        let once = raised
        let request = JSONCoder.encode(call).bytes
        let answer = try await database.write { [events, clock] connection in
            try KeyedAnswers(clock: clock).once(context, request, connection) {
                JSONCoder.encode(try events.raise(once, connection))
            }
        }
        wakes.instances()
        return try JSONCoder.decode(EventRaised.self, from: answer)
    }

    private func allow(_ event: EventDefinition, of model: String, _ principal: Principal) throws {
        if principal.isSystem { return }
        guard event.web else {
            throw WorkflowError.eventNotAllowed(
                "The event “\(event.code)” cannot be raised from outside.")
        }
        guard principal.mayUse(model) else {
            throw WorkflowError.eventNotAllowed("This token may nothing in the model “\(model)”.")
        }
        if let role = event.role, !principal.roles(in: model).contains(role) {
            throw WorkflowError.eventNotAllowed(
                "The event “\(event.code)” needs the role “\(role)”.")
        }
    }

    private func instance(_ call: RaiseEvent) throws -> Int64? {
        guard call.scope == .instance else { return nil }
        guard let instance = call.instance else {
            throw WorkflowError.invalid(
                pointer: "/instance", detail: "The scope instance needs one.")
        }
        return instance
    }

    private func record(
        _ call: RaiseEvent, _ context: CallContext
    ) throws -> (type: FullCode, id: Int64)? {
        guard let text = call.record else { return nil }
        guard context.principal.isSystem, call.scope == .all, let slash = text.lastIndex(of: "/"),
            let type = FullCode(String(text[..<slash])),
            let id = Int64(text[text.index(after: slash)...])
        else {
            throw WorkflowError.invalid(
                pointer: "/record",
                detail: "Only the platform itself names the record, as model.class/id.")
        }
        return (type, id)
    }

    private func workflow(_ call: RaiseEvent) throws -> FullCode? {
        guard call.scope == .workflow else { return nil }
        let text = call.workflow ?? ""
        let full =
            FullCode.isCode(text)
            ? FullCode(model: call.event.model, code: text) : FullCode(text)
        guard let full else {
            throw WorkflowError.invalid(
                pointer: "/workflow", detail: "The scope workflow needs a code or model.code.")
        }
        guard definitions.currentVersion(of: full) != nil else {
            throw WorkflowError.unknownWorkflow(full.description)
        }
        return full
    }

    // MARK: Links

    func show(_ call: ShowCapability, _ context: CallContext) async throws -> CapabilityView {
        let (capability, row) = try await database.pointRead { [capabilities] connection in
            try EventCalls.find(call.token, capabilities, connection)
        }
        return await view(capability, row, context)
    }

    /// Two at once are one: the second finds it used, in the order of the transactions.
    func use(_ call: UseCapability, _ context: CallContext) async throws -> CapabilityView {
        let (found, row) = try await database.write { [self] connection in
            let (capability, row) = try EventCalls.find(call.token, capabilities, connection)
            guard state(capability, row) == .open else { return (capability, row) }
            try capabilities.markUsed(
                capability, by: context.principal.account, connection)
            _ = try events.raise(
                .init(
                    event: capability.event, scope: .instance, instance: capability.instance,
                    payload: .null, account: context.principal.account,
                    cause: context.cause.next("event:\(capability.event)"),
                    keepsForInstance: true), connection)
            return try EventCalls.find(call.token, capabilities, connection)
        }
        wakes.instances()
        return await view(found, row, context)
    }

    private static func find(
        _ token: String, _ capabilities: Capabilities, _ connection: Connection
    ) throws -> (Capabilities.Capability, InstanceRow) {
        guard let capability = try capabilities.find(token, connection),
            let row = try InstanceRow.find(capability.instance, connection)
        else { throw WorkflowError.unknownCapability }
        return (capability, row)
    }

    private func state(
        _ capability: Capabilities.Capability, _ row: InstanceRow
    ) -> CapabilityView.State {
        if capability.usedAt != nil { return .used }
        let isOver = capability.expires <= clock.now() || row.snapshot.state.isOver
        return isOver ? .expired : .open
    }

    private func view(
        _ capability: Capabilities.Capability, _ row: InstanceRow, _ context: CallContext
    ) async -> CapabilityView {
        let name =
            definitions.event(capability.event)?.title(in: context.principal.language)
            ?? capability.event.code
        let about = await description(of: row, context)
        return CapabilityView(
            state: state(capability, row), title: about.map { "\(name): \($0)" } ?? name,
            usedAt: capability.usedAt?.text, usedBy: capability.usedBy)
    }

    /// How the record calls itself. The link works without it too, so that a record that cannot
    /// be read now is no reason to refuse.
    private func description(of row: InstanceRow, _ context: CallContext) async -> String? {
        guard let type = row.type, let id = row.record else { return nil }
        var system = context
        system.principal = Principal(account: "workflow:\(row.workflow.code)", isSystem: true)
        system.idempotencyKey = nil
        system.timeout = .seconds(3)
        let call = GetRecord(type, id: id, select: ["describe"])
        do {
            let bytes = try await peers["records"].call(call, as: system)
            return try JSONValue(parsing: bytes.bytes)["describe"]?.string
        } catch {
            log.warning(
                "a link is shown without its record", trace: context.trace,
                ["error": "\(error)"])
            return nil
        }
    }
}
