import HTTP
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@Suite struct HTTPProtocolTests {
    private static func echo(_ request: Request) async -> Response {
        do {
            let body = try await request.body.collect(limit: 1 << 20)
            return .text("[\(request.rawPath) \(String(decoding: body, as: UTF8.self))]")
        } catch {
            return Problem(error).response(requestID: request.trace.requestID)
        }
    }

    @Test func `pipelined requests are answered in order`() async throws {
        let running = try RunningServer(respond: HTTPProtocolTests.echo)
        let raw = try RawConnection(port: running.port)
        var text = ""
        for number in 0..<50 {
            text += "POST /\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
        }
        try await raw.send(text + "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let answers = try await raw.receiveAll()
        var position = answers.startIndex
        for number in 0..<50 {
            let range = try #require(answers[position...].firstRange(of: "[/\(number) ab]"))
            position = range.upperBound
        }
        #expect(answers.hasSuffix("[/last ]"))
        try await running.stop()
    }

    @Test func `a chunked body with extensions and trailers comes as it is meant`() async throws {
        let running = try RunningServer(respond: HTTPProtocolTests.echo)
        let raw = try RawConnection(port: running.port)
        let text =
            "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n"
            + "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
            + "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"
        // Byte by byte, as a slow network may cut it.
        for byte in text.utf8 { try await raw.send([byte]) }
        let answer = try await raw.receive(until: "[/next ]")
        #expect(answer.contains("[/c abc0123456789]"))
        try await running.stop()
    }

    @Test func `a body is asked for by 100 Continue, once it is read`() async throws {
        let running = try RunningServer(respond: HTTPProtocolTests.echo)
        let raw = try RawConnection(port: running.port)
        try await raw.send(
            "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(try await raw.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        try await raw.send("abc")
        #expect(try await raw.receive(until: "]").hasSuffix("[/e abc]"))
        try await running.stop()
    }

    @Test func `a refused expectation ends without asking for the body`() async throws {
        let running = try RunningServer { _ in .text("no", status: 403) }
        let raw = try RawConnection(port: running.port)
        try await raw.send(
            "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        let answer = try await raw.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 403 "))
        #expect(answer.contains("\r\nConnection: close\r\n"))
        try await running.stop()
    }

    @Test func `HEAD has the head of GET and no body`() async throws {
        let running = try RunningServer(respond: HTTPProtocolTests.echo)
        let raw = try RawConnection(port: running.port)
        try await raw.send("HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let answer = try await raw.receiveAll()
        #expect(answer.contains("\r\nContent-Length: 5\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        try await running.stop()
    }

    @Test func `statuses without a body have neither body nor length`() async throws {
        let running = try RunningServer { request in
            Response(status: request.path == ["a"] ? 204 : 304, body: .bytes([1, 2, 3]))
        }
        let raw = try RawConnection(port: running.port)
        try await raw.send(
            "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        let answer = try await raw.receiveAll()
        #expect(answer.contains("HTTP/1.1 204 ") && answer.contains("HTTP/1.1 304 "))
        #expect(!answer.contains("Content-Length") && answer.hasSuffix("\r\n\r\n"))
        try await running.stop()
    }

    @Test(arguments: [
        ("GET / HTTP/1.0\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n", true),
        ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", false),
        ("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", false),
    ])
    func `a connection is kept as was asked`(_ request: String, closes: Bool) async throws {
        let running = try RunningServer(respond: HTTPProtocolTests.echo)
        let raw = try RawConnection(port: running.port)
        try await raw.send(request)
        let answer = try await raw.receive(until: "[/ ]")
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.contains("\r\nConnection: close\r\n") == closes)
        if closes {
            #expect(try await raw.receive().isEmpty)
        } else {
            try await raw.send("GET /two HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await raw.receive(until: "]").contains("[/two ]"))
        }
        try await running.stop()
    }

    @Test func `a peer that has ended its side still gets its answer`() async throws {
        let running = try RunningServer(respond: HTTPProtocolTests.echo)
        let raw = try RawConnection(port: running.port)
        try await raw.send("GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
        raw.endOutput()
        #expect(try await raw.receiveAll().hasSuffix("[/half ]"))
        try await running.stop()
    }

    @Test func `a body that ends too early is an error of the request`() async throws {
        let running = try RunningServer(respond: HTTPProtocolTests.echo)
        let raw = try RawConnection(port: running.port)
        try await raw.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
        raw.endOutput()
        let answer = try await raw.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("incomplete-body"))
        try await running.stop()
    }

    @Test func `a header cannot be split by its value`() async throws {
        let running = try RunningServer { _ in
            Response(
                headers: ["X-A": "b\r\nX-Evil: 1\r\n\r\n", "X B": "no name", "Content-Length": "9"])
        }
        let raw = try RawConnection(port: running.port)
        try await raw.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let answer = try await raw.receiveAll()
        #expect(answer.contains("\r\nX-A: b  X-Evil: 1    \r\n"))
        #expect(!answer.contains("no name") && answer.contains("\r\nContent-Length: 0\r\n"))
        try await running.stop()
    }

    @Test func `text is compressed for those who take it`() async throws {
        let text = String(repeating: "all work and no play ", count: 500)
        let running = try RunningServer { request in
            guard request.path == ["stream"] else { return .text(text) }
            return Response(
                headers: ["Content-Type": "text/csv"],
                body: .stream(length: nil) { writer in
                    for _ in 0..<10 { try await writer.write(Array(text.utf8)) }
                })
        }
        for (path, copies) in [("/", 1), ("/stream", 10)] {
            let response = try await running.client.send(
                ClientRequest(
                    method: .get, target: path, headers: ["Accept-Encoding": "br, gzip;q=0.5"]))
            #expect(response.headers["Content-Encoding"] == "gzip")
            #expect(response.headers["Vary"] == "Accept-Encoding")
            let bytes = try await response.body.collect(limit: 1 << 20)
            #expect(bytes.count < text.utf8.count / 2)
            #expect(Gzip.decompress(bytes, limit: 1 << 20)?.count == copies * text.utf8.count)
        }
        let plain = try await running.client.send(
            ClientRequest(method: .get, target: "/", headers: ["Accept-Encoding": "gzip;q=0"]))
        #expect(plain.headers["Content-Encoding"] == nil)
        #expect(try await running.text(plain) == text)
        try await running.stop()
    }

    @Test func `events come one by one, and end with the peer`() async throws {
        let (numbers, source) = AsyncStream.makeStream(of: Int.self)
        let isCancelled = Mutex(false)
        let running = try RunningServer { _ in
            .events {
                for await number in numbers {
                    return ServerSentEvent(event: "tick\n", id: "\(number)", data: "a\nb")
                }
                isCancelled.withLock { $0 = Task.isCancelled }
                return nil
            }
        }
        let raw = try RawConnection(port: running.port)
        try await raw.send("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
        source.yield(1)
        let event = "event: tick\nid: 1\ndata: a\ndata: b\n\n"
        let first = try await raw.receive(until: event)
        #expect(first.contains("\r\nContent-Type: text/event-stream\r\n"))
        source.yield(2)
        _ = try await raw.receive(until: "id: 2")
        raw.endOutput()
        try await eventually("the handler is cancelled") { isCancelled.withLock { $0 } }
        try await running.stop()
    }

    @Test func `half of a failed stream does not look whole`() async throws {
        struct Broken: Error {}
        let running = try RunningServer { request in
            Response(
                body: .stream(length: request.path == ["short"] ? 10 : nil) { writer in
                    if request.path != ["first"] { try await writer.write([1, 2, 3]) }
                    if request.path != ["short"] { throw Broken() }
                })
        }
        for path in ["/short", "/late"] {
            await #expect(throws: HTTPClient.Failure.self) {
                let response = try await running.client.send(
                    ClientRequest(method: .get, target: path))
                _ = try await response.body.collect(limit: 100)
            }
        }
        // Before the first byte there is still time to say so.
        #expect(try await running.get("/first").0 == 500)
        try await running.stop()
    }
}
