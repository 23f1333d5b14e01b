import Curl
import ServiceRuntime

/// Commands over one IMAP connection that libcurl has greeted and logged in.
actor IMAPClient {
    /// What a command brought.
    struct Answer: Sendable {
        var responses: [IMAPResponse]
        /// The code in brackets of the tagged response.
        var code: [IMAPValue]
        var text: String
    }

    /// The server refused a command, or ended the session.
    struct Refused: Error, CustomStringConvertible {
        let description: String
        /// The first word of the code in brackets, in capitals.
        var code: String?
    }

    /// The most responses of one command that are kept.
    static let responseLimit = 50_000
    /// A command may take this many times the longest wait for a single piece of its answer.
    static let commandWaits = 10
    private static let receiveBytes = 256 << 10
    private static let farewellWait = Duration.seconds(1)

    private let connection: CurlConnection
    private let timeout: Duration
    private let clock: any WallClock
    private var reader: IMAPReader
    /// Read and not looked at yet, from `taken` on.
    private var waiting: [IMAPResponse] = []
    private var taken = 0
    /// The last answer did not come, or made no sense.
    private var isLost = false
    private var lastTag = 0
    private(set) var capabilities: Set<String> = []
    /// How many mails the selected folder has, as far as the server told.
    private(set) var exists = 0
    /// The folder grew since it was last asked.
    private(set) var hasGrown = false

    private init(
        _ connection: CurlConnection, timeout: Duration, limits: IMAPReader.Limits,
        clock: any WallClock
    ) {
        self.connection = connection
        self.timeout = timeout
        self.clock = clock
        reader = IMAPReader(limits: limits)
    }

    static func open(
        _ target: CurlConnection.Target, timeout: Duration,
        limits: IMAPReader.Limits = IMAPReader.Limits(), clock: any WallClock = SystemClock()
    ) async throws -> IMAPClient {
        let connection = try await CurlConnection.open(target, timeout: timeout)
        let client = IMAPClient(connection, timeout: timeout, limits: limits, clock: clock)
        do {
            try await client.readCapabilities()
        } catch {
            await connection.close()
            throw error
        }
        return client
    }

    private func readCapabilities() async throws {
        for case .untagged(_, "CAPABILITY", let values) in try await run("CAPABILITY").responses {
            capabilities = Set(values.compactMap { $0.atom?.uppercased() })
        }
    }

    /// Sends a command and reads to its end; throws `Refused` for NO and BAD. Only what `keep`
    /// wants is kept, and of that no more than `bytes` of literals.
    func run(
        _ command: String, bytes: Int = .max,
        keep: @Sendable (IMAPResponse) -> Bool = { _ in true }
    ) async throws -> Answer {
        let tag = try await begin(command)
        let deadline = deadline()
        var (responses, kept): ([IMAPResponse], Int) = ([], 0)
        while true {
            let response = try await next(by: deadline)
            if case .tagged(let other, let status, let code, let text) = response {
                guard tag == other else {
                    throw IMAPProtocolError("the server answered \(other), which was not asked")
                }
                guard status == .ok else { throw IMAPClient.refused(command, status, code, text) }
                return Answer(responses: responses, code: code, text: text)
            }
            try note(response)
            guard keep(response) else { continue }
            kept += response.stringBytes
            guard responses.count < IMAPClient.responseLimit, kept <= bytes else {
                throw IMAPProtocolError("the server answered far more than was asked")
            }
            responses.append(response)
        }
    }

    private static func refused(
        _ command: String, _ status: IMAPResponse.Status, _ code: [IMAPValue], _ text: String
    ) -> Refused {
        // Of the command its name only: the rest may be long.
        let name = command.split(separator: " ").prefix(command.hasPrefix("UID ") ? 2 : 1)
            .joined(separator: " ")
        return Refused(
            description: "the server refused \(name): \(status.rawValue) \(text.prefix(300))",
            code: code.first?.atom?.uppercased())
    }

    private func begin(_ command: String) async throws -> String {
        lastTag += 1
        // Not the prefix that libcurl uses for its own commands.
        let tag = "M\(lastTag)"
        try await connection.send(Array("\(tag) \(command)\r\n".utf8), timeout: timeout)
        return tag
    }

    private func deadline() -> UInt64 {
        clock.monotonicNanoseconds()
            + timeout.nanoseconds * UInt64(IMAPClient.commandWaits)
    }

    /// What the server tells without being asked.
    private func note(_ response: IMAPResponse) throws {
        switch response {
        case .status(.bye, _, let text):
            throw Refused(description: "the server ended the session: \(text.prefix(300))")
        case .untagged(let number?, "EXISTS", _):
            let count = Int(clamping: number)
            if count > exists { hasGrown = true }
            exists = count
        case .untagged(_?, "EXPUNGE", _): exists = max(0, exists - 1)
        default: break
        }
    }

    private func next(by deadline: UInt64) async throws -> IMAPResponse {
        while taken == waiting.count {
            let now = clock.monotonicNanoseconds()
            guard now < deadline else {
                throw CurlError(kind: .timeout, message: "the server did not come to an end")
            }
            try await receive(timeout: min(timeout, .nanoseconds(deadline - now)))
        }
        taken += 1
        return waiting[taken - 1]
    }

    private func receive(timeout: Duration) async throws {
        isLost = true
        let bytes = try await connection.receive(limit: IMAPClient.receiveBytes, timeout: timeout)
        guard !bytes.isEmpty else {
            throw CurlError(kind: .connection, message: "the server closed the connection")
        }
        waiting = try reader.feed(bytes)
        taken = 0
        isLost = false
    }

    // MARK: Folders

    /// Selects a folder; answers its UIDVALIDITY and UIDNEXT.
    func select(_ folder: String) async throws -> (validity: UInt64, next: UInt64?) {
        hasGrown = false
        exists = 0
        let answer = try await run("SELECT \(IMAPNames.folder(folder))") { response in
            if case .status(.ok, _, _) = response { true } else { false }
        }
        hasGrown = false
        func number(_ name: String) -> UInt64? {
            answer.responses.lazy.compactMap { response -> UInt64? in
                guard case .status(_, let code, _) = response,
                    code.first?.atom?.uppercased() == name, code.count > 1
                else { return nil }
                return code[1].number
            }.first
        }
        guard let validity = number("UIDVALIDITY") else {
            throw SourceError("the server tells no UIDVALIDITY")
        }
        return (validity, number("UIDNEXT"))
    }

    /// Waits until the folder grows, at most so long; answers whether it has. Cancelling it ends
    /// the connection.
    func idle(atMost limit: Duration) async throws -> Bool {
        guard !hasGrown else { return true }
        let end = clock.monotonicNanoseconds() + limit.nanoseconds
        let tag = try await begin("IDLE")
        var isAccepted = false
        while !hasGrown || !isAccepted {
            // Until it is accepted the server is as quick to answer as ever.
            let response: IMAPResponse
            do {
                response = try await next(by: isAccepted ? end : deadline(), patiently: isAccepted)
            } catch let error as CurlError where error.kind == .timeout && isAccepted {
                break
            }
            switch response {
            case .continuation: isAccepted = true
            case .tagged(_, let status, let code, let text):
                throw IMAPClient.refused("IDLE", status, code, text)
            default: try note(response)
            }
        }
        try await connection.send(Array("DONE\r\n".utf8), timeout: timeout)
        let deadline = deadline()
        while true {
            let response = try await next(by: deadline)
            if case .tagged(tag, _, _, _) = response { return hasGrown }
            try note(response)
        }
    }

    /// The next response, however long it takes up to `deadline`.
    private func next(by deadline: UInt64, patiently: Bool) async throws -> IMAPResponse {
        guard patiently, taken == waiting.count else { return try await next(by: deadline) }
        let now = clock.monotonicNanoseconds()
        guard now < deadline else {
            throw CurlError(kind: .timeout, message: "nothing came")
        }
        try await receive(timeout: .nanoseconds(deadline - now))
        // Perhaps only a part of a response.
        return try await next(by: deadline, patiently: true)
    }

    func close() async {
        if !isLost { try? await farewell() }
        await connection.close()
    }

    /// Gives the server a moment to close as well: it may count its connections, and the next one
    /// shall find room.
    private func farewell() async throws {
        lastTag += 1
        let wait = IMAPClient.farewellWait
        try await connection.send(Array("M\(lastTag) LOGOUT\r\n".utf8), timeout: wait)
        let end = clock.monotonicNanoseconds() + wait.nanoseconds
        while case let now = clock.monotonicNanoseconds(), now < end {
            let left = Duration.nanoseconds(end - now)
            let bytes = try await connection.receive(
                limit: IMAPClient.receiveBytes, timeout: left)
            if bytes.isEmpty { break }
        }
    }
}

extension IMAPResponse {
    /// Bytes of the strings in it, about.
    fileprivate var stringBytes: Int {
        guard case .untagged(_, _, let values) = self else { return 0 }
        return values.reduce(0) { $0 + $1.stringBytes }
    }
}

extension IMAPValue {
    /// Lists are bounded in depth by the reader.
    fileprivate var stringBytes: Int {
        switch self {
        case .string(let bytes): bytes.count
        case .list(let values): values.reduce(0) { $0 + $1.stringBytes }
        case .atom, .null: 0
        }
    }
}
