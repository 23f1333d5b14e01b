import Contracts
import Database
import HTTP
import RPC

/// Pictures of workflows and instances.
struct DrawingCalls: Sendable {
    let database: Database
    let definitions: DefinitionStore

    func draw(_ call: DrawWorkflow, _ context: CallContext) async throws -> WorkflowDrawing {
        try context.need(InstanceCalls.look, InstanceCalls.operate)
        if let id = call.instance { return try await draw(id, context.principal) }
        guard let code = call.workflow, context.principal.mayOperate(code.model),
            let version = definitions.currentVersion(of: code)
        else {
            throw WorkflowError.unknownWorkflow(call.workflow?.description ?? "")
        }
        return WorkflowDrawing(
            svg: Drawing(version.workflow, name: code.description).text())
    }

    /// By the version that the instance runs on.
    private func draw(_ id: Int64, _ principal: Principal) async throws -> WorkflowDrawing {
        let drawing = try await database.read { [definitions] connection in
            guard let row = try InstanceRow.find(id, connection),
                principal.mayOperate(row.workflow.model),
                let version = try definitions.version(row.definition, connection)
            else { throw WorkflowError.unknownInstance }
            return Drawing(
                version.workflow, name: row.workflow.description,
                marks: try DrawingMarks(of: row, connection))
        }
        return WorkflowDrawing(svg: drawing.text())
    }
}
