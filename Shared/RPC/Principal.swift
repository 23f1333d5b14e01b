import HTTP

/// Who causes a call: always an account, with what it holds.
public struct Principal: Sendable, Hashable, Codable {
    /// The account's code; `system` for the platform itself, `database` for foreign SQL.
    public var account: String
    /// Enabled roles.
    public var roles: [String]
    /// Permissions of the roles (`mail:read`); `admin` has all.
    public var permissions: [String]
    /// The version of the directory (accounts, units) under which this was made. Who is in which
    /// unit stands there and not here, however many units that are. A service with an older one
    /// must not answer: its rights would be those of yesterday.
    public var directory: Int64
    /// `en`.
    public var language: String
    /// May read and write any class data: only the platform itself, inside.
    public var isSystem: Bool
    /// The models that the caller's token is narrowed to; nil is every model.
    public var models: [String]?
    /// Those of `roles` that are switched off in one model, as `model/role`; nil is none.
    public var rolesOff: [String]?

    public init(
        account: String, roles: [String] = [], permissions: [String] = [],
        directory: Int64 = 0, language: String = "en", isSystem: Bool = false,
        models: [String]? = nil, rolesOff: [String]? = nil
    ) {
        self.account = account
        self.roles = roles
        self.permissions = permissions
        self.directory = directory
        self.language = language
        self.isSystem = isSystem
        self.models = models
        self.rolesOff = rolesOff
    }

    /// Whether anything of `model` is open to it at all.
    public func mayUse(_ model: String) -> Bool { models?.contains(model) ?? true }

    /// Whether a permission holds for what `model` defines: a token that names models works on
    /// those alone, one that names none but permissions on all.
    public func mayOperate(_ model: String) -> Bool {
        guard let models, !models.isEmpty else { return true }
        return models.contains(model)
    }

    /// The roles that count in `model`: what grants and definitions of a model ask for.
    public func roles(in model: String) -> [String] {
        guard mayUse(model) else { return [] }
        guard let rolesOff else { return roles }
        return roles.filter { !rolesOff.contains("\(model)/\($0)") }
    }

    /// The platform acting by itself (mail intake, workflows without a causing account).
    public static let system = Principal(account: "system", isSystem: true)
}

extension Principal {
    /// The models that a token names, where it names any: nothing else is its.
    public var narrowing: [String]? { models?.isEmpty == false ? models : nil }
}

extension Problem {
    /// 503: the caller's `directory` is newer than what the service was told of.
    public static let directoryBehind = Problem(
        status: 503, code: "directory-behind",
        title: "A change of accounts or organization is on its way",
        detail: "Try again in a moment.", retryAfter: 1)
}

/// Through which door a change came.
public enum Door: String, Sendable, Codable {
    case page, api, call, soap, mail, rule, script, workflow, job, `import`, sync, database, system
}

/// Why something happens: the root that began it, and how far from it we are.
public struct Cause: Sendable, Hashable, Codable {
    /// The same for everything that one beginning caused: `request:<id>`, `mail:support/12`,
    /// `database:<seq>`.
    public var root: String
    /// The direct cause: `rule:helpdesk.handle`, `workflow:41/close`.
    public var via: String
    /// 0 at the root, one more at each step.
    public var depth: Int
    /// The account at the root (a person or a service account), whatever has acted since; nil is
    /// nobody: a mail, a job, foreign SQL.
    public var account: String?

    /// A chain longer than this is a loop.
    public static let depthLimit = 32

    public init(root: String, via: String = "", depth: Int = 0, account: String? = nil) {
        self.root = root
        self.via = via
        self.depth = depth
        self.account = account
    }

    private static let withoutRulesMark = " without rules"

    /// The same for writes on which no rule may run; their history shows it.
    public var withoutRules: Cause {
        Cause(
            root: root, via: via + Cause.withoutRulesMark, depth: depth, account: account)
    }

    public var isWithoutRules: Bool { via.hasSuffix(Cause.withoutRulesMark) }

    /// The cause of what `via` does next.
    public func next(_ via: String) -> Cause {
        Cause(root: root, via: via, depth: depth + 1, account: account)
    }
}
