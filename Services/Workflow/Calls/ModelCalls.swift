import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Workflow's part of model documents.
struct ModelCalls: Sendable {
    let database: Database
    let definitions: DefinitionStore
    let jobs: JobStore
    let pool: ScriptPool
    let wakes: Wakes

    /// Every fault of Workflow's lists; what is to run must at least compile.
    func check(_ call: CheckModel, _ context: CallContext) async throws -> ModelCheck {
        let document = try parse(call.document)
        let (sources, faults, _) = ModelCalls.read(call.code, document)
        return ModelCheck(problems: faults + (try await compile(sources)))
    }

    /// Takes a document that was checked; one that has faults all the same is refused as a whole.
    func take(_ call: TakeModel, _ context: CallContext) async throws -> Done {
        guard context.principal.isSystem else {
            throw Problem.forbidden("Only Records hands models over.")
        }
        let document = try parse(call.document)
        let (_, faults, definitions) = ModelCalls.read(call.code, document)
        if !faults.isEmpty { throw Problem.validation(faults) }
        let install = try await database.write { [self] connection in
            let install = try self.definitions.take(
                call.code, version: call.version, document: document, connection)
            if install != nil { try jobs.take(call.code, definitions.jobs, connection) }
            return install
        }
        install?()
        wakes.reactions()
        wakes.jobs()
        return Done()
    }

    private static func read(
        _ code: String, _ document: JSONValue
    ) -> ([ModelReader.Source], [FieldProblem], ModelDefinitions) {
        let reader = ModelReader(code: code, document: document)
        let definitions = reader.read(document)
        return (reader.sources, reader.problems.items, definitions)
    }

    private func compile(_ sources: [ModelReader.Source]) async throws -> [FieldProblem] {
        let units = sources.map {
            ScriptJob.Unit(name: "source", source: $0.text, isScript: $0.isScript)
        }
        let answer = try await pool.run(ScriptJob(work: .compile, units: units))
        return zip(sources, answer.outcomes).compactMap { source, outcome in
            guard case .failed(let fault) = outcome else { return nil }
            return FieldProblem(
                pointer: source.pointer,
                code: source.isScript ? "invalid-script" : "invalid-expression",
                detail: fault.line > 1 ? "Line \(fault.line): \(fault.message)" : fault.message)
        }
    }

    private func parse(_ document: JSONBytes) throws -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: document.bytes)
        } catch {
            throw Problem.malformedJSON(error)
        }
    }
}
