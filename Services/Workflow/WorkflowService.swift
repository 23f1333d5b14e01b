import ServiceRuntime

/// The workflow service: its database, its actors and its door.
public final class WorkflowService: Service {
    public let name = "workflow"

    /// Opens the database, applies migrations and binds the port.
    public init(configuration: WorkflowConfiguration, runtime: Runtime) async throws {
        fatalError("stub")
    }

    /// The port it listens on.
    public var port: Int { fatalError("stub") }

    public func run() async throws { fatalError("stub") }
    public func shutdown() async { fatalError("stub") }
}
