import Database
import Glibc
import ServiceRuntime
import TestSupport

extension StoreEngine {
    /// A database in `folder`, new unless it is there already.
    func open(
        in folder: TemporaryFolder, runtime: Runtime = TestRuntime.make(),
        _ change: (inout DatabaseConfiguration) -> Void = { _ in }
    ) async throws -> Database {
        var configuration = try await place("test", in: folder.path)
        change(&configuration)
        return try await Database.open(configuration, runtime: runtime)
    }

    /// A new database with the table `t (n bigint primary key)`.
    func openWithTable(
        in folder: TemporaryFolder, _ change: (inout DatabaseConfiguration) -> Void = { _ in }
    ) async throws -> Database {
        let database = try await open(in: folder, change)
        try await database.migrate([Migration("t", "create table t (n bigint primary key)")])
        return database
    }
}

extension Database {
    /// Runs `body` while the writer thread is held, so that what it asks for becomes one group.
    func whileWriterWaits<T>(_ body: () async throws -> T) async throws -> T {
        let entered = Gate()
        let release = Gate()
        let holder = Task {
            try await exclusive { _ in
                entered.open()
                release.wait()
            }
        }
        await entered.waitAside()
        let answer: Result<T, any Error>
        do { answer = .success(try await body()) } catch { answer = .failure(error) }
        release.open()
        try await holder.value
        return try answer.get()
    }

    /// Queues writes in order, without waiting for them.
    func queue(
        _ writes: [@Sendable (Connection) throws -> Void]
    ) async throws -> [Task<Void, any Error>] {
        var tasks: [Task<Void, any Error>] = []
        for body in writes {
            let before = waitingWrites
            tasks.append(Task { try await write(body) })
            try await eventually("the write is queued") { waitingWrites == before + 1 }
        }
        return tasks
    }

    /// Every `n` of the table `t`, sorted.
    func numbers() async throws -> [Int] {
        try await read { try $0.query("select n from t order by n") { Int($0.integer(0)) } }
    }
}

@Sendable func insert(_ n: Int) -> @Sendable (Connection) throws -> Void {
    { try $0.run("insert into t (n) values (?)", [.integer(Int64(n))]) }
}

/// A gate for threads: a closure on the writer thread waits for the test, or the other way round.
final class Gate: Sendable {
    private nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) != 0 {} }

    /// Waits on a thread of its own, so that no task's thread is blocked.
    func waitAside() async {
        let executor = ThreadExecutor(name: "gate")
        _ = try? await executor.run { self.wait() }
        executor.stop()
    }
}
