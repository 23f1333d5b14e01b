import JSON
import RPC

// The gateway says who: accounts and organization are its own. Records needs them inside its SQL,
// and Workflow where it acts for somebody later, so the gateway hands both every change, and every
// principal says by which version it was made.

/// Hands Records or Workflow what changed of the directory since `base`. Who gets it takes it in
/// one transaction if it stands at `base` and below `version`; with base 0 it forgets what it has
/// and takes this as everything. In any case it answers where it stands now, and the gateway sends
/// from there. What is repeated changes nothing. A gateway that finds the other ahead of itself was
/// restored from a copy: it goes on above that version, and sends everything.
public struct TakeDirectory: Call, Codable {
    public typealias Response = DirectoryVersion
    public static let path = "take-directory"
    public static let isSafe = true
    public var base: Int64
    /// Above `base`, or the same where nothing changed and only the answer is wanted.
    public var version: Int64
    public var accounts: [DirectoryAccount]
    /// Each as a whole: its units replace those that are there.
    public var structures: [DirectoryStructure]
    /// Codes.
    public var removedStructures: [String]

    public init(
        base: Int64, version: Int64, accounts: [DirectoryAccount] = [],
        structures: [DirectoryStructure] = [], removedStructures: [String] = []
    ) {
        self.base = base
        self.version = version
        self.accounts = accounts
        self.structures = structures
        self.removedStructures = removedStructures
    }
}

/// Where the copy stands.
public struct DirectoryVersion: Sendable, Codable, JSONReadable, JSONWritable {
    public var version: Int64
    public init(version: Int64) { self.version = version }
}

/// A person or service account, as a value of account columns. One that is gone stays, inactive.
public struct DirectoryAccount: Sendable, Hashable, Codable {
    public var code: String
    public var name: String
    /// Enabled; only an active account can be put into a record anew.
    public var active: Bool
    public var email: String?
    /// `en`.
    public var language: String
    /// `person` or `service`.
    public var kind: String
    /// What a principal of the account holds: enabled roles, their permissions, and those of the
    /// roles that are off in one model, as `model/role`.
    public var roles: [String]
    public var permissions: [String]
    public var rolesOff: [String]

    public init(
        code: String, name: String, active: Bool, email: String? = nil, language: String = "en",
        kind: String = "person", roles: [String] = [], permissions: [String] = [],
        rolesOff: [String] = []
    ) {
        self.code = code
        self.name = name
        self.active = active
        self.email = email
        self.language = language
        self.kind = kind
        self.roles = roles
        self.permissions = permissions
        self.rolesOff = rolesOff
    }
}

/// An organization structure. In kind `manager` every person who has a manager or is one is a unit:
/// its code the account's, itself the only member, its parent the manager's unit.
public struct DirectoryStructure: Sendable, Hashable, Codable {
    public struct Unit: Sendable, Hashable, Codable {
        public var code: String
        /// The unit above it; nil at the top.
        public var parent: String?
        public var name: [String: String]
        /// Codes of accounts.
        public var members: [String]
        /// The first and the last day (`2026-11-22`, UTC, both inclusive) on which the unit gives
        /// anybody anything; nil is open.
        public var from: String?
        public var until: String?

        public init(
            code: String, parent: String?, name: [String: String] = [:], members: [String],
            from: String? = nil, until: String? = nil
        ) {
            self.code = code
            self.parent = parent
            self.name = name
            self.members = members
            self.from = from
            self.until = until
        }
    }

    public var code: String
    /// `unit`, `team` or `manager`.
    public var kind: String
    public var units: [Unit]

    public init(code: String, kind: String, units: [Unit]) {
        self.code = code
        self.kind = kind
        self.units = units
    }
}

/// The mail addresses of people who are named by `account:anna`, `role:agent` or
/// `unit:company/sales`, as the directory has them now. Only those who are active count.
public struct FindAddresses: Call, Codable {
    public typealias Response = AddressesFound
    public static let path = "workflow/addresses"
    public static let isSafe = true
    /// The most of `names`.
    public static let nameLimit = 1000
    /// The most people of one name that are answered: more than a mail may go to.
    public static let peopleLimit = 1001

    public var names: [String]
    /// The model whose roles are meant: some may be off there.
    public var model: String

    public init(names: [String], model: String) {
        self.names = names
        self.model = model
    }
}

/// One item for each name, in their order.
public struct AddressesFound: Sendable, Codable, JSONReadable, JSONWritable {
    public struct Person: Sendable, Hashable, Codable {
        public var name: String
        public var email: String

        public init(name: String, email: String) {
            self.name = name
            self.email = email
        }
    }

    public struct Item: Sendable, Codable {
        /// Each account once; those without an address are left out.
        public var people: [Person]
        /// Why there is nobody, as a sentence.
        public var problem: String?

        public init(people: [Person], problem: String? = nil) {
            self.people = people
            self.problem = problem
        }
    }

    public var items: [Item]
    public init(items: [Item]) { self.items = items }
}

/// Why each of `principals` may or may not do something with a class, or with one record of it,
/// through the doors from outside. About others only for who has `accounts:write`; values of a
/// record are told only to who may read them.
public struct ExplainRights: Call, Codable {
    public typealias Response = RightsExplained
    public static let path = "records/explain"
    public static let isSafe = true
    /// The most of `principals`.
    public static let principalLimit = 1000

    public var type: FullCode
    /// `read insert change delete import export changeMany deleteMany`.
    public var operation: String
    /// Of what record; nil: whether it may be done at all.
    public var record: Int64?
    /// And with this column.
    public var column: String?
    public var principals: [Principal]

    public init(
        _ type: FullCode, operation: String, record: Int64? = nil, column: String? = nil,
        principals: [Principal]
    ) {
        self.type = type
        self.operation = operation
        self.record = record
        self.column = column
        self.principals = principals
    }
}

/// One item for each principal, in their order.
public struct RightsExplained: Sendable, Codable, JSONReadable, JSONWritable {
    public struct Item: Sendable, Codable {
        public var account: String
        public var allowed: Bool
        public var reasons: [RightsReason]

        public init(account: String, allowed: Bool, reasons: [RightsReason]) {
            self.account = account
            self.allowed = allowed
            self.reasons = reasons
        }
    }

    public var items: [Item]
    public init(items: [Item]) { self.items = items }
}

/// A link of the chain: a code for programs, a sentence for people.
public struct RightsReason: Sendable, Hashable, Codable {
    public var code: String
    public var detail: String

    public init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }
}
