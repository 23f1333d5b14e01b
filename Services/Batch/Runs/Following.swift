import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Starts what the definition says follows an import: a workflow or a script, once.
struct Following: Sendable {
    static let prefix = "after/"

    let database: Database
    let workflow: Peer
    let runtime: Runtime

    func start(_ id: Int64) async throws -> QueueWorker.Outcome {
        guard let run = try await database.pointRead({ try RunStore.run($0, id) }),
            let after = Models.importDefinition(
                run.definition, model: run.definitionCode.model)?.after
        else { return .done() }
        let context = run.context(key: "after:\(id)")
        let values: JSONValue = ["run": run.json]
        let now = runtime.clock.now()
        do {
            switch after {
            case .workflow(let code):
                _ = try await workflow.call(
                    StartWorkflow(workflow: code, values: values), as: context)
            case .script(let code):
                _ = try await workflow.call(
                    RunScript(script: code, parameters: values), as: context)
            }
            return .done { try RunLog.add($0, id, "What follows was started.", now: now) }
        } catch let problem as Problem {
            if problem.status >= 500 || problem.status == 429 || problem.status == 408 {
                return .retry(problem.detail ?? problem.title)
            }
            let text = problem.detail ?? problem.title
            return .done { connection in
                try RunStore.note(connection, id, problem)
                try RunLog.add(connection, id, "What follows failed: \(text)", now: now)
            }
        }
    }
}
