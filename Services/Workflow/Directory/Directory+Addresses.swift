import Contracts
import Database
import HTTP
import RPC
import ServiceRuntime

/// Who is written to, for mails that name people instead of addresses.
extension Directory {
    /// Throws for whoever may not send mail.
    func addresses(_ call: FindAddresses, _ context: CallContext) async throws -> AddressesFound {
        let principal = context.principal
        guard principal.isSystem || principal.permissions.contains("mail:send") else {
            throw Problem.forbidden("Only who may send mail is told whom it goes to.")
        }
        guard call.names.count <= FindAddresses.nameLimit else {
            throw WorkflowError.invalid(
                pointer: "/names", detail: "These are more than \(FindAddresses.nameLimit) names.")
        }
        try await check(principal)
        let today = Directory.day(clock.now())
        return try await database.read { connection in
            AddressesFound(
                items: try call.names.map {
                    try Directory.addresses($0, in: call.model, on: today, connection)
                })
        }
    }

    private static func addresses(
        _ name: String, in model: String, on today: String, _ connection: Connection
    ) throws -> AddressesFound.Item {
        guard let assignee = Assignee(key: name) else {
            return AddressesFound.Item(
                people: [],
                problem: "“\(name)” is nobody: write account:…, role:…, unit:structure/code.")
        }
        let accounts: [String]
        switch assignee {
        case .account(let code): accounts = [code]
        case .role(let role): accounts = try holders(of: role, in: model, connection)
        case .unit(let structure, let unit):
            accounts = try members(of: unit, structure: structure, on: today, connection)
        }
        var people: [AddressesFound.Person] = []
        for code in accounts where people.count < FindAddresses.peopleLimit {
            guard let person = try person(code, connection), person.isActive,
                let email = person.email, !email.isEmpty
            else { continue }
            people.append(AddressesFound.Person(name: person.name, email: email))
        }
        return AddressesFound.Item(
            people: people,
            problem: people.isEmpty ? "Nobody of \(name) is active and has an address." : nil)
    }
}
