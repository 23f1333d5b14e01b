import Glibc
import JSON
import TestSupport

/// A headless Chromium, driven over its DevTools protocol through a pair of pipes.
actor Chromium {
    private let profile = TemporaryFolder()
    private let process: ChildProcess
    /// Commands go here, answers come there; each ends in NUL.
    private let commands: Int32
    private let answers: Int32
    private var received: [UInt8] = []
    private var number = 0
    private var session: String?

    /// Starts it and opens an empty page.
    init() async throws {
        var down: [Int32] = [0, 0]
        var up: [Int32] = [0, 0]
        guard pipe(&down) == 0, pipe(&up) == 0 else {
            throw Failure(text: "no pipe: \(errno)")
        }
        // Ours must not reach other programs that a test starts.
        for descriptor in down + up { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        commands = down[1]
        answers = up[0]
        process = try ChildProcess(
            "chromium",
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--no-first-run", "--disable-background-networking", "--disable-extensions",
                "--user-data-dir=\(profile.path)/profile", "--window-size=1200,900",
                "--remote-debugging-pipe", "about:blank",
            ],
            environment: ["HOME": profile.path, "XDG_RUNTIME_DIR": profile.path],
            output: profile.path + "/output", descriptors: [down[0], up[1]])
        close(down[0])
        close(up[1])
        _ = fcntl(answers, F_SETFL, O_NONBLOCK)
        let target = try await call("Target.createTarget", ["url": "about:blank"])
        let attached = try await call(
            "Target.attachToTarget",
            ["targetId": target["targetId"] ?? .null, "flatten": true])
        session = attached["sessionId"]?.string
        _ = try await call("Page.enable", [:])
    }

    deinit {
        close(commands)
        close(answers)
    }

    /// What Chromium answers to a command.
    func call(_ method: String, _ parameters: JSONValue) async throws -> JSONValue {
        number += 1
        let id = number
        var message: JSONValue = [
            "id": JSONValue(integerLiteral: id), "method": .string(method), "params": parameters,
        ]
        if let session, case .object(var object) = message {
            object["sessionId"] = .string(session)
            message = .object(object)
        }
        let bytes = message.bytes + [0]
        guard bytes.withUnsafeBytes({ write(commands, $0.baseAddress, $0.count) }) == bytes.count
        else { throw Failure(text: "Chromium has gone: \(process.output)") }
        var answer: JSONValue?
        try await eventually("answer to \(method)") {
            answer = try self.answer(to: id)
            return answer != nil
        }
        if let error = answer?["error"] { throw Failure(text: "\(method): \(error.text)") }
        return answer?["result"] ?? .null
    }

    /// The answer with this number, if it has come; events are passed over.
    private func answer(to id: Int) throws -> JSONValue? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(answers, &buffer, buffer.count)
            guard count > 0 else { break }
            received += buffer[..<count]
        }
        while let end = received.firstIndex(of: 0) {
            let message = try JSONValue(parsing: Array(received[..<end]))
            received.removeSubrange(...end)
            if message["id"]?.integer == Int64(id) { return message }
        }
        return nil
    }

    /// The value of a JavaScript expression in the page.
    func evaluate(_ expression: String) async throws -> JSONValue {
        let answer = try await call(
            "Runtime.evaluate",
            ["expression": .string(expression), "returnByValue": true, "awaitPromise": true])
        if let exception = answer["exceptionDetails"] { throw Failure(text: exception.text) }
        return answer["result"]?["value"] ?? .null
    }

    /// Waits until an expression is true in a page that is there as a whole; one that is being
    /// loaded is no error.
    func wait(_ expression: String) async throws {
        let whole = "document.readyState === 'complete' && (\(expression))"
        do {
            try await eventually(expression, within: .seconds(20)) {
                await (try? self.evaluate(whole)) == true
            }
        } catch {
            let page = try await evaluate("location.href + '\\n' + document.body.innerText")
            throw Failure(text: "not in time: \(expression) at \(page.string ?? "")")
        }
    }

    /// Opens a page and waits until it is loaded.
    func open(_ address: String) async throws {
        let answer = try await call("Page.navigate", ["url": .string(address)])
        if let error = answer["errorText"] { throw Failure(text: "\(address): \(error.text)") }
        try await wait("document.readyState === 'complete' && location.href !== 'about:blank'")
    }

    /// The page as a PNG in base64.
    func screenshot() async throws -> String {
        try await call("Page.captureScreenshot", ["format": "png"])["data"]?.string ?? ""
    }

    struct Failure: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
