import ServiceRuntime
import TestSupport
import Testing

@testable import HTTP

@Suite struct HTTPParserTests {
    private static let limits = HeadLimits(head: 1_024, target: 100, count: 10)

    /// What a parser makes of bytes that come in these pieces, as a text.
    private static func outcome(_ kind: HeadParser.Kind, _ pieces: [[UInt8]]) -> String {
        var parser = HeadParser(kind, limits: limits)
        var bytes: [UInt8] = []
        for piece in pieces {
            bytes += piece
            do {
                let count = try bytes.withUnsafeBufferPointer { input throws(HTTPFault) in
                    try parser.parse(input)
                }
                guard let count else { continue }
                let fields = parser.fields.headers.fields.map { "\($0.name)=\($0.value)" }
                return "\(count) \(String(describing: parser.startLine)) \(fields)"
                    + " \(String(describing: parser.fields.contentLength))"
                    + " \(parser.fields.isChunked) \(parser.keepsAlive)"
            } catch {
                return "\(error)"
            }
        }
        return "more"
    }

    /// The content and the end that a decoder finds.
    private static func decoded(_ pieces: [[UInt8]]) -> String {
        var decoder = ChunkDecoder()
        var content: [UInt8] = []
        for piece in pieces {
            var position = 0
            while position < piece.count {
                do {
                    let step = try piece.withUnsafeBufferPointer { input throws(HTTPFault) in
                        try decoder.next(input, from: position)
                    }
                    switch step {
                    case .data(let range):
                        content += piece[range]
                        position = range.upperBound
                    case .more: position = piece.count
                    case .end: return "\(content)"
                    }
                } catch {
                    return "\(error)"
                }
            }
        }
        return "more"
    }

    private static func cut(_ bytes: [UInt8], _ random: inout TestRandom) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let count = Int(random.next() % 9) + 1
            pieces.append(Array(bytes[start..<min(bytes.count, start + count)]))
            start += count
        }
        return pieces
    }

    private static let heads = [
        "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n",
        "\r\nPOST /%C3%A4/b HTTP/1.1\r\nhost:x:80\r\nContent-Length: 10\r\nConnection: a, CLOSE\r\n\r\n",
        "PUT http://h:1/p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX: \t y z \t\r\n\r\n",
        "GET /\(String(repeating: "a", count: 99)) HTTP/1.1\r\nHost: x\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n", "HTTP/1.0 200\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    ]

    private static let bodies = [
        "0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n",
        "3;a=\"b\"\r\nabc\r\n00a\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    ]

    @Test func `mutated and cut heads give the same as whole ones`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        for round in 0..<20_000 {
            let text = HTTPParserTests.heads[Int(random.next() % 7)]
            var bytes = Array(text.utf8)
            HTTPParserTests.mutate(&bytes, &random)
            let kind: HeadParser.Kind = text.hasPrefix("HTTP") ? .response : .request
            let whole = HTTPParserTests.outcome(kind, [bytes])
            let parts = HTTPParserTests.outcome(kind, HTTPParserTests.cut(bytes, &random))
            #expect(whole == parts, "seed \(seed), round \(round): \(bytes)")
        }
    }

    @Test func `mutated and cut chunks give the same as whole ones`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        for round in 0..<20_000 {
            var bytes = Array(HTTPParserTests.bodies[Int(random.next() % 3)].utf8)
            HTTPParserTests.mutate(&bytes, &random)
            let whole = HTTPParserTests.decoded([bytes])
            let parts = HTTPParserTests.decoded(HTTPParserTests.cut(bytes, &random))
            #expect(whole == parts, "seed \(seed), round \(round): \(bytes)")
        }
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout TestRandom) {
        let special: [UInt8] = [0, 9, 10, 13, 32, 37, 44, 48, 58, 59, 127, 255]
        for _ in 0..<(random.next() % 4) where !bytes.isEmpty {
            let place = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 4 {
            case 0: bytes.remove(at: place)
            case 1: bytes.insert(special[Int(random.next() % 12)], at: place)
            case 2: bytes[place] = special[Int(random.next() % 12)]
            default: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            }
        }
    }

    @Test(arguments: [
        ("/", "/", [], "-"), ("/a/b", "/a/b", ["a", "b"], "-"), ("/a/", "/a/", ["a", ""], "-"),
        ("//", "//", ["", ""], "-"), ("/a%2Fb", "/a%2Fb", ["a/b"], "-"),
        ("/a+b?q=a+b%20c", "/a+b", ["a+b"], "a b c"), ("/?q=", "/", [], ""),
        ("/?p&q=x&q=y", "/", [], "x"), ("http://h?q=1", "/", [], "1"),
        ("https://h:1/a", "/a", ["a"], "-"), ("/%E2%82%AC", "/%E2%82%AC", ["€"], "-"),
    ])
    func `a target is path and query`(
        _ text: String, _ raw: String, _ path: [String], _ q: String
    ) throws {
        let target = try #require(RequestTarget(text))
        #expect(target.rawPath == raw && target.path == path)
        #expect((target.query["q"] ?? "-") == q)
    }

    @Test(arguments: [
        "", "a", "*a", "/a b", "/%", "/%0", "/%g0", "/%00", "/%ff", "/..", "/a/.", "/%2e", "/a#b",
        "/{a}",
        "/?%zz", "/?a=%ff", "http://", "http://a@b/", "http:/a", "ftp://x/", "/\u{7f}", "/ä",
        "/a\\b",
    ])
    func `what is no target is refused`(_ text: String) {
        #expect(RequestTarget(text) == nil)
    }

    @Test(arguments: [
        ("gzip", true), ("GZIP;q=0.1", true), ("br, *;q=1", true), ("", false), ("br", false),
        ("gzip;q=0", false), ("gzip; q=0.000", false), ("gzip;q=0.001", true), ("identity", false),
    ])
    func `gzip is taken where it is accepted`(_ value: String, _ isAccepted: Bool) {
        #expect(HeadFields.acceptsGzip(value) == isAccepted)
    }

    @Test func `headers compare without case and keep their order`() {
        var headers: Headers = ["A": "1", "b": "2", "a": "3"]
        #expect(headers["B"] == "2" && headers["a"] == "1" && headers.all("A") == ["1", "3"])
        headers["a"] = "4"
        #expect(headers.fields.map(\.value) == ["4", "2"])
        headers["B"] = nil
        headers.add("c", "5")
        #expect(headers.fields.map(\.name) == ["A", "c"])
        #expect(headers["[x"] == nil && !Headers.areEqual("[", "{"))
    }

    @Test func `dates are those of RFC 9110`() {
        let moment = Timestamp("1994-11-06T08:49:37Z")?.milliseconds ?? 0
        let text = HTTPDate.text(seconds: moment / 1000, year: 1994, month: 11, day: 6)
        #expect(text == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test func `gzip goes there and back, and bombs are refused`() {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let packed = Gzip.compress(bytes)
        #expect(Gzip.decompress(packed, limit: 300_000) == bytes)
        #expect(Gzip.decompress(packed, limit: 299_999) == nil)
        #expect(Gzip.decompress(Array(packed.dropLast()), limit: 1 << 20) == nil)
        #expect(Gzip.decompress(packed + [0], limit: 1 << 20) == nil)
        #expect(Gzip.decompress([1, 2, 3], limit: 1 << 20) == nil)
        #expect(Gzip.decompress(Gzip.compress([]), limit: 0) == [])
    }
}
