import ServiceRuntime
import Testing
import TestSupport

@testable import Mail

@Suite struct MIMEParserTests {
    private func mail(_ text: String) -> Message {
        Message(parsing: Array(text.replacingLineEnds.utf8))
    }

    @Test func `a plain mail gives its fields and its text`() {
        let message = mail(
            """
            Return-Path: <anna@example.org>
            From: Anna Nowak <anna@example.org>
            To: Support <support@example.org>, bob@example.org
            Cc: "Doe, John" <john@example.org>
            Subject: Printer
             is on fire
            Date: Sun, 22 Nov 2026 10:15:30 +0100
            Message-ID: <1@example.org>
            In-Reply-To: <0@example.org>
            References: <a@example.org>
             <0@example.org>

            Please help.
            It burns.
            """)
        #expect(message.from == [MailAddress(name: "Anna Nowak", address: "anna@example.org")])
        #expect(message.to.map(\.address) == ["support@example.org", "bob@example.org"])
        #expect(message.cc.map(\.name) == ["Doe, John"])
        #expect(message.subject == "Printer is on fire")
        #expect(message.date?.milliseconds == 1_795_338_930_000)
        #expect(message.messageID == "<1@example.org>")
        #expect(message.inReplyTo == ["<0@example.org>"])
        #expect(message.references == ["<a@example.org>", "<0@example.org>"])
        #expect(message.text == "Please help.\nIt burns.")
        #expect(message.html == nil)
        #expect(message.attachments.isEmpty)
        #expect(message.automatic == nil)
        #expect(!message.isDamaged)
    }

    @Test func `text, HTML and attachments are found in nested multiparts`() throws {
        let message = mail(
            """
            Subject: x
            Content-Type: multipart/mixed; boundary="outer"

            preamble
            --outer
            Content-Type: multipart/alternative; boundary=inner

            --inner
            Content-Type: text/plain; charset=iso-8859-1
            Content-Transfer-Encoding: quoted-printable

            Gr=FC=DFe=
             aus Wien
            --inner
            Content-Type: text/html; charset=utf-8

            <p>Grüße</p>
            --inner--
            --outer
            Content-Type: application/pdf; name="a.pdf"
            Content-Transfer-Encoding: base64
            Content-Disposition: attachment; filename*=utf-8''B%C3%A4r.pdf

            aGVs
            bG8=
            --outer
            Content-Type: text/plain
            Content-Disposition: attachment; filename=notes.txt

            notes
            --outer--
            epilogue
            """)
        #expect(message.text == "Grüße aus Wien")
        #expect(message.html == "<p>Grüße</p>")
        #expect(message.attachments.map(\.name) == ["Bär.pdf", "notes.txt"])
        #expect(message.attachments.map(\.type) == ["application/pdf", "text/plain"])
        #expect(try #require(message.attachments.first).content == Array("hello".utf8))
        #expect(message.attachments.last?.content == Array("notes".utf8))
    }

    @Test func `an HTML mail alone has no text, and one can be made`() {
        let message = mail(
            """
            Subject: x
            Content-Type: text/html; charset=utf-8

            <html><head><title>no</title></head><body><p>One &amp; two</p><script>bad()</script>
            <div>three&nbsp;&#8364;</div></body></html>
            """)
        #expect(message.text == nil)
        #expect(PlainText.from(html: message.html ?? "") == "One & two\nthree €")
    }

    @Test(arguments: [
        ("--b\n\none\n--b--", "one", 0), ("--b\n\none", "one", 0),
        ("--b\n--b\n\none\n--b--", "one", 0), ("--b\n\none\n--bb\n\n--b--", "one\n--bb\n", 0),
        ("--b \t\n\none\n--b-- \ntail", "one", 0), ("no delimiter", "no delimiter", 0),
        ("--b\n\none\n--b\nContent-Type: image/png\n\nx\n--b--", "one", 1),
    ])
    func `delimiters are read as they come`(body: String, text: String, attachments: Int) {
        let message = mail("Content-Type: multipart/mixed; boundary=b\nSubject: x\n\n\(body)")
        #expect(message.text == text)
        #expect(message.attachments.count == attachments)
    }

    @Test func `an embedded mail is an attachment, and its boundaries do not matter`() {
        let message = mail(
            """
            Content-Type: multipart/mixed; boundary=b

            --b

            forwarded
            --b
            Content-Type: message/rfc822

            From: x@example.org
            Content-Type: multipart/mixed; boundary=c

            --c

            inner
            --c--
            --b--
            """)
        #expect(message.text == "forwarded")
        #expect(message.attachments.map(\.type) == ["message/rfc822"])
        #expect(
            message.attachments.first.map { String(decoding: $0.content, as: UTF8.self) }?
                .contains("inner") == true)
    }

    @Test(arguments: [
        ("utf-8", "4pyTIGlk", "✓ id"), ("iso-8859-2", "9CFr", "ô!k"),
        ("windows-1252", "gCDk", "€ ä"), ("gb2312", "1tDOxA==", "中文"),
        ("shift_jis", "k/qWew==", "日本"), ("iso-2022-jp", "GyRCRnxLXBsoQg==", "日本"),
        ("koi8-r", "8NLJ18XU", "Привет"), ("utf-7", "SCtBT2ctbGxv", "Hèllo"),
        ("ks_c_5601-1987", "x9GxuQ==", "한국"), ("no-such-charset", "w6k=", "é"),
        ("no-such-charset", "6Q==", "é"), ("big5", "pKSk5Q==", "中文"),
        ("utf-16", "//5hAGIA", "ab"), ("windows-1255", "+fLl7Q==", "שעום"),
    ])
    func `character sets`(charset: String, base64: String, expected: String) {
        let message = mail(
            "Content-Type: text/plain; charset=\(charset)\nContent-Transfer-Encoding: base64\n\n"
                + base64)
        #expect(message.text == expected)
    }

    @Test func `a charset's bad bytes become replacement characters and the rest stays`() {
        let bytes: [UInt8] = [0x61, 0xFF, 0x62]
        #expect(Charset.decode(bytes[...], "utf-8") == "a\u{FFFD}b")
        #expect(Charset.decode([0x81, 0x20, 0x62][...], "shift_jis").hasSuffix("b"))
        #expect(Charset.decode([0xE6, 0x97][...], "utf-8") == "\u{FFFD}")
    }

    @Test(arguments: [
        ("Auto-Submitted: auto-replied", "auto-submitted"), ("Auto-Submitted: no", nil),
        ("Precedence: bulk", "precedence"), ("Return-Path: <>", "return-path"),
        ("Content-Type: multipart/report; boundary=x", "report"),
        ("X-Auto-Response-Suppress: All", "x-auto-response-suppress"),
        ("List-Id: <news.example.org>", "list-id"), ("Precedence: normal", nil),
    ])
    func `automatic mail is recognised`(field: String, reason: String?) {
        #expect(mail("From: a@example.org\n\(field)\n\nx").automatic == reason)
    }

    @Test func `names of attachments are made safe`() {
        #expect(FileName.safe("../../etc/passwd") == "passwd")
        #expect(FileName.safe("D:\\a\\b.doc") == "b.doc")
        #expect(FileName.safe("a\u{202E}fdp.exe") == "afdp.exe")
        #expect(FileName.safe("a\r\nb\0.txt") == "ab.txt")
        #expect(FileName.safe("..") == "")
        #expect(FileName.safe(String(repeating: "ü", count: 300)).utf8.count <= 255)
    }
}

extension String {
    /// As mail travels.
    var replacingLineEnds: String {
        split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }
}
