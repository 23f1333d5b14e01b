import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// The routes of Workflow, Mail and Batch.
@Suite struct OwnerRouteTests {
    private static let models: [(String, JSONValue)] = [
        (
            "helpdesk",
            [
                "code": "helpdesk", "events": [["code": "confirmed"], ["code": "shared"]],
                "workflows": [["code": "handle"]], "imports": [["code": "tickets"]],
                "exports": [["code": "open"]],
            ]
        ),
        ("sales", ["code": "sales", "events": [["code": "shared"]]]),
    ]

    private func operatorOfAll() async throws -> TestGateway.Client {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        for (code, document) in OwnerRouteTests.models {
            let put = await admin.send(.put, "/api/models/\(code)", document)
            try #require(put.status == 201, "\(put)")
        }
        return admin
    }

    @Test func `a bare code finds its model where only one has it`() async throws {
        let admin = try await operatorOfAll()
        let full = await admin.send(.post, "/api/events/helpdesk.confirmed", ["key": 1])
        #expect(full.status == 202 && full.json["activated"]?.integer == 1)
        #expect(await admin.send(.post, "/api/events/confirmed", ["key": 1]).status == 202)
        let several = await admin.send(.post, "/api/events/shared", ["key": 1])
        #expect(several.status == 409)
        #expect(several.json["detail"]?.string?.contains("sales.shared") == true)
        #expect(await admin.send(.post, "/api/events/unknown", [:]).status == 404)
        #expect(await admin.send(.post, "/api/events/Not-a-code", [:]).status == 404)
        let asSystem = admin.gateway.owners.calls("records/models")
        #expect(!asSystem.contains { !$0.principal.isSystem })
    }

    @Test func `a model that comes later is found`() async throws {
        let admin = try await operatorOfAll()
        #expect(await admin.send(.post, "/api/events/late", [:]).status == 404)
        _ = await admin.send(
            .put, "/api/models/later", ["code": "later", "events": [["code": "late"]]])
        #expect(await admin.send(.post, "/api/events/late", [:]).status == 202)
    }

    @Test func `every fault of an event is named`() async throws {
        let admin = try await operatorOfAll()
        let answer = await admin.send(
            .post, "/api/events/confirmed", ["scope": "nobody", "instance": "x", "colour": 1])
        #expect(answer.status == 422)
        let pointers = (answer.json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string }
        #expect(Set(pointers) == ["/scope", "/instance", "/colour"])
        let scope = await admin.send(.post, "/api/events/confirmed", ["scope": "instance"])
        #expect(scope.json["errors"]?.array?.first?["pointer"]?.string == "/instance")
    }

    @Test func `a workflow is started, instances and incidents are shown`() async throws {
        let admin = try await operatorOfAll()
        let started = await admin.send(.post, "/api/workflows/handle/instances", ["record": 7])
        #expect(started.status == 201 && started.location == "/api/instances/41")
        #expect(await admin.send(.get, "/api/instances?state=running&limit=5").status == 200)
        #expect(await admin.send(.get, "/api/instances/41").json["id"]?.integer == 41)
        #expect(await admin.send(.get, "/api/incidents").status == 200)
        for action in ["retry", "skip", "close"] {
            let answer = await admin.send(.post, "/api/incidents/1/\(action)")
            #expect(answer.json["action"]?.string == action)
        }
        #expect(await admin.send(.post, "/api/incidents/1/forget").status == 404)
    }

    @Test func `a mail is queued, and what may not be said from outside is refused`() async throws {
        let admin = try await operatorOfAll()
        let sent = await admin.send(
            .post, "/api/mail/messages",
            ["to": ["a@example.com"], "subject": "Hi", "text": "x"],
            headers: ["Idempotency-Key": "m1"])
        #expect(sent.status == 202 && sent.json["state"]?.string == "queued")
        #expect(
            admin.gateway.owners.calls("mail/send").map(\.idempotencyKey) == ["admin:m1"])
        let odd = await admin.send(
            .post, "/api/mail/messages",
            [
                "to": "a@example.com", "instance": 4, "recordValues": [:],
                "attachments": [["name": "x"]],
            ])
        #expect(odd.status == 422)
        let pointers = (odd.json["errors"]?.array ?? []).compactMap { $0["pointer"]?.string }
        #expect(
            Set(pointers) == [
                "/to", "/instance", "/recordValues", "/attachments/0/type",
                "/attachments/0/content",
            ])
    }

    @Test func `a raw mail is a download that no browser runs`() async throws {
        let admin = try await operatorOfAll()
        let raw = await admin.send(.get, "/api/mail/messages/3/raw")
        #expect(raw.status == 200)
        #expect(raw.text.contains("<script>"))
        #expect(raw.headers["Content-Type"] == "message/rfc822")
        #expect(raw.headers["Content-Disposition"]?.hasPrefix("attachment") == true)
        #expect(raw.headers["Content-Security-Policy"]?.contains("sandbox") == true)
    }

    @Test func `mailboxes are shown, read and replayed by code`() async throws {
        let admin = try await operatorOfAll()
        #expect(await admin.send(.get, "/api/mailboxes/support").status == 200)
        #expect(await admin.send(.get, "/api/mailboxes/helpdesk.support").status == 200)
        #expect(await admin.send(.get, "/api/mailboxes/Sup-port").status == 404)
        #expect(await admin.send(.post, "/api/mailboxes/support/read").status == 200)
        #expect(await admin.send(.get, "/api/mailboxes/support/messages?state=done").status == 200)
        #expect(await admin.send(.get, "/api/mailboxes/support/messages/1/raw").text == "raw")
        let replayed = await admin.send(.post, "/api/mailboxes/support/messages/1/replay")
        #expect(replayed.json["number"]?.integer == 1)
    }

    @Test func `a file streams to an import, and what an export made streams back`() async throws {
        let admin = try await operatorOfAll()
        let file = Array("subject\r\nFire\r\n".utf8)
        let run = await admin.gateway.send(
            .post, "/api/imports/tickets/runs", body: file, type: "text/csv; charset=utf-8",
            headers: ["Authorization": "Bearer \(admin.token)"])
        #expect(run.status == 202 && run.location == "/api/runs/1")
        #expect(admin.gateway.owners.state.withLock(\.uploads) == [file])
        let export = await admin.send(.post, "/api/exports/helpdesk.open/runs")
        #expect(export.status == 202 && export.location == "/api/runs/9")
        let sync = await admin.send(.post, "/api/syncs/helpdesk.crm/runs")
        #expect(sync.status == 202 && sync.location == "/api/runs/9")
        #expect(await admin.send(.get, "/api/runs/9").json["state"]?.string == "succeeded")
        let made = await admin.send(.get, "/api/runs/9/file")
        #expect(made.text == "a;b\r\n1;2\r\n")
        #expect(made.headers["Content-Type"] == "text/csv; charset=utf-8")
        #expect(made.headers["Content-Disposition"]?.contains("open_tickets.csv") == true)
        let none = await admin.send(.get, "/api/runs/9/errors")
        #expect(none.status == 404 && none.code == "not-found")
        #expect(await admin.send(.post, "/api/runs/9/cancel").status == 200)
    }

    @Test func `an upload of another type than files of rows is refused`() async throws {
        let admin = try await operatorOfAll()
        let answer = await admin.gateway.send(
            .post, "/api/imports/tickets/runs", body: [97], type: "image/png",
            headers: ["Authorization": "Bearer \(admin.token)"])
        #expect(answer.status == 415)
    }
}
