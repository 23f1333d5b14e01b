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
    }

    private let connection: CurlConnection
    private let timeout: Duration
    private var reader: IMAPReader
    private var waiting: [IMAPResponse] = []
    private var lastTag = 0
    private(set) var capabilities: Set<String> = []

    private init(_ connection: CurlConnection, timeout: Duration, limits: IMAPReader.Limits) {
        self.connection = connection
        self.timeout = timeout
        reader = IMAPReader(limits: limits)
    }

    static func open(
        _ target: CurlConnection.Target, timeout: Duration,
        limits: IMAPReader.Limits = IMAPReader.Limits()
    ) async throws -> IMAPClient {
        let connection = try await CurlConnection.open(target, timeout: timeout)
        let client = IMAPClient(connection, timeout: timeout, limits: limits)
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

    /// Sends a command and reads to its end; throws `Refused` for NO and BAD.
    func run(_ command: String) async throws -> Answer {
        lastTag += 1
        // Not the prefix that libcurl uses for its own commands.
        let tag = "M\(lastTag)"
        try await connection.send(Array("\(tag) \(command)\r\n".utf8), timeout: timeout)
        var responses: [IMAPResponse] = []
        while true {
            switch try await next() {
            case .tagged(tag, let status, let code, let text):
                guard status == .ok else {
                    let name = command.prefix { $0 != " " }
                    throw Refused(
                        description: "the server refused \(name): \(status.rawValue) \(text)")
                }
                return Answer(responses: responses, code: code, text: text)
            case .tagged(let other, _, _, _):
                throw IMAPProtocolError("the server answered \(other), which was not asked")
            case .status(.bye, _, let text):
                throw Refused(description: "the server ended the session: \(text)")
            case let response:
                responses.append(response)
            }
        }
    }

    private func next() async throws -> IMAPResponse {
        while waiting.isEmpty {
            let bytes = try await connection.receive(limit: 256 << 10, timeout: timeout)
            guard !bytes.isEmpty else {
                throw CurlError(kind: .connection, message: "the server closed the connection")
            }
            waiting = try reader.feed(bytes)
        }
        return waiting.removeFirst()
    }

    /// Says farewell and closes.
    func close() async {
        lastTag += 1
        try? await connection.send(Array("M\(lastTag) LOGOUT\r\n".utf8), timeout: .seconds(2))
        await connection.close()
    }

    /// A string as an argument: quoted, or nil where it holds what no quoted string may.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// A folder's name in IMAP's modified UTF-7 (RFC 3501 §5.1.3).
    static func folderName(_ name: String) -> String {
        var result = ""
        var pending: [UInt8] = []
        func flush() {
            guard !pending.isEmpty else { return }
            var encoded = ""
            var bits: UInt32 = 0
            var count = 0
            for byte in pending {
                bits = bits << 8 | UInt32(byte)
                count += 8
                while count >= 6 {
                    count -= 6
                    encoded.unicodeScalars.append(sextet(bits >> UInt32(count)))
                }
            }
            if count > 0 { encoded.unicodeScalars.append(sextet(bits << UInt32(6 - count))) }
            result += "&\(encoded)-"
            pending.removeAll()
        }
        func sextet(_ value: UInt32) -> Unicode.Scalar {
            let byte = TransferEncoding.alphabet[Int(value & 63)]
            return byte == 47 ? "," : Unicode.Scalar(byte)
        }
        for scalar in name.unicodeScalars {
            if (32..<127).contains(scalar.value) {
                flush()
                if scalar == "&" { result += "&-" } else { result.unicodeScalars.append(scalar) }
            } else {
                for unit in String(scalar).utf16 {
                    pending += [UInt8(unit >> 8), UInt8(unit & 255)]
                }
            }
        }
        flush()
        return result
    }
}
