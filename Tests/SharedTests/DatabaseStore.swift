import Database
import Glibc
import ServiceRuntime
import TestSupport

/// An engine that every store test runs on.
enum StoreEngine: CaseIterable, Sendable {
    case sqlite

    /// A fresh database in `folder`.
    func open(
        in folder: TemporaryFolder, runtime: Runtime,
        _ change: (inout DatabaseConfiguration) -> Void = { _ in }
    ) async throws -> Database {
        var configuration = DatabaseConfiguration(location: folder.path + "/test.db")
        change(&configuration)
        return try await Database.open(configuration, runtime: runtime)
    }
}

extension Runtime {
    /// Without loops unless given, quiet.
    static func test(
        clock: any WallClock = SystemClock(), loops: Int = 0, metrics: Metrics = Metrics()
    ) throws -> Runtime {
        Runtime(
            loops: try EventLoopGroup(count: loops), clock: clock,
            log: Log(service: "test", level: .error), metrics: metrics)
    }
}

/// A one-shot gate for threads: a closure on the writer thread waits for the test.
final class Gate: Sendable {
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}
