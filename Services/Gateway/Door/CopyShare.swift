import Database

/// What part of a limit is this copy's. Each copy of the gateway counts for itself, and all of them
/// together let through what one alone would; a copy that ends gives its part to the others.
struct CopyShare: Sendable {
    /// How many copies there are now.
    let copies: @Sendable () -> Int

    /// Of a gateway that is the only one.
    static let whole = CopyShare { 1 }

    init(copies: @escaping @Sendable () -> Int) { self.copies = copies }

    /// Among the copies that have this database open.
    init(of database: Database) { self.init { database.copies } }

    /// At least 1: no copy refuses everything.
    func callAsFunction(_ limit: Int) -> Int { max(1, limit / max(1, copies())) }
}
