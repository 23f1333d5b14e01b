/// What a PostgreSQL server, or the way to it, answered instead.
public struct PostgresError: Error, Sendable, Hashable {
    /// Five letters and digits of the SQL standard; nil where no server said it.
    public var state: String?
    public var message: String

    public init(state: String? = nil, _ message: String) {
        self.state = state
        self.message = message
    }

    public enum Kind: Sendable { case away, constraint, unusable }

    public var kind: Kind {
        guard let state else { return .away }
        switch state.prefix(2) {
        // Connection, conflict of transactions, resources, prerequisites (locks), an operator's
        // word, the system, an internal error.
        case "08", "40", "53", "55", "57", "58", "XX": return .away
        // Data, integrity, what a trigger raises, what a view forbids.
        case "22", "23", "27", "44", "P0": return .constraint
        default: return .unusable
        }
    }
}

extension ForeignError {
    init(_ error: PostgresError) {
        switch error.kind {
        case .away: self = .away(error.message)
        case .constraint: self = .constraint(error.message)
        case .unusable: self = .unusable(error.message)
        }
    }
}
