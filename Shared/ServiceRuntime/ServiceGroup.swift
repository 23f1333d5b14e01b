/// Something that runs from start to shutdown: a server, a worker, a relay.
public protocol Service: Sendable {
    /// Shown in logs.
    var name: String { get }
    /// Runs until `shutdown()` was called and what it had begun is finished.
    func run() async throws
    /// Asks `run()` to take nothing new and end. Answers at once.
    func shutdown() async
}

/// Runs services in order and ends them in the reverse order, on SIGTERM, SIGINT, `shutdown()` or the
/// failure of one of them.
public final class ServiceGroup: Sendable {
    /// `deadline` bounds the whole shutdown; after it the tasks are cancelled.
    public init(services: [any Service], deadline: Duration = .seconds(25), log: Log) {
        fatalError("stub")
    }
    /// Returns after a clean end; throws the first failure.
    public func run() async throws { fatalError("stub") }
    /// Begins the shutdown, as SIGTERM does.
    public func shutdown() { fatalError("stub") }
}

/// The process: signals blocked before the first thread, then taken by signalfd.
public enum ServiceProcess {
    /// Call it first in `main`: blocks SIGTERM and SIGINT, ignores SIGPIPE, raises the file limit.
    public static func prepare() { fatalError("stub") }
    /// Waits for SIGTERM or SIGINT; answers its number.
    public static func terminationSignal() async -> Int32 { fatalError("stub") }
    /// The whole life of an executable. Reads its configuration from the environment (`--help` prints the table
    /// of settings; problems are all printed, exit 2), makes the runtime (`<SERVICE>_LOG_LEVEL`, one loop per core),
    /// starts the service, runs it in a group until SIGTERM or SIGINT, and exits 0, or 1 with the error on the log.
    public static func main<Configuration: Sendable>(
        _ service: String,
        read: @escaping @Sendable (ConfigurationReader) -> Configuration,
        start: @escaping @Sendable (Configuration, Runtime) async throws -> any Service
    ) -> Never { fatalError("stub") }
}
