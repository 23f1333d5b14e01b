import ServiceRuntime

/// The mail service: its database, its actors and its door.
public final class MailService: Service {
    public let name = "mail"

    /// Opens the database, applies migrations and binds the port.
    public init(configuration: MailConfiguration, runtime: Runtime) async throws {
        fatalError("stub")
    }

    /// The port it listens on.
    public var port: Int { fatalError("stub") }

    public func run() async throws { fatalError("stub") }
    public func shutdown() async { fatalError("stub") }
}
