import Contracts
import JSON

/// Whom a mail to `group:model.code` goes to.
struct DistributionGroup: Sendable, Hashable {
    static let memberLimit = 500

    var code: String
    /// Addresses and names of the directory (`account:`, `role:`, `unit:`).
    var members: [String]

    /// Nil after a fault; the faults are among the reader's problems.
    init?(_ reader: ObjectReader) {
        let faultsBefore = reader.problems.items.count
        code = reader.code()
        members = reader.strings("members")
        reader.ignore("name")
        if members.isEmpty {
            reader.fault("members", "required", "Name at least one member.")
        } else if members.count > DistributionGroup.memberLimit {
            reader.fault(
                "members", "too-many",
                "These are more than \(DistributionGroup.memberLimit) members.")
        }
        for member in members where !RecipientName.isName(member) {
            if case .failure(let fault) = AddressSyntax.read(member) {
                reader.fault(
                    "members", "invalid-address",
                    "“\(member)” \(fault.reason): write an address, account:…, role:… or unit:….")
            }
        }
        reader.finish()
        guard reader.problems.items.count == faultsBefore else { return nil }
    }
}

/// Recipients that are no addresses.
enum RecipientName {
    private static let groupPrefix = "group:"

    /// A name of the directory.
    static func isName(_ text: String) -> Bool {
        ["account:", "role:", "unit:"].contains { text.hasPrefix($0) }
    }

    /// The group that is named, `model.code` or a bare code.
    static func group(_ text: String) -> String? {
        text.hasPrefix(groupPrefix) ? String(text.dropFirst(groupPrefix.count)) : nil
    }
}
