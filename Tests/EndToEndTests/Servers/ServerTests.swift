import TestSupport
import Testing

@Suite struct `Real servers` {
    @Test func `a mail by SMTP lies in the maildir that Dovecot serves`() async throws {
        let dovecot = try await Dovecot()
        let postfix = try await Postfix(deliverTo: dovecot.mail)
        let world = ServerMail(postfix: postfix)
        try world.deliver("From: a@ok.test\r\nSubject: x\r\n\r\nHello\r\n", name: "a")
        try await eventually("the mail") { dovecot.names("support").count == 1 }
        let client = LineClient(port: dovecot.port)
        _ = client?.line()
        client?.send("a login support secret\r\nb status inbox (messages)\r\n")
        var lines: [String] = []
        while let line = client?.line(), !line.hasPrefix("b ") { lines.append(line) }
        #expect(lines.contains { $0.lowercased().contains("(messages 1)") }, "\(lines)")
    }
}
