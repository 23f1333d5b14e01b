import Contracts
import HTTP
import JSON
import RPC

/// Applies a model document over all services: every service checks its part first, all faults are
/// answered together and nothing is applied; then Records keeps the document and hands it on.
struct ModelApplier: Sendable {
    static let documentLimit = 8 << 20
    private static let services = ["records", "workflow", "mail", "batch"]

    let peers: Peers
    let accounts: AccountStore
    let audit: Audit
    let cache: IdentityCache

    struct Applied: Sendable {
        let model: ModelApplied
        let createdRoles: [String]
    }

    /// Throws 422 with every fault, 412 where the model is not at `version` any more, 503 where a
    /// service does not answer. `member` joins the model's roles, `founder` those that are made.
    func apply(
        _ code: String, _ document: JSONBytes, allowDestructive: Bool, version: Int64? = nil,
        member: String? = nil, founder: String? = nil, by requester: Requester,
        as context: CallContext
    ) async throws -> Applied {
        let value = try await checked(code, document, as: context)
        let applied = try await peers["records"].call(
            ApplyModel(
                code: code, document: document, allowDestructive: allowDestructive,
                version: version), as: context)
        let roles = (value["roles"]?.array ?? []).compactMap(\.string)
        let made = try await accounts.createMissingRoles(
            roles, member: member, founder: founder, by: requester)
        if applied.changed {
            // The document itself, with its grants, is kept by Records.
            let entry = Audit.Entry(.modelApplied, code, detail: "version \(applied.version)")
            try await audit.write(entry, by: requester)
        }
        cache.clear()
        return Applied(model: applied, createdRoles: made)
    }

    /// `[{"operation", "kind", "code", "destructive", "detail"}]`; throws what `apply` would.
    func plan(
        _ code: String, _ document: JSONBytes, as context: CallContext
    ) async throws -> JSONBytes {
        _ = try await checked(code, document, as: context)
        return try await peers["records"].call(
            PlanModel(code: code, document: document), as: context)
    }

    /// The document, if no service finds a fault in it.
    private func checked(
        _ code: String, _ document: JSONBytes, as context: CallContext
    ) async throws -> JSONValue {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: document.bytes)
        } catch {
            throw Problem.malformedJSON(error)
        }
        var problems = ModelApplier.check(value, code: code)
        problems += try await check(code, document, as: context)
        var seen: Set<FieldProblem> = []
        problems = problems.filter { seen.insert($0).inserted }
        if !problems.isEmpty { throw Problem.validation(problems) }
        return value
    }

    /// What no service can see: the path's code, and the roles, which are the gateway's.
    private static func check(_ document: JSONValue, code: String) -> [FieldProblem] {
        guard case .object(let object) = document else {
            return [
                FieldProblem(pointer: "", code: "wrong-type", detail: "A model is an object.")
            ]
        }
        var problems: [FieldProblem] = []
        if !FullCode.isCode(code) {
            problems.append(
                FieldProblem(
                    pointer: "/code", code: "invalid-code",
                    detail: "A model's code: lower-case letters, digits and _."))
        } else if let named = object["code"]?.string, named != code {
            problems.append(
                FieldProblem(
                    pointer: "/code", code: "conflict",
                    detail: "The path says \(code), the document says \(named)."))
        }
        for (index, role) in (object["roles"]?.array ?? []).enumerated() {
            guard let role = role.string, FullCode.isCode(role) else {
                problems.append(
                    FieldProblem(
                        pointer: "/roles/\(index)", code: "malformed",
                        detail: "A role's code: lower-case letters, digits and _."))
                continue
            }
        }
        return problems
    }

    private func check(
        _ code: String, _ document: JSONBytes, as context: CallContext
    ) async throws -> [FieldProblem] {
        try await withThrowingTaskGroup(of: (Int, [FieldProblem]).self) { group in
            for (index, service) in ModelApplier.services.enumerated() {
                let peer = peers[service]
                group.addTask {
                    let call = CheckModel(code: code, document: document)
                    return (index, try await peer.call(call, as: context).problems)
                }
            }
            var byService: [Int: [FieldProblem]] = [:]
            for try await (index, problems) in group { byService[index] = problems }
            return ModelApplier.services.indices.flatMap { byService[$0] ?? [] }
        }
    }
}
