import Crypto
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// Calls of definitions to other systems.
@Suite struct HTTPEffectTests {
    @Test func `a call carries its key and its trace, and answers what came`() async throws {
        let bench = try OutgoingBench { _ in
            .text(
                #"{"id": 12345678901234567890}"#,
                headers: "Content-Type: application/json; charset=utf-8\r\nSet-Cookie: a=b\r\n"
                    + "X-A: 1\r\nx-a: 2\r\n")
        }
        let answer = try await bench.http([
            "method": "POST", "url": .string(bench.url + "/tickets?x=1"),
            "query": ["a b": "c&d", "n": [1, 2], "none": .null],
            "headers": ["X-One": 1], "body": ["subject": "ü"],
        ])
        #expect(answer["status"] == 200)
        #expect(answer["body"]?["id"]?.text == "12345678901234567890")
        #expect(answer["headers"]?["x-a"] == "1, 2")
        #expect(answer["headers"]?["set-cookie"] == nil)
        let head = try #require(bench.server.requests.first)
        #expect(head.hasPrefix("POST /tickets?x=1&a%20b=c%26d&n=1&n=2 HTTP/1.1"))
        #expect(head.contains("Idempotency-Key: workflow:41/tell/3"))
        #expect(head.contains("Content-Type: application/json"))
        #expect(head.contains("X-One: 1"))
        let trace = try #require(head.split(separator: "traceparent: ").last?.prefix(55))
        #expect(TraceContext.isValid(traceparent: String(trace)))
        // All that one beginning causes is one trace, each call a part of its own.
        var other = OutgoingBench.context(key: "another")
        other.cause.via = "rule:x"
        let second = TraceContext.outgoing(other)
        #expect(second.prefix(36) == trace.prefix(36))
        #expect(second != trace)
    }

    @Test(
        arguments: [
            ("Retry-After: Fri, 15 Jan 2027 08:00:30 GMT\r\n", 30),
            ("Retry-After: Friday, 15-Jan-27 08:00:30 GMT\r\n", 30),
            ("Retry-After: Fri Jan 15 08:00:30 2027\r\n", 30),
            // Its clock is an hour late.
            (
                "Date: Fri, 15 Jan 2027 07:00:00 GMT\r\n"
                    + "Retry-After: Fri, 15 Jan 2027 07:00:45 GMT\r\n", 45
            ),
            ("Retry-After: Fri, 15 Jan 2021 08:00:00 GMT\r\n", 0),
            ("Retry-After: Fri, 15 Jan 2028 08:00:00 GMT\r\n", 3600),
            ("Retry-After: Fri, 31 Feb 2027 08:00:00 GMT\r\n", nil),
            ("Retry-After: soon\r\n", nil),
        ] as [(String, Int?)])
    func `another system says until when to wait`(header: String, seconds: Int?) async throws {
        let bench = try OutgoingBench { _ in .text("busy", status: 503, headers: header) }
        let problem = await outgoingProblem { try await bench.http(["url": .string(bench.url)]) }
        #expect(problem?.code == "http-failed")
        #expect(problem?.retryAfter == seconds)
    }

