import Glibc
import Synchronization

/// A PostgreSQL of its own, as it comes from Debian, on loopback and in a folder that goes with it.
public final class PostgreSQL: Sendable {
    public let port: Int
    public let user: String
    public let password: String?
    private let process: Mutex<ChildProcess?>
    private let folder: String
    private let binaries: String
    private let settings: [String]

    /// It refuses to run as root; Debian's package has made an account for it.
    private static let account = "postgres"
    /// Speed for what is thrown away after a test.
    public static let careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]

    /// Started. Without a password it trusts whoever comes; its folder lies in `parent`.
    public init(
        user: String, password: String? = nil, settings: [String] = [], in parent: String = "/tmp"
    ) async throws {
        let found = try await ChildProcess.run(
            "sh", ["-c", "ls -d /usr/lib/postgresql/*/bin | tail -n 1"])
        binaries = found.output.split(separator: "\n").first.map(String.init) ?? ""
        let made = try await PostgreSQL.run(["mktemp", "-d", parent + "/geartrain-pg.XXXXXX"])
        folder = made.split(separator: "\n").first.map(String.init) ?? ""
        self.user = user
        self.password = password
        self.settings = settings
        port = FreePort.take()
        process = Mutex(nil)
        var words = ["initdb", "-N", "-D", folder + "/data", "-U", user, "-E", "UTF8"]
        if let password {
            let file = folder + "/password"
            _ = try await PostgreSQL.run(["sh", "-c", "echo '\(password)' > '\(file)'"])
            words += ["-A", "scram-sha-256", "--pwfile=\(file)"]
        } else {
            words += ["-A", "trust"]
        }
        _ = try await PostgreSQL.run([binaries + "/" + words[0]] + words.dropFirst())
        try await start()
    }

    /// Of a database of the server.
    public func url(_ database: String) -> String {
        let login = password.map { "\(user):\($0)" } ?? user
        return "postgresql://\(login)@127.0.0.1:\(port)/\(database)"
    }

    /// Starts it, again after `halt`.
    public func start() async throws {
        let words = [
            binaries + "/postgres", "-D", folder + "/data", "-c", "listen_addresses=127.0.0.1",
            "-c", "port=\(port)", "-c", "unix_socket_directories=",
        ]
        let command = PostgreSQL.command(words + settings.flatMap { ["-c", $0] })
        let child = try ChildProcess(
            command[0], Array(command.dropFirst()), output: "/dev/null", folder: "/")
        process.withLock { $0 = child }
        let ready = ["-h", "127.0.0.1", "-p", "\(port)"]
        let isReady = binaries + "/pg_isready"
        try await eventually("PostgreSQL is ready", within: .seconds(30)) {
            try await ChildProcess.run(isReady, ready).code == 0
        }
    }

    /// Ends it by its process id: `SIGINT` closes all sessions, `SIGQUIT` is a crash.
    public func halt(_ signal: Int32 = SIGINT) async throws {
        guard let child = process.withLock({ $0 }) else { return }
        child.kill(signal)
        try await child.waitForExit()
        process.withLock { $0 = nil }
    }

    /// Ends it and removes its folder.
    public func stop() async throws {
        try await halt()
        _ = try await PostgreSQL.run(["rm", "-rf", folder])
    }

    /// Ends it and removes its folder while this process ends, in which nothing can be waited for
    /// but children.
    func endNow() {
        guard let child = process.withLock({ $0 }) else { return }
        child.kill(SIGQUIT)
        while !child.hasEnded { usleep(1000) }
        TemporaryFolder.removeTree(folder)
    }

    /// Runs SQL as another program would; answers rows as lines with `|` between their values.
    @discardableResult
    public func sql(_ script: String, in database: String) async throws -> String {
        let (code, output) = try await ChildProcess.run(
            binaries + "/psql",
            [url(database), "-q", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", script],
            environment: ["LC_ALL": "C.UTF-8"], within: .seconds(60))
        guard code == 0 else { throw ForeignFailure(output: output) }
        return output
    }

    /// Runs `pgbench`; answers what it printed.
    public func pgbench(_ words: [String]) async throws -> String {
        let (code, output) = try await ChildProcess.run(
            binaries + "/pgbench",
            ["-h", "127.0.0.1", "-p", "\(port)", "-U", user] + words, within: .seconds(600))
        guard code == 0 else { throw ForeignFailure(output: output) }
        return output
    }

    /// Makes a folder the server's, for a tablespace or for all that it has.
    public static func give(_ folder: String) async throws {
        guard getuid() == 0 else { return }
        let (code, output) = try await ChildProcess.run("chown", [account, folder])
        guard code == 0 else { throw ForeignFailure(output: output) }
    }

    private static func run(_ words: [String]) async throws -> String {
        let command = command(words)
        let (code, output) = try await ChildProcess.run(
            command[0], Array(command.dropFirst()), folder: "/")
        guard code == 0 else { throw ForeignFailure(output: "\(words[0]): \(output)") }
        return output
    }

    private static func command(_ words: [String]) -> [String] {
        guard getuid() == 0 else { return words }
        return ["setpriv", "--reuid=\(account)", "--regid=\(account)", "--clear-groups"] + words
    }
}
