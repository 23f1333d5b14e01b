import Testing
import TestSupport

@testable import Mail

@Suite struct MIMELimitTests {
    @Test func `parts within parts stop at the named depth`() {
        var text = "Subject: deep\r\n"
        for level in 0..<2000 {
            text += "Content-Type: multipart/mixed; boundary=b\(level)\r\n\r\n--b\(level)\r\n"
        }
        let message = Message(parsing: Array((text + "\r\nend").utf8))
        #expect(message.overLimits.contains(.depth))
        #expect(message.subject == "deep")
    }

    @Test func `many parts stop at the named number`() {
        let text =
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + String(repeating: "--b\r\nX: y\r\n\r\nz\r\n", count: 100_000)
        let message = Message(parsing: Array(text.utf8))
        #expect(message.overLimits.contains(.parts))
        #expect(message.attachments.count < 1_000)
    }

    @Test func `headers stop at the named size and the body is still found`() {
        let text =
            "Subject: first\r\n"
            + String(repeating: "X-Field: \(String(repeating: "y", count: 900))\r\n", count: 2_000)
            + "\r\nbody"
        let message = Message(parsing: Array(text.utf8))
        #expect(message.overLimits.contains(.headers))
        #expect(message.subject == "first")
        #expect(message.text == "body")
    }

    @Test func `pieces of a parameter, encoded words and addresses stop at their numbers`() {
        var text = "Content-Type: application/x; "
        text += (0..<500).map { "name*\($0)=a" }.joined(separator: "; ")
        text += "\r\nSubject: " + String(repeating: "=?utf-8?q?a?= ", count: 20_000)
        text += "\r\nTo: " + String(repeating: "a@example.org, ", count: 20_000) + "\r\n\r\nx"
        let message = Message(parsing: Array(text.utf8))
        #expect(message.overLimits.contains(.parameters))
        #expect(message.overLimits.contains(.encodedWords))
        #expect(message.overLimits.contains(.addresses))
        #expect(message.to.count == MIMELimits().addresses)
    }

    @Test func `a mail over its size is read up to there`() {
        var limits = MIMELimits()
        limits.messageBytes = 100
        let text = "Subject: x\r\n\r\n" + String(repeating: "y", count: 200)
        let message = Message(parsing: Array(text.utf8), limits: limits)
        #expect(message.overLimits == [.message])
        #expect(message.text?.utf8.count == 86)
    }

    /// Eight times the bytes may take eight times the time, and as much again twice for a busy
    /// machine; what is not linear takes sixty-four.
    @Test(arguments: [
        "(", "\"", "<", "=?", "=?utf-8?q?a", ",", "@", "a@b,", ";", "\\", "--b\r\n", "\r\n ", ":",
        "=", "=41", "&", "=?x?b?=", "(\\", "<a@b", "\u{FF}",
    ])
    func `time is linear in the bytes of a bomb`(piece: String) {
        func time(_ count: Int) -> UInt64 {
            let run = String(repeating: piece, count: count / piece.utf8.count)
            let text =
                "From: \(run)\r\nTo: \(run)\r\nSubject: \(run)\r\nDate: \(run)\r\n"
                + "References: \(run)\r\nContent-Type: multipart/mixed; boundary=b; x=\(run)\r\n"
                + "Content-Disposition: \(run)\r\n\r\n--b\r\n\r\n\(run)\r\n--b--\r\n"
            let bytes = Array(text.utf8)
            // Of this thread's processor: what else the machine does has little part in it.
            func now() -> UInt64 { TestTime.threadNanoseconds() }
            var best = UInt64.max
            for _ in 0..<3 {
                let start = now()
                _ = Message(parsing: bytes)
                best = min(best, now() - start)
            }
            return best
        }
        let small = time(2_500)
        let large = time(20_000)
        #expect(large < small * 24 + 20_000_000, "\(small) ns, then \(large) ns for eight times")
    }

    @Test func `whatever the bytes are, the parser ends and keeps its promises`() {
        let seed = UInt64.random(in: .min ... .max)
        print("MIME fuzz seed \(seed)")
        var random = Dice(seed: seed)
        let pieces: [[UInt8]] =
            [
                "\r\n", "\n", "\r", "--b", "--b--", ":", ";", "=", "\"", "(", ")", "<", ">", "@",
                ",",
                "=?utf-8?q?", "?=", "=?gb2312?b?", " ", "\t", "Content-Type: ", "multipart/mixed",
                "boundary=b", "charset=", "utf-7", "From: a@b", "Content-Transfer-Encoding: base64",
                "quoted-printable", "name*0*=utf-8''%", "\0", "=3D", "message/rfc822", "Subject: ",
            ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0x80, 0x81]]
        for _ in 0..<3_000 {
            var bytes = Array("Content-Type: multipart/mixed; boundary=b\r\n".utf8)
            for _ in 0..<random.below(60) { bytes += pieces[random.below(pieces.count)] }
            let message = Message(parsing: bytes)
            #expect(message.attachments.allSatisfy { $0.name.utf8.count <= FileName.byteLimit })
            #expect(message.attachments.reduce(0) { $0 + $1.content.count } <= bytes.count)
        }
    }
}

/// A repeatable generator (SplitMix64).
struct Dice {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
