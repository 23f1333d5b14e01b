import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// Programs of the operator's list, real ones.
@Suite struct CommandTests {
    /// A bench whose program `it` is this script.
    private func bench(
        _ text: String, timeout: Duration = .seconds(20), secrets: [String: String] = [:]
    ) throws -> OutgoingBench {
        let folder = TemporaryFolder()
        let path = folder.path + "/it"
        try TestFile.write("#!/bin/sh\n" + text + "\n", to: path)
        chmod(path, 0o755)
        return try OutgoingBench(
            secrets: secrets, commands: ["it": path], timeout: timeout,
            folder: folder)
    }

    @Test func `arguments, input and environment are what was given, and nothing else`()
        async throws
    {
        let bench = try bench(
            #"printf '%s|' "$@"; cat; echo; env | sort; pwd; ls -A; ls -l /proc/self/fd >&2"#,
            secrets: ["key": "hunter2"])
        let evil = #"; rm -rf / $(id) `id` "quoted" 'x' && echo \n"#
        let answer = try await bench.command([
            "command": "it", "arguments": ["-a", .string(evil), "", 7, true],
            "input": ["key": "secret:key"],
        ])
        #expect(answer["exit"] == 0)
        let lines = (answer["stdout"]?.string ?? "").split(separator: "\n")
        #expect(lines[0] == #"-a|\#(evil)||7|true|{"key":"secret:key"}"#)
        let names = lines.dropFirst().prefix { $0.contains("=") }.map { $0.prefix { $0 != "=" } }
        // The shell itself adds two.
        #expect(Set(names).subtracting(["PWD", "_", "SHLVL", "OLDPWD"]) == ["GREETING", "PATH"])
        let folder = lines.first { $0.hasPrefix("/") }.map(String.init) ?? ""
        #expect(folder.contains("/commands/"))
        #expect(lines.last.map(String.init) == folder, "the folder is not empty")
        #expect(!Files.exists(folder))
        let descriptors = (answer["stderr"]?.string ?? "").split(separator: "\n")
            .filter { $0.contains("->") }
        #expect(descriptors.count == 4, "\(descriptors)")
    }

    @Test func `a code that is no success fails, with its last words`() async throws {
        let bench = try bench("echo sorry >&2; exit ${1:-3}")
        let problem = await outgoingProblem { try await bench.command(["command": "it"]) }
        #expect(problem?.code == "command-failed")
        #expect(problem?.detail == "it ended with 3: sorry\n")
        guard let problem, case .failed = Failure(problem) else {
            Issue.record("it is not tried again")
            return
        }
        let expected = try await bench.command([
            "command": "it", "arguments": [5], "expect": [0, 5],
        ])
        #expect(expected["exit"] == 5)
        let killed = try self.bench("kill -9 $$")
        let ended = await outgoingProblem { try await killed.command(["command": "it"]) }
        #expect(ended?.detail == "it was ended by signal 9")
    }

    @Test(arguments: [
        "sleep 1000", "trap '' TERM INT HUP; while :; do :; done", "cat; cat; sleep 1000",
        "exec 1>&- 2>&- 0<&-; sleep 1000", "(sleep 1000 &) ; sleep 1000",
    ]) func `what hangs is killed`(_ text: String) async throws {
        let bench = try bench(text, timeout: .milliseconds(200))
        let problem = await outgoingProblem { try await bench.command(["command": "it"]) }
        #expect(problem?.detail?.hasPrefix("it ran longer than 200ms") == true)
    }

    @Test func `children end with it, in time or not`() async throws {
        for (text, limit) in [
            ("sleep 1000 & echo pid $!; sleep 1001 & echo pid $!; exit 0", Duration.seconds(20)),
            ("sleep 1000 & echo pid $! >&2; sleep 1000", .seconds(4)),
            ("setsid sh -c 'echo pid $$; sleep 1000; :' & sleep 3; exit 0", .seconds(20)),
            ("setsid sh -c 'echo pid $$ >&2; sleep 1000; :' & sleep 1000", .seconds(4)),
            // A daemon by the book: its parent is gone, it has a session and a folder of its own.
            ("(setsid sh -c 'cd /; echo pid $$; sleep 1000; :' &) ; sleep 3", .seconds(20)),
        ] {
            let bench = try bench(text, timeout: limit)
            var words = ""
            do {
                words = try await bench.command(["command": "it"])["stdout"]?.string ?? ""
            } catch {
                words = Problem(error).detail ?? ""
            }
            let pids = words.matches(of: /pid (\d+)/).compactMap { pid_t($0.1) }
            #expect(!pids.isEmpty, "\(words)")
            for pid in pids {
                try await eventually("process \(pid) ends") {
                    // A zombie that nobody has waited for yet is dead too.
                    let state = TestFile.text("/proc/\(pid)/stat")
                    return state == nil || state?.contains(") Z ") == true
                }
            }
        }
    }

