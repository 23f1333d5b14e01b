import Glibc
import TestSupport

/// A PostgreSQL of its own, as it comes, on loopback and in a folder that goes with it.
final class PostgreSQL: Sendable {
    let port: Int
    private let process: ChildProcess
    private let folder: String
    private let binaries: String

    /// It refuses to run as root; Debian's package has made an account for it.
    private static let account = "postgres"

    init() async throws {
        let found = try await ChildProcess.run(
            "sh", ["-c", "ls -d /usr/lib/postgresql/*/bin | tail -n 1"])
        binaries = found.output.split(separator: "\n").first.map(String.init) ?? ""
        let made = try await PostgreSQL.run(["mktemp", "-d", "/tmp/geartrain-bench.XXXXXX"])
        folder = made.split(separator: "\n").first.map(String.init) ?? ""
        let data = folder + "/data"
        _ = try await PostgreSQL.run([
            binaries + "/initdb", "-D", data, "-A", "trust", "-U", "dbos",
        ])
        let port = FreePort.take()
        let command = PostgreSQL.command([
            binaries + "/postgres", "-D", data, "-c", "listen_addresses=127.0.0.1", "-c",
            "port=\(port)", "-c", "unix_socket_directories=",
        ])
        process = try ChildProcess(
            command[0], Array(command.dropFirst()), output: "/dev/null", folder: "/")
        self.port = port
        let ready = ["-h", "127.0.0.1", "-p", "\(port)"]
        let isReady = binaries + "/pg_isready"
        try await eventually("PostgreSQL is ready") {
            try await ChildProcess.run(isReady, ready).code == 0
        }
    }

    var url: String { "postgresql://dbos@127.0.0.1:\(port)/bench" }

    /// Ends it by its process id and removes its folder.
    func stop() async throws {
        process.kill(SIGINT)
        try await process.waitForExit()
        _ = try await PostgreSQL.run(["rm", "-rf", folder])
    }

    private static func run(_ words: [String]) async throws -> String {
        let command = command(words)
        let (code, output) = try await ChildProcess.run(
            command[0], Array(command.dropFirst()), folder: "/")
        guard code == 0 else { throw BenchmarkError("\(words[0]): \(output)") }
        return output
    }

    private static func command(_ words: [String]) -> [String] {
        guard getuid() == 0 else { return words }
        return ["setpriv", "--reuid=\(account)", "--regid=\(account)", "--clear-groups"] + words
    }
}
