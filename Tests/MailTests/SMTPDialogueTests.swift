import Testing

@testable import Mail

@Suite struct SMTPDialogueTests {
    private func mail(_ recipients: [String], size: Int = 10, utf8: Bool = false)
        -> SMTPDialogue.Mail
    {
        SMTPDialogue.Mail(
            sender: "s@example.org", recipients: recipients, size: size, hasEightBit: false,
            needsUTF8: utf8)
    }

    private var pipelining: SMTPExtensions {
        SMTPExtensions(lines: ["250-server", "250-PIPELINING", "250-SIZE 1000", "250 8BITMIME"])
    }

    /// Answers each command by the first matching prefix; notes what was sent.
    private func play(
        _ mail: SMTPDialogue.Mail, _ extensions: SMTPExtensions, _ replies: [(String, String)],
        final: String? = "250 ok\r\n"
    ) -> (SMTPDialogue, sent: [String], hasFinalDot: Bool) {
        var dialogue = SMTPDialogue(mail, extensions: extensions)
        var sent: [String] = []
        var pending: [UInt8] = []
        var hasFinalDot = false
        for _ in 0..<1000 {
            switch dialogue.next() {
            case .send(let bytes):
                sent.append(String(decoding: bytes, as: UTF8.self))
                for line in sent[sent.count - 1].split(separator: "\r\n") {
                    let reply = replies.first { line.hasPrefix($0.0) }?.1 ?? "250 ok"
                    pending += Array((reply + "\r\n").utf8)
                }
            case .sendContent: sent.append("<content>")
            case .sendFinalDot:
                hasFinalDot = true
                dialogue.finalDotSent()
                if let final { pending += Array(final.utf8) }
            case .receive:
                guard !pending.isEmpty else {
                    dialogue.lost("gone")
                    continue
                }
                // Byte by byte: a reply may come in any pieces.
                dialogue.feed([pending.removeFirst()])
            case .finished: return (dialogue, sent, hasFinalDot)
            }
        }
        Issue.record("the dialogue does not end")
        return (dialogue, sent, hasFinalDot)
    }

