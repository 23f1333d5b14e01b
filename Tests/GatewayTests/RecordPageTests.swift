import Contracts
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// A record's page: what stands around it, both sides of a stale version, and the way back.
@Suite struct RecordPageTests {
    private static let list = "/m/helpdesk/ticket"
    private static let one = list + "/1"

    private func browser(_ values: JSONValue = ["subject": "Fire"]) async throws -> (
        Browser, TestGateway.Client
    ) {
        let gateway = try await TestGateway(environment: [:])
        let browser = Browser(gateway)
        let anna = try await gateway.person("anna", roles: ["agent"])
        _ = await anna.send(.post, "/api/records/helpdesk/ticket", values)
        browser.enter(as: anna)
        return (browser, anna)
    }

    private func change(_ anna: TestGateway.Client, _ values: JSONValue, version: Int = 1) async {
        _ = await anna.send(
            .patch, "/api/records/helpdesk/ticket/1", values,
            headers: ["If-Match": "\"\(version)\""])
    }

    @Test func `what nobody else changed needs no choice`() async throws {
        let (browser, anna) = try await browser(["subject": "Fire", "count": 1, "status": "new"])
        await browser.get(RecordPageTests.one)
        await change(anna, ["count": 2])
        let both = await browser.post(
            RecordPageTests.one, ["subject": "Mine", "count": "1", "status": "new"])
        #expect(both.status == 412)
        #expect(browser.value("subject") == "Mine" && browser.value("count") == "2")
        #expect(!both.text.contains("_take-") && both.text.contains("Nothing of both collides"))
        let saved = await browser.post(
            RecordPageTests.one, ["subject": "Mine", "count": "2", "status": "new"])
        #expect(saved.status == 303)
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/1").json
        #expect(record["subject"]?.string == "Mine" && record["count"]?.integer == 2)
    }

    @Test func `where both changed a value the person says which one to take`() async throws {
        let (browser, anna) = try await browser(["subject": "Fire", "count": 1])
        await browser.get(RecordPageTests.one)
        await change(anna, ["subject": "Theirs", "count": 3])
        await change(anna, ["count": 2], version: 2)
        let both = await browser.post(RecordPageTests.one, ["subject": "Mine", "count": "5"])
        #expect(both.status == 412)
        #expect(both.text.contains("Stands now: Theirs") && both.text.contains("Stands now: 2"))
        let saved = await browser.post(
            RecordPageTests.one,
            [
                "subject": "Mine", "count": "5", "_take-subject": "theirs", "_take-count": "mine",
            ])
        #expect(saved.status == 303)
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/1").json
        #expect(record["subject"]?.string == "Theirs" && record["count"]?.integer == 5)
    }

    @Test func `an earlier version is put back, unless the record moved on`() async throws {
        let (browser, anna) = try await browser()
        await change(anna, ["subject": "Water"])
        let page = await browser.get(RecordPageTests.one)
        #expect(page.text.contains("Put version 1 back") && !page.text.contains("version 2 back"))
        await change(anna, ["subject": "Earth"], version: 2)
        let moved = await browser.post(RecordPageTests.one + "/restore", ["to": "1"])
        #expect(moved.status == 412 && browser.value("subject") == "Earth")
        let done = await browser.post(RecordPageTests.one + "/restore", ["to": "1"])
        #expect(done.status == 303 && done.location == RecordPageTests.one)
        await browser.follow()
        #expect(browser.value("subject") == "Fire")
    }

    @Test
    func `tasks, workflows and mail are shown to whom they are open, or say that they are away`()
        async throws
    {
        let (browser, _) = try await browser()
        let page = await browser.get(RecordPageTests.one)
        #expect(page.text.contains("Look at it") && !page.text.contains("Another"))
        #expect(!page.text.contains("helpdesk.handle"))
        #expect(browser.gateway.owners.calls("mail/messages").isEmpty)
        browser.gateway.owners.state.withLock { $0.down = ["workflow"] }
        let away = await browser.get(RecordPageTests.one)
        #expect(away.status == 200 && away.text.contains("This part does not answer just now."))
        browser.gateway.owners.state.withLock { $0.down = [] }
        let admin = try await browser.gateway.admin()
        _ = await admin.send(
            .put, "/api/roles/agent",
            [
                "name": ["en": "Agent"], "enabled": true, "members": ["anna"],
                "permissions": ["operations:read", "mail:read"],
            ], headers: ["If-Match": "\"2\""])
        browser.enter(as: try await browser.gateway.session("anna"))
        try await eventually("the workflow answers again") {
            await browser.get(RecordPageTests.one).text.contains("href=\"/instances/41\"")
        }
        #expect(browser.gateway.owners.calls("mail/messages").count > 0)
    }

