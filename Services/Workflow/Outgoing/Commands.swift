import HTTP
import JSON
import ServiceRuntime
import Synchronization

/// Runs the operator's programs for definitions: never through a shell, each in a folder and under
/// a process of its own that ends with all that it starts, with limits on time and on what it
/// writes.
final class Commands: Sendable {
    /// Programs at once; more wait for their turn as for a service that is away.
    static let concurrencyLimit = 8
    /// The most bytes of each of the two outputs.
    static let outputLimit = 1 << 20
    /// Characters of the error output that an incident shows.
    private static let excerptLimit = 300

    struct Settings: Sendable {
        var list: CommandList
        /// The most that a program may take; a step may ask for less.
        var timeout: Duration
        /// Where each finds a folder of its own, which is removed after it.
        var folder: String
        /// The program that keeps watch over it, and over what it starts: `script-host`.
        var supervisor: String
    }

    private let settings: Settings
    private let log: Log
    private let running = Atomic<Int>(0)

    init(settings: Settings, log: Log) {
        self.settings = settings
        self.log = log
    }

    /// `{"exit", "stdout", "stderr"}` of a success.
    func run(_ call: CommandCall) async throws -> JSONValue {
        let program: String
        do throws(CommandList.Refusal) {
            program = try settings.list.program(call.name)
        } catch {
            throw Problem.commandRefused(error.detail)
        }
        let count = running.wrappingAdd(1, ordering: .relaxed).newValue
        defer { running.wrappingSubtract(1, ordering: .relaxed) }
        guard count <= Commands.concurrencyLimit else {
            throw Problem.unavailable("\(Commands.concurrencyLimit) programs run already.")
        }
        let outcome = try await perform(call, program)
        let output: JSONValue = [
            "exit": .number(JSONNumber(Int64(outcome.exit ?? -1))),
            "stdout": .string(call.secrets.hidden(String(decoding: outcome.output, as: UTF8.self))),
            "stderr": .string(call.secrets.hidden(String(decoding: outcome.errors, as: UTF8.self))),
        ]
        let last = (output["stderr"]?.string ?? "").suffix(Commands.excerptLimit)
        try check(outcome, call, last: last.isEmpty ? "" : ": \(last)")
        return output
    }

    private func perform(_ call: CommandCall, _ program: String) async throws -> CommandRun.Outcome
    {
        let folder = "\(settings.folder)/\(SystemRandom().token(12))"
        let run = CommandRun(
            spawn: ProcessSpawn(
                settings.supervisor, arguments: ["--supervise", program] + call.arguments,
                environment: settings.list.environment,
                folder: folder),
            input: call.input, timeout: min(call.timeout ?? settings.timeout, settings.timeout),
            outputLimit: Commands.outputLimit)
        let thread = ThreadExecutor(name: "command")
        defer { thread.stop() }
        return try await withTaskCancellationHandler {
            try await thread.run { [log] in
                try Files.makeFolder(folder)
                defer {
                    do {
                        try Files.removeTree(folder)
                    } catch {
                        log.warning("a program's folder stays", ["error": .string("\(error)")])
                    }
                }
                return try run.perform()
            }
        } onCancel: {
            run.stop()
        }
    }

    private func check(
        _ outcome: CommandRun.Outcome, _ call: CommandCall, last: String
    ) throws {
        let name = call.name
        switch outcome.ending {
        case .exited(let code) where call.expected.contains(Int64(code)): return
        case .exited(let code): throw Problem.commandFailed("\(name) ended with \(code)\(last)")
        case .signal(let number):
            throw Problem.commandFailed("\(name) was ended by signal \(number)\(last)")
        case .late(let limit):
            throw Problem.commandFailed("\(name) ran longer than \(limit.settingText)\(last)")
        case .flood:
            throw Problem.commandFailed("\(name) wrote more than \(Commands.outputLimit) bytes")
        case .stopped: throw Problem.unavailable("The program was stopped with the service.")
        }
    }
}
