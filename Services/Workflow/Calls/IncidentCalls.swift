import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What needs a person, here and in the other services, and what people do about it.
struct IncidentCalls: Sendable {
    let database: Database
    let definitions: DefinitionStore
    let instances: InstanceStore
    let reactions: ReactionStore
    let jobs: JobStore
    let incidents: IncidentStore
    let peers: Peers
    let wakes: Wakes

    func list(_ call: ListIncidents, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.look, InstanceCalls.operate)
        let query = try IncidentQuery(call, as: context.principal)
        return JSONBytes(try await database.read { try query.run($0) }.bytes)
    }

    /// What another service has.
    func take(_ call: TellIncident, _ context: CallContext) async throws -> Done {
        guard context.principal.isSystem else {
            throw Problem.forbidden("Only the platform itself tells of incidents.")
        }
        try await database.write { [incidents] in try incidents.take(call.incident, $0) }
        return Done()
    }

    func resolve(_ call: ResolveIncident, _ context: CallContext) async throws -> JSONBytes {
        try context.need(InstanceCalls.operate)
        let found = try await database.read { [incidents] connection in
            try incidents.find(call.id, as: context.principal, connection)
        }
        guard let found else { throw WorkflowError.unknownIncident }
        if found.isOpen, found.service != "workflow", let key = found.ownerKey {
            return try await hand(call, over: found, key, context)
        }
        let view = try await database.write { [self] connection in
            try resolve(call, context, connection)
        }
        wakes.instances()
        wakes.reactions()
        wakes.timers()
        wakes.jobs()
        wakes.jobRuns()
        return JSONBytes(view.bytes)
    }

    /// The owner does it, with the person's rights, and says how it stands then.
    private func hand(
        _ call: ResolveIncident, over incident: IncidentStore.Incident, _ key: String,
        _ context: CallContext
    ) async throws -> JSONBytes {
        var report: IncidentReport?
        do {
            report = try await peers[incident.service].call(
                ActOnIncident(key: key, action: call.action), as: context)
        } catch let problem as Problem where problem.status == 404 {
            // The owner has forgotten it; so there is nothing to be done.
        }
        let answered = report
        let view = try await database.write { [incidents] connection in
            if let answered {
                try incidents.take(answered, connection)
            } else {
                try incidents.close(
                    incident.id, resolution: call.action.rawValue,
                    account: context.principal.account, connection)
            }
            return try IncidentQuery.view(incident.id, connection) ?? .null
        }
        return JSONBytes(view.bytes)
    }

    private func resolve(
        _ call: ResolveIncident, _ context: CallContext, _ connection: Connection
    ) throws -> JSONValue {
        guard let incident = try incidents.find(call.id, as: context.principal, connection) else {
            throw WorkflowError.unknownIncident
        }
        guard incident.isOpen else { throw WorkflowError.incidentNotOpen }
        switch call.action {
        case .retry where incident.jobRun != nil && incident.dead == nil:
            try resume(incident, skipping: false, connection)
        case .skip where incident.jobRun != nil && incident.dead == nil:
            try resume(incident, skipping: true, connection)
        case .retry: try retry(incident, connection)
        case .skip: try skip(incident, connection)
        case .close: break
        }
        try incidents.close(
            incident.id, resolution: call.action.rawValue, account: context.principal.account,
            connection)
        return try IncidentQuery.view(incident.id, connection) ?? .null
    }

    private func retry(_ incident: IncidentStore.Incident, _ connection: Connection) throws {
        if let dead = incident.dead {
            try dead.queue.revive(connection, key: dead.key, due: incidents.clock.now())
        } else if let instance = incident.instance, let visit = incident.visit {
            try instances.apply(.retry(visit: visit), to: instance, connection)
        } else if let action = incident.action {
            _ = try reactions.revive(action, connection)
        } else {
            throw WorkflowError.cannotSkip(
                "There is nothing to be tried again; the record can be saved again instead.")
        }
    }

    /// A run of a job goes on from what failed, or without it.
    private func resume(
        _ incident: IncidentStore.Incident, skipping: Bool, _ connection: Connection
    ) throws {
        guard let id = incident.jobRun, let run = try JobRun.find(id, connection),
            let job = try jobs.definition(run.version, connection)
        else { return }
        _ = try jobs.resume(run, job, skipping: skipping, connection)
    }

    private func skip(_ incident: IncidentStore.Incident, _ connection: Connection) throws {
        if let dead = incident.dead {
            try dead.queue.cancel(connection, key: dead.key)
            return
        }
        guard let instance = incident.instance, let visit = incident.visit else { return }
        guard let row = try InstanceRow.find(instance, connection),
            let version = try definitions.version(row.definition, connection),
            let step = row.snapshot.visits.first(where: { $0.number == visit })
        else { return }
        guard StepMachine(definition: version.workflow).canSkip(step.step) else {
            throw WorkflowError.cannotSkip(
                "“\(step.step)” decides what comes next and cannot be skipped.")
        }
        try instances.apply(.skip(visit: visit), to: instance, connection)
    }
}
