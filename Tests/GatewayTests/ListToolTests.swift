import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Gateway

/// What is done with a list: saved views, several records at once, the board, files, and the
/// search over all classes.
@Suite struct ListToolTests {
    private static let list = "/m/helpdesk/ticket"

    private func browser(records: Int = 3) async throws -> (Browser, TestGateway.Client) {
        let gateway = try await TestGateway(environment: [:])
        let browser = Browser(gateway)
        let anna = try await gateway.person("anna", roles: ["agent"])
        for index in 0..<records {
            _ = await anna.send(
                .post, "/api/records/helpdesk/ticket",
                ["subject": .string("T\(index + 1)"), "status": "new"])
        }
        browser.enter(as: anna)
        return (browser, anna)
    }

    // MARK: Saved views

    @Test func `a list is kept under a name, changed, and taken away`() async throws {
        let (browser, _) = try await browser()
        let kept = "filter=count%20gt%201&columns=spent&orderby=count"
        await browser.get(ListToolTests.list + "?" + kept)
        let saved = await browser.post(
            ListToolTests.list + "/views", ["name": "Mi<ne>", "list": kept + "&cursor=50&at=50"])
        #expect(saved.status == 303)
        #expect(saved.location == ListToolTests.list + "?" + kept + "&saved=1")
        let page = await browser.follow()
        #expect(page.text.contains("aria-current=\"page\">Mi&lt;ne&gt;</a>"))
        #expect(!page.text.contains("becomes this list"))
        #expect(await browser.get("/").text.contains(">Mi&lt;ne&gt;</a>"))
        let other = await browser.get(ListToolTests.list + "?filter=count%20gt%202&saved=1")
        #expect(other.text.contains("becomes this list"))
        await browser.post(
            ListToolTests.list + "/views", ["id": "1", "list": "filter=count%20gt%202&saved=1"])
        #expect(browser.page.location == ListToolTests.list + "?filter=count%20gt%202&saved=1")
        await browser.follow()
        let gone = await browser.post(ListToolTests.list + "/views/1/delete", [:])
        #expect(gone.status == 303 && gone.location == ListToolTests.list)
        #expect(await !browser.get(ListToolTests.list).text.contains("Mi&lt;ne"))
    }

    @Test func `a view is of one account, unless who builds models shares it`() async throws {
        let (browser, _) = try await browser()
        await browser.get(ListToolTests.list)
        let shared = await browser.post(
            ListToolTests.list + "/views", ["name": "All", "list": "", "shared": "1"])
        #expect(shared.status == 403)
        await browser.get(ListToolTests.list)
        await browser.post(ListToolTests.list + "/views", ["name": "Mine", "list": ""])
        let gateway = browser.gateway
        let bob = Browser(gateway)
        bob.enter(as: try await gateway.person("bob", roles: ["agent"]))
        #expect(await !bob.get(ListToolTests.list).text.contains(">Mine</a>"))
        let foreign = await bob.post(ListToolTests.list + "/views", ["id": "1", "list": ""])
        #expect(foreign.status == 404)
        await bob.get(ListToolTests.list)
        #expect(await bob.post(ListToolTests.list + "/views/1/delete", [:]).status == 404)
        let admin = try await gateway.admin()
        _ = await admin.send(
            .put, "/api/roles/builder",
            ["name": ["en": "B"], "members": ["bob"], "permissions": ["models:write"]])
        bob.enter(as: try await gateway.session("bob"))
        await bob.get(ListToolTests.list)
        let all = await bob.post(
            ListToolTests.list + "/views", ["name": "Ours", "list": "search=x", "shared": "1"])
        #expect(all.status == 303)
        let page = await browser.get(ListToolTests.list + "?search=x&saved=2")
        #expect(page.text.contains(">Ours</a>") && page.text.contains(">Mine</a>"))
        #expect(!page.text.contains("Delete view"))
    }

    @Test func `views without a name, too many, or of a class that one may not read are refused`()
        async throws
    {
        let (browser, _) = try await browser()
        for name in ["", "   ", String(repeating: "x", count: ListViewStore.nameLimit + 1)] {
            await browser.get(ListToolTests.list)
            let page = await browser.post(
                ListToolTests.list + "/views", ["name": name, "list": ""])
            #expect(page.status == 400)
        }
        await browser.get(ListToolTests.list)
        let long = "filter=" + String(repeating: "x", count: ListViewStore.queryLimit)
        let page = await browser.post(
            ListToolTests.list + "/views", ["name": "Long", "list": long])
        #expect(page.status == 400)
        await browser.get(ListToolTests.list)
        #expect(await browser.post("/m/other/thing/views", ["name": "x"]).status == 404)
        for index in 0...ListViewStore.limit {
            await browser.get(ListToolTests.list)
            let saved = await browser.post(
                ListToolTests.list + "/views", ["name": "V\(index)", "list": ""])
            #expect(saved.status == (index < ListViewStore.limit ? 303 : 409))
        }
    }

    // MARK: Several at once

    @Test func `what was ticked is changed, column by ticked column`() async throws {
        let (browser, anna) = try await browser()
        let many = ListToolTests.list + "/many?id=1&id=3&list=orderby%3Dcount"
        let page = await browser.get(many)
        #expect(page.status == 200 && page.text.contains("2 records"))
        #expect(page.text.contains("#1 T1") && !page.text.contains("#2 T2"))
        let nothing = await browser.post(many, ["status": "open", "_do": ""])
        #expect(nothing.status == 422 && nothing.text.contains("Tick the columns"))
        await browser.get(many)
        let saved = await browser.post(
            many, ["status": "open", "subject": "", "_set": "status", "_record": "1:1", "_do": ""])
        #expect(saved.status == 303 && saved.location == ListToolTests.list + "?orderby=count")
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/1").json
        #expect(record["status"]?.string == "open" && record["subject"]?.string == "T1")
    }

