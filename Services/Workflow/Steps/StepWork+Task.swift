import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

extension StepWork {
    /// A step whose turn has come.
    struct Task: Sendable {
        var row: InstanceRow
        var version: DefinitionStore.Version
        var step: StepDefinition
        var visit: InstanceSnapshot.Visit

        /// Nil where no step of the lane can be done now.
        init?(_ row: InstanceRow, _ version: DefinitionStore.Version, lane: Int64) {
            guard let visit = row.snapshot.readyVisit(in: lane),
                let step = version.workflow.step(visit.step)
            else { return nil }
            self.row = row
            self.version = version
            self.step = step
            self.visit = visit
        }

        var key: String { "workflow:\(row.id)/\(step.code)/\(visit.number)" }

        /// Of what is begun anew where a person has it tried again.
        var attemptKey: String { visit.retries == 0 ? key : "\(key)/\(visit.retries)" }

        var cause: Cause { (visit.cause ?? row.cause).next("workflow:\(row.id)/\(step.code)") }

        var context: CallContext {
            CallContext(
                principal: Principal(account: "workflow:\(row.workflow.code)", isSystem: true),
                door: .workflow, cause: cause, trace: TraceContext(following: cause.root),
                idempotencyKey: key)
        }

        var record: (type: FullCode, id: Int64)? {
            guard let type = row.type, let id = row.record else { return nil }
            return (type, id)
        }

        /// What expressions see.
        func bindings(record: JSONValue) -> JSONObject {
            JSONObject([
                ("record", record), ("values", .object(row.snapshot.values)),
                ("event", row.snapshot.event),
            ])
        }

        func done(_ output: JSONValue) -> StepInput { .done(visit: visit.number, output: output) }

        func condition(_ value: JSONValue) -> Result {
            Result(
                input: .done(
                    visit: visit.number, output: value,
                    exit: value.isTruthy ? .then : .otherwise))
        }

        /// Of a script that left these values.
        func result(of effect: ScriptEffect, _ values: JSONObject) -> Result {
            Result(
                input: .done(
                    visit: visit.number, output: effect.result,
                    values: ValuesChange(from: row.snapshot.values, to: values)))
        }

        func stands(key: String? = nil, until: Timestamp? = nil) -> StepInput {
            .stands(visit: visit.number, key: key, until: until)
        }
    }

    struct Result: Sendable {
        var input: StepInput
        /// What the step was given, for whoever looks at it.
        var given: JSONValue?
        /// Done in the transaction that writes the input, before it; answers the input.
        var during: (@Sendable (Connection) throws -> StepInput)?
        /// The same, after it.
        var after: (@Sendable (Connection) throws -> Void)?
    }
}
