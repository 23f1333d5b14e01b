import HTTP
import ServiceRuntime
import TestSupport
import Testing

/// What a client must not send, over a real socket: the status, a problem, and the end of the
/// connection.
@Suite struct HTTPMalformedTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let status: Int
        let bytes: String
        var testDescription: String { name }

        init(_ name: String, _ status: Int, _ bytes: String) {
            (self.name, self.status, self.bytes) = (name, status, bytes)
        }
    }

    static let host = "Host: x\r\n"
    static let post = "POST /echo HTTP/1.1\r\n\(host)Content-Type: text/plain\r\n"
    static let chunked = "\(post)Transfer-Encoding: chunked\r\n\r\n"

    static let heads = [
        Case("no method", 400, " / HTTP/1.1\r\n\(host)\r\n"),
        Case("no target", 400, "GET HTTP/1.1\r\n\(host)\r\n"),
        Case("HTTP/0.9", 400, "GET /\r\n\r\n"),
        Case("two spaces", 400, "GET  / HTTP/1.1\r\n\(host)\r\n"),
        Case("a tab for a space", 400, "GET\t/ HTTP/1.1\r\n\(host)\r\n"),
        Case("a space in the target", 400, "GET /a b HTTP/1.1\r\n\(host)\r\n"),
        Case("a target that is no path", 400, "GET a HTTP/1.1\r\n\(host)\r\n"),
        Case("a target of another scheme", 400, "GET ftp://x/a HTTP/1.1\r\n\(host)\r\n"),
        Case("a fragment", 400, "GET /a#b HTTP/1.1\r\n\(host)\r\n"),
        Case("a broken escape", 400, "GET /%4 HTTP/1.1\r\n\(host)\r\n"),
        Case("an escape of no digits", 400, "GET /%zz HTTP/1.1\r\n\(host)\r\n"),
        Case("an escaped NUL", 400, "GET /a%00b HTTP/1.1\r\n\(host)\r\n"),
        Case("an escape that is not UTF-8", 400, "GET /%ff HTTP/1.1\r\n\(host)\r\n"),
        Case("a broken escape in the query", 400, "GET /?a=%4 HTTP/1.1\r\n\(host)\r\n"),
        Case("dot segments", 400, "GET /a/../b HTTP/1.1\r\n\(host)\r\n"),
        Case("escaped dot segments", 400, "GET /a/%2e%2e/b HTTP/1.1\r\n\(host)\r\n"),
        Case("bytes beyond ASCII in the target", 400, "GET /ä HTTP/1.1\r\n\(host)\r\n"),
        Case("an asterisk with GET", 400, "GET * HTTP/1.1\r\n\(host)\r\n"),
        Case("no version", 400, "GET / HTTX/1.1\r\n\(host)\r\n"),
        Case("HTTP/2.0", 505, "GET / HTTP/2.0\r\n\(host)\r\n"),
        Case("HTTP/1.2", 505, "GET / HTTP/1.2\r\n\(host)\r\n"),
        Case("an unknown method", 501, "BREW / HTTP/1.1\r\n\(host)\r\n"),
        Case("CONNECT", 400, "CONNECT x:1 HTTP/1.1\r\n\(host)\r\n"),
        Case("a bare LF after the request line", 400, "GET / HTTP/1.1\n\(host)\r\n"),
        Case("a bare LF after a field", 400, "GET / HTTP/1.1\r\nHost: x\n\r\n"),
        Case("a bare LF at the end", 400, "GET / HTTP/1.1\r\n\(host)\n"),
        Case("a bare CR in a field", 400, "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n"),
        Case("a bare CR in the target", 400, "GET /\ra HTTP/1.1\r\n\(host)\r\n"),
        Case("a NUL in a field", 400, "GET / HTTP/1.1\r\n\(host)A: b\0c\r\n\r\n"),
        Case("a NUL in a name", 400, "GET / HTTP/1.1\r\n\(host)A\0: b\r\n\r\n"),
        Case("a NUL in the target", 400, "GET /\0 HTTP/1.1\r\n\(host)\r\n"),
        Case("a control character", 400, "GET / HTTP/1.1\r\n\(host)A: \u{1}\r\n\r\n"),
        Case("a folded field", 400, "GET / HTTP/1.1\r\n\(host)A: b\r\n c\r\n\r\n"),
        Case("a field folded by a tab", 400, "GET / HTTP/1.1\r\n\(host)A: b\r\n\tc\r\n\r\n"),
        Case("a field before the first", 400, "GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
        Case("a blank before the colon", 400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
        Case("no colon", 400, "GET / HTTP/1.1\r\n\(host)abc\r\n\r\n"),
        Case("no name", 400, "GET / HTTP/1.1\r\n\(host): abc\r\n\r\n"),
        Case("no Host", 400, "GET / HTTP/1.1\r\n\r\n"),
        Case("two Hosts", 400, "GET / HTTP/1.1\r\n\(host)\(host)\r\n"),
        Case("a Host with a path", 400, "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
        Case("a Host with a user", 400, "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n"),
        Case("a Host with a bad port", 400, "GET / HTTP/1.1\r\nHost: x:8a\r\n\r\n"),
        Case("an unknown expectation", 417, "\(post)Expect: magic\r\nContent-Length: 1\r\n\r\n"),
    ]

    static let framings = [
        Case(
            "both lengths", 400,
            "\(post)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Case(
            "both lengths, the other way", 400,
            "\(post)Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        Case(
            "unequal lengths", 400,
            "\(post)Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        Case("a list of lengths", 400, "\(post)Content-Length: 1, 2\r\n\r\nab"),
        Case("a negative length", 400, "\(post)Content-Length: -1\r\n\r\n"),
        Case("a length with a sign", 400, "\(post)Content-Length: +1\r\n\r\na"),
        Case("a length that is no number", 400, "\(post)Content-Length: 1x\r\n\r\na"),
        Case("an empty length", 400, "\(post)Content-Length:\r\n\r\na"),
        Case(
            "a length beyond all numbers", 400,
            "\(post)Content-Length: 99999999999999999999\r\n\r\n"),
        Case("an unknown transfer coding", 501, "\(post)Transfer-Encoding: gzip\r\n\r\n"),
        Case("two transfer codings", 501, "\(post)Transfer-Encoding: gzip, chunked\r\n\r\n"),
        Case(
            "chunked twice", 400,
            "\(post)Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Case(
            "chunked in HTTP/1.0", 400,
            "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Case("a chunk without a size", 400, "\(chunked)\r\nabc\r\n0\r\n\r\n"),
        Case("a chunk size that is no number", 400, "\(chunked)xyz\r\nabc\r\n0\r\n\r\n"),
        Case("a chunk size with a sign", 400, "\(chunked)-3\r\nabc\r\n0\r\n\r\n"),
        Case("a chunk size with a prefix", 400, "\(chunked)0x3\r\nabc\r\n0\r\n\r\n"),
        Case("a chunk size beyond all numbers", 400, "\(chunked)ffffffffffffffff1\r\nabc"),
        Case("a chunk size before a bare LF", 400, "\(chunked)3\nabc\r\n0\r\n\r\n"),
        Case("a chunk longer than its size", 400, "\(chunked)3\r\nabcd\r\n0\r\n\r\n"),
        Case("a chunk that ends with a bare LF", 400, "\(chunked)3\r\nabc\n0\r\n\r\n"),
        Case(
            "chunk extensions without end", 400,
            "\(chunked)3;\(String(repeating: "e", count: 5_000))\r\nabc\r\n0\r\n\r\n"),
        Case("a control character in an extension", 400, "\(chunked)3;a\0\r\nabc\r\n0\r\n\r\n"),
        Case("a trailer that is no field", 400, "\(chunked)3\r\nabc\r\n0\r\n: x\r\n\r\n"),
        Case("a folded trailer", 400, "\(chunked)3\r\nabc\r\n0\r\nA: b\r\n c\r\n\r\n"),
        Case(
            "trailers without end", 431,
            "\(chunked)3\r\nabc\r\n0\r\nA: \(String(repeating: "t", count: 9_000))\r\n\r\n"),
    ]

    static let limits = [
        Case("a target too long", 414, "GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\n"),
        Case(
            "a target just too long", 414,
            "GET /\(String(repeating: "a", count: 8_192)) HTTP/1.1\r\n\(host)\r\n"),
        Case(
            "a field too long", 431,
            "GET / HTTP/1.1\r\n\(host)A: \(String(repeating: "a", count: 17_000))\r\n\r\n"),
        Case(
            "too many fields", 431,
            "GET / HTTP/1.1\r\n\(host)\(String(repeating: "A: b\r\n", count: 100))\r\n"),
        Case("a body too long", 413, "\(post)Content-Length: 70000000\r\n\r\n"),
        Case("a body too long for its route", 413, "\(post)Content-Length: 2000000\r\n\r\n"),
        Case(
            "chunks too long for their route", 413,
            "\(chunked)200000\r\n\(String(repeating: "a", count: 2 << 20))\r\n0\r\n\r\n"),
    ]

    @Test(arguments: heads + framings + limits)
    func `it is refused with its status, and the connection closes`(_ item: Case) async throws {
        let router = Router<Void> { _, _ in }
        router.on(.get, "/", .anyone(because: "a test"), body: []) { _, _ in .text("fine") }
        router.on(.post, "/echo", .anyone(because: "a test"), body: ["*/*"]) { request, _ in
            .text("\(try await request.body.collect(limit: 10 << 20).count)")
        }
        let running = try RunningServer { await router.respond(to: $0) }
        let raw = try RawConnection(port: running.port)
        // A second request behind it must not be answered.
        try await raw.send(item.bytes + "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let answer = try await raw.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 \(item.status) "), "\(answer.prefix(200))")
        #expect(answer.contains("\r\nContent-Type: application/problem+json\r\n"))
        #expect(answer.contains("\r\nConnection: close\r\n"))
        #expect(answer.contains("\"status\":\(item.status)"))
        #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "one answer only")
        let (status, _) = try await running.get("/")
        #expect(status == 200, "the server goes on")
        try await running.stop()
    }
}

extension String {
    /// Without Foundation.
    func components(separatedBy separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
