import Contracts
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct ModelTrialTests {
    private func browser() async throws -> Browser {
        let gateway = try await TestGateway()
        let browser = Browser(gateway)
        let admin = try await gateway.admin()
        browser.enter(as: admin)
        let sample = try JSONValue(parsing: ModelPageTests.sample)
        #expect(await admin.send(.put, "/api/models/helpdesk", sample).status == 201)
        return browser
    }

    private func attempt(_ browser: Browser, _ path: String, _ more: [String: String]) async
        -> TestGateway.Answer
    {
        await browser.get(path)
        let fields = browser.fields(of: path).merging(more) { $1 }
        return await browser.post(path, fields.merging(["_do": "try"]) { $1 }, hidden: false)
    }

    @Test func `a script is tried as it is typed, and its fault is marked in its line`()
        async throws
    {
        let browser = try await browser()
        let path = "/models/helpdesk/scripts/tidy"
        let fine = await attempt(
            browser, path, ["source": "return 1;\r\n", "t.record": "{\"a\": 1}"])
        #expect(fine.status == 200 && fine.text.contains("return 1;"))
        let fault = await attempt(browser, path, ["source": "ok();\r\nfails <here>\r\nok();"])
        #expect(fault.text.contains("Line 2: No &lt;here&gt;"))
        #expect(fault.text.contains("<div class=\"marked\" id=\"line\">2  fails &lt;here&gt;"))
        #expect(browser.fields(of: path)["source"] == "ok();\r\nfails <here>\r\nok();")
        let broken = await attempt(browser, path, ["t.parameters": "{"])
        #expect(broken.status == 200 && broken.text.contains("role=\"alert\""))
    }

    @Test func `rules are tried on a record that one thinks of`() async throws {
        let browser = try await browser()
        let page = await attempt(
            browser, "/models/helpdesk/rules/handle",
            [
                "t.operation": "insert", "t.after": "{\"subject\": \"<b>\"}",
                "when": "=1 == '<i>'",
            ])
        #expect(page.status == 200)
        #expect(
            page.text.contains("=1 == &#39;&lt;i&gt;&#39;") || page.text.contains("=1 == '&lt;i"))
        #expect(page.text.contains("helpdesk.handle") && page.text.contains("&lt;b&gt;"))
    }

    @Test func `the HTML of a notification stands in a frame that nothing of it leaves`()
        async throws
    {
        let browser = try await browser()
        let page = await attempt(
            browser, "/models/helpdesk/notifications/reminder",
            ["t.record": "helpdesk.ticket/1", "t.language": "de", "subject.en": "As typed <i>"])
        #expect(page.text.contains("<iframe class=\"mail\" sandbox=\"\""))
        #expect(page.text.contains("<dd>As typed &lt;i&gt;"))
        #expect(!page.text.contains("<b>Hallo"))
        let fields = browser.fields(of: "/models/helpdesk/notifications/reminder")
        let frame = await browser.post("/models/helpdesk/preview", fields, hidden: false)
        #expect(frame.text == "<b>Hallo</b>")
        let policy = frame.headers["Content-Security-Policy"] ?? ""
        #expect(policy.hasPrefix("sandbox; default-src 'none'"))
        let none = await browser.post("/models/nothing/preview", fields, hidden: false)
        #expect(none.status == 404)
    }

    @Test func `a mailbox is read, a job and a synchronization are run from their pages`()
        async throws
    {
        let browser = try await browser()
        let path = "/models/helpdesk/mailboxes/support"
        await browser.get(path)
        #expect(await browser.post(path, ["_do": "run"]).location == path)
        #expect(browser.gateway.owners.calls(ReadMailbox.path).count == 1)
        let export = "/models/helpdesk/exports/open_tickets"
        await browser.get(export)
        #expect(await browser.post(export, ["_do": "run"]).location == "/runs/9")
        browser.gateway.owners.state.withLock { $0.down = ["mail"] }
        let away = await browser.get(path)
        #expect(away.status == 200 && away.text.contains("does not answer"))
    }

    @Test func `a sample file proposes an import, and a file of one is planned`() async throws {
        let browser = try await browser()
        await browser.get("/models/helpdesk/new/imports?class=customer")
        let page = await browser.post(
            "/models/helpdesk/sample", file: "people.csv",
            "\u{FEFF}\"E-Mail\";Name;<x>\nanna@example.com;Anna;1\n", ["class": "customer"])
        #expect(page.status == 200, "\(page)")
        let fields = browser.fields(of: "/models/helpdesk/new/imports")
        #expect(fields["columns.0.from"] == "E-Mail" && fields["columns.0.to"] == "email")
        #expect(fields["columns.0.key"] == "true" && fields["mode"] == "upsert")
        #expect(fields["columns.1.to"] == "name" && fields["columns.2.from"] == "<x>")
        #expect(fields["options.separator"] == ";")
        let plan = await browser.post(
            "/models/helpdesk/new/imports", fields.merging(["code": "people"]) { $1 },
            hidden: false)
        #expect(plan.status == 200, "\(plan)")
        let edit = browser.fields(of: "/models/helpdesk/apply")["edit"] ?? ""
        #expect(edit.contains("\"to\":\"email\"") && !edit.contains("<x>"))
        let path = "/models/helpdesk/imports/customers"
        await browser.get(path)
        let run = await browser.post(path + "/plan", file: "a.csv", "E-mail;Name\r\n")
        #expect(run.status == 303 && run.location == "/runs/1")
        let bytes = browser.gateway.owners.state.withLock { $0.uploads.first }
        #expect(bytes == Array("E-mail;Name\r\n".utf8))
    }

    @Test func `a secret goes in and is never shown`() async throws {
        let browser = try await browser()
        await browser.get("/secrets")
        #expect(await browser.post("/secrets", ["name": "crm", "_secret": "s3cret"]).status == 303)
        #expect(browser.gateway.owners.state.withLock { $0.secrets } == ["crm": "s3cret"])
        let page = await browser.get("/secrets")
        #expect(page.text.contains("secret:crm") && !page.text.contains("s3cret"))
        let wrong = await browser.post("/secrets", ["name": "A B", "_secret": "wr0ng"])
        #expect(wrong.status == 422 && !wrong.text.contains("wr0ng"))
        await browser.post("/secrets", ["name": "crm", "_do": "delete"])
        #expect(browser.gateway.owners.state.withLock { $0.secrets.isEmpty })
    }

    @Test func `classes are drawn with a line for each reference, whatever leads in a circle`() {
        let document: JSONValue = [
            "code": "m",
            "classes": [
                [
                    "code": "a",
                    "columns": [
                        ["code": "b", "type": "reference", "class": "b"],
                        ["code": "self", "type": "reference", "class": "a"],
                        ["code": "far", "type": "reference", "class": "other.thing"],
                    ],
                ],
                [
                    "code": "b", "name": "<B>",
                    "columns": [["code": "a", "type": "reference", "class": "a"]],
                ],
            ],
        ]
        let standing = ModelStanding(code: "m", version: 1, document: document)
        let page = HTML.document {
            ModelDiagram(standing: standing, texts: .find("en")).drawing()
        }
        let text = String(decoding: page, as: UTF8.self)
        #expect(text.ranges(of: "class=\"wire\"").count == 3)
        #expect(text.ranges(of: "<rect").count == 2)
        #expect(text.contains("&lt;B&gt;") && !text.contains("<B>"))
    }

    @Test(arguments: ["[]", "{}", "[1,2.50,{\"a\":[\"\u{2028}\",null]}]"])
    func `JSON for people is the JSON that it was`(_ text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        let long = JSONValue.array(Array(repeating: value, count: 60))
        for item in [value, long] {
            #expect(try JSONValue(parsing: Array(JSONText.pretty(item).utf8)).text == item.text)
        }
    }

    @Test func `codes are made of names`() {
        #expect(ModelDesk.code(of: "  Příjem č. 2 ") == "prijem_c_2")
        #expect(ModelDesk.code(of: "2 Räder") == "raeder")
        #expect(ModelDesk.code(of: "\u{65E5}\u{672C}") == "")
        #expect(ModelDesk.code(of: String(repeating: "x", count: 90)).count == 60)
    }
}
