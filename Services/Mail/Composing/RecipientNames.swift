import Contracts
import RPC

/// Finds the addresses of recipients that are named as people, roles, units and distribution
/// groups.
struct RecipientNames: Sendable {
    struct Fault: Error, Hashable {
        var code: String
        var detail: String
    }

    typealias Found = Result<[MailAddress], Fault>

    let definitions: Definitions
    let workflow: Peer

    /// By text, for those of `texts` that are no addresses. `model`: where a bare group's code and
    /// the roles are looked for.
    func find(_ texts: [String], model: String?, _ context: CallContext) async throws -> [String:
        Found]
    {
        var result: [String: Found] = [:]
        var members: [String: (group: DistributionGroup, model: String)] = [:]
        for text in Set(texts) {
            guard let name = RecipientName.group(text) else { continue }
            if let code = FullCode(name) ?? model.map({ FullCode(model: $0, code: name) }),
                context.principal.narrowing?.contains(code.model) ?? true,
                let group = definitions.group(code)
            {
                members[text] = (group, code.model)
            } else {
                let detail = "There is no distribution group “\(name)”; write group:model.code."
                result[text] = .failure(Fault(code: "unknown", detail: detail))
            }
        }
        let own = Set(texts.filter(RecipientName.isName))
        for (text, found) in try await people(own, model: model ?? "", context) {
            result[text] = found
        }
        for (text, item) in members {
            result[text] = try await self.members(item.group, item.model, context)
        }
        return result
    }

    /// One address, as a person writes it.
    static func address(_ text: String) -> Found {
        switch AddressSyntax.read(text) {
        case .success(let address): .success([address])
        case .failure(let fault):
            .failure(Fault(code: "invalid-address", detail: "The address \(fault.reason)."))
        }
    }

    /// Whoever of them has an address; a fault where nobody has.
    private func members(
        _ group: DistributionGroup, _ model: String, _ context: CallContext
    ) async throws -> Found {
        let names = Set(group.members.filter(RecipientName.isName))
        let known = try await people(names, model: model, context)
        let all = group.members.flatMap { member in
            (try? (known[member] ?? RecipientNames.address(member)).get()) ?? []
        }
        guard all.isEmpty else { return .success(all) }
        let detail = "Nobody of the distribution group “\(group.code)” has an address."
        return .failure(Fault(code: "nobody", detail: detail))
    }

    private func people(
        _ names: Set<String>, model: String, _ context: CallContext
    ) async throws -> [String: Found] {
        guard !names.isEmpty else { return [:] }
        let names = names.sorted()
        let call = FindAddresses(names: names, model: model)
        let answer = try await workflow.call(call, as: context.withoutKey)
        var result: [String: Found] = [:]
        for (name, item) in zip(names, answer.items) {
            let addresses = item.people.compactMap { person -> MailAddress? in
                guard case .success(var address) = AddressSyntax.read(person.email) else {
                    return nil
                }
                address.name = person.name
                return address
            }
            result[name] =
                addresses.isEmpty
                ? .failure(
                    Fault(
                        code: "nobody",
                        detail: item.problem ?? "Nobody of \(name) has a valid address."))
                : .success(addresses)
        }
        return result
    }
}
