import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// What definitions do to the world, the same for steps, rules, jobs and scripts. A call to another
/// service carries the context's idempotency key, so that doing it again is doing it once; what
/// only touches this service's database is done in the caller's transaction. Each answers what
/// the doer said, null where it was done before; errors are judged by `Failure`.
struct Effects: Sendable {
    let definitions: DefinitionStore
    let instances: InstanceStore
    let events: EventStore
    let evaluator: Evaluator
    let directory: Directory
    let peers: Peers
    let outgoing: Outgoing

    // MARK: Calls

    /// Queues a mail: `{"id", "messageId", "state"}`.
    func mail(_ call: SendMail, as context: CallContext) async throws -> JSONValue {
        try await once {
            let queued = try await peers["mail"].call(call, as: context)
            return [
                "id": .number(JSONNumber(queued.id)), "messageId": .string(queued.messageId),
                "state": .string(queued.state),
            ]
        }
    }

    /// Changes a record, whatever its version: `{"id", "version"}`.
    func change(
        _ type: FullCode, id: Int64, _ values: JSONValue, as context: CallContext
    ) async throws -> JSONValue {
        try await once {
            let call = ChangeRecord(type, id: id, version: nil, body: JSONBytes(values.bytes))
            let bytes = try await peers["records"].call(call, as: context).bytes
            let record = try JSONValue(parsing: bytes)
            return ["id": record["id"] ?? .null, "version": record["version"] ?? .null]
        }
    }

    /// Runs a script in a host; it may act by `gt`, under the context's cause and key. `record` and
    /// `values` come back as it left them.
    func script(
        _ script: ScriptDefinition, bindings: JSONObject, as context: CallContext
    ) async throws -> ScriptEffect {
        try await evaluator.run(script, bindings: bindings, as: context).effect
    }

    /// A peer that knows the key from another body has done the work: an earlier attempt reached
    /// it, and what we would say has changed since.
    private func once(_ effect: () async throws -> JSONValue) async throws -> JSONValue {
        do {
            return try await effect()
        } catch  where Failure.wasDoneBefore(error) {
            return .null
        }
    }

    // MARK: In the caller's transaction

    /// Starts a workflow by the context's cause and key; the id of the instance. The record is
    /// passed on where the workflow runs on its class or one that it inherits from; `parent` is
    /// told of the end.
    func start(
        _ workflow: FullCode, record: (type: FullCode, id: Int64)?, values: JSONObject,
        account: String, parent: InstanceRow.Parent? = nil, as context: CallContext,
        _ connection: Connection
    ) throws -> Int64 {
        guard let version = definitions.currentVersion(of: workflow) else {
            throw WorkflowError.unknownWorkflow(workflow.description)
        }
        let own = record.flatMap { record in
            version.workflow.type.flatMap {
                definitions.line(of: record.type).contains($0) ? record.id : nil
            }
        }
        return try instances.start(
            .init(
                version: version, record: own, values: values, cause: context.cause,
                account: account, key: context.idempotencyKey, parent: parent), connection)
    }

    /// Raises an event for everyone who waits for it. `content` is `{"key", "payload"}`.
    func raise(
        _ event: FullCode, _ content: JSONValue, as context: CallContext, _ connection: Connection
    ) throws -> EventRaised {
        let key = try content["key"].flatMap { try EventKey.text($0) }
        return try events.raise(
            .init(
                event: event, scope: .all, key: key, payload: content["payload"] ?? .null,
                account: context.principal.account, cause: context.cause,
                onceKey: context.idempotencyKey), connection)
    }
}
