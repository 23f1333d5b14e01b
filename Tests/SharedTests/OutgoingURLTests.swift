import ServiceRuntime
import Testing

@testable import Curl

/// What may be called, told by the text and by the address alone.
@Suite struct OutgoingURLTests {
    private static let refused = [
        // Loopback as the C library and browsers read it.
        "http://0177.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://127.1/",
        "http://0x7f000001/", "http://017700000001/", "http://127.0.1/", "http://0/",
        "http://127.0.0.0x1/", "http://127.0.0.01/", "http://127.0.0.1.2/", "http://0x/",
        "http://1.2.3.256/", "http://evil.example.0x7f/", "http://0300.0250.1.1/",
        "http://127.0.0.1../", "http://.127.0.0.1/",
        // Who is the host?
        "http://good.example@127.0.0.1/", "http://user:pw@good.example/", "http://@good.example/",
        "http://good.example\\@127.0.0.1/", "http://good.example%00.evil.example/",
        "http://good.example%2f@evil.example/", "http://good.example:80@evil.example/",
        "http://good.example:80:81/", "http:/good.example/", "http:good.example", "//good.example/",
        "http:///good.example/", "http://", "http://:80/", "http:// good.example/",
        "http://good.example\t/", "http://good.example\r\nHost: evil.example/", "http://a..b/",
        // Other forms of digits, dots and letters.
        "http://１２７.0.0.1/", "http://127。0。0。1/", "http://ⓛocalhost/", "http://münchen.example/",
        "http://①②⑦.⓪.⓪.①/",
        "http://[::1", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[127.0.0.1]/",
        "http://[::1]x/", "http://::1/", "http://[]/", "http://[::ffff:0177.0.0.1]/",
        "http://good.example:/", "http://good.example:0/", "http://good.example:65536/",
        "http://good.example:+80/", "http://good.example:8O/",
        "file:///etc/passwd", "ftp://good.example/", "gopher://good.example/", "dict://a:1/",
        "javascript:alert(1)", "httpx://good.example/", "",
    ]

    @Test(arguments: refused) func `is refused`(_ text: String) {
        #expect(throws: OutgoingError.self) { try OutgoingURL(text) }
    }

    @Test(arguments: [
        ("HTTP://Good.Example", "http://good.example:80/"),
        ("https://good.example.", "https://good.example:443/"),
        ("https://good.example:8443?a=b c#d", "https://good.example:8443/?a=b%20c"),
        ("http://a_b.example/ü", "http://a_b.example:80/%C3%BC"),
        ("http://xn--mnchen-3ya.example/a/../b", "http://xn--mnchen-3ya.example:80/a/../b"),
        ("http://127.0.0.1.", "http://127.0.0.1:80/"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]:80/"),
        ("http://[::ffff:127.0.0.1]/", "http://127.0.0.1:80/"),
        ("http://good.example#@evil.example/", "http://good.example:80/"),
        ("http://good.example?@evil.example/", "http://good.example:80/?@evil.example/"),
        ("http://1e1.example/", "http://1e1.example:80/"),
    ]) func `is read in one way`(_ text: String, _ whole: String) throws {
        #expect(try OutgoingURL(text).text == whole)
        #expect(try OutgoingURL(whole).text == whole)
    }

    @Test(arguments: [
        ("/b", "https://a.example:443/b"), ("b", "https://a.example:443/x/b"),
        ("?q", "https://a.example:443/x/y?q"), ("", "https://a.example:443/x/y?z"),
        ("//b.example/c", "https://b.example:443/c"), ("#top", "https://a.example:443/x/y?z"),
        ("http://c.example", "http://c.example:80/"),
        ("b?u=http://x/", "https://a.example:443/x/b?u=http://x/"),
    ]) func `a redirect's place`(_ place: String, _ whole: String) throws {
        #expect(try OutgoingURL("https://a.example/x/y?z").resolving(place).text == whole)
    }

    private static let closed = [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
        "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "168.63.129.16",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1",
        "::8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1::8.8.8.8", "100::1", "2001::1",
        "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1", "fe80::a9fe:a9fe",
    ]

    @Test(arguments: closed) func `is not open`(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(!OutgoingPolicy().isOpen(address, port: 443))
        // Nor through an opened network that is not its own.
        let other = OutgoingPolicy(opened: [try #require(NetworkRange("10.77.0.0/16"))])
        #expect(!other.isOpen(address, port: 443))
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
        "192.167.1.1", "192.169.1.1", "223.255.255.255", "2001:200::1", "2606:4700:4700::1111",
        "2a00::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8",
    ]) func `is open`(_ text: String) throws {
        let address = try #require(NetworkAddress(text))
        #expect(OutgoingPolicy().isOpen(address, port: 443))
        #expect(OutgoingPolicy().isOpen(address, port: 8080))
        for port in [22, 25, 53, 110, 993] {
            #expect(!OutgoingPolicy().isOpen(address, port: port))
        }
    }

    @Test func `the operator opens a network, with all of its ports`() throws {
        let policy = OutgoingPolicy(opened: [
            try #require(NetworkRange("10.1.0.0/16")), try #require(NetworkRange("fd00:1::/32")),
        ])
        for (text, isOpen) in [
            ("10.1.2.3", true), ("10.2.2.3", false), ("::ffff:10.1.2.3", true),
            ("64:ff9b::10.1.2.3", true), ("fd00:1::2", true), ("fd00:2::2", false),
        ] {
            let address = try #require(NetworkAddress(text))
            #expect(policy.isOpen(address, port: 25) == isOpen, "\(text)")
        }
    }

    /// A model that looks at bits: what it closes is closed, for as many addresses as fit.
    @Test func `random addresses below closed networks are closed in each of their IPv6 forms`()
        throws
    {
        let seed = UInt64(SystemRandom().fraction() * 1e15)
        let random = SeededRandom(seed: seed)
        for _ in 0..<5_000 {
            var bytes = random.bytes(4)
            switch random.below(6) {
            case 0: bytes[0] = 10
            case 1: bytes[0] = 127
            case 2: (bytes[0], bytes[1]) = (192, 168)
            case 3: (bytes[0], bytes[1]) = (169, 254)
            case 4: (bytes[0], bytes[1]) = (172, 16 | bytes[1] & 15)
            default: (bytes[0], bytes[1]) = (100, 64 | bytes[1] & 63)
            }
            let zeros = [UInt8](repeating: 0, count: 12)
            var forms = [bytes, zeros + bytes, Array(zeros.prefix(10)) + [255, 255] + bytes]
            forms.append([0, 0x64, 0xFF, 0x9B] + zeros.prefix(8) + bytes)
            forms.append([0x20, 2] + bytes + zeros.prefix(10))
            forms.append([0x20, 1, 0, 0] + zeros.prefix(8) + bytes.map { ~$0 })
            for form in forms {
                let address = try #require(NetworkAddress(bytes: form))
                #expect(
                    !OutgoingPolicy().isOpen(address, port: 80), "\(address.text), seed \(seed)")
            }
        }
    }
}