    @Test func `statuses are success, another try, or the end`() async throws {
        let bench = try OutgoingBench { head in
            let status = Int(head.split(separator: " ")[1].dropFirst()) ?? 0
            return .text("because", status: status, headers: "Retry-After: 7\r\n")
        }
        func failure(_ status: Int, expect: JSONValue? = nil) async -> Failure? {
            var content = JSONObject([("url", .string("\(bench.url)/\(status)"))])
            content["expect"] = expect
            let problem = await outgoingProblem { try await bench.http(.object(content)) }
            return problem.map { Failure($0) }
        }
        for status in [200, 201, 204, 299] { #expect(await failure(status) == nil) }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            guard case .failed(let problem) = await failure(status) else {
                Issue.record("\(status) is not tried again")
                continue
            }
            #expect(problem.retryAfter == 7)
            #expect(
                Failure(problem).wait(atLeast: .seconds(1)) == .seconds(7)
                    && Failure(problem).wait(atLeast: .seconds(9)) == .seconds(9))
        }
        for status in [304, 400, 401, 403, 404, 409, 410, 422] {
            guard case .refused(let problem) = await failure(status) else {
                Issue.record("\(status) is tried again")
                continue
            }
            #expect(problem.detail == "127.0.0.1 answered \(status): because" || status == 304)
        }
        #expect(await failure(404, expect: [200, 404]) == nil)
        guard case .refused = await failure(201, expect: [200]) else {
            Issue.record("201 was not expected")
            return
        }
    }

    @Test func `what cannot be reached is tried again, what may not is not`() async throws {
        let bench = try OutgoingBench()
        let closed = FreePort.take()
        for url in ["http://127.0.0.1:\(closed)/", "http://nothing.invalid/"] {
            let problem = await outgoingProblem { try await bench.http(["url": .string(url)]) }
            guard let problem, case .failed = Failure(problem) else {
                Issue.record("\(url): \(String(describing: problem))")
                continue
            }
        }
        for url in [
            "http://169.254.169.254/latest/meta-data/", "http://[::1]/",
            "http://0x7f.1/", "ftp://127.0.0.1/", "http://u:p@127.0.0.1/", "",
        ] {
            let problem = await outgoingProblem { try await bench.http(["url": .string(url)]) }
            guard let problem, case .refused = Failure(problem) else {
                Issue.record("\(url): \(String(describing: problem))")
                continue
            }
            #expect(problem.code == "http-refused")
        }
    }

    @Test func `secrets go out and never come back`() async throws {
        let bench = try OutgoingBench(secrets: ["token": "hunter2 +", "path": "T0/B1"]) { head in
            .text("you said \(head)", headers: "X-Echo: hunter2 +\r\n")
        }
        let answer = try await bench.http([
            "method": "PUT", "url": .string(bench.url + "/hooks/secret:path?key=secret:token"),
            "headers": ["Authorization": "Bearer secret:token"],
            "form": ["a": "secret:token", "b": "nosecret:token"],
        ])
        let head = bench.server.requests[0]
        #expect(head.hasPrefix("PUT /hooks/T0%2FB1?key=hunter2%20%2B "))
        #expect(head.contains("Authorization: Bearer hunter2 +"))
        #expect(!answer.text.contains("hunter2 +"))
        #expect(answer["headers"]?["x-echo"] == "secret:token")
        #expect(answer["body"]?.string?.contains("Bearer secret:token") == true)
        let missing = await outgoingProblem {
            try await bench.http(["url": .string(bench.url), "headers": ["A": "secret:nothing"]])
        }
        #expect(missing?.code == "unknown-secret")
    }

    @Test func `data names no secret`() async throws {
        let bench = try OutgoingBench(secrets: ["payroll": "12345", "crm": "67890"])
        _ = try await bench.http(
            [
                "url": .string(bench.url + "/?q=secret:payroll"),
                "headers": [
                    "X-Subject": "secret:payroll", "X-Key": "secret:crm", "X-Body": "secret:crm",
                ],
            ],
            of: [
                "url": .string("='\(bench.url)/?q=' + record.subject"),
                "headers": [
                    "X-Subject": "=record.subject", "X-Key": "secret:crm",
                    "X-Body": "=record.body",
                ],
            ])
        let head = bench.server.requests[0]
        #expect(!head.contains("12345") && head.contains("X-Subject: secret:payroll"))
        #expect(head.contains("X-Key: 67890"))
        // Not even one that the call uses, in a place that does not name it.
        #expect(head.contains("X-Body: secret:crm"))
        // Nor is a host made of one.
        let problem = await outgoingProblem {
            try await bench.http(["url": "http://secret:crm.example/"])
        }
        #expect(problem?.code == "http-refused")
        #expect(bench.server.requests.count == 1)
    }

    @Test func `a signed call can be verified, and goes nowhere else`() async throws {
        let key = Array("a key of the receiver".utf8)
        let bench = try OutgoingBench(secrets: [
            "hook": "whsec_" + Base64.encode(key), "bad": "whsec_!", "plain": "plain key",
        ]) { _ in .redirect("http://127.0.0.1:1/", status: 307) }
        let problem = await outgoingProblem {
            try await bench.http([
                "method": "POST", "url": .string(bench.url), "body": "hello",
                "sign": "secret:hook",
            ])
        }
        #expect(problem?.detail?.contains("answered 307") == true)
        let head = bench.server.requests[0]
        let seconds = OutgoingBench.start.milliseconds / 1000
        let signed = Array("workflow:41/tell/3.\(seconds).hello".utf8)
        let signature = Base64.encode(HMAC.sha256(signed, key: key))
        #expect(head.contains("webhook-id: workflow:41/tell/3"))
        #expect(head.contains("webhook-timestamp: \(seconds)"))
        #expect(head.contains("webhook-signature: v1,\(signature)"))
        for sign in ["secret:bad", "no secret"] {
            let problem = await outgoingProblem {
                try await bench.http(["url": .string(bench.url), "sign": .string(sign)])
            }
            #expect(problem?.code == "http-refused")
        }
    }

    /// The example of the specification's own page.
    @Test func `the signature is that of Standard Webhooks`() throws {
        let headers = try WebhookSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Timestamp(milliseconds: 1_614_265_330_000),
            body: Array(#"{"test": 2432232314}"#.utf8),
            secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(headers[2].1 == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `the kill switch holds calls, not those that are marked`() async throws {
        let bench = try OutgoingBench(integrations: false)
        let problem = await outgoingProblem { try await bench.http(["url": .string(bench.url)]) }
        #expect(problem?.code == "integrations-off")
        // It waits; it does not fail.
        guard let problem, case .unavailable = Failure(problem) else {
            Issue.record("it fails")
            return
        }
        #expect(bench.server.requests.isEmpty)
        let content: JSONValue = ["url": .string(bench.url), "integration": false]
        #expect(try await bench.http(content)["status"] == 200)
    }

    @Test func `bodies that are no text come as base64`() async throws {
        let bench = try OutgoingBench { _ in
            .init("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", bytes: [0xFF, 0xFE])
        }
        let answer = try await bench.http(["url": .string(bench.url)])
        #expect(answer["body"]?["base64"] == "//4=")
    }

    @Test func `definitions are read`() throws {
        func faults(_ step: JSONValue, _ isCommand: Bool = false) -> [String] {
            let reader = ModelReader(code: "desk", document: [:])
            let item = ObjectReader(step, at: "", problems: reader.problems)
            _ = isCommand ? reader.command(item) : reader.http(item)
            item.finish()
            return reader.problems.items.map { "\($0.pointer) \($0.code)" }
        }
        #expect(faults(["url": "https://a.example/", "method": "post", "expect": [200]]) == [])
        #expect(faults(["url": "=record.url", "method": "=values.m"]) == [])
        #expect(faults(["url": "secret:slack"]) == [])
        #expect(faults([:]) == ["/url required"])
        #expect(faults(["url": "http://127.1/"]) == ["/url invalid-url"])
        #expect(faults(["url": "https://u:p@a.example/"]) == ["/url invalid-url"])
        #expect(
            faults(["url": "https://a.example", "method": "BREW", "expect": ["2xx"], "sign": "x"])
                .sorted() == ["/expect out-of-range", "/method not-allowed", "/sign invalid-code"])
        #expect(
            faults(["url": "https://a.example", "body": 1, "form": [:], "timeout": "0s"]).sorted()
                == ["/form not-allowed", "/timeout out-of-range"])
        #expect(faults(["command": "rotate", "arguments": ["a", "=b"]], true) == [])
        #expect(
            faults(["command": "/bin/sh", "arguments": ["secret:x"], "expect": [256]], true)
                .sorted()
                == [
                    "/arguments not-allowed", "/command invalid-code", "/expect out-of-range",
                ])
    }
}
