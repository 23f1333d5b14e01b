import Contracts
import Crypto
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// `/call/…`: what old systems do by opening a URL.
@Suite struct URLCallTests {
    private func gateway() async throws -> (TestGateway, TestGateway.Client) {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let put = await admin.send(
            .put, "/api/models/helpdesk",
            [
                "code": "helpdesk",
                "events": [["code": "confirmed", "web": true, "get": true], ["code": "quiet"]],
                "scripts": [["code": "sum"], ["code": "fails"]], "exports": [["code": "open"]],
                "imports": [["code": "tickets"]],
            ])
        try #require(put.status == 201, "\(put)")
        return (gateway, admin)
    }

    @Test func `an event is raised by a URL, and the answer is one line of text`() async throws {
        let (gateway, admin) = try await gateway()
        let answer = await admin.send(.get, "/call/event?code=confirmed&scope=all&key=14&by=mara")
        #expect(answer.status == 200 && answer.text == "OK: Event 1")
        #expect(answer.headers["Content-Type"] == "text/plain; charset=utf-8")
        let call = try #require(gateway.owners.raised.last)
        #expect(call.key == "14" && call.payload == ["by": "mara"] && call.byGet == true)
        #expect(call.scope == .all)
        #expect(gateway.owners.calls("workflow/raise-event").last?.door == .call)
        let posted = await admin.send(.post, "/call/event?code=helpdesk.confirmed&id=41")
        #expect(posted.text == "OK: Event 1")
        let second = try #require(gateway.owners.raised.last)
        #expect(second.scope == .instance && second.instance == 41 && second.byGet == nil)
        let form = await gateway.send(
            .post, "/call/event", body: Array("code=confirmed&id=handle&note=a%26b".utf8),
            type: "application/x-www-form-urlencoded",
            headers: ["Authorization": "Bearer \(admin.token)"])
        #expect(form.status == 200)
        let third = try #require(gateway.owners.raised.last)
        #expect(third.scope == .workflow && third.workflow == "handle")
        #expect(third.payload == ["note": "a&b"])
    }

    @Test func `Basic works for callers that know nothing else, and is asked for`() async throws {
        let (gateway, _) = try await gateway()
        let basic = "Basic " + base64("admin:\(TestGateway.password)")
        let answer = await gateway.send(
            .get, "/call/event?code=confirmed", headers: ["Authorization": basic])
        #expect(answer.text == "OK: Event 1")
        let nobody = await gateway.send(.get, "/call/event?code=confirmed")
        #expect(nobody.status == 401 && nobody.text.hasPrefix("ERROR: "))
        let asked = nobody.headers.all("WWW-Authenticate")
        #expect(asked.contains { $0.hasPrefix("Basic ") })
        let wrong = await gateway.send(
            .get, "/call/event?code=confirmed",
            headers: ["Authorization": "Basic " + base64("admin:wrong")])
        #expect(wrong.status == 401 && wrong.text.hasPrefix("ERROR: "))
        #expect(gateway.owners.raised.count == 1)
    }

    @Test func `a cookie, a look, a fetch ahead and a page of others make nothing act`()
        async throws
    {
        let (gateway, admin) = try await gateway()
        let cookie: Headers = ["Cookie": "geartrain=\(admin.token)"]
        for target in ["event?code=confirmed", "script?code=sum", "export?code=open"] {
            for method in [HTTP.Method.get, .post] {
                let answer = await gateway.send(method, "/call/\(target)", headers: cookie)
                #expect(answer.status == 401 && answer.text.hasPrefix("ERROR: "), "\(answer)")
            }
            #expect(await admin.send(.head, "/call/\(target)").status == 405)
            let tricks: [Headers] = [
                ["Sec-Purpose": "prefetch;prerender"], ["Purpose": "prefetch"],
                ["X-Moz": "prefetch"], ["Sec-Fetch-Site": "cross-site"],
                ["Sec-Fetch-Site": "same-site"],
            ]
            for trick in tricks {
                let answer = await admin.send(.get, "/call/\(target)", headers: trick)
                #expect(answer.status == 403 && answer.text.hasPrefix("ERROR: "), "\(trick)")
            }
        }
        let upload = await gateway.send(
            .post, "/call/import?code=tickets", body: [97], type: "text/csv", headers: cookie)
        #expect(upload.status == 401)
        #expect(gateway.owners.raised.isEmpty && gateway.owners.calls("batch/start-export").isEmpty)
        #expect(gateway.owners.state.withLock { $0.uploads.isEmpty })
    }

