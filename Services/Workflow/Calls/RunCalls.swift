import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Scripts that are run from outside, and tried.
struct RunCalls: Sendable {
    let definitions: DefinitionStore
    let evaluator: Evaluator

    static let write = "models:write"

    /// Runs a script that is open to the outside.
    func run(_ call: RunScript, _ context: CallContext) async throws -> JSONBytes {
        guard let script = definitions.script(call.script) else {
            throw WorkflowError.unknownScript(call.script.description)
        }
        guard context.principal.mayUse(call.script.model) else {
            throw WorkflowError.scriptNotAllowed(
                "This token may nothing in the model “\(call.script.model)”.")
        }
        let roles = context.principal.roles(in: call.script.model)
        let isInside = context.principal.isSystem || context.door == .import
        if !isInside { try RunCalls.allow(script, roles) }
        if call.byGet == true, !script.get {
            throw WorkflowError.scriptNotAllowed(
                "The script “\(script.code)” is not run by GET; use POST, or say get in its"
                    + " definition.")
        }
        let bindings = try RunCalls.bindings(
            call.parameters, context.principal, roles: roles)
        let run = try await evaluator.run(script, bindings: bindings, as: context)
        let answer: JSONValue =
            if let file = run.effect.file {
                ["file": try ScriptFile(file).json]
            } else {
                ["result": run.effect.result]
            }
        return JSONBytes(answer.bytes)
    }

    private static func allow(_ script: ScriptDefinition, _ roles: [String]) throws {
        guard script.web else {
            throw WorkflowError.scriptNotAllowed(
                "The script “\(script.code)” cannot be run from outside.")
        }
        if let role = script.role, !roles.contains(role) {
            throw WorkflowError.scriptNotAllowed(
                "The script “\(script.code)” needs the role “\(role)”.")
        }
    }

    private static func bindings(
        _ parameters: JSONValue?, _ principal: Principal, roles: [String]
    ) throws -> JSONObject {
        let parameters = parameters ?? .object(JSONObject())
        guard parameters.object != nil else {
            throw WorkflowError.invalid(pointer: "/parameters", detail: "This must be an object.")
        }
        let me: JSONValue = [
            "account": .string(principal.account), "roles": .array(roles.map { .string($0) }),
            "language": .string(principal.language),
        ]
        return JSONObject([("parameters", parameters), ("me", me)])
    }

    // MARK: Trying

    func attempt(_ call: TryScript, _ context: CallContext) async throws -> JSONBytes {
        guard context.principal.isSystem || context.principal.permissions.contains(RunCalls.write)
        else { throw WorkflowError.permissionNeeded(RunCalls.write) }
        guard context.principal.mayUse(call.model) else {
            throw WorkflowError.scriptNotAllowed(
                "This token may nothing in the model “\(call.model)”.")
        }
        let script = try definition(call)
        var bindings = try RunCalls.bindings(
            call.parameters, context.principal, roles: context.principal.roles(in: call.model))
        bindings["record"] = try await record(call, context)
        bindings["values"] = .object(JSONObject())
        let session = ScriptSession(
            platform: evaluator.platform, mode: .tries, context: context,
            owners: [script.owner])
        let start = Moment.now
        var answer = JSONObject()
        do {
            let run = try await evaluator.run(script, bindings: bindings, session: session)
            answer["result"] = run.effect.result
            answer["file"] = try run.effect.file.map { try ScriptFile($0).json }
            answer["record"] = run.effect.record
            answer["values"] = run.effect.values
        } catch let error as ScriptError where !error.isTransient {
            answer["error"] = RunCalls.view(error)
        }
        answer["log"] = .array(await session.log.map { .string($0) })
        answer["calls"] = .array(await session.tried)
        answer["milliseconds"] = .number(JSONNumber((Moment.now - start).milliseconds))
        return JSONBytes(JSONValue.object(answer).bytes)
    }

    private func definition(_ call: TryScript) throws -> ScriptDefinition {
        guard FullCode.isCode(call.model), definitions.knows(call.model) else {
            throw WorkflowError.invalid(
                pointer: "/model", detail: "There is no model “\(call.model.prefix(100))”.")
        }
        guard call.source.utf8.count <= ScriptReader.sourceLimit else {
            throw WorkflowError.invalid(
                pointer: "/source", detail: "At most \(ScriptReader.sourceLimit >> 10) KiB.")
        }
        var script = ScriptDefinition(model: call.model, code: "try", source: call.source)
        script.include = call.include ?? []
        do throws(ScriptReader.Fault) {
            script.blocks = try ScriptReader.blocks(
                of: script, in: definitions.scripts(of: call.model))
        } catch {
            throw WorkflowError.invalid(pointer: "/include", detail: error.detail)
        }
        return script
    }

    private func record(_ call: TryScript, _ context: CallContext) async throws -> JSONValue {
        guard let record = call.record, !record.isNull else { return .null }
        if record.object != nil { return record }
        let text = call.class ?? ""
        let type =
            FullCode.isCode(text) ? FullCode(model: call.model, code: text) : FullCode(text)
        guard let id = record.integer, let type else {
            throw WorkflowError.invalid(
                pointer: "/record", detail: "This is an object, or an id and the “class” beside it."
            )
        }
        do {
            let bytes = try await evaluator.platform.peers["records"].call(
                GetRecord(type, id: id), as: context)
            return try JSONValue(parsing: bytes.bytes)
        } catch let problem as Problem where problem.status == 404 {
            throw WorkflowError.invalid(
                pointer: "/record", detail: "There is no record \(type)/\(id) for you.")
        }
    }

    private static func view(_ error: ScriptError) -> JSONValue {
        if case .failed(let fault) = error { return .object(fault.members) }
        let problem = error.problem
        var members = problem.extra
        members["message"] = .string(problem.detail ?? problem.title)
        return .object(members)
    }
}
