import Database

/// What a driver, or the database behind it, answered instead.
public struct ODBCError: Error, Sendable, Hashable {
    /// Five letters and digits of the SQL standard.
    public var state: String
    /// The database's own number.
    public var code: Int
    public var message: String

    public init(state: String, code: Int = 0, _ message: String) {
        self.state = state
        self.code = code
        self.message = message
    }

    /// Of MySQL and MariaDB, where the state is that of anything: what a row is refused for, and
    /// what passes by itself.
    private static let refusals: Set<Int> = [1292, 1364, 1366, 3819, 4025]
    private static let passing: Set<Int> = [1040, 1053, 1205, 2002, 2003, 2006, 2013]

    public var foreign: ForeignError {
        if state == "HY000" {
            if ODBCError.refusals.contains(code) { return .constraint(message) }
            return ODBCError.passing.contains(code) ? .away(message) : .unusable(message)
        }
        switch state.prefix(2) {
        // Data, integrity, what a view forbids, what a trigger raises.
        case "22", "23", "44", "45": return .constraint(message)
        // Connection, conflict of transactions, resources, an operator's word, a time that is over.
        case "08", "40", "53", "57": return .away(message)
        default: return state.hasPrefix("HYT") ? .away(message) : .unusable(message)
        }
    }
}