    @Test func `a mail to two goes out, with one write where the server pipelines`() {
        let replies = [("DATA", "354 go")]
        let (dialogue, sent, _) = play(mail(["a@x", "b@x"]), pipelining, replies)
        #expect(
            sent == [
                "MAIL FROM:<s@example.org> SIZE=10\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n",
                "<content>",
            ])
        let reply = SMTPReply(code: 250, text: "ok")
        #expect(dialogue.verdicts == [.sent(reply), .sent(reply)])
        #expect(dialogue.isReusable)
        let plain = play(mail(["a@x", "b@x"]), SMTPExtensions(), replies)
        #expect(plain.sent.count == 5)
        #expect(plain.0.verdicts == [.sent(reply), .sent(reply)])
    }

    @Test(arguments: [true, false])
    func `each recipient has its own answer`(isPipelined: Bool) {
        let (dialogue, _, _) = play(
            mail(["a@x", "perm@x", "temp@x"]), isPipelined ? pipelining : SMTPExtensions(),
            [
                ("RCPT TO:<perm", "550-no\r\n550 such user"), ("RCPT TO:<temp", "451 later"),
                ("DATA", "354 go"),
            ])
        #expect(
            dialogue.verdicts == [
                .sent(SMTPReply(code: 250, text: "ok")),
                .failed(SMTPReply(code: 550, text: "no such user")),
                .deferred(SMTPReply(code: 451, text: "later")),
            ])
    }

    @Test(arguments: [true, false])
    func `where nobody is taken no content is sent`(isPipelined: Bool) {
        let (dialogue, sent, hasFinalDot) = play(
            mail(["a@x"]), isPipelined ? pipelining : SMTPExtensions(),
            [("RCPT", "550 no"), ("DATA", "354 go"), (".", "554 nobody")])
        #expect(dialogue.verdicts == [.failed(SMTPReply(code: 550, text: "no"))])
        #expect(!hasFinalDot)
        #expect(!sent.contains("<content>"))
        #expect(sent.last == (isPipelined ? ".\r\n" : "RSET\r\n"))
        #expect(dialogue.isReusable)
    }

    @Test(arguments: [("452 full", false), ("554 no", true)])
    func `the sender or DATA may be refused`(reply: String, isFinal: Bool) {
        for command in ["MAIL", "DATA"] {
            for extensions in [pipelining, SMTPExtensions()] {
                let (dialogue, _, hasFinalDot) = play(
                    mail(["a@x"]), extensions, [(command, reply)])
                let text = SMTPReply(
                    code: isFinal ? 554 : 452, text: isFinal ? "no" : "full")
                #expect(dialogue.verdicts == [isFinal ? .failed(text) : .deferred(text)])
                #expect(!hasFinalDot)
            }
        }
    }

    @Test func `a loss before the final dot is deferred, after it uncertain`() {
        let before = play(mail(["a@x"]), SMTPExtensions(), [("DATA", "421 closing")])
        #expect(before.0.verdicts == [.deferred(SMTPReply(code: 421, text: "closing"))])
        #expect(!before.0.isReusable)
        let after = play(
            mail(["a@x", "perm@x"]), pipelining, [("RCPT TO:<perm", "550 no"), ("DATA", "354 go")],
            final: nil)
        #expect(
            after.0.verdicts == [
                .uncertain("gone"), .failed(SMTPReply(code: 550, text: "no")),
            ])
        var lost = SMTPDialogue(mail(["a@x"]), extensions: SMTPExtensions())
        _ = lost.next()
        lost.lost("reset")
        #expect(lost.verdicts == [.deferred(SMTPReply(code: 0, text: "reset"))])
    }

    @Test(arguments: ["hello\r\n", "25\r\n", "250-a\r\n251 b\r\n", "999 x\r\n", "\r\n"])
    func `a server that speaks no SMTP after the dot leaves it uncertain`(final: String) {
        let played = play(mail(["a@x"]), pipelining, [("DATA", "354 go")], final: final)
        guard case .uncertain = played.0.verdicts[0] else {
            Issue.record("\(played.0.verdicts)")
            return
        }
        #expect(!played.0.isReusable)
    }

    @Test func `a final refusal is final, and 421 after the dot is an answer`() {
        let refused = play(
            mail(["a@x"]), pipelining, [("DATA", "354 go")], final: "554 spam\r\n")
        #expect(refused.0.verdicts == [.failed(SMTPReply(code: 554, text: "spam"))])
        let busy = play(mail(["a@x"]), pipelining, [("DATA", "354 go")], final: "421 busy\r\n")
        #expect(busy.0.verdicts == [.deferred(SMTPReply(code: 421, text: "busy"))])
        #expect(!busy.0.isReusable)
    }

    @Test func `what the server cannot take is refused before it is asked`() {
        let large = play(mail(["a@x"], size: 2000), pipelining, [])
        #expect(large.sent.isEmpty)
        guard case .failed(let reply) = large.0.verdicts[0] else { return }
        #expect(reply.code == 552)
        let foreign = play(mail(["ä@x"], utf8: true), pipelining, [])
        #expect(foreign.sent.isEmpty)
        let able = SMTPExtensions(lines: ["250-x", "250 SMTPUTF8"])
        let taken = play(mail(["ä@x"], utf8: true), able, [("DATA", "354 go")])
        #expect(taken.sent.first == "MAIL FROM:<s@example.org> SMTPUTF8\r\n")
    }

    @Test func `dots at line starts are doubled and a line end is put at the end`() {
        let content = Array(".a\r\n..\r\n.\n.b.".utf8)
        // In whatever pieces it comes.
        for length in 1...content.count {
            var stuffing = DotStuffing()
            var stuffed: [UInt8] = []
            for start in stride(from: 0, to: content.count, by: length) {
                let piece = content[start..<min(start + length, content.count)]
                stuffed += stuffing.stuffed(Array(piece))
            }
            stuffed += stuffing.end
            #expect(String(decoding: stuffed, as: UTF8.self) == "..a\r\n...\r\n..\n..b.\r\n")
        }
        #expect(DotStuffing().end.isEmpty)
    }

    @Test func `the last EHLO counts, and a lone HELO offers nothing`() {
        let twice = SMTPExtensions(lines: [
            "220 hi", "250-a", "250-PIPELINING", "250 STARTTLS", "220 go", "250-a", "250 SIZE 0",
        ])
        #expect(twice == SMTPExtensions())
        #expect(SMTPExtensions(lines: ["220 hi", "502 no", "250 a"]) == SMTPExtensions())
    }

    @Test func `whatever the server says, every recipient has a verdict`() {
        let seed = UInt64.random(in: .min ... .max)
        print("SMTP fuzz seed \(seed)")
        var random = Dice(seed: seed)
        let lines = [
            "250 ok", "250-more", "354 go", "550 no", "451 later", "421 bye", "x", "", "2", "220 a",
            "999 z", "354-", "250\u{0}x",
        ]
        for _ in 0..<5_000 {
            var dialogue = SMTPDialogue(
                mail(["a@x", "b@x"]), extensions: random.below(2) == 0 ? pipelining : .init())
            var isDotOut = false
            for _ in 0..<60 {
                let step = dialogue.next()
                if step == .finished { break }
                if step == .sendFinalDot {
                    isDotOut = true
                    dialogue.finalDotSent()
                }
                if step == .receive {
                    dialogue.feed(Array((lines[random.below(lines.count)] + "\r\n").utf8))
                }
            }
            #expect(dialogue.verdicts.count == 2)
            for verdict in dialogue.verdicts where !isDotOut {
                switch verdict {
                case .sent, .uncertain: Issue.record("\(verdict) before the dot, seed \(seed)")
                case .deferred, .failed: break
                }
            }
        }
    }
}
