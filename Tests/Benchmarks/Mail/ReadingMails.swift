import Glibc
import TestSupport

/// Mails as offices have them: text, text with HTML, and some with a file of 30 KB.
enum ReadingMails {
    /// Straight into the maildir.
    static func fill(_ server: Dovecot, user: String, count: Int) throws {
        let folder = "\(server.mail)/\(user)"
        TestFile.makeFolder(folder)
        for name in ["cur", "new", "tmp"] { TestFile.makeFolder("\(folder)/\(name)") }
        for number in 1...count {
            try TestFile.write(mail(number), to: "\(folder)/cur/\(1_700_000_000 + number).m:2,")
        }
        // Dovecot works as nobody where the benchmark runs as root.
        if getuid() == 0, let entry = getpwnam("nobody") {
            let (user, group) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
            for path in [folder] + ["cur", "new", "tmp"].map({ "\(folder)/\($0)" }) {
                chown(path, user, group)
            }
            for name in TestFile.names(in: folder + "/cur") {
                chown("\(folder)/cur/\(name)", user, group)
            }
        }
    }

    private static let sentence = "Could you please look at the order that came in yesterday? "

    static func mail(_ number: Int) -> String {
        var head = """
            Return-Path: <anna\(number % 97)@example.org>
            Received: from mail.example.org (mail.example.org [192.0.2.7]) by mx.example.com with \
            ESMTPS id X\(number); Sun, 22 Nov 2026 10:15:30 +0100
            From: =?utf-8?q?Anna_M=C3=BCller?= <anna\(number % 97)@example.org>
            To: support@example.com
            Subject: =?utf-8?q?Anfrage_=E2=84=96_\(number)?=
            Date: Sun, 22 Nov 2026 10:15:30 +0100
            Message-ID: <bench.\(number)@example.org>
            MIME-Version: 1.0

            """
        let text = String(repeating: sentence, count: 8 + number % 17)
        switch number % 10 {
        case 0..<6:
            head += "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
            head += "Grüß Gott,\n\n\(text)\n\nAnna\n"
        case 6..<9:
            head +=
                "Content-Type: multipart/alternative; boundary=\"b\(number)\"\n\n"
                + both(number, text)
        default:
            head += "Content-Type: multipart/mixed; boundary=\"m\(number)\"\n\n--m\(number)\n"
            head +=
                "Content-Type: multipart/alternative; boundary=\"b\(number)\"\n\n"
                + both(number, text)
            head += """
                --m\(number)
                Content-Type: application/pdf; name="order.pdf"
                Content-Disposition: attachment; filename="order.pdf"
                Content-Transfer-Encoding: base64


                """
            let line = "JVBERi0xLjQKJcfsj6IKNSAwIG9iago8PC9MZW5ndGggNiAwIFIvRmlsdGVyIC9GbGF0ZURl"
            head += String(repeating: line + "\n", count: 540) + "--m\(number)--\n"
        }
        // Maildirs hold LF.
        return head
    }

    private static func both(_ number: Int, _ text: String) -> String {
        """
        --b\(number)
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: quoted-printable

        Gr=C3=BC=C3=9F Gott,

        \(text.prefix(70))=
        \(text.dropFirst(70).prefix(70))

        --b\(number)
        Content-Type: text/html; charset=utf-8
        Content-Transfer-Encoding: 8bit

        <html><body><p>Grüß Gott,</p><p>\(text)</p><table><tr><td>\(text)</td></tr></table></body></html>

        --b\(number)--

        """
    }
}
