import HTTP
import JSON
import RPC

/// Who may do a task: an account, whoever holds a role, or whoever is in a unit.
enum Assignee: Sendable, Hashable {
    case account(String)
    case role(String)
    case unit(structure: String, code: String)

    /// As the database finds it.
    var key: String {
        switch self {
        case .account(let code): "account:\(code)"
        case .role(let code): "role:\(code)"
        case .unit(let structure, let code): "unit:\(structure)/\(code)"
        }
    }

    init?(key: String) {
        guard let colon = key.firstIndex(of: ":") else { return nil }
        let rest = String(key[key.index(after: colon)...])
        switch key[..<colon] {
        case "account": self = .account(rest)
        case "role": self = .role(rest)
        case "unit":
            guard let slash = rest.firstIndex(of: "/") else { return nil }
            self = .unit(
                structure: String(rest[..<slash]), code: String(rest[rest.index(after: slash)...]))
        default: return nil
        }
    }

    /// From the evaluated definition; `manager` answers whose boss somebody is.
    init(_ value: JSONValue, manager: (String) async throws -> String?) async throws {
        func code(_ member: String) throws -> String? {
            guard let value = value[member], !value.isNull else { return nil }
            guard let text = value.string, !text.isEmpty else {
                throw Problem.stepFailed("assignee: \(value.text) is no \(member)")
            }
            return text
        }
        if let account = try code("account") {
            self = .account(account)
        } else if let role = try code("role") {
            self = .role(role)
        } else if let unit = try code("unit"), let structure = try code("structure") {
            self = .unit(structure: structure, code: unit)
        } else if let person = try code("managerOf") {
            guard let boss = try await manager(person) else {
                throw Problem.stepFailed("assignee: \(person) has no manager")
            }
            self = .account(boss)
        } else {
            throw Problem.stepFailed("assignee: \(value.text) is nobody")
        }
    }
}

/// Whose tasks are looked for: what somebody is and holds.
struct TaskCaller: Sendable {
    let keys: [String]
    /// The model and the key of a role that does not count there.
    let off: [(model: String, key: String)]
    /// The models that a token is narrowed to.
    let models: [String]?

    /// `units` are `structure/unit`.
    init(_ principal: Principal, units: [String]) {
        keys =
            [Assignee.account(principal.account).key]
            + principal.roles.map { Assignee.role($0).key } + units.map { "unit:\($0)" }
        off = (principal.rolesOff ?? []).compactMap { text in
            guard let slash = text.firstIndex(of: "/") else { return nil }
            let role = String(text[text.index(after: slash)...])
            return (String(text[..<slash]), Assignee.role(role).key)
        }
        models = principal.models
    }

    /// Whether a task of this model is theirs.
    func owns(_ assignees: [String], of model: String) -> Bool {
        guard models?.contains(model) ?? true else { return false }
        return assignees.contains { key in
            keys.contains(key) && !off.contains { $0.model == model && $0.key == key }
        }
    }
}
