import Contracts
import JSON

/// The recipients of a mail: each address once, the first mention counts.
struct Recipients: Sendable {
    private(set) var list: [OutgoingMail.Recipient] = []
    private var addresses: [(address: MailAddress, kind: RecipientKind)] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// `known` has the addresses of the texts that are none.
    mutating func add(
        _ texts: [String], _ kind: RecipientKind, at pointer: String,
        known: [String: RecipientNames.Found] = [:], faults: inout [FieldProblem]
    ) {
        for (index, text) in texts.enumerated() {
            switch known[text] ?? RecipientNames.address(text) {
            case .failure(let fault):
                faults.append(
                    FieldProblem(
                        pointer: "\(pointer)/\(index)", code: fault.code, detail: fault.detail))
            case .success(let found):
                for address in found {
                    addresses.append((address, kind))
                    append(address.address, kind)
                }
            }
            if addresses.count > limit {
                faults.append(Recipients.tooMany(limit, at: pointer))
                return
            }
        }
    }

    static func tooMany(_ limit: Int, at pointer: String) -> FieldProblem {
        FieldProblem(
            pointer: pointer, code: "too-many",
            detail: "A mail has at most \(limit) recipients.")
    }

    private mutating func append(_ address: String, _ kind: RecipientKind) {
        guard !contains(address) else { return }
        list.append(OutgoingMail.Recipient(address: address, kind: kind))
    }

    private func contains(_ address: String) -> Bool {
        list.contains { $0.address.lowercased() == address.lowercased() }
    }

    /// For the header: every mention with its name.
    func named(_ kind: RecipientKind) -> [MailAddress] {
        addresses.filter { $0.kind == kind }.map(\.address)
    }

    /// Some addresses are outside ASCII, and some are not.
    var isMixed: Bool {
        let foreign = list.filter { $0.address.utf8.contains { $0 >= 128 } }.count
        return foreign > 0 && foreign < list.count
    }

    /// The blind copy: a recipient of its own, unless somebody has the same address: who gets the
    /// mail already.
    mutating func addAudit(_ text: String?) {
        guard let text, case .success(let address) = AddressSyntax.read(text) else { return }
        guard list.contains(where: { $0.state == .queued }) else { return }
        append(address.address, .audit)
    }

    mutating func suppress(_ sender: String) {
        for index in list.indices where list[index].address.lowercased() == sender.lowercased() {
            list[index].state = .failed
            list[index].reply = "not sent: nothing automatic answers an automatic mail"
        }
    }

    mutating func hold() {
        for index in list.indices where list[index].state == .queued {
            list[index].state = .held
            list[index].reply = "held: integrations are switched off"
        }
    }
}