    @Test(arguments: ["yes", "yes >&2", "cat /dev/zero"])
    func `a flood is cut off`(_ text: String) async throws {
        let bench = try bench(text)
        let problem = await outgoingProblem { try await bench.command(["command": "it"]) }
        #expect(problem?.detail == "it wrote more than \(Commands.outputLimit) bytes")
    }

    @Test func `much input is taken, or left`() async throws {
        let text = String(repeating: "x", count: CommandCall.inputLimit)
        let counting = try bench("wc -c")
        let count = try await counting.command(["command": "it", "input": .string(text)])
        #expect(count["stdout"]?.string?.filter(\.isNumber) == String(CommandCall.inputLimit))
        let leaving = try bench("exec 0<&-; echo done")
        let left = try await leaving.command(["command": "it", "input": .string(text)])
        #expect(left["stdout"] == "done\n")
    }

    @Test func `a cancelled program ends`() async throws {
        let bench = try bench("sleep 1000")
        let task = Task { await outgoingProblem { try await bench.command(["command": "it"]) } }
        try await eventually("it runs") {
            Files.exists(bench.folder.path + "/commands")
                && TestFile.names(in: bench.folder.path + "/commands").count == 1
        }
        task.cancel()
        #expect(await task.value?.status == 503)
    }

    @Test func `only the operator's own files are started`() async throws {
        let folder = TemporaryFolder()
        func file(_ name: String, _ mode: UInt32) throws -> String {
            let path = "\(folder.path)/\(name)"
            try TestFile.write("#!/bin/sh\necho started\n", to: path)
            chmod(path, mode)
            return path
        }
        let open = folder.path + "/open"
        TestFile.makeFolder(open)
        try TestFile.write("#!/bin/sh\n", to: open + "/inside")
        chmod(open + "/inside", 0o755)
        chmod(open, 0o777)
        let link = folder.path + "/link"
        symlink(open + "/inside", link)
        let commands = [
            "good": try file("good", 0o755), "group": try file("group", 0o775),
            "others": try file("others", 0o757), "plain": try file("plain", 0o644),
            "gone": folder.path + "/gone", "folder": folder.path, "inside": open + "/inside",
            "link": link,
        ]
        let bench = try OutgoingBench(commands: commands, folder: folder)
        #expect(try await bench.command(["command": "good"])["stdout"] == "started\n")
        for name in ["group", "others", "plain", "gone", "folder", "inside", "link", "sh"] {
            let problem = await outgoingProblem {
                try await bench.command(["command": .string(name)])
            }
            #expect(problem?.code == "command-refused", "\(name)")
            #expect(problem?.detail?.contains(folder.path) == false)
        }
    }

    @Test func `what does not fit is refused before it starts`() async throws {
        let bench = try bench("echo started")
        let many: [JSONValue] = Array(repeating: "a", count: CommandCall.argumentLimit + 1)
        let long = String(repeating: "x", count: CommandCall.argumentByteLimit)
        for content: JSONValue in [
            ["command": "it", "arguments": .array(many)],
            ["command": "it", "arguments": [.string(long)]],
            ["command": "it", "arguments": ["a\0b"]], ["command": "it", "arguments": [[1]]],
            ["command": "it", "input": .string(String(repeating: "x", count: 2 << 20))],
            ["arguments": []],
        ] {
            let problem = await outgoingProblem { try await bench.command(content) }
            #expect(problem?.code == "command-refused")
        }
    }

    @Test func `the operator's list is read, and mistakes in it are told`() throws {
        func read(_ text: String) -> (CommandList, [String]) {
            let reader = ConfigurationReader(
                service: "workflow", environment: ["WORKFLOW_COMMANDS": text])
            return (CommandList(reading: reader), reader.problems)
        }
        let (list, problems) = read("a=/bin/a, b=/bin/b\nc=/x=y")
        #expect(list.paths == ["a": "/bin/a", "b": "/bin/b", "c": "/x=y"])
        #expect(problems.isEmpty)
        #expect(list.environment == ["PATH=/usr/bin:/bin", "LANG=C.UTF-8"])
        for text in ["a=bin/a", "a", "=/bin/a", "a=/b,a=/c"] { #expect(!read(text).1.isEmpty) }
    }
}
