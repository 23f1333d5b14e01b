import CLinux
import Glibc
import Synchronization

/// A program that a test started: its output goes to a file, and it is killed when this object
/// goes.
public final class ChildProcess: Sendable {
    public let pid: pid_t
    /// The file with its standard output and standard error.
    public let outputPath: String
    /// The wait status once it was reaped.
    private let status = Mutex<Int32?>(nil)

    /// Starts `program` (searched in `PATH` where it has no slash). `environment` replaces the
    /// whole environment but for `PATH`, `HOME` and `LANG`; `output` is appended to. `descriptors`
    /// become the files 3, 4, … of the program.
    public init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
        output: String, folder: String? = nil, descriptors: [Int32] = []
    ) throws {
        var all = environment
        for name in ["PATH", "HOME", "LANG", "TMPDIR"] where all[name] == nil {
            if let value = getenv(name) { all[name] = String(cString: value) }
        }
        outputPath = output
        pid = try ChildProcess.spawn(
            [program] + arguments, environment: all.map { "\($0.key)=\($0.value)" }.sorted(),
            output: output, folder: folder, descriptors: descriptors)
    }

    deinit {
        kill(SIGKILL)
        while !hasEnded { usleep(1000) }
    }

    /// Sends a signal; nothing where it has ended.
    public func kill(_ signal: Int32) {
        status.withLock { status in
            guard status == nil else { return }
            Glibc.kill(pid, signal)
        }
    }

    /// Whether it has ended (and was reaped).
    public var hasEnded: Bool {
        status.withLock { status in
            if status != nil { return true }
            var now: Int32 = 0
            guard waitpid(pid, &now, WNOHANG) != 0 else { return false }
            status = now
            return true
        }
    }

    /// Waits for its end; answers the exit code, or minus the signal that ended it.
    @discardableResult
    public func waitForExit(within limit: Duration = .seconds(30)) async throws -> Int32 {
        try await eventually("end of process \(pid)", within: limit) { hasEnded }
        let end = status.withLock { $0 ?? 0 }
        return end & 0x7f == 0 ? (end >> 8) & 0xff : -(end & 0x7f)
    }

    /// SIGKILL, and the wait for it to be gone.
    public func killNow() async throws {
        kill(SIGKILL)
        try await waitForExit()
    }

    /// What it has written so far.
    public var output: String { TestFile.text(outputPath) ?? "" }

    /// Runs a program to its end; answers its exit code and all it wrote.
    public static func run(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
        folder: String? = nil, within limit: Duration = .seconds(60)
    ) async throws -> (code: Int32, output: String) {
        let temporary = TemporaryFolder()
        let child = try ChildProcess(
            program, arguments, environment: environment, output: temporary.path + "/output",
            folder: folder)
        let code = try await child.waitForExit(within: limit)
        return (code, child.output)
    }

    /// The path of a product of this package (`gateway`, `geartrain`): built beside the test
    /// bundle.
    public static func product(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let bytes = buffer.prefix(max(length, 0)).map { UInt8(bitPattern: $0) }
        let folder = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[..<$0] } ?? []
        return String(decoding: folder, as: UTF8.self) + "/" + name
    }

    private static func spawn(
        _ arguments: [String], environment: [String], output: String, folder: String?,
        descriptors: [Int32]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Copies with high numbers, so that no source is overwritten before its turn.
        let copies = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 200) }
        defer { for copy in copies { close(copy) } }
        for (index, copy) in copies.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, copy, Int32(3 + index))
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, Int32(3 + copies.count))
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Neither a blocked nor an ignored signal of the test process may reach the child.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var pid: pid_t = 0
        let code = withCStrings(arguments) { argv in
            withCStrings(environment) { envp in
                posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw CannotStart(program: arguments[0], errno: code) }
        return pid
    }

    private static func withCStrings<T>(
        _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T
    ) -> T {
        let pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}

/// A program that could not be started.
public struct CannotStart: Error, CustomStringConvertible {
    public let program: String
    public let errno: Int32
    public var description: String {
        "cannot start \(program): \(String(cString: strerror(errno)))"
    }
}
