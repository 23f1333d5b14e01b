import Contracts
import HTTP
import JSON
import RPC
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct ModelPageTests {
    static let sample =
        TestFile.bytes(TestFile.repository + "/compose/models/helpdesk.json") ?? []

    private func browser(_ document: JSONValue? = nil) async throws -> Browser {
        let gateway = try await TestGateway()
        let browser = Browser(gateway)
        let admin = try await gateway.admin()
        browser.enter(as: admin)
        let sample = try JSONValue(parsing: ModelPageTests.sample)
        let answer = await admin.send(.put, "/api/models/helpdesk", document ?? sample)
        #expect(answer.status == 201)
        return browser
    }

    private func document(_ gateway: TestGateway, _ model: String = "helpdesk") throws
        -> JSONValue
    {
        let bytes = gateway.owners.state.withLock { $0.models[model]?.bytes } ?? []
        return try JSONValue(parsing: bytes)
    }

    private func apply(_ browser: Browser, _ model: String = "helpdesk") async
        -> TestGateway.Answer
    {
        let action = "/models/\(model)/apply"
        return await browser.post(action, browser.fields(of: action), hidden: false)
    }

    // MARK: A newcomer

    @Test func `a model begins with its first class, which its maker may use at once`()
        async throws
    {
        let gateway = try await TestGateway()
        let browser = Browser(gateway)
        browser.enter(as: try await gateway.admin())
        await browser.get("/models")
        await browser.post("/models", ["name": "Aufträge & mehr"])
        #expect(browser.page.status == 303)
        #expect(gateway.owners.state.withLock { $0.models.isEmpty })
        await browser.follow()
        let path = "/models/auftraege_mehr/new/classes"
        var fields = browser.fields(of: path)
        fields.merge([
            "name.en": "Order", "n.0.name": "Subject", "n.0.required": "true",
            "n.1.name": "Text", "n.1.type": "lines", "n.2.name": "State", "n.2.type": "choice",
            "n.2.more": "new, In work", "n.4.name": "Total", "n.4.type": "computed",
            "n.4.more": "1 + 1",
        ]) { $1 }
        let plan = await browser.post(path, fields, hidden: false)
        #expect(plan.status == 200 && plan.text.contains("adds"), "\(plan)")
        #expect(gateway.owners.state.withLock { $0.models.isEmpty })
        let applied = await apply(browser, "auftraege_mehr")
        #expect(applied.location == "/models/auftraege_mehr/classes/order", "\(applied)")
        let role = "auftraege_mehr_team"
        let expected: JSONValue = [
            "code": "auftraege_mehr", "name": "Aufträge & mehr", "roles": [.string(role)],
            "classes": [
                [
                    "code": "order", "webAccess": true, "name": "Order",
                    "columns": [
                        [
                            "code": "subject", "name": "Subject", "type": "text",
                            "required": true,
                        ],
                        ["code": "text", "name": "Text", "type": "text", "multiline": true],
                        [
                            "code": "state", "name": "State", "type": "choice",
                            "choices": ["new", ["code": "in_work", "name": "In work"]],
                        ],
                        [
                            "code": "total", "name": "Total", "type": "computed",
                            "value": "=1 + 1",
                        ],
                    ],
                    "grants": [
                        [
                            "role": .string(role),
                            "operations": .array(GrantTable.operations.map { .string($0) }),
                        ]
                    ],
                    "describe": "#{id} {subject}", "prefill": ["subject", "text", "state"],
                ]
            ],
        ]
        #expect(try document(gateway, "auftraege_mehr") == expected)
        let admin = try await gateway.admin()
        let members = await admin.send(.get, "/api/roles/\(role)").json["members"]
        #expect(members == ["admin"])
    }

    @Test func `nobody joins a role that was there before, whoever grants it something`()
        async throws
    {
        let browser = try await browser()
        let admin = try await browser.gateway.admin()
        let path = "/models/helpdesk/classes/customer"
        await browser.get(path)
        await browser.post(
            path,
            browser.fields(of: path).merging(["g.1.role": "customer", "g.1.read": "true"]) { $1 },
            hidden: false)
        #expect(await apply(browser).status == 303)
        #expect(await admin.send(.get, "/api/roles/customer").json["members"] == [])
    }

    @Test func `a model's name and roles are changed by their plan`() async throws {
        let browser = try await browser()
        let path = "/models/helpdesk/settings"
        await browser.get(path)
        let same = await browser.post(path, browser.fields(of: path), hidden: false)
        #expect(same.status == 200 && same.text.contains("Nothing would change"))
        await browser.get(path)
        let fields = browser.fields(of: path).merging([
            "name.cs": "Podpora", "roles": "agent\r\ncustomer\r\nboss",
        ]) { $1 }
        await browser.post(path, fields, hidden: false)
        #expect(await apply(browser).location == "/models/helpdesk")
        let now = try document(browser.gateway)
        #expect(now["name"]?["cs"] == "Podpora" && now["name"]?["de"] == "Helpdesk")
        #expect(now["roles"] == ["agent", "customer", "boss"])
    }

    // MARK: Editing

    @Test func `every form of the sample, sent as it is, changes nothing`() async throws {
        let browser = try await browser()
        let before = try document(browser.gateway)
        for language in ["en", "de", "cs"] {
            let admin = try await browser.gateway.admin()
            let account = await admin.send(.get, "/api/accounts/admin")
            _ = await admin.send(
                .patch, "/api/accounts/admin", ["language": .string(language)],
                headers: ["If-Match": account.headers["ETag"] ?? ""])
            for part in ModelPart.allCases {
                for definition in before[part.rawValue]?.array ?? [] {
                    let code = definition["code"]?.string ?? ""
                    let path = "/models/helpdesk/\(part.rawValue)/\(code)"
                    #expect(await browser.get(path).status == 200, "\(path)")
                    let fields = browser.fields(of: path)
                    #expect(fields.count > 2, "\(path)")
                    let plan = await browser.post(path, fields, hidden: false)
                    #expect(plan.status == 200, "\(path): \(plan)")
                    #expect(!plan.text.contains("/apply\""), "\(path) \(language)")
                }
            }
        }
        #expect(try document(browser.gateway) == before)
    }

    @Test func `columns are changed, added, removed and put in order, and the rest stays`()
        async throws
    {
        let browser = try await browser()
        let path = "/models/helpdesk/classes/ticket"
        await browser.get(path)
        var fields = browser.fields(of: path)
        fields["c.0.max"] = "80"
        fields["c.0.name.cs"] = "Předmět"
        fields["c.1.order"] = "0.5"
        fields["c.3.type"] = "text"
        fields["c.6.remove"] = "true"
        fields["c.2.choices"] = "new\r\nopen = In work\r\nclosed"
        fields["n.0.name"] = "Room"
        fields["g.1.change"] = "true"
        fields["g.0.role"] = ""
        await browser.post(path, fields, hidden: false)
        #expect(await apply(browser).status == 303)
        let sample = try JSONValue(parsing: ModelPageTests.sample)
        var expected = try #require(sample["classes"]?.array?.first?.object)
        var columns = (expected["columns"]?.array ?? []).compactMap(\.object)
        columns[0]["max"] = 80
        columns[0]["name"] = ["en": "Subject", "de": "Betreff", "cs": "Předmět"]
        columns[2]["choices"] = ["new", ["code": "open", "name": "In work"], "closed"]
        columns[3]["type"] = "text"
        columns[3]["default"] = "3"
        columns.remove(at: 6)
        columns.swapAt(0, 1)
        columns.append(JSONObject([("code", "room"), ("name", "Room"), ("type", "text")]))
        expected["columns"] = .array(columns.map { .object($0) })
        var grant = try #require(expected["grants"]?.array?.last?.object)
        grant["operations"] = ["read", "change"]
        expected["grants"] = [.object(grant)]
        #expect(try document(browser.gateway)["classes"]?.array?.first == .object(expected))
    }

    @Test func `a rule's actions and what has no field are kept beside what is changed`()
        async throws
    {
        let rule: JSONValue = [
            "code": "r", "class": "ticket", "on": "inserted",
            "future": .object(JSONObject([("a", try JSONValue(parsing: Array("[1, 2.50]".utf8)))])),
            "do": [
                ["set": ["status": "open", "priority": 2]], ["workflow": "handle_ticket"],
                ["http": ["url": "https://crm.example/x"]],
            ],
        ]
        var sample = try #require(try JSONValue(parsing: ModelPageTests.sample).object)
        sample["rules"] = [rule]
        let browser = try await browser(.object(sample))
        let path = "/models/helpdesk/rules/r"
        await browser.get(path)
        var fields = browser.fields(of: path)
        #expect(fields["_rest"]?.contains("2.50") == true)
        fields["when"] = "=record.spent > 1"
        fields["do.1.value"] = "=record.priority + 1"
        await browser.post(path, fields, hidden: false)
        #expect(await apply(browser).status == 303)
        var expected = try #require(rule.object)
        expected["when"] = "=record.spent > 1"
        expected["do"] = [
            ["set": ["status": "open", "priority": "=record.priority + 1"]],
            ["workflow": "handle_ticket"], ["http": ["url": "https://crm.example/x"]],
        ]
        #expect(try document(browser.gateway)["rules"] == [.object(expected)])
    }

    @Test func `a fault is shown at its field and what was typed stays`() async throws {
        let browser = try await browser()
        browser.gateway.owners.state.withLock {
            $0.faults["workflow"] = [
                FieldProblem(pointer: "/rules/0/when", code: "malformed", detail: "No <sense>."),
                FieldProblem(pointer: "/mailboxes/0/map/body", code: "x", detail: "No column."),
            ]
        }
        let path = "/models/helpdesk/rules/handle"
        await browser.get(path)
        var fields = browser.fields(of: path)
        fields["when"] = "=<nonsense"
        let page = await browser.post(path, fields, hidden: false)
        #expect(page.status == 422)
        #expect(browser.fields(of: path)["when"] == "=<nonsense")
        #expect(page.text.contains("aria-describedby=\"e-when\""))
        #expect(page.text.contains("<div id=\"e-when\"><p class=\"fault\">No &lt;sense&gt;."))
        #expect(page.text.contains("href=\"/models/helpdesk/mailboxes/support\">Mailbox support"))
        #expect(browser.gateway.owners.calls(ApplyModel.path).count == 1)
        fields["order"] = "ten"
        let number = await browser.post(path, fields, hidden: false)
        #expect(number.status == 422 && browser.fields(of: path)["order"] == "ten")
    }

    @Test func `a model that moved is planned anew, and both changes stay`() async throws {
        let browser = try await browser()
        let path = "/models/helpdesk/rules/handle"
        await browser.get(path)
        var fields = browser.fields(of: path)
        fields["order"] = "20"
        await browser.post(path, fields, hidden: false)
        let plan = browser.fields(of: "/models/helpdesk/apply")
        // Somebody else changes another definition meanwhile.
        let admin = try await browser.gateway.admin()
        var moved = try #require(try document(browser.gateway).object)
        moved["events"] = []
        _ = await admin.send(.put, "/api/models/helpdesk?allow=destructive", .object(moved))
        let again = await browser.post("/models/helpdesk/apply", plan, hidden: false)
        #expect(again.status == 409 && again.text.contains("Somebody changed the model"))
        #expect(try document(browser.gateway) == .object(moved))
        #expect(await apply(browser).status == 303)
        let now = try document(browser.gateway)
        #expect(now["events"] == [])
        #expect(now["rules"]?.array?.first?["order"] == 20)
        // A second click finds nothing more to do.
        let second = await browser.post("/models/helpdesk/apply", plan, hidden: false)
        #expect(second.status == 303)
        #expect(try document(browser.gateway) == now)
    }

    @Test func `who changes what somebody else just changed is told so before applying`()
        async throws
    {
        let browser = try await browser()
        let path = "/models/helpdesk/rules/handle"
        await browser.get(path)
        let mine = browser.fields(of: path).merging(["order": "20"]) { $1 }
        await browser.get(path)
        let theirs = browser.fields(of: path).merging(["when": "=true"]) { $1 }
        await browser.post(path, theirs, hidden: false)
        #expect(await apply(browser).status == 303)
        let plan = await browser.post(path, mine, hidden: false)
        #expect(plan.status == 200 && plan.text.contains("Somebody changed this definition"))
        // Back at the form, the input is there and the warning stays due.
        let back = browser.fields(of: path)
        #expect(back["order"] == "20" && back["_do"] == "edit")
        await browser.post(path, back, hidden: false)
        let again = await browser.post(path, browser.fields(of: path), hidden: false)
        #expect(again.text.contains("Somebody changed this definition"))
    }

    @Test func `a definition that somebody removed meanwhile is made anew of what was typed`()
        async throws
    {
        let browser = try await browser()
        let path = "/models/helpdesk/rules/handle"
        await browser.get(path)
        let mine = browser.fields(of: path).merging(["order": "20"]) { $1 }
        let admin = try await browser.gateway.admin()
        var without = try #require(try document(browser.gateway).object)
        let rule = try #require(without["rules"]?.array?.first?.object)
        without["rules"] = []
        _ = await admin.send(.put, "/api/models/helpdesk", .object(without))
        #expect(await browser.get(path).status == 404)
        let plan = await browser.post(path, mine, hidden: false)
        #expect(plan.status == 200 && plan.text.contains("adds"), "\(plan)")
        #expect(await apply(browser).status == 303)
        var expected = rule
        expected["order"] = 20
        #expect(try document(browser.gateway)["rules"] == [.object(expected)])
    }

    @Test func `more rows come with what was typed`() async throws {
        let browser = try await browser()
        let path = "/models/helpdesk/new/classes"
        await browser.get(path)
        let first = browser.fields(of: path)
        #expect(first["n.5.name"] != nil && first["n.6.name"] == nil)
        let typed = first.merging(["n.5.name": "Sixth", "_do": "edit"]) { $1 }
        let page = await browser.post(path, typed, hidden: false)
        let fields = browser.fields(of: path)
        #expect(page.status == 200 && fields["n.5.name"] == "Sixth")
        #expect(fields["n.11.name"] == "")
        #expect(!page.text.contains("role=\"alert\""))
    }

    @Test func `what would destroy data is done only where one says so`() async throws {
        let browser = try await browser()
        let before = try document(browser.gateway)
        browser.gateway.owners.state.withLock {
            $0.planned = [
                [
                    "operation": "drop", "kind": "column", "code": "ticket.body",
                    "destructive": true, "detail": "3 values",
                ]
            ]
        }
        let path = "/models/helpdesk/rules/handle"
        await browser.get(path)
        let plan = await browser.post(
            path, browser.fields(of: path).merging(["_do": "remove"]) { $1 }, hidden: false)
        #expect(plan.text.contains("name=\"allow\"") && plan.text.contains("3 values"))
        #expect(await apply(browser).status == 409)
        #expect(try document(browser.gateway) == before)
        let action = "/models/helpdesk/apply"
        let fields = browser.fields(of: action).merging(["allow": "destructive"]) { $1 }
        #expect(await browser.post(action, fields, hidden: false).status == 303)
        #expect(try document(browser.gateway)["rules"] == [])
    }

    @Test func `a document is downloaded, typed and uploaded, each by its plan`() async throws {
        let browser = try await browser()
        let file = await browser.get("/models/helpdesk/document.json")
        #expect(file.headers["Content-Disposition"] == "attachment; filename=\"helpdesk.json\"")
        #expect(file.json == (try document(browser.gateway)))
        await browser.get("/models/helpdesk")
        let text = String(decoding: file.bytes, as: UTF8.self)
        let same = await browser.post("/models/-/upload", file: "a.json", text)
        #expect(same.status == 200 && same.text.contains("Nothing would change"))
        let broken = await browser.post("/models/helpdesk/upload", file: "a.json", "{\"code\":")
        #expect(broken.status == 422 && broken.text.contains("e-document"))
        let other = await browser.post(
            "/models/-/upload", file: "b.json", "{\"code\": \"other\", \"classes\": []}")
        #expect(other.status == 200)
        #expect(await apply(browser, "other").location == "/models/other")
        #expect(try document(browser.gateway, "other") == ["code": "other", "classes": []])
        await browser.get("/models/other/document")
        let typed = await browser.post(
            "/models/other/document", ["document": "{\"code\": \"other\", \"name\": \"<O>\"}"])
        #expect(typed.status == 200)
        #expect(await apply(browser, "other").status == 303)
        #expect(try document(browser.gateway, "other")["name"] == "<O>")
    }
}
