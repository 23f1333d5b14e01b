import ServiceRuntime
import Testing

@testable import Mail

@Suite struct MIMEFieldTests {
    private func decode(_ text: String) -> String {
        var header = HeaderText(limits: MIMELimits())
        return header.decode(Array(text.utf8)[...])
    }

    @Test(arguments: [
        ("plain", "plain"), ("=?utf-8?q?a=C3=A4_b?=", "aä b"), ("=?UTF-8?B?w6Q=?=", "ä"),
        ("=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?=", "äö"), ("=?utf-8?b?w6Q=?= x", "ä x"),
        // One character in two words.
        ("=?utf-8?b?ww==?= =?utf-8?b?pA==?=", "ä"), ("=?utf-8*en?q?a?=", "a"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="), ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("a=?iso-8859-1?q?=FC?=b", "aüb"), ("=?iso-8859-1?q?=FC?= =?utf-8?q?=C3=BC?=", "üü"),
        ("=??q?a?=", "=??q?a?="), ("=?utf-8?q??=", ""), ("x =?utf-8?q?=", "x =?utf-8?q?="),
    ])
    func `encoded words`(input: String, expected: String) {
        #expect(decode(input) == expected)
    }

    private func addresses(_ text: String) -> [[String]] {
        var header = HeaderText(limits: MIMELimits())
        var over: OverLimits = []
        return AddressParser.parse(
            Array(text.utf8), limits: MIMELimits(), text: &header, over: &over
        ).map { [$0.name, $0.address] }
    }

    @Test(arguments: [
        ("a@b.c", [["", "a@b.c"]]), ("A B <a@b.c>", [["A B", "a@b.c"]]),
        ("\"B, A\" <a@b.c>, c@d", [["B, A", "a@b.c"], ["", "c@d"]]),
        ("=?utf-8?q?=C3=84?= <a@b.c>", [["Ä", "a@b.c"]]),
        ("Team: a@b.c, D <d@e.f>;, g@h", [["", "a@b.c"], ["D", "d@e.f"], ["", "g@h"]]),
        ("undisclosed-recipients:;", []), ("a@b.c (Anna (really))", [["", "a@b.c"]]),
        ("<@x,@y:a@b.c>", [["", "a@b.c"]]), ("\"a b\"@c.d", [["", "\"a b\"@c.d"]]),
        ("A \"q\\\"x\" B <a@b>", [["A q\"x B", "a@b"]]), ("nobody", [["nobody", ""]]),
        ("A <a@b", [["A", "a@b"]]), (", ,a@b,,", [["", "a@b"]]), ("", []),
        ("a @ b . c", [["", "a@b.c"]]), ("a@[127.0.0.1]", [["", "a@[127.0.0.1]"]]),
    ])
    func `address lists`(input: String, expected: [[String]]) {
        #expect(addresses(input) == expected)
    }

    @Test(arguments: [
        ("Sun, 22 Nov 2026 10:15:30 +0100", "Sun, 22 Nov 2026 09:15:30 +0000"),
        ("22 Nov 2026 10:15 GMT", "Sun, 22 Nov 2026 10:15:00 +0000"),
        ("Mon Jan  2 03:04:05 2023", "Mon, 2 Jan 2023 03:04:05 +0000"),
        ("Fri, 21 Nov 97 09:55:06 -0600 (CST)", "Fri, 21 Nov 1997 15:55:06 +0000"),
        ("1 Feb 26 1:2:3 EST", "Sun, 1 Feb 2026 06:02:03 +0000"),
        ("17-Jul-1996 02:44:25 -0700", "Wed, 17 Jul 1996 09:44:25 +0000"),
        ("29 Feb 2024 00:00:00 +0000", "Thu, 29 Feb 2024 00:00:00 +0000"),
        ("1 Jan 1970 00:00:00 +0000", "Thu, 1 Jan 1970 00:00:00 +0000"),
        ("31 Dec 1969 23:59:59 +0000", "Wed, 31 Dec 1969 23:59:59 +0000"),
    ])
    func `dates`(input: String, expected: String) throws {
        let date = try #require(MIMEDate.parse(Array(input.utf8)))
        #expect(MIMEDate.format(date) == expected)
    }

    @Test(arguments: [
        "", "soon", "30 Feb 2026 10:00:00", "1 Foo 2026 10:00:00", "1 Jan 2026", "1 Jan x 10:00",
        "1 Jan 2026 25:00:00 +0000", "-1 Jan 2026 10:00:00", "1 Jan 99999999999999999999 10:00",
        "Jan", "Mon Jan", "Jan 2 03:04:05", "Jan 2 a b", "Jan 1 1:1 x", "Jan 1 1:1 2:2",
    ])
    func `what is no date gives none`(input: String) {
        #expect(MIMEDate.parse(Array(input.utf8)) == nil)
    }

    private func field(_ text: String) -> ParameterField {
        var header = HeaderText(limits: MIMELimits())
        var over: OverLimits = []
        return ParameterField(
            Array(text.utf8), limits: MIMELimits(), text: &header, over: &over)
    }

    @Test(arguments: [
        ("a/b; name=x", "x"), ("a/b; name=\"x; y\"", "x; y"), ("a/b;name=x (c);", "x"),
        ("a/b; NAME=x", "x"), ("a/b; name*=utf-8'de'%C3%84", "Ä"),
        ("a/b; name*0=a; name*1=b", "ab"), ("a/b; name*1=b; name*0=a", "ab"),
        ("a/b; name*0*=utf-8''%C3; name*1*=%84; name*2=x", "Äx"),
        ("a/b; name=old; name*=utf-8''new", "new"), ("a/b; name=\"=?utf-8?q?=C3=84?=\"", "Ä"),
        ("a/b; name=\"a\\\"b\"", "a\"b"), ("a/b; name=\"open", "open"),
        ("a/b; name=a(1).pdf", "a(1).pdf"), ("a/b; =x; name=y", "y"), ("a/b; x; name=y", "y"),
    ])
    func `parameters`(input: String, expected: String) {
        let field = field(input)
        #expect(field.value == "a/b")
        #expect(field["name"] == expected)
    }

    @Test(arguments: [
        ("YWJj", "abc"), ("YW Jj\r\n", "abc"), ("YQ==", "a"), ("YQ", "a"), ("YWI=", "ab"),
        ("YQ==YQ==", "aa"), ("!", ""), ("", ""), ("A", ""),
    ])
    func `base64 is read leniently`(input: String, expected: String) {
        #expect(
            TransferEncoding.decodeBase64(Array(input.utf8)[...]) == Array(expected.utf8))
    }

    @Test(arguments: [
        ("a=3Db", "a=b"), ("a=\r\nb", "ab"), ("a= \t\r\nb", "ab"), ("a=", "a"), ("a=zz", "a=zz"),
        ("a=\nb", "ab"), ("=c3=a4", "ä"), ("a_b", "a_b"),
    ])
    func `quoted-printable is read leniently`(input: String, expected: String) {
        let bytes = TransferEncoding.decodeQuotedPrintable(Array(input.utf8)[...])
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}
