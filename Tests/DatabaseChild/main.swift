import Database
import Glibc
import ServiceRuntime

// Writes rows with many callers at once until it is killed, and prints each number after it was
// acknowledged:
// the test that kills it then looks whether all of them are there.

let path = CommandLine.arguments[1]
let round = Int(CommandLine.arguments[2]) ?? 0
let callers = 32

let runtime = Runtime(
    loops: try EventLoopGroup(count: 1), log: Log(service: "database-child", level: .error))
let database = try await Database.open(DatabaseConfiguration(location: path), runtime: runtime)
try await database.migrate([Migration("t", "create table t (n bigint primary key)")])

await withTaskGroup(of: Void.self) { group in
    for caller in 0..<callers {
        group.addTask {
            var number = (round * callers + caller) * 1_000_000
            while true {
                let next = number
                do {
                    try await database.write {
                        try $0.run("insert into t (n) values (?)", [.integer(Int64(next))])
                    }
                } catch {
                    exit(1)
                }
                let line = Array("\(next)\n".utf8)
                _ = write(1, line, line.count)
                number += 1
            }
        }
    }
}
