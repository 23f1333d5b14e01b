import Database
import Glibc
import Synchronization
import Testing

/// An engine that tests of stores run on.
public enum StoreEngine: String, CaseIterable, Sendable {
    case sqlite
    case postgresql

    /// What the tests of a service's store run on: SQLite, or what `GEARTRAIN_TEST_ENGINE` says.
    public static let chosen: StoreEngine =
        getenv("GEARTRAIN_TEST_ENGINE").flatMap { StoreEngine(rawValue: String(cString: $0)) }
        ?? .sqlite

    /// Where the database `name` of a test is: a file in `folder`, or a schema of the test run's
    /// server, called as the folder is. New unless it is there already.
    public func place(_ name: String, in folder: String) async throws -> DatabaseConfiguration {
        switch self {
        case .sqlite: return DatabaseConfiguration(location: "\(folder)/\(name).db")
        case .postgresql:
            let part = folder.split(separator: "/").last.map { $0.filter { $0 != "-" } } ?? ""
            return DatabaseConfiguration(
                location: try await TestServer.shared.url()
                    + "?sslmode=disable&schema=\(part)\(name)")
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// For tests that look at the database as a file.
    public static var ofFile: Self {
        .enabled(if: StoreEngine.chosen == .sqlite, "it looks at a file of SQLite")
    }
}

/// A PostgreSQL for all stores of a test run; it ends with the run.
public actor TestServer {
    public static let shared = TestServer()

    private var starting: Task<PostgreSQL, any Error>?
    private static let running = Mutex<PostgreSQL?>(nil)

    /// Of its database, without parameters; `GEARTRAIN_TEST_POSTGRESQL` names another server's.
    public func url() async throws -> String {
        if let given = getenv("GEARTRAIN_TEST_POSTGRESQL") { return String(cString: given) }
        return try await server().url("postgres")
    }

    public func server() async throws -> PostgreSQL {
        if let starting { return try await starting.value }
        let task = Task {
            let server = try await PostgreSQL(
                user: "geartrain",
                settings: PostgreSQL.careless + ["max_connections=400", "shared_buffers=64MB"])
            TestServer.running.withLock { $0 = server }
            atexit { TestServer.running.withLock { $0 }?.endNow() }
            return server
        }
        starting = task
        return try await task.value
    }
}