    @Test func `records that refer to it are counted, shown, and a new one names it`() async throws
    {
        let (browser, anna) = try await browser()
        _ = await anna.send(.post, "/api/records/helpdesk/customer", ["name": "Acme"])
        let page = await browser.get("/m/helpdesk/customer/1")
        #expect(page.text.contains("href=\"\(RecordPageTests.list)?filter=customer%20eq%201\""))
        let new = "/new?customer=1&returnUrl=%2Fm%2Fhelpdesk%2Fcustomer%2F1"
        #expect(page.text.contains(RecordPageTests.list + new.escaped))
        let call = try #require(
            browser.gateway.owners.store.lists.last { $0.filter == "customer eq 1" })
        #expect(call.count == true && call.limit == RecordParts.limit)
    }

    @Test func `a record knows its neighbours in the list and the way back`() async throws {
        let (browser, anna) = try await browser()
        for _ in 0..<2 {
            _ = await anna.send(.post, "/api/records/helpdesk/ticket", ["subject": "More"])
        }
        let list = "?list=orderby%3Dcount"
        let page = await browser.get(RecordPageTests.list + "/2" + list)
        #expect(page.text.contains("\"\(RecordPageTests.list)/1\(list)\" rel=\"prev\""))
        #expect(page.text.contains("\"\(RecordPageTests.list)/3\(list)\" rel=\"next\""))
        #expect(page.text.contains("\"\(RecordPageTests.list)?orderby=count\""))
        let saved = await browser.post(RecordPageTests.list + "/2" + list, ["subject": "Less"])
        #expect(saved.location == RecordPageTests.list + "/2" + list)
        await browser.follow()
        let gone = await browser.post(RecordPageTests.list + "/2/delete" + list, ["_version": "2"])
        #expect(gone.location == RecordPageTests.list + "?orderby=count")
    }

    @Test func `what was deleted is found by who may delete, and put back`() async throws {
        let (browser, _) = try await browser()
        await browser.get(RecordPageTests.one)
        await browser.post(RecordPageTests.one + "/delete", [:])
        #expect(await !browser.get(RecordPageTests.list).text.contains("#1 Fire"))
        let bin = await browser.get(RecordPageTests.list + "?deleted=only")
        #expect(bin.text.contains("#1 Fire") && bin.text.contains("24 Nov 2026 00:00"))
        let path = RecordPageTests.one + "?list=deleted%3Donly"
        #expect(bin.text.contains(path))
        let gone = await browser.get(path)
        #expect(gone.status == 200 && gone.text.contains("This record is deleted."))
        #expect(!gone.text.contains("data-draft"))
        let back = await browser.post(RecordPageTests.one + "/restore?list=deleted%3Donly", [:])
        #expect(back.status == 303 && back.location == RecordPageTests.one)
        #expect(await browser.follow().text.contains("data-draft"))
    }

    @Test func `a reference of many records is looked for`() async throws {
        let (browser, anna) = try await browser(["subject": "Fire", "customer": 60])
        for index in 1...60 {
            _ = await anna.send(
                .post, "/api/records/helpdesk/customer", ["name": .string("C\(index)")])
        }
        let page = await browser.get(RecordPageTests.one)
        #expect(page.text.contains("data-picker=\"/m/helpdesk/customer/pick\""))
        #expect(page.text.contains("data-called=\"C60\"") && browser.value("customer") == "60")
        let found = await browser.get("/m/helpdesk/customer/pick?q=7")
        #expect(found.status == 200 && found.json["items"]?.array?.count == RecordPages.pickLimit)
        let call = try #require(browser.gateway.owners.store.lists.last)
        #expect(call.filter == "(contains(name,'7') or id eq 7)")
    }

    @Test func `a megabyte in a cell is cut in the list and whole in the record`() async throws {
        let text = String(repeating: "ž<b>", count: 200_000)
        let (browser, _) = try await browser(["subject": "Big", "body": .string(text)])
        let list = await browser.get(RecordPageTests.list + "?columns=subject,body")
        #expect(list.status == 200 && list.bytes.count < 40_000)
        let page = await browser.get(RecordPageTests.one)
        #expect(page.text.contains("ž&lt;b&gt;</textarea>"))
        let saved = await browser.post(RecordPageTests.one, ["subject": "Big", "body": text + "x"])
        #expect(saved.status == 303, "\(saved.status)")
    }
}
