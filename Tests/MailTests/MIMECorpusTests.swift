import Crypto
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Mail

/// Real and generated messages beside the repository, with what an independent reader (Python's
/// `email`) finds in them. Where the collection is not there, nothing is tested.
@Suite(.enabled(if: MIMECorpus.isThere)) struct MIMECorpusTests {
    @Test func `messages that two readers agree on are read alike`() throws {
        var differences: [String] = []
        var count = 0
        for entry in try MIMECorpus.entries() where entry.expected["grade"] == "high" {
            count += 1
            let found = MIMECorpus.fields(of: Message(parsing: entry.bytes))
            for (name, value) in found.members {
                let expected = entry.expected[name] ?? .null
                if value != expected {
                    differences.append("\(entry.name) \(name): \(value.text), not \(expected.text)")
                }
            }
        }
        #expect(count > 0)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    @Test func `no message crashes the reader, whole or cut`() throws {
        for entry in try MIMECorpus.entries() {
            for length in [entry.bytes.count, entry.bytes.count / 2, entry.bytes.count / 3] {
                let bytes = Array(entry.bytes.prefix(length))
                let message = Message(parsing: bytes)
                #expect(message.attachments.count <= MIMELimits().parts, "\(entry.name)")
            }
        }
    }
}

enum MIMECorpus {
    struct Entry {
        var name: String
        var bytes: [UInt8]
        var expected: JSONValue
    }

    private static let folder = TestFile.repository + "/../shared/mime"
    static let isThere = Files.exists(folder + "/expected.json")

    static func entries() throws -> [Entry] {
        let expected = try JSONValue(parsing: TestFile.bytes(folder + "/expected.json") ?? [])
        let members = try #require(expected.object).members
        return try members.map { name, value in
            let bytes = try #require(TestFile.bytes("\(folder)/messages/\(name).eml"))
            return Entry(name: name, bytes: bytes, expected: value)
        }
    }

    /// A message as the collection describes one.
    static func fields(of message: Message) -> JSONObject {
        var fields = JSONObject()
        fields["subject"] = message.subject.map { .string($0) } ?? .null
        fields["from"] = .array(message.from.map(pair))
        fields["to"] = .array(message.to.map(pair))
        fields["cc"] = .array(message.cc.map(pair))
        fields["date"] = message.date.map { .string(seconds($0)) } ?? .null
        fields["message_id"] = message.messageID.map { .string($0) } ?? .null
        fields["in-reply-to"] = .array(message.inReplyTo.map { .string($0) })
        fields["references"] = .array(message.references.map { .string($0) })
        fields["text_sha256"] = message.text.map { .string(hash($0)) } ?? .null
        fields["html_sha256"] = message.html.map { .string(hash($0)) } ?? .null
        fields["attachments"] = .array(message.attachments.map(attachment))
        return fields
    }

    private static func pair(_ address: MailAddress) -> JSONValue {
        [.string(address.name), .string(address.address)]
    }

    /// `2026-11-22T10:15:30Z`.
    private static func seconds(_ time: Timestamp) -> String { "\(time.text.prefix(19))Z" }

    private static func attachment(_ attachment: Message.Attachment) -> JSONValue {
        var fields = JSONObject()
        fields["name"] = attachment.name.isEmpty ? .null : .string(attachment.name)
        if attachment.type.hasPrefix("message/") {
            fields["sha256"] = .null
        } else {
            fields["sha256"] = .string(SHA256.hex(attachment.content))
            fields["text"] = .boolean(attachment.type.hasPrefix("text/"))
        }
        fields["type"] = .string(attachment.type)
        return .object(fields)
    }

    /// Of the text without blanks, those of Unicode too, at the ends of its lines and at its own.
    private static func hash(_ text: String) -> String {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        var kept = lines.map(trimmed)
        while kept.last?.isEmpty == true { kept.removeLast() }
        return SHA256.hex(Array(kept.joined(separator: "\n").utf8))
    }

    private static func trimmed(_ line: Substring.UnicodeScalarView) -> String {
        let last = line.lastIndex { !$0.properties.isWhitespace }
        return last.map { String(line[...$0]) } ?? ""
    }
}
