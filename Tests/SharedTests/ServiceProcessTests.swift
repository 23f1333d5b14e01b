import Glibc
import TestSupport
import Testing

/// A real process over `ServiceProcess.main`, and the folder of its output.
private struct Toy {
    let folder = TemporaryFolder()
    let process: ChildProcess

    init(_ environment: [String: String] = [:], _ arguments: [String] = []) throws {
        process = try ChildProcess(
            ChildProcess.product("runtime-child"), arguments, environment: environment,
            output: folder.path + "/output")
    }

    func says(_ text: String) async throws {
        try await eventually("“\(text)” in the log") { process.output.contains(text) }
    }
}

@Test(arguments: [SIGTERM, SIGINT])
func `a signal ends a service gracefully`(_ signal: Int32) async throws {
    let toy = try Toy()
    try await toy.says("\"running\"")
    toy.process.kill(signal)
    #expect(try await toy.process.waitForExit() == 0)
    let messages = toy.process.output.split(separator: "\n").compactMap { line in
        line.split(separator: "\"message\":\"").last?.split(separator: "\"").first
    }
    #expect(messages == ["running", "shutting down", "asked to end", "ended"])
}

@Test func `a signal that comes before the service runs ends it too`() async throws {
    let toy = try Toy()
    try await eventually("signals are taken") { takesSignals(toy.process.pid) }
    toy.process.kill(SIGTERM)
    #expect(try await toy.process.waitForExit() == 0)
}

/// Whether the process has its thread for signals.
private func takesSignals(_ pid: pid_t) -> Bool {
    TestFile.names(in: "/proc/\(pid)/task").contains { thread in
        TestFile.text("/proc/\(pid)/task/\(thread)/comm") == "signals\n"
    }
}

@Test func `a second signal ends a service at once`() async throws {
    let toy = try Toy(["TOY_WAY": "stubborn"])
    try await toy.says("\"running\"")
    toy.process.kill(SIGTERM)
    try await toy.says("asked to end")
    toy.process.kill(SIGTERM)
    #expect(try await toy.process.waitForExit() == 128 + SIGTERM)
}

@Test func `at the deadline a service is cancelled, and the process says so`() async throws {
    let toy = try Toy(["TOY_WAY": "deaf", "TOY_SHUTDOWN_DEADLINE": "20ms"])
    try await toy.says("\"running\"")
    toy.process.kill(SIGTERM)
    #expect(try await toy.process.waitForExit() == 1)
    #expect(toy.process.output.contains("shutdown deadline passed"))
    #expect(toy.process.output.contains("not ended in time: toy"))
}

@Test func `a service that fails ends the process with its error`() async throws {
    let toy = try Toy(["TOY_WAY": "failing"])
    #expect(try await toy.process.waitForExit() == 1)
    #expect(toy.process.output.contains("\"error\":\"CannotGoOn()\""))
}

@Test func `a broken pipe does not end a service, and its file limit is the highest`() async throws
{
    let toy = try Toy()
    try await toy.says("\"running\"")
    toy.process.kill(SIGPIPE)
    let limits = try #require(TestFile.text("/proc/\(toy.process.pid)/limits"))
    let files = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
    let numbers = files.split(separator: " ").compactMap { Int($0) }
    #expect(numbers.count == 2 && numbers.first == numbers.last)
    toy.process.kill(SIGTERM)
    #expect(try await toy.process.waitForExit() == 0)
}

@Test func `wrong settings are all told, and nothing starts`() async throws {
    let toy = try Toy(["TOY_WAY": "odd", "TOY_SIZE": "10", "TOY_LOG_LEVEL": "loud"])
    #expect(try await toy.process.waitForExit() == 2)
    let lines = toy.process.output.split(separator: "\n").map(String.init)
    #expect(
        lines == [
            "toy: the settings cannot be used:",
            "  TOY_SIZE is “10”; it must be a whole number from 1 to 9",
            "  TOY_WAY is “odd”; it must be one of willing, deaf, stubborn, failing",
            "  TOY_LOG_LEVEL is “loud”; it must be one of debug, info, warning, error",
            "toy --help lists all settings",
        ])
}

@Test func `help is printed whatever the settings are, and other arguments are refused`()
    async throws
{
    let help = try Toy(["TOY_SIZE": "10"], ["--help"])
    #expect(try await help.process.waitForExit() == 0)
    #expect(help.process.output.contains("TOY_SHUTDOWN_DEADLINE  duration"))
    let odd = try Toy([:], ["--odd"])
    #expect(try await odd.process.waitForExit() == 2)
    #expect(odd.process.output == "toy: unknown argument --odd; try --help\n")
}
