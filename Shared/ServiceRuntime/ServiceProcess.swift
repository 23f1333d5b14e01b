import CLinux
import Glibc
import Synchronization

/// The process: signals blocked before the first thread, then taken by signalfd.
public enum ServiceProcess {
    private struct Signals {
        var isPrepared = false
        var received: Int32?
        var nextID = 0
        var waiting: [Int: CheckedContinuation<Int32?, Never>] = [:]
    }

    private static let signals = Mutex(Signals())

    /// Call it first in `main`: blocks SIGTERM and SIGINT, ignores SIGPIPE, raises the file limit.
    /// A second signal after the first ends the process at once.
    public static func prepare() {
        let isFirst = signals.withLock { state in
            defer { state.isPrepared = true }
            return !state.isPrepared
        }
        guard isFirst else { return }
        signal(SIGPIPE, SIG_IGN)
        geartrain_raise_file_limit()
        var mask = terminationSignals()
        pthread_sigmask(SIG_BLOCK, &mask, nil)
        let descriptor = signalfd(-1, &mask, Int32(SFD_CLOEXEC))
        guard descriptor >= 0 else {
            standardError("signalfd: \(systemMessage(errno))")
            exit(1)
        }
        startThread(reading: descriptor)
    }

    /// The signals to unblock in a child process before its program starts
    /// (`posix_spawnattr_setsigmask` with an empty set does that), and those that this process
    /// takes.
    public static func terminationSignals() -> sigset_t {
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGTERM)
        sigaddset(&mask, SIGINT)
        return mask
    }

    /// The environment as a dictionary.
    public static func environment() -> [String: String] {
        var result: [String: String] = [:]
        guard var entry = geartrain_environment() else { return result }
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                result[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }

    /// The whole life of an executable. Reads its configuration from the environment (`--help`
    /// prints the table of settings; problems are all printed, exit 2), makes the runtime
    /// (`<SERVICE>_LOG_LEVEL`, one loop per core), starts the service, runs it in a group until
    /// SIGTERM or SIGINT, and exits 0, or 1 with the error on the log. With a command as the first
    /// argument it does that instead, and exits with what the command answers. `beside` runs from
    /// before the service's start to after its end.
    public static func main<Configuration: Sendable>(
        _ service: String, commands: [ServiceCommand] = [],
        beside: (ConfigurationReader) -> (any Companion)? = { _ in nil },
        read: @escaping @Sendable (ConfigurationReader) -> Configuration,
        start: @escaping @Sendable (Configuration, Runtime) async throws -> any Service
    ) -> Never {
        prepare()
        let arguments = Array(CommandLine.arguments.dropFirst())
        if let command = commands.first(where: { $0.name == arguments.first }) {
            run(command, of: service, Array(arguments.dropFirst()))
        }
        let reader = ConfigurationReader(service: service, environment: environment())
        let configuration = read(reader)
        let companion = beside(reader)
        let prefix = service.uppercased()
        let level = reader.choice(
            "\(prefix)_LOG_LEVEL", default: "info", of: Log.Level.allCases.map(\.name),
            help: "what is logged")
        let deadline = reader.duration(
            "\(prefix)_SHUTDOWN_DEADLINE", default: .seconds(25),
            help: "how long work in progress has to end after SIGTERM")
        checkArguments(reader, commands: commands)
        let log = Log(service: service, level: Log.Level(name: level) ?? .info)
        Task.detached {
            do {
                var runtime = Runtime(loops: try EventLoopGroup(), log: log)
                runtime.metrics.registerProcess()
                let first = try companion?.start(service, &runtime)
                let group = ServiceGroup(
                    services: (first.map { [$0] } ?? []) + [
                        try await start(configuration, runtime)
                    ],
                    deadline: deadline, log: log)
                try await group.run()
                log.info("ended")
                exit(0)
            } catch {
                log.error("cannot go on", ["error": .string("\(error)")])
                exit(1)
            }
        }
        while true { pause() }
    }

    /// Prints the table for `--help` (exit 0), or what is wrong with the arguments or settings
    /// (exit 2).
    public static func checkArguments(
        _ reader: ConfigurationReader, commands: [ServiceCommand] = []
    ) {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.contains("--help") || arguments.contains("-h") {
            standardOutput(reader.helpTable())
            for command in commands {
                standardOutput("\n\(reader.service) \(command.usage)\n    \(command.help)\n")
            }
            exit(0)
        }
        if let unknown = arguments.first {
            standardError("\(reader.service): unknown argument \(unknown); try --help")
            exit(2)
        }
        do {
            try reader.finish()
        } catch {
            standardError(
                "\(reader.service): \(error)\n\(reader.service) --help lists all settings")
            exit(2)
        }
    }

    /// A command's whole life: it exits with what the command answers, or 2 with what is wrong.
    private static func run(
        _ command: ServiceCommand, of service: String, _ arguments: [String]
    ) -> Never {
        let reader = ConfigurationReader(service: service, environment: environment())
        Task.detached {
            do {
                let answer = try await command.run(reader, arguments)
                standardOutput(answer.output)
                exit(answer.code)
            } catch {
                standardError("\(service) \(command.name): \(error)")
                exit(2)
            }
        }
        while true { pause() }
    }

    /// The next SIGTERM or SIGINT; nil where the task was cancelled or `prepare()` was not called.
    static func nextSignal() async -> Int32? {
        let id = signals.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Int32?? = signals.withLock { state in
                    if let received = state.received { return .some(received) }
                    if Task.isCancelled || !state.isPrepared { return .some(nil) }
                    state.waiting[id] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            signals.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: nil)
        }
    }

    /// A thread of its own: it must answer while every loop is busy.
    private static func startThread(reading descriptor: Int32) {
        var thread = pthread_t()
        let context = UnsafeMutableRawPointer(bitPattern: Int(descriptor))
        let code = pthread_create(
            &thread, nil,
            { context in
                geartrain_name_thread("signals")
                ServiceProcess.takeSignals(Int32(Int(bitPattern: context)))
                return nil
            }, context)
        precondition(code == 0, "no thread for signals")
        pthread_detach(thread)
    }

    private static func takeSignals(_ descriptor: Int32) {
        var info = signalfd_siginfo()
        while true {
            let size = MemoryLayout<signalfd_siginfo>.size
            guard Glibc.read(descriptor, &info, size) == size else { continue }
            let number = Int32(info.ssi_signo)
            let waiting = signals.withLock { state -> [CheckedContinuation<Int32?, Never>] in
                if state.received != nil { _exit(128 + number) }
                state.received = number
                defer { state.waiting = [:] }
                return Array(state.waiting.values)
            }
            for continuation in waiting { continuation.resume(returning: number) }
        }
    }

    private static func standardOutput(_ text: String) { put(text, 1) }
    private static func standardError(_ text: String) { put(text + "\n", 2) }

    private static func put(_ text: String, _ descriptor: Int32) {
        var text = text
        text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}

/// What an executable has beside its service, such as the export of its traces.
public protocol Companion: Sendable {
    /// Completes what the service is given; answers what runs as long as the service does, or nil.
    func start(_ service: String, _ runtime: inout Runtime) throws -> (any Service)?
}

/// Something that an executable does instead of serving: `records verify`.
public struct ServiceCommand: Sendable {
    public let name: String
    /// With its arguments: `verify [--head <head>]`.
    public let usage: String
    public let help: String
    /// Answers what is printed and the exit code; what it throws is printed, with exit code 2.
    public let run:
        @Sendable (ConfigurationReader, [String]) async throws -> (output: String, code: Int32)

    public init(
        _ name: String, usage: String, help: String,
        run:
            @escaping @Sendable (ConfigurationReader, [String]) async throws -> (
                output: String, code: Int32
            )
    ) {
        self.name = name
        self.usage = usage
        self.help = help
        self.run = run
    }
}
