import Glibc
import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

/// What the pages are not made for, in a browser: `Scripts/hostile-pages` does it, and has this
/// test kill the services and start them again.
@Suite struct `The pages are met with surprises` {
    private static let python = TestFile.repository + "/.build-playwright/bin/python"
    /// The script ends by itself before.
    private static let limit = Duration.seconds(300)
    /// What the gateway can answer only with a service's help.
    private static let pages = [
        "records": "/api/records/helpdesk/ticket", "workflow": "/api/instances",
        "mail": "/api/mail/messages", "batch": "/api/runs",
    ]

    @Test func `markup, large texts, buttons, tabs, sessions and killed services lose nothing`()
        async throws
    {
        try #require(Files.exists(Self.python), "run Scripts/setup test, which brings it")
        let train = Train(.apart)
        try await train.start()
        let admin = try await train.admin()
        let output = "\(train.folder.path)/hostile.txt"
        let (orders, ordersIn) = try Self.pipe()
        let (answersOut, answers) = try Self.pipe()
        defer { for end in [orders, answers] { close(end) } }
        let script = try ChildProcess(
            Self.python,
            [
                TestFile.repository + "/Scripts/hostile-pages",
                "http://127.0.0.1:\(train.visitor.port)", Train.password,
            ],
            environment: ["HOME": train.folder.path], output: output, folder: train.folder.path,
            descriptors: [ordersIn, answersOut])
        for end in [ordersIn, answersOut] { close(end) }
        var received = ""
        try await eventually("end of the surprises", within: Self.limit) {
            received += Self.read(orders)
            while let end = received.firstIndex(of: "\n") {
                let order = String(received[..<end])
                received.removeSubrange(...end)
                try await obey(order, train, admin)
                let bytes = Array("\(order)\n".utf8)
                try #require(write(answers, bytes, bytes.count) == bytes.count)
            }
            return script.hasEnded
        }
        let text = TestFile.text(output) ?? ""
        #expect(try await script.waitForExit() == 0, "\(text.suffix(4000))")
        #expect(text.contains("met 10 surprises, 0 faults"), "\(text.suffix(8000))")
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    /// `kill records` or `start records`.
    private func obey(_ order: String, _ train: Train, _ admin: APIClient) async throws {
        let words = order.split(separator: " ").map(String.init)
        guard words.count == 2, let page = Self.pages[words[1]] else {
            throw Chromium.Failure(text: "what is \(order)?")
        }
        if words[0] == "kill" { return try await train.kill(words[1]) }
        try train.start(words[1])
        try await train.ready(words[1])
        try await train.waitFor("\(words[1]) to be reached") {
            try await admin.send(.get, page).status == 200
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw Chromium.Failure(text: "no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    /// What has come so far.
    private static func read(_ end: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(end, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
}
