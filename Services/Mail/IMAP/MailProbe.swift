import Curl
import ServiceRuntime

/// Reads a folder of an IMAP server and parses every mail, keeping nothing: what the benchmarks
/// compare. The next mails are fetched while those before are parsed, as in a reading.
package enum MailProbe {
    private static let batch = 500

    package struct Found: Sendable {
        package var mails = 0
        /// Texts and attachments.
        package var parts = 0
    }

    package static func read(
        url: String, user: String, password: String
    ) async throws -> Found {
        let client = try await IMAPClient.open(
            CurlConnection.Target(
                url: url, user: user, password: password, startTLS: .never), timeout: .seconds(60))
        let (_, next) = try await client.select("INBOX")
        let parser = ThreadExecutor(name: "probe")
        defer { parser.stop() }
        var found = Found()
        var parsing: Task<Found, any Error>?
        var low = 1
        while low < Int(next ?? 1) {
            let answer = try await client.run(
                "UID FETCH \(low):\(low + batch - 1) (UID INTERNALDATE BODY.PEEK[])")
            low += batch
            try await take(parsing, &found)
            parsing = Task {
                try await parser.run { parse(answer) }
            }
        }
        try await take(parsing, &found)
        await client.close()
        return found
    }

    private static func take(_ task: Task<Found, any Error>?, _ found: inout Found) async throws {
        guard let more = try await task?.value else { return }
        found.mails += more.mails
        found.parts += more.parts
    }

    private static func parse(_ answer: IMAPClient.Answer) -> Found {
        var found = Found()
        for values in IMAPSession.fetched(answer) {
            guard case .string(let raw)? = values.items["BODY[]"] else { continue }
            let message = Message(parsing: raw)
            guard message.date != nil, message.subject != nil, !message.from.isEmpty else {
                continue
            }
            found.mails += 1
            found.parts +=
                message.attachments.count + (message.text == nil ? 0 : 1)
                + (message.html == nil ? 0 : 1)
        }
        return found
    }
}
