import ServiceRuntime

/// The gateway service: its database, its actors and its door.
public final class GatewayService: Service {
    public let name = "gateway"

    /// Opens the database, applies migrations and binds the port.
    public init(configuration: GatewayConfiguration, runtime: Runtime) async throws {
        fatalError("stub")
    }

    /// The port it listens on.
    public var port: Int { fatalError("stub") }

    public func run() async throws { fatalError("stub") }
    public func shutdown() async { fatalError("stub") }
}
