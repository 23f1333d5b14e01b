import Glibc
import ServiceRuntime
import TestSupport
import Testing

@testable import Database

/// What other programs do to the file meanwhile.
@Suite struct DatabaseForeignTests {
    let folder = TemporaryFolder()

    private func foreign(_ sql: String) async throws -> String {
        let (code, output) = try await ChildProcess.run("sqlite3", [folder.path + "/test.db", sql])
        #expect(code == 0, "\(output)")
        return output
    }

    @Test func `the foreign version moves with others' commits only`() async throws {
        let database = try await StoreEngine.sqlite.openWithTable(in: folder)
        let start = try await database.foreignVersion()
        for n in 0..<5 { try await database.write(insert(n)) }
        _ = try await database.numbers()
        #expect(try await database.foreignVersion() == start)
        _ = try await foreign("insert into t values (100)")
        let moved = try await database.foreignVersion()
        #expect(moved != start)
        _ = try await foreign("select * from t")
        #expect(try await database.foreignVersion() == moved)
        #expect(try await database.numbers().contains(100))
        await database.close()
    }

    @Test func `a foreign writer is waited for, and not for ever`() async throws {
        let database = try await StoreEngine.sqlite.openWithTable(in: folder) {
            $0.busyTimeout = .milliseconds(200)
        }
        let other = try await StoreEngine.sqlite.open(in: folder)
        try await other.exclusive {
            try $0.run("begin immediate"); try insert(1)($0); try $0.run("commit")
        }
        let locked = Gate()
        let release = Gate()
        let holder = Task {
            try await other.exclusive { connection in
                try connection.run("begin immediate")
                try insert(2)(connection)
                locked.open()
                release.wait()
                try connection.run("commit")
            }
        }
        await locked.waitAside()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write(insert(3))
        }
        guard case .busy = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(try await database.numbers() == [1])
        release.open()
        try await holder.value
        try await database.write(insert(4))
        #expect(try await database.numbers() == [1, 2, 4])
        await other.close()
        await database.close()
    }

    @Test func `another program gets its turn though the writer never ends`() async throws {
        let database = try await StoreEngine.sqlite.openWithTable(in: folder)
        var written: [Int] = []
        try await withThrowingTaskGroup(of: [Int].self) { group in
            for writer in 0..<4 {
                group.addTask {
                    var numbers: [Int] = []
                    while !Task.isCancelled {
                        let n = writer * 1_000_000 + numbers.count
                        try await database.write { connection in
                            try insert(n)(connection)
                            // So that the lock is taken nearly always.
                            usleep(3000)
                        }
                        numbers.append(n)
                    }
                    return numbers
                }
            }
            let foreign = (1...20).map { "insert into t values (-\($0))" }
            _ = try await ForeignSQL.run(foreign, on: folder.path + "/test.db")
            group.cancelAll()
            for try await numbers in group { written += numbers }
        }
        #expect(try await database.numbers() == Array(-20 ... -1) + written.sorted())
        await database.close()
    }

    @Test func `the presence of another program is seen, and its end`() async throws {
        let database = try await StoreEngine.sqlite.openWithTable(in: folder)
        let isForeign: @Sendable () async throws -> Bool = {
            try await database.exclusive { $0.foreignPresence.isThere }
        }
        #expect(try await !isForeign())
        let script = folder.path + "/script.sql"
        try TestFile.write(
            "select count(*) from t;\n.shell read line < \(folder.path)/pipe\n", to: script)
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let other = try ChildProcess(
            "sqlite3", [folder.path + "/test.db", ".read \(script)"],
            output: folder.path + "/output")
        try await eventually("the other program has read") { other.output.hasPrefix("0") }
        #expect(try await isForeign())
        try await other.killNow()
        #expect(try await !isForeign())
        await database.close()
    }

    @Test func `a killed process loses nothing that it acknowledged`() async throws {
        let path = folder.path + "/test.db"
        var acknowledged: Set<Int> = []
        for round in 1...5 {
            let output = folder.path + "/output-\(round)"
            let child = try ChildProcess(
                ChildProcess.product("database-child"), [path, "\(round)"], output: output)
            try await eventually("enough is acknowledged") {
                child.output.utf8.count > 2000 * round
            }
            try await child.killNow()
            // The last line may be half written.
            let lines = child.output.split(separator: "\n", omittingEmptySubsequences: false)
            let numbers = lines.dropLast().compactMap { Int($0) }
            #expect(numbers.count > 100)
            acknowledged.formUnion(numbers)
            let database = try await StoreEngine.sqlite.open(in: folder)
            let kept = Set(try await database.numbers())
            #expect(acknowledged.subtracting(kept).isEmpty)
            let damage = try await database.read {
                try $0.first("pragma integrity_check") { $0.text(0) }
            }
            #expect(damage == "ok")
            await database.close()
        }
    }
}
