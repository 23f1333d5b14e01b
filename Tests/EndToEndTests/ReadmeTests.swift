import Glibc
import TestSupport
import Testing

/// The first page's commands, as printed, against a first start without any setting but a port.
@Test func `the commands of the README do what it says`() async throws {
    let folder = TemporaryFolder()
    let port = FreePort.take()
    let server = try ChildProcess(
        ChildProcess.product("geartrain"),
        environment: ["GATEWAY_PORT": "\(port)", "SWIFT_BACKTRACE": "enable=no"],
        output: folder.path + "/geartrain.log", folder: folder.path)
    try await eventually("the sample model") {
        server.output.contains("a model was applied at first start")
    }
    #expect(server.output.contains("Geartrain listens on http://127.0.0.1:\(port)\n"))
    let printed = server.output.split(separator: "\n").first { $0.hasPrefix("admin password: ") }
    let password = try #require(printed).dropFirst("admin password: ".count)

    let commands = try readmeCommands().map { line in
        line.hasPrefix("password=") ? "password=\(password)" : line
    }
    let script = commands.joined(separator: "\n").split(separator: "127.0.0.1:8080")
        .joined(separator: "127.0.0.1:\(port)")
    try TestFile.write("set -eu\n" + script + "\n", to: folder.path + "/commands.sh")
    let (code, output) = try await ChildProcess.run(
        "bash", ["commands.sh"], folder: folder.path)
    #expect(code == 0)
    for promise in [
        "we got your mail \"Printer is on fire\" and opened ticket 1.",
        "\"describe\":\"#1 Printer is on fire\"", "\"status\":\"new\"",
        "Subject: Closed: Printer is on fire", "\"kind\":\"to\",\"state\":\"sent\"",
    ] { #expect(output.contains(promise), "\(output)\n\(server.output)") }
    server.kill(SIGTERM)
    #expect(try await server.waitForExit() == 0)
}

/// The lines of the blocks marked `sh` that follow “What to do next”.
private func readmeCommands() throws -> [String] {
    let text = try #require(TestFile.text(TestFile.repository + "/README.md"))
    let rest = try #require(text.split(separator: "\n## What to do next\n").last)
    let after = try #require(rest.split(separator: "\n## ").first)
    var commands: [String] = []
    var isInside = false
    for line in after.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("```") {
            isInside = line == "```sh"
        } else if isInside {
            commands.append(String(line))
        }
    }
    #expect(commands.count > 10)
    return commands
}
