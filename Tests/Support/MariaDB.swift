import Glibc
import Synchronization

/// A MariaDB of its own, as it comes from Debian, on loopback and in a folder that goes with it.
public final class MariaDB: Sendable {
    public let port: Int
    private let process: Mutex<ChildProcess?>
    private let folder: String
    /// Debian's package has made an account for it.
    private static let account = "mysql"
    /// Speed for what is thrown away after a test.
    private static let careless = [
        "--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--skip-log-bin",
        "--innodb-buffer-pool-size=32M", "--performance-schema=off", "--skip-name-resolve",
    ]

    /// Started, with the account `wheel` and the password `cogwheel`, and the database `crm`.
    public init() async throws {
        let made = try await MariaDB.run(["mktemp", "-d", "/tmp/geartrain-maria.XXXXXX"])
        folder = made.split(separator: "\n").first.map(String.init) ?? ""
        port = FreePort.take()
        process = Mutex(nil)
        _ = try await MariaDB.run([
            "env", "TMPDIR=\(folder)", "mariadb-install-db", "--no-defaults",
            "--datadir=\(folder)/data", "--skip-test-db",
            "--auth-root-authentication-method=normal", "--skip-name-resolve",
        ])
        try await start()
        try await sql(
            """
            create database crm character set utf8mb4;
            create user wheel@'127.0.0.1' identified by 'cogwheel';
            grant all on crm.* to wheel@'127.0.0.1'
            """, in: "mysql")
    }

    /// Starts it, again after `halt`.
    public func start() async throws {
        let words =
            [
                "/usr/sbin/mariadbd", "--no-defaults", "--datadir=\(folder)/data",
                "--bind-address=127.0.0.1", "--port=\(port)", "--socket=\(folder)/socket",
                "--pid-file=\(folder)/pid", "--tmpdir=\(folder)",
            ] + MariaDB.careless
        let command = MariaDB.command(words)
        let child = try ChildProcess(
            command[0], Array(command.dropFirst()), output: "/dev/null", folder: "/")
        process.withLock { $0 = child }
        try await eventually("MariaDB is ready", within: .seconds(60)) {
            (try? await sql("select 1", in: "mysql")) != nil
        }
    }

    /// Ends it by its process id: `SIGKILL` is a crash.
    public func halt(_ signal: Int32 = SIGTERM) async throws {
        guard let child = process.withLock({ $0 }) else { return }
        child.kill(signal)
        try await child.waitForExit()
        process.withLock { $0 = nil }
    }

    /// Ends it and removes its folder.
    public func stop() async throws {
        try await halt(SIGKILL)
        _ = try await MariaDB.run(["rm", "-rf", folder])
    }

    /// Runs SQL as another program would; answers rows as lines with `|` between their values.
    @discardableResult
    public func sql(_ script: String, in database: String) async throws -> String {
        let (code, output) = try await ChildProcess.run(
            "mariadb",
            [
                "--no-defaults", "-h", "127.0.0.1", "-P", "\(port)", "-u", "root", "-N", "-B",
                "--default-character-set=utf8mb4", "-e", "set time_zone = '+00:00'; " + script,
                database,
            ], within: .seconds(60))
        guard code == 0 else { throw ForeignFailure(output: output) }
        return output.replacing("\t", with: "|")
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
