import Contracts
import HTTP
import JSON
import RPC

/// Runs of Batch. They are started once by their key, and looked at until they have ended.
extension Effects {
    enum RunKind: String, Sendable, CaseIterable {
        case `import`, export, sync

        /// The list of a document that has them.
        var list: String { rawValue + "s" }
    }

    /// Starts a run; its number.
    func run(_ kind: RunKind, _ code: FullCode, as context: CallContext) async throws -> Int64 {
        switch kind {
        case .export:
            return try await number(
                of: peers["batch"].call(StartExport(definition: code), as: context))
        case .import:
            let bytes = try await peers["batch"].call(
                StartImportFromSource(definition: code), as: context)
            guard let run = try JSONValue(parsing: bytes.bytes)["run"]?.integer else {
                throw Problem.stepFailed("Batch answered no run")
            }
            return run
        case .sync:
            return try await number(
                of: peers["batch"].call(StartSync(definition: code), as: context))
        }
    }

    private func number(of started: JSONBytes) throws -> Int64 {
        guard let run = try JSONValue(parsing: started.bytes)["run"]?.integer else {
            throw Problem.stepFailed("Batch answered no run")
        }
        return run
    }

    /// A run as API.md §7 has it, once it has ended; nil while it goes on. One that did not
    /// succeed is an error.
    func outcome(of run: Int64, as context: CallContext) async throws -> JSONValue? {
        var reading = context
        reading.idempotencyKey = nil
        let bytes = try await peers["batch"].call(GetRun(run: run), as: reading)
        let view = try JSONValue(parsing: bytes.bytes)
        switch view["state"]?.string {
        case "succeeded": return view
        case "failed", "cancelled":
            let why = view["problem"]?["detail"]?.string ?? view["problem"]?.string
            throw Problem.stepFailed(
                "run \(run) \(view["state"]?.string ?? "")" + (why.map { ": \($0)" } ?? ""))
        default: return nil
        }
    }
}
