import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct PageTests {
    private static let list = "/m/helpdesk/ticket"

    private func browser(environment: [String: String] = [:]) async throws -> Browser {
        let gateway = try await TestGateway(environment: environment)
        let browser = Browser(gateway)
        browser.enter(as: try await gateway.person("anna", roles: ["agent"]))
        return browser
    }

    // MARK: Log-in

    @Test func `who is not logged in is sent to the log-in and back again`() async throws {
        let gateway = try await TestGateway()
        _ = try await gateway.person("anna", roles: ["agent"], password: true)
        let browser = Browser(gateway)
        let sent = await browser.get(PageTests.list + "?filter=count%20gt%201")
        #expect(sent.status == 303)
        #expect(sent.location.hasPrefix("/login?returnUrl="))
        await browser.follow()
        #expect(browser.page.status == 200)
        let back = await browser.post(
            "/login", ["account": "anna", "password": TestGateway.password])
        #expect(back.status == 303)
        #expect(back.location == PageTests.list + "?filter=count%20gt%201")
        #expect(await browser.follow().status == 200)
        let out = await browser.post("/logout", [:])
        #expect(out.status == 303 && out.location == "/login")
        #expect(await browser.get("/").status == 303)
    }

    @Test func `a wrong password shows the form again with the account kept`() async throws {
        let browser = Browser(try await TestGateway())
        await browser.get("/login")
        let again = await browser.post("/login", ["account": "ad<min", "password": "wrong"])
        #expect(again.status == 401)
        #expect(browser.value("account") == "ad<min")
        #expect(browser.value("password")?.isEmpty ?? true)
        #expect(again.text.contains("role=\"alert\""))
    }

    @Test(arguments: [
        "https://evil.example/", "//evil.example", "/\\evil.example", "/%09/evil", "javascript:x",
        "\\\\evil", "/a b", "/a\nb", "evil", "",
    ])
    func `the log-in leads to own pages only`(_ target: String) async throws {
        #expect(Link(own: target) == nil || target == "/%09/evil")
        let browser = Browser(try await TestGateway())
        await browser.get(Link("login", query: [("returnUrl", target)]).text)
        await browser.post("/login", ["account": "admin", "password": TestGateway.password])
        #expect(browser.page.location == "/" || browser.page.location == "/%09/evil")
    }

    @Test func `a log-in form works only in the browser that asked for it`() async throws {
        let gateway = try await TestGateway()
        let attacker = Browser(gateway)
        await attacker.get("/login")
        let token = attacker.value("_csrf") ?? ""
        let victim = Browser(gateway)
        let fields = ["account": "admin", "password": TestGateway.password, "_csrf": token]
        #expect(await victim.post("/login", fields, hidden: false).status == 403)
        await victim.get("/login")
        #expect(await victim.post("/login", fields, hidden: false).status == 403)
    }

    @Test func `over TLS the cookies are Secure and of this host alone`() async throws {
        let gateway = try await TestGateway(
            environment: ["GEARTRAIN_PUBLIC_URL": "https://gear.example"])
        let browser = Browser(gateway)
        await browser.get("/login")
        await browser.post("/login", ["account": "admin", "password": TestGateway.password])
        let cookie = try #require(browser.page.headers.all("Set-Cookie").first)
        #expect(cookie.hasPrefix("__Host-geartrain="))
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            #expect(cookie.contains(part))
        }
        #expect(!cookie.contains("Domain"))
        #expect(await browser.get("/").status == 200)
    }

    // MARK: Lists

    @Test func `the start page shows the classes that one may read`() async throws {
        let browser = try await browser()
        let home = await browser.get("/")
        #expect(home.status == 200)
        #expect(home.text.contains("href=\"/m/helpdesk/ticket\""))
        let admin = Browser(browser.gateway)
        admin.enter(as: try await browser.gateway.admin())
        let empty = await admin.get("/")
        #expect(empty.status == 200 && !empty.text.contains("/m/"))
    }

    @Test func `a list pages, sorts and keeps its filter`() async throws {
        let browser = try await browser()
        let anna = try await browser.gateway.session("anna")
        for index in 1...55 {
            _ = await anna.send(
                .post, "/api/records/helpdesk/ticket", ["subject": .string("T\(index)")])
        }
        let first = await browser.get(PageTests.list + "?filter=count%20gt%201&orderby=count")
        #expect(first.status == 200)
        #expect(first.text.contains("55 records"))
        #expect(first.text.contains("#50 T50") && !first.text.contains("#51 T51"))
        #expect(first.text.contains("orderby=count%20desc"))
        let next = "/m/helpdesk/ticket?filter=count%20gt%201&amp;orderby=count&amp;cursor=50"
        #expect(first.text.contains(next))
        let second = await browser.get(
            PageTests.list + "?filter=count%20gt%201&orderby=count&cursor=50")
        #expect(second.text.contains("#51 T51") && !second.text.contains("#50 T50"))
    }

    @Test func `a filter that cannot be read is shown at its field with what was typed`()
        async throws
    {
        let browser = try await browser()
        let page = await browser.get(PageTests.list + "?filter=nonsense%20%3C%22")
        #expect(page.status == 400)
        #expect(browser.value("filter") == "nonsense <\"")
        #expect(page.text.contains("nonsense is no column"))
        #expect(page.text.contains("aria-invalid=\"true\""))
    }

    // MARK: Records

    @Test func `a form is filled from the URL for the columns in prefill alone, and saves nothing`()
        async throws
    {
        let browser = try await browser()
        let page = await browser.get(
            PageTests.list + "/new?subject=Printer%20on%20%3Cfire%3E&count=7&secret=x&nothing=1")
        #expect(page.status == 200)
        #expect(browser.value("subject") == "Printer on <fire>")
        #expect(browser.value("count") == "")
        #expect(browser.value("secret") == nil)
        #expect(browser.gateway.owners.store.count("ticket") == 0)
        #expect(browser.gateway.owners.calls("records/create").isEmpty)
    }

    @Test func `a new form shows the defaults, and what is emptied of its default stays empty`()
        async throws
    {
        let browser = try await browser()
        let page = await browser.get(PageTests.list + "/new")
        #expect(page.text.contains("<option value=\"new\" selected>"))
        await browser.post(PageTests.list + "/new", ["subject": "a", "status": "", "count": ""])
        let anna = try await browser.gateway.session("anna")
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/1").json
        #expect(record["status"] == .some(.null))
        #expect(record["count"] == nil)
    }

    @Test func `saving leads to the record, which shows its values and history`() async throws {
        let browser = try await browser()
        let anna = try await browser.gateway.session("anna")
        _ = await anna.send(.post, "/api/records/helpdesk/customer", ["name": "Acme"])
        await browser.get(PageTests.list + "/new")
        let saved = await browser.post(
            PageTests.list + "/new",
            [
                "subject": "Fire", "body": "line 1\r\nline 2", "status": "open", "count": " 7 ",
                "spent": "2.50", "urgent": "true", "day": "2026-11-23",
                "due": "2026-11-24T10:15", "customer": "1", "secret": "mine",
            ])
        #expect(saved.status == 303 && saved.location == "/m/helpdesk/ticket/1", "\(saved)")
        let page = await browser.follow()
        #expect(page.status == 200)
        for text in ["#1 Fire", "Created.", "Acme", "History", "value=\"2026-11-24T10:15:00.000\""]
        {
            #expect(page.text.contains(text), "\(text)")
        }
        #expect(await !browser.get("/m/helpdesk/ticket/1").text.contains("Created."))
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/1").json
        #expect(record["count"]?.integer == 7)
        #expect(record["spent"] == .number(.init(unscaled: 250, scale: 2)))
        #expect(record["urgent"]?.boolean == true)
        #expect(record["body"]?.string == "line 1\nline 2")
        #expect(record["due"]?.string == "2026-11-24T10:15:00.000Z")
        #expect(record["secret"] == nil)
        let door = browser.gateway.owners.calls("records/create").last?.door
        #expect(door == .page)
    }

    @Test func `a form sent twice makes one record`() async throws {
        let browser = try await browser()
        await browser.get(PageTests.list + "/new")
        let fields = [
            "subject": "Once", "_key": browser.value("_key") ?? "", "_csrf": csrf(browser),
        ]
        for _ in 0..<2 {
            let saved = await browser.post(PageTests.list + "/new", fields, hidden: false)
            #expect(saved.location == "/m/helpdesk/ticket/1")
        }
        #expect(browser.gateway.owners.store.count("ticket") == 1)
    }

    private func csrf(_ browser: Browser) -> String { browser.value("_csrf") ?? "" }

    @Test func `faults are shown at their fields and the input is kept`() async throws {
        let browser = try await browser()
        await browser.get(PageTests.list + "/new")
        let page = await browser.post(
            PageTests.list + "/new",
            ["subject": "", "count": "seven", "spent": "1,5", "day": "yesterday", "due": "noon"])
        #expect(page.status == 422)
        #expect(page.text.contains("id=\"e-subject\""))
        for (name, value) in [
            ("count", "seven"), ("spent", "1,5"), ("day", "yesterday"), ("due", "noon"),
        ] {
            #expect(browser.value(name) == value)
            #expect(page.text.contains("id=\"e-\(name)\""), "\(name)")
        }
        let long = await browser.post(
            PageTests.list + "/new", ["subject": String(repeating: "x", count: 41)])
        #expect(long.status == 422 && long.text.contains("Too long a text."))
        #expect(browser.gateway.owners.store.count("ticket") == 0)
    }

    @Test func `only what differs is saved`() async throws {
        let browser = try await browser()
        let anna = try await browser.gateway.session("anna")
        _ = await anna.send(
            .post, "/api/records/helpdesk/ticket",
            ["subject": "Fire", "due": "2026-11-24T10:15:30.123Z", "urgent": nil])
        await browser.get(PageTests.list + "/1")
        let due = browser.value("due") ?? ""
        let same = await browser.post(PageTests.list + "/1", ["subject": "Fire", "due": due])
        #expect(same.status == 303)
        #expect(browser.gateway.owners.calls("records/change").isEmpty)
        await browser.get(PageTests.list + "/1")
        await browser.post(
            PageTests.list + "/1", ["subject": "Water", "due": due, "urgent": "", "body": ""])
        #expect(browser.page.status == 303)
        let changes = await anna.send(.get, "/api/records/helpdesk/ticket/1/history")
            .json["items"]?.array?.last?["changes"]?.array
        #expect(changes?.compactMap { $0["column"]?.string } == ["subject"])
        #expect(await browser.follow().text.contains("Saved."))
    }

    @Test func `a stale version shows both sides and can then be saved`() async throws {
        let browser = try await browser()
        let anna = try await browser.gateway.session("anna")
        _ = await anna.send(.post, "/api/records/helpdesk/ticket", ["subject": "Fire"])
        await browser.get(PageTests.list + "/1")
        _ = await anna.send(
            .patch, "/api/records/helpdesk/ticket/1", ["subject": "Theirs"],
            headers: ["If-Match": "\"1\""])
        let both = await browser.post(PageTests.list + "/1", ["subject": "Mine"])
        #expect(both.status == 412)
        #expect(browser.value("subject") == "Mine")
        #expect(both.text.contains("Stands now: Theirs"))
        #expect(both.text.split(separator: "Stands now:").count == 2)
        let saved = await browser.post(PageTests.list + "/1", ["subject": "Mine"])
        #expect(saved.status == 303)
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/1").json
        #expect(record["subject"]?.string == "Mine" && record["version"]?.integer == 3)
    }

    @Test func `a record is deleted by its form, and a stale one is shown first`() async throws {
        let browser = try await browser()
        let anna = try await browser.gateway.session("anna")
        _ = await anna.send(.post, "/api/records/helpdesk/ticket", ["subject": "Fire"])
        await browser.get(PageTests.list + "/1")
        _ = await anna.send(
            .patch, "/api/records/helpdesk/ticket/1", ["subject": "Theirs"],
            headers: ["If-Match": "\"1\""])
        #expect(await browser.post(PageTests.list + "/1/delete", [:]).status == 412)
        #expect(browser.gateway.owners.store.count("ticket") == 1)
        let gone = await browser.post(PageTests.list + "/1/delete", [:])
        #expect(gone.status == 303 && gone.location == PageTests.list)
        #expect(browser.gateway.owners.store.count("ticket") == 0)
    }

    @Test func `a form without the session's token does nothing`() async throws {
        let browser = try await browser()
        let anna = try await browser.gateway.session("anna")
        _ = await anna.send(.post, "/api/records/helpdesk/ticket", ["subject": "Fire"])
        for (path, fields) in [
            (PageTests.list + "/new", ["subject": "x"]),
            (PageTests.list + "/1", ["subject": "x", "_version": "1"]),
            (PageTests.list + "/1/delete", ["_version": "1"]), ("/logout", [:]),
        ] {
            for token in [nil, "", "forged"] {
                var fields = fields
                fields["_csrf"] = token
                let answer = await browser.post(path, fields, hidden: false)
                #expect(answer.status == 403, "\(path)")
                #expect(answer.text.contains("<main"))
            }
        }
        let record = await anna.send(.get, "/api/records/helpdesk/ticket/1").json
        #expect(record["subject"]?.string == "Fire" && record["version"]?.integer == 1)
        #expect(await browser.get("/").status == 200)
    }

    @Test func `what one may not know of is a page that says not found`() async throws {
        let browser = try await browser()
        for path in [PageTests.list + "/99", "/m/other/thing", "/m/helpdesk/ticket/x", "/nowhere"] {
            let page = await browser.get(path)
            #expect(page.status == 404, "\(path)")
            #expect(page.text.contains("<main") && page.text.contains("not-found"))
        }
    }

    // MARK: Faults

    @Test func `a service that is down gives a page that says so and keeps the input`()
        async throws
    {
        let browser = try await browser()
        await browser.get(PageTests.list + "/new")
        browser.gateway.owners.state.withLock { $0.down = ["records"] }
        let shown = await browser.post(
            PageTests.list + "/new", ["subject": "Long work", "body": "a \"quoted\" <text>"])
        #expect(shown.status == 503)
        #expect(shown.headers["Retry-After"] != nil)
        #expect(browser.value("subject") == "Long work")
        #expect(browser.value("body") == "a \"quoted\" <text>")
        let list = await Browser(browser.gateway).gateway.send(.get, "/problems")
        #expect(list.status == 200)
        browser.gateway.owners.state.withLock { $0.down = [] }
        try await eventually("records answers again") {
            await browser.post(PageTests.list + "/new", [:]).status == 303
        }
        #expect(browser.page.location == "/m/helpdesk/ticket/1")
        #expect(browser.gateway.owners.store.count("ticket") == 1)
    }

    @Test func `the environment stands on every page`() async throws {
        let browser = try await browser(environment: ["ENVIRONMENT": "acceptance"])
        for path in [
            "/", PageTests.list, PageTests.list + "/new", "/problems", "/nowhere",
            PageTests.list + "/9",
        ] {
            #expect(await browser.get(path).text.contains(">acceptance</span>"), "\(path)")
        }
        #expect(await Browser(browser.gateway).get("/login").text.contains(">acceptance</span>"))
    }

    // MARK: Links of persons

    @Test func `a link shows on GET and acts on POST, by page and by program`() async throws {
        let gateway = try await TestGateway()
        let browser = Browser(gateway)
        let shown = await browser.get("/e/good")
        #expect(shown.status == 200)
        #expect(shown.text.contains("Confirm &lt;ticket&gt; #1"))
        #expect(shown.headers["Referrer-Policy"] == "no-referrer")
        let asProgram = await gateway.send(
            .get, "/e/good", headers: ["Accept": "application/json"])
        #expect(asProgram.json["state"]?.string == "open")
        #expect(gateway.owners.calls("workflow/use-capability").isEmpty)
        let done = await browser.post("/e/good", [:])
        #expect(done.status == 303 && done.location == "/e/good")
        let after = await browser.follow()
        #expect(after.text.contains("Done. Thank you.") && after.text.contains("anonymous"))
        let twice = await gateway.send(
            .post, "/e/good", body: [], headers: ["Accept": "application/json"])
        #expect(twice.status == 200 && twice.json["state"]?.string == "used")
        let used = try #require(gateway.owners.calls("workflow/use-capability").first)
        #expect(used.principal.account == "anonymous" && used.principal.roles.isEmpty)
    }

    @Test(arguments: ["bad", "a%2Fb", "a%00", "%3Cscript%3E", String(repeating: "x", count: 300)])
    func `a link that is none is not found`(_ token: String) async throws {
        let gateway = try await TestGateway()
        let page = await gateway.send(.get, "/e/\(token)", headers: ["Accept": "text/html"])
        #expect(page.status == 404 && page.text.contains("<main"))
        let json = await gateway.send(.get, "/e/\(token)", headers: ["Accept": "application/json"])
        #expect(json.status == 404 && json.code == "not-found")
    }
}
