import Crypto
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Signed links to the files of exports.
@Suite struct DownloadLinkTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func link(_ client: TestGateway.Client, _ body: JSONValue = [:]) async throws -> String
    {
        let answer = await client.send(.post, "/api/runs/9/link", body)
        try #require(answer.status == 201, "\(answer)")
        #expect(answer.headers["Cache-Control"] == "no-store")
        return answer.json["link"]?.string ?? ""
    }

    @Test func `a link gives the file to who has no account, until its time is over`()
        async throws
    {
        let clock = ManualClock(start: Self.start)
        let gateway = try await TestGateway(clock: clock)
        let link = try await link(
            try await gateway.admin(),
            ["expires": .string(Self.start.advanced(by: .seconds(3600)).text)])
        for _ in 0..<2 {
            let file = await gateway.send(.get, link)
            #expect(file.status == 200 && file.text == "a;b\r\n1;2\r\n")
            #expect(file.headers["Content-Disposition"]?.contains("open_tickets.csv") == true)
            #expect(file.headers["X-Robots-Tag"] == "noindex")
        }
        clock.advance(by: .seconds(3599))
        #expect(await gateway.send(.get, link).status == 200)
        clock.advance(by: .seconds(1))
        #expect(await gateway.send(.get, link).status == 410)
    }

    @Test func `a link cannot be made wider, longer, or by somebody else`() async throws {
        let gateway = try await TestGateway()
        let link = String(try await link(try await gateway.admin()).dropFirst(3))
        let key = DownloadLink.key(from: gateway.configuration.rpc.key)
        let made = try #require(DownloadLink(link, key: key))
        #expect(made.run == 9 && made.token == 0)
        var other = made
        other.run = 8
        var longer = made
        longer.expires += 1
        let signature = link.split(separator: ".")[1]
        for claim in [other, longer] {
            let words = claim.text(key: key).split(separator: ".")[0]
            #expect(await gateway.send(.get, "/d/\(words).\(signature)").status == 404)
            // With another key, as another instance would sign it.
            let foreign = claim.text(key: [UInt8](repeating: 1, count: 32))
            #expect(await gateway.send(.get, "/d/\(foreign)").status == 404)
        }
        // Any letter that is another one, and what base64 would take as well.
        for index in link.indices {
            var changed = link
            let letter = link[index] == "A" ? "B" : "A"
            changed.replaceSubrange(index...index, with: letter)
            #expect(DownloadLink(changed, key: key) == nil)
        }
        for text in [link + "=", link + ".", "." + link, "", link + "A", String(link.dropLast())] {
            #expect(DownloadLink(text, key: key) == nil)
        }
    }

    @Test func `a link is as good as its issuer's rights are now`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let anna = try await gateway.person(
            "anna", roles: ["exporter"], permissions: ["batch:operate"])
        let link = try await link(anna)
        #expect(await gateway.send(.get, link).status == 200)
        // The run may no longer be given away, for whatever reason of its owner.
        gateway.owners.state.withLock { $0.givenRun = 0 }
        let refused = await gateway.send(.get, link)
        #expect(refused.status == 410)
        gateway.owners.state.withLock { $0.givenRun = 9 }
        func etag(_ path: String) async -> String {
            await admin.send(.get, path).headers["ETag"] ?? ""
        }
        for (path, change, back) in [
            ("/api/roles/exporter", ["enabled": false], ["enabled": true]),
            ("/api/accounts/anna", ["locked": true], ["locked": false]),
        ] as [(String, JSONValue, JSONValue)] {
            let off = await admin.send(
                .patch, path, change, headers: ["If-Match": await etag(path)])
            #expect(off.status == 200)
            #expect(await gateway.send(.get, link).status == 410)
            _ = await admin.send(.patch, path, back, headers: ["If-Match": await etag(path)])
            #expect(await gateway.send(.get, link).status == 200)
        }
        // No trace of the link is in the audit.
        let audit = await admin.send(.get, "/api/audit?limit=1000")
        #expect(audit.status == 200 && !audit.text.contains(String(link.dropFirst(3))))
    }

    @Test func `a link that was made with a token ends with it`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let token = await admin.send(
            .post, "/api/tokens", ["name": "t", "scopes": ["read", "write", "batch:operate"]])
        let program = TestGateway.Client(
            gateway: gateway, token: token.json["token"]?.string ?? "")
        let link = try await link(program)
        #expect(await gateway.send(.get, link).status == 200)
        let id = token.json["id"]?.integer ?? 0
        #expect(await admin.send(.delete, "/api/tokens/\(id)").status == 204)
        #expect(await gateway.send(.get, link).status == 410)
    }

    @Test func `who may not export makes no link, and none for ever`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        #expect(await admin.send(.post, "/api/runs/8/link", [:]).status == 404)
        let late = Timestamp(milliseconds: 4_000_000_000_000).text
        for expires in [late, "tomorrow", "2020-01-01T00:00:00Z"] {
            let answer = await admin.send(
                .post, "/api/runs/9/link", ["expires": .string(expires)])
            #expect(answer.status == 422)
        }
        let closed = try await TestGateway(environment: ["GATEWAY_WEB_ACCESS": "off"])
        #expect(await closed.send(.get, "/d/x").status == 403)
    }

    @Test func `runs are listed`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let list = await admin.send(
            .get, "/api/runs?kind=export&state=failed&definition=a.b&limit=2&cursor=9")
        #expect(list.status == 200 && list.json["items"]?.array?.count == 1)
        #expect(await admin.send(.get, "/api/runs?colour=red").status == 400)
    }
}
