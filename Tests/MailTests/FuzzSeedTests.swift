import ServiceRuntime
import TestSupport
import Testing

@testable import Mail

/// The inputs that `Scripts/fuzz` begins with, and whatever it once found.
@Suite struct FuzzSeedTests {
    private static let folder = TestFile.repository + "/Tests/Fuzz/Seeds"

    private func seeds(_ reader: String) throws -> [[UInt8]] {
        let folder = "\(Self.folder)/\(reader)"
        let seeds = TestFile.names(in: folder).compactMap { TestFile.bytes("\(folder)/\($0)") }
        try #require(!seeds.isEmpty)
        return seeds
    }

    @Test func `messages and addresses are read`() throws {
        for seed in try seeds("mime") + seeds("address") {
            #expect(Message(parsing: seed).header.fields.count < 100)
            var (text, over) = (HeaderText(limits: MIMELimits()), OverLimits())
            let list = AddressParser.parse(seed, limits: MIMELimits(), text: &text, over: &over)
            #expect(list.allSatisfy { !$0.address.contains("\n") })
            #expect(MIMEDate.parse(seed).map { $0.text.count < 40 } ?? true)
        }
    }

    @Test func `replies of servers are read`() throws {
        for seed in try seeds("imap") {
            var reader = IMAPReader()
            #expect(try !reader.feed(seed).isEmpty)
        }
        for seed in try seeds("smtp") {
            var reader = SMTPReplyReader()
            #expect(try !reader.feed(seed).isEmpty)
        }
    }
}
