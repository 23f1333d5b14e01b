import ServiceRuntime

/// The records service: its database, its actors and its door.
public final class RecordsService: Service {
    public let name = "records"

    /// Opens the database, applies migrations and binds the port.
    public init(configuration: RecordsConfiguration, runtime: Runtime) async throws {
        fatalError("stub")
    }

    /// The port it listens on.
    public var port: Int { fatalError("stub") }

    public func run() async throws { fatalError("stub") }
    public func shutdown() async { fatalError("stub") }
}