    @Test func `one that moved on is named, and the others are done`() async throws {
        let (browser, anna) = try await browser()
        let many = ListToolTests.list + "/many?id=1"
        await browser.get(many)
        _ = await anna.send(
            .patch, "/api/records/helpdesk/ticket/1", ["subject": "Theirs"],
            headers: ["If-Match": "\"1\""])
        let page = await browser.post(many, ["count": "5", "_set": "count", "_do": ""])
        #expect(page.status == 422 && page.text.contains("#1 Theirs: It changed"))
        let gone = await browser.post(many, ["_do": "delete", "_set": ""])
        #expect(gone.status == 303, "\(gone.text)")
        #expect(browser.gateway.owners.store.count("ticket") == 2)
    }

    @Test func `all that a filter names are changed where the grant is there`() async throws {
        let (browser, _) = try await browser(records: 60)
        let all = ListToolTests.list + "/many?all=1&list=filter%3Dcount%2520gt%25201"
        #expect(await !browser.get(ListToolTests.list).text.contains("all=1"))
        await browser.get(all)
        let refused = await browser.post(all, ["count": "5", "_set": "count"])
        #expect(refused.status == 403)
        browser.gateway.owners.store.grant(["changeMany"])
        #expect(await browser.get(ListToolTests.list).text.contains("Edit all 60"))
        await browser.get(all)
        let done = await browser.post(all, ["count": "5", "_set": "count"])
        #expect(done.status == 303, "\(done.text)")
        let call = try #require(browser.gateway.owners.store.many.first)
        #expect(call.filter == "count gt 1" && call.expect == 60)
        #expect(String(decoding: call.body.bytes, as: UTF8.self) == "{\"count\":5}")
        let none = await browser.get(ListToolTests.list + "/many")
        #expect(none.status == 400)
    }

    // MARK: Board, files, search

    @Test func `a board has a lane for each choice, and its cards move`() async throws {
        let (browser, anna) = try await browser()
        let board = ListToolTests.list + "?filter=count%20gt%201&view=board&by=status"
        let page = await browser.get(board)
        #expect(page.status == 200)
        #expect(page.text.contains("data-lane=\"new\"") && page.text.contains("data-lane=\"open\""))
        let filters = browser.gateway.owners.store.lists.suffix(3).compactMap(\.filter)
        #expect(
            Set(filters) == [
                "count gt 1 and status eq null", "count gt 1 and status eq 'new'",
                "count gt 1 and status eq 'open'",
            ])
        let back = "filter%3Dcount%2520gt%25201%26view%3Dboard%26by%3Dstatus"
        let moved = await browser.post(
            ListToolTests.list + "/2/move?list=" + back,
            ["_version": "1", "column": "status", "value": "open"])
        #expect(moved.status == 303 && moved.location == board)
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/2").json
        #expect(record["status"]?.string == "open" && record["version"]?.integer == 2)
        await browser.get(board)
        let stale = await browser.post(
            ListToolTests.list + "/2/move?list=" + back,
            ["_version": "1", "column": "status", "value": "new"])
        #expect(stale.status == 412)
        let other = await browser.get(ListToolTests.list + "?view=board&by=nothing")
        #expect(other.text.contains("data-lane=\"new\""))
    }

    @Test func `a list leaves as a file with its filter and its columns`() async throws {
        let (browser, _) = try await browser()
        #expect(await !browser.get(ListToolTests.list).text.contains("export=csv"))
        browser.gateway.owners.store.grant(["export"])
        let path = ListToolTests.list + "?filter=count%20gt%201&columns=spent%2Cstatus"
        let page = await browser.get(path + "&cursor=50&at=50&saved=3")
        #expect(page.text.contains((path + "&export=xlsx").escaped))
        let file = await browser.get(path + "&export=csv")
        #expect(file.status == 200 && file.text == "count gt 1|id,spent,status|csv")
        #expect(
            file.headers["Content-Disposition"] == "attachment; filename=\"ticket.csv\"")
        #expect(await browser.get(path + "&export=pdf").status == 400)
    }

    @Test func `a search goes through every class that one may read`() async throws {
        let (browser, anna) = try await browser()
        _ = await anna.send(.post, "/api/records/helpdesk/customer", ["name": "Acme"])
        let page = await browser.get("/search?q=it%27s")
        #expect(page.status == 200 && page.text.contains("Found for “it&#39;s”"))
        #expect(page.text.contains("href=\"\(ListToolTests.list)?search=it%27s\""))
        #expect(page.text.contains("#3 T3") && page.text.contains("#1 Acme"))
        #expect(!page.text.contains(">More</a>"))
        #expect(await browser.get("/search").status == 200)
        for index in 4...6 {
            _ = await anna.send(
                .post, "/api/records/helpdesk/ticket", ["subject": .string("T\(index)")])
        }
        #expect(await browser.get("/search?q=it%27s").text.contains(">More</a>"))
        // All would have to be read to be counted: no class here has its words indexed.
        #expect(browser.gateway.owners.store.lists.allSatisfy { $0.count == nil })
        let admin = Browser(browser.gateway)
        admin.enter(as: try await browser.gateway.admin())
        #expect(await admin.get("/search?q=x").text.contains("Nothing found."))
    }
}
