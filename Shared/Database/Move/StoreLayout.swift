/// What a service says of its store, so that it can be moved to another engine.
public struct StoreLayout: Sendable {
    /// The name of its file and of its schema.
    public let service: String
    let migrations: [Migration]
    /// Makes what no migration makes, by what the source holds.
    let prepare: @Sendable (_ source: Connection, _ target: Connection) throws -> Void
    /// Whether a table, by its name in small letters, is made of others and not copied.
    let isDerived: @Sendable (_ table: String) -> Bool
    /// Fills what is derived, when everything else is there.
    let derive: @Sendable (_ source: Connection, _ target: Connection) throws -> Void

    public init(
        service: String, migrations: [Migration],
        prepare: @escaping @Sendable (Connection, Connection) throws -> Void = { _, _ in },
        isDerived: @escaping @Sendable (String) -> Bool = { _ in false },
        derive: @escaping @Sendable (Connection, Connection) throws -> Void = { _, _ in }
    ) {
        self.service = service
        self.migrations = migrations
        self.prepare = prepare
        self.isDerived = isDerived
        self.derive = derive
    }
}

/// Why a store is not moved, and what to do.
public struct MoveError: Error, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