    @Test func `a token that may only read makes nothing act, even by GET`() async throws {
        let (gateway, admin) = try await gateway()
        let made = await admin.send(.post, "/api/tokens", ["name": "r", "scopes": ["read"]])
        let reader = TestGateway.Client(gateway: gateway, token: made.json["token"]?.string ?? "")
        #expect(await reader.send(.get, "/api/me").status == 200)
        for path in ["event?code=confirmed", "script?code=sum", "export?code=open"] {
            #expect(await reader.send(.get, "/call/\(path)").status == 403)
        }
        #expect(gateway.owners.raised.isEmpty)
    }

    @Test(arguments: [
        ("/call/event", 400), ("/call/event?code=", 400), ("/call/event?code=nothing", 404),
        ("/call/event?code=Not%20a%20code", 404), ("/call/event?code=confirmed&code=quiet", 400),
        ("/call/event?code=confirmed&scope=world", 400),
        ("/call/event?code=confirmed&scope=instance&id=x", 400),
        ("/call/event?code=confirmed&scope=workflow&id=7", 400),
        ("/call/event?code=confirmed&scope=workflow", 400), ("/call/script?code=none", 404),
        ("/call/export?code=open&x=1", 400), ("/call/nothing?code=open", 404),
        ("/call/import?code=tickets", 405),
    ]) func `what is wrong is said in one line`(_ target: String, _ status: Int) async throws {
        let (gateway, admin) = try await gateway()
        let answer = await admin.send(.get, target)
        #expect(answer.status == status, "\(answer)")
        #expect(answer.text.hasPrefix("ERROR: ") && answer.text.count > 10)
        #expect(!answer.text.contains("\n"))
        #expect(gateway.owners.raised.isEmpty)
    }

    @Test func `a script is run by a URL and by the API`() async throws {
        let (gateway, admin) = try await gateway()
        let answer = await admin.send(.get, "/call/script?code=sum&a=1&b=2")
        #expect(answer.text == "OK: 12")
        let failed = await admin.send(.get, "/call/script?code=fails")
        #expect(failed.status == 422 && failed.text == "ERROR: fails, line 1: no")
        let run = await admin.send(
            .post, "/api/scripts/sum/run", ["parameters": ["a": "x", "b": "y"]])
        #expect(run.status == 200 && run.json["result"] == "xy")
        #expect(await admin.send(.post, "/api/scripts/sum/run").status == 200)
        let odd = await admin.send(.post, "/api/scripts/sum/run", ["parameters": 3, "x": 1])
        #expect(odd.status == 422 && odd.json["errors"]?.array?.count == 2)
        #expect(await admin.send(.post, "/api/scripts/none/run", [:]).status == 404)
        #expect(gateway.owners.calls("workflow/run-script").count > 2)
    }

    @Test func `a file that a script returns is the answer, and runs nowhere`() async throws {
        let (_, admin) = try await gateway()
        let run = await admin.send(
            .post, "/api/scripts/sum/run", ["parameters": ["file": "ž\".html"]])
        #expect(run.status == 200 && run.text == "<b>")
        #expect(run.headers["Content-Type"] == "text/html")
        #expect(
            run.headers["Content-Disposition"]
                == "attachment; filename=\"__.html\"; filename*=UTF-8''%C5%BE%22.html")
        #expect(run.headers["Content-Security-Policy"] == "sandbox; default-src 'none'")
        #expect(await admin.send(.get, "/call/script?code=sum&file=a").text == "<b>")
    }

    @Test func `a source is tried by who may write models`() async throws {
        let (gateway, admin) = try await gateway()
        let body: JSONValue = [
            "model": "helpdesk", "source": "return 1", "include": ["a"], "record": 7,
            "class": "ticket",
        ]
        let tried = await admin.send(.post, "/api/scripts/try", body)
        #expect(tried.status == 200 && tried.json["result"] == "return 1")
        #expect(tried.json["record"] == 7)
        let odd = await admin.send(
            .post, "/api/scripts/try", ["model": "helpdesk", "include": "a", "x": 1])
        #expect(odd.status == 422 && odd.json["errors"]?.array?.count == 3)
        let bob = try await gateway.person("bob")
        #expect(await bob.send(.post, "/api/scripts/try", body).status == 403)
    }

    @Test func `imports and exports are started by a URL`() async throws {
        let (gateway, admin) = try await gateway()
        #expect(await admin.send(.post, "/call/export?code=open").text == "OK: Run 9")
        let file = Array("subject\r\nFire\r\n".utf8)
        let run = await gateway.send(
            .post, "/call/import?code=tickets", body: file, type: "text/csv",
            headers: ["Authorization": "Bearer \(admin.token)"])
        #expect(run.text == "OK: Run 1")
        #expect(gateway.owners.state.withLock(\.uploads) == [file])
        let plain = try await gateway.person("plain")
        let refused = await plain.send(.post, "/call/export?code=open")
        #expect(refused.status == 403 && refused.text.hasPrefix("ERROR: "))
    }

    private func base64(_ text: String) -> String { Base64.encode(Array(text.utf8)) }
}
