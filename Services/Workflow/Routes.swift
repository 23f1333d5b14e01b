import Contracts
import HTTP
import RPC

/// The calls that Workflow serves.
struct Routes {
    let models: ModelCalls
    let scripts: ScriptCalls
    let runs: RunCalls
    let beforeRules: BeforeRules
    let inbox: InboxCalls
    let events: EventCalls
    let instances: InstanceCalls
    let jobs: JobCalls
    let directory: Directory
    let logs: LogCalls
    let trial: RuleTrial
    let actions: InstanceActionCalls
    let tasks: TaskCalls
    let drawings: DrawingCalls
    let incidents: IncidentCalls

    /// A document of this many bytes is the largest.
    static let documentLimit = 16 << 20

    func add(to routes: RPCRoutes) {
        routes.on(CheckModel.self, bodyLimit: Routes.documentLimit, models.check)
        routes.on(TakeModel.self, bodyLimit: Routes.documentLimit, models.take)
        routes.on(TakeDirectory.self) { call, context in
            guard context.principal.isSystem else {
                throw Problem.forbidden("Only the gateway hands the directory over.")
            }
            return try await directory.take(call)
        }
        routes.on(FindAddresses.self, directory.addresses)
        routes.on(Evaluate.self, bodyLimit: 48 << 20, scripts.evaluate)
        routes.on(RunScript.self, runs.run)
        routes.on(TryScript.self, runs.attempt)
        routes.on(Render.self, bodyLimit: 48 << 20, scripts.render)
        routes.on(RunBeforeRules.self, bodyLimit: 48 << 20, beforeRules.run)
        routes.on(DeliverEvents.self, bodyLimit: 48 << 20, inbox.deliver)
        routes.on(RaiseEvent.self, events.raise)
        routes.on(ShowCapability.self, events.show)
        routes.on(UseCapability.self, events.use)
        routes.on(StartWorkflow.self, instances.start)
        routes.on(ListInstances.self, instances.list)
        routes.on(GetInstance.self, instances.get)
        routes.on(ActOnInstance.self, actions.act)
        routes.on(DrawWorkflow.self, drawings.draw)
        routes.on(ListTasks.self, tasks.list)
        routes.on(CompleteTask.self, tasks.complete)
        routes.on(ListIncidents.self, incidents.list)
        routes.on(ResolveIncident.self, incidents.resolve)
        routes.on(TellIncident.self, incidents.take)
        routes.on(ListJobs.self, jobs.list)
        routes.on(RunJob.self, jobs.start)
        routes.on(ListJobRuns.self, jobs.runs)
        routes.on(GetJobRun.self, jobs.run)
        routes.on(CancelJobRun.self, jobs.cancel)
        routes.on(TryRules.self, trial.run)
        routes.on(ListFirings.self, logs.firings)
        routes.on(ListEvents.self, logs.events)
    }
}
