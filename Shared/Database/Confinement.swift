/// What a statement that somebody else wrote may reach: tables only through subqueries of ours, and
/// functions that are listed. SQLite asks about each when it compiles a statement; of a server the
/// statement's sample is looked at first, which must be made of the same text.
public struct Confinement: Sendable {
    /// Subqueries (`WITH name AS …`) that may read any table. Whoever knew such a name could give
    /// it to a subquery of his own, so that it must not be guessed, nor ever shown.
    public var readers: Set<String>
    public var functions: Set<String>
    /// The same statement over subqueries without rows, by which a server tells what it would do;
    /// SQLite tells when it compiles the statement itself.
    public var sample: String
    /// How long the statement may run; then `DatabaseError.interrupted`.
    public var time: Duration

    public init(
        readers: Set<String>, functions: Set<String>, sample: String = "", time: Duration
    ) {
        self.readers = readers
        self.functions = functions
        self.sample = sample
        self.time = time
    }

    /// Values of a statement, and what it makes of them, in bytes.
    public static let lengthLimit = 1 << 20
}
