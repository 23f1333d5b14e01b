import Contracts
import Crypto
import JSON
import Synchronization
import Testing

@testable import Mail

/// Attachments on their way into a record.
@Suite struct IntakeFileTests {
    private func attachment(_ name: String, _ text: String) -> Message.Attachment {
        Message.Attachment(name: name, type: "Text/Plain", content: Array(text.utf8))
    }

    private func entry(_ name: String, _ text: String) -> JSONValue {
        [
            "name": .string(name), "type": "whatever", "bytes": 0,
            "sha256": .string(SHA256.hex(Array(text.utf8))),
        ]
    }

    @Test func `what a mapping uses is staged once and listed as it was stored`() async throws {
        let files = IntakeFiles([
            attachment("a.txt", "one"), attachment("b.txt", "two"), attachment("c.txt", "unused"),
        ])
        let staged = Mutex<[String]>([])
        let values: JSONValue = [
            "subject": "x", "tags": ["one", 2],
            "files": .array([entry("a.txt", "one"), entry("A.TXT", "two"), entry("a.txt", "one")]),
        ]
        let answer = try await files.staged(in: values) { attachment in
            staged.withLock { $0.append(attachment.name) }
            return StagedFile(
                type: "text/plain", bytes: Int64(attachment.content.count),
                sha256: SHA256.hex(attachment.content))
        }
        #expect(staged.withLock { $0 } == ["a.txt", "b.txt"])
        #expect(answer["subject"] == "x")
        #expect(answer["tags"] == ["one", 2])
        let list = answer["files"]?.array ?? []
        #expect(list.map { $0["name"]?.string } == ["a.txt", "A.TXT", "a-2.txt"])
        #expect(list.allSatisfy { $0["type"] == "text/plain" && $0["bytes"] == 3 })
    }

    @Test func `names become such as a record can list`() {
        let names = [
            ("../../etc/passwd", ".._.._etc_passwd"), (" a.txt ", "a.txt"), ("..", "attachment"),
            ("", "attachment"), ("a\u{202E}b\u{0}", "a_b_"),
        ]
        for (wanted, name) in names {
            #expect(IntakeFiles.unique(wanted, among: []) == name, "\(wanted)")
        }
        let long = String(repeating: "ä", count: 300) + ".txt"
        #expect(IntakeFiles.unique(long, among: []).utf8.count <= 240)
        #expect(IntakeFiles.unique("a", among: ["a", "a-2"]) == "a-3")
        #expect(IntakeFiles.unique(".x", among: [".x"]) == ".x-2")
    }
}
