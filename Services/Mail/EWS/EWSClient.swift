import Curl
import ServiceRuntime
import XML

/// One answer of the several that a request brings.
struct EWSMessage: Sendable {
    let element: XMLElement

    /// The server's code where it did not do it.
    var failure: String? {
        guard element[attribute: "ResponseClass"] == "Error" else { return nil }
        return element.child("ResponseCode")?.text ?? "an error without a code"
    }

    var text: String {
        let words = element.child("MessageText")?.text ?? ""
        return [failure ?? "", words].filter { !$0.isEmpty }.joined(separator: ": ")
    }

    func check() throws {
        if failure != nil { throw EWSError(self) }
    }

    /// How long the server wants to be left alone.
    var backOff: Duration? { EWSMessage.backOff(element) }

    static func backOff(_ element: XMLElement) -> Duration? {
        let values = element.first("MessageXml")?.children ?? []
        let value = values.first { $0[attribute: "Name"] == "BackOffMilliseconds" }
        return value.flatMap { Int64($0.text) }.map { .milliseconds(max(0, $0)) }
    }
}

/// What the server refuses; its own code and words.
struct EWSError: Error, Sendable, CustomStringConvertible {
    let code: String
    let description: String

    /// The server cannot do it just now.
    static let passing: Set<String> = [
        "ErrorServerBusy", "ErrorInternalServerTransientError", "ErrorMailboxStoreUnavailable",
        "ErrorTimeoutExpired", "ErrorMailboxMoveInProgress", "ErrorConnectionFailed",
        "ErrorExceededConnectionCount",
    ]
    /// It has the mail and cannot make MIME of it.
    static let unreadable: Set<String> = [
        "ErrorContentConversionFailed", "ErrorCorruptData", "ErrorMimeContentConversionFailed",
        "ErrorMimeContentInvalid", "ErrorUnsupportedMimeConversion",
    ]

    init(_ message: EWSMessage) {
        self.init(code: message.failure ?? "", words: message.text)
    }

    init(code: String, words: String) {
        self.code = code
        description = "the server says: \(words.prefix(300))"
    }
}

/// Requests to one Exchange server, done again while it is busy.
actor EWSClient {
    /// Tries of one request, and the waits between them where the server says none.
    private static let tries = 6
    private static let firstWait = Duration.seconds(1)
    /// A longer wait ends the reading; the next begins in its time.
    static let longestWait = Duration.seconds(120)
    private static let answerLimit = 16 << 20

    private let http: LoginHTTP
    private let url: String
    private let mailbox: String?
    private let timeout: Duration
    private let clock: any WallClock

    init(
        http: LoginHTTP, url: String, mailbox: String?, timeout: Duration, clock: any WallClock
    ) {
        self.http = http
        self.url = url
        self.mailbox = mailbox
        self.timeout = timeout
        self.clock = clock
    }

    private enum Outcome {
        case messages([EWSMessage])
        case busy(EWSError, Duration?)
    }

    /// The answers to a request, one for each thing asked.
    func call(_ envelope: EWSEnvelope, limit: Int = answerLimit) async throws -> [EWSMessage] {
        var wait = EWSClient.firstWait
        var attempt = 1
        while true {
            switch try await ask(envelope, limit: limit) {
            case .messages(let messages): return messages
            case .busy(let error, let told):
                let pause = told ?? wait
                guard attempt < EWSClient.tries, pause <= EWSClient.longestWait else {
                    throw error
                }
                try await clock.sleep(for: pause)
                wait = wait * 2
                attempt += 1
            }
        }
    }

    private func ask(_ envelope: EWSEnvelope, limit: Int) async throws -> Outcome {
        var headers = [("Content-Type", "text/xml; charset=utf-8"), ("Accept", "text/xml")]
        // Which of its machines has the mailbox.
        if let mailbox { headers.append(("X-AnchorMailbox", mailbox)) }
        let response = try await http.post(
            url, headers: headers, body: envelope.bytes, timeout: timeout, responseLimit: limit)
        switch response.status {
        case 200, 500: break
        case 401: throw SourceError("the server does not take the user or the password")
        case 429, 502, 503, 504:
            let seconds = response.header("Retry-After").flatMap { Int64($0) }
            return .busy(
                EWSError(code: "ErrorServerBusy", words: "HTTP \(response.status)"),
                seconds.map { .seconds(max(0, $0)) })
        default: throw SourceError("the server answers with HTTP \(response.status)")
        }
        let document: XMLElement
        do {
            document = try XMLElement(parsing: response.body)
        } catch {
            throw SourceError("the server's answer (HTTP \(response.status)) is no XML: \(error)")
        }
        guard document.name == XMLName("Envelope", namespace: EWSEnvelope.soap),
            let body = document.child("Body")
        else { throw SourceError("the server's answer is no SOAP envelope") }
        if let fault = body.child("Fault") { return try EWSClient.fault(fault) }
        let answer = body.children.first { $0.name.local == envelope.operation + "Response" }
        guard let list = answer?.child("ResponseMessages") else {
            throw SourceError("the server answers something else than was asked")
        }
        let messages = list.children.map(EWSMessage.init)
        // Of several some may have been done: all of these requests can be done again.
        if let busy = messages.first(where: { EWSError.passing.contains($0.failure ?? "") }) {
            return .busy(EWSError(busy), busy.backOff)
        }
        return .messages(messages)
    }

    private static func fault(_ fault: XMLElement) throws -> Outcome {
        let detail = fault.child("detail")
        let code = detail?.child("ResponseCode")?.text ?? fault.child("faultcode")?.text ?? ""
        let words = detail?.child("Message")?.text ?? fault.child("faultstring")?.text ?? ""
        let error = EWSError(
            code: String(code.split(separator: ":").last ?? ""), words: "\(code): \(words)")
        guard EWSError.passing.contains(error.code) else { throw error }
        return .busy(error, EWSMessage.backOff(fault))
    }

    func close() async { await http.close() }
}
