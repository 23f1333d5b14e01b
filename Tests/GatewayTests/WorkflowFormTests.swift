import HTTP
import JSON
import Testing

@testable import Gateway

/// Steps of a workflow by their form.
@Suite struct WorkflowFormTests {
    private static let path = "/models/helpdesk/workflows/look"
    private static let steps: JSONValue = [
        [
            "code": "ask", "kind": "task", "title": "=record.subject",
            "assignee": ["role": "agent"], "outcomes": ["yes": "tell", "no": "end"],
            "unheard": ["of": [1, 2]],
        ],
        [
            "code": "tell", "kind": "mail", "notification": "reminder", "to": ["a@b.example"],
            "next": "end",
        ],
        ["code": "end", "kind": "end"],
    ]

    /// With a workflow `look` of these steps.
    private func browser(_ steps: JSONValue = Self.steps) async throws -> Browser {
        let gateway = try await TestGateway()
        let browser = Browser(gateway)
        let admin = try await gateway.admin()
        browser.enter(as: admin)
        var sample = try JSONValue(parsing: ModelPageTests.sample).object ?? JSONObject()
        sample["workflows"] = [
            ["code": "look", "class": "ticket", "start": "ask", "steps": steps]
        ]
        #expect(await admin.send(.put, "/api/models/helpdesk", .object(sample)).status == 201)
        await browser.get(Self.path)
        return browser
    }

    /// What the plan of the form as it stands would put; nil where there is none.
    private func planned(_ browser: Browser, _ more: [String: String] = [:]) async throws
        -> [JSONValue]?
    {
        let fields = browser.fields(of: Self.path).merging(more) { $1 }
        let page = await browser.post(
            Self.path, fields.merging(["_do": "plan"]) { $1 }, hidden: false)
        guard page.status == 200 else { return nil }
        guard let edit = browser.fields(of: "/models/helpdesk/apply")["edit"] else { return nil }
        let value = try JSONValue(parsing: Array(edit.utf8))
        return value["changes"]?.array?.first?["value"]?["steps"]?.array
    }

    @discardableResult
    private func act(_ browser: Browser, _ word: String, _ more: [String: String] = [:]) async
        -> TestGateway.Answer
    {
        let fields = browser.fields(of: Self.path).merging(more) { $1 }
        return await browser.post(
            Self.path, fields.merging(["_do": word]) { $1 }, hidden: false)
    }

    @Test func `what is not touched stays as it was, also what has no field`() async throws {
        let browser = try await browser()
        let fields = browser.fields(of: Self.path)
        #expect(fields["s.0.outcomes.0.key"] == "yes" && fields["s.1.kind"] == "mail")
        let steps = try await planned(browser, ["s.1.next": "ask"])
        #expect(steps?.first == Self.steps.array?.first)
        #expect(
            steps?[1] == [
                "code": "tell", "kind": "mail", "notification": "reminder",
                "to": ["a@b.example"], "next": "ask",
            ])
    }

    @Test func `steps are added, moved and removed, and the ways follow`() async throws {
        let browser = try await browser()
        await act(browser, "step.add", ["add.kind": "timer", "s.0.title": "Typed <b>"])
        var fields = browser.fields(of: Self.path)
        #expect(fields["s.2.code"] == "step" && fields["s.2.kind"] == "timer")
        #expect(fields["s.1.next"] == "step" && fields["s.2.next"] == "end")
        #expect(fields["s.0.title"] == "Typed <b>")
        await act(browser, "step.up.2", ["s.2.wait": "2d"])
        fields = browser.fields(of: Self.path)
        #expect(fields["s.1.code"] == "step" && fields["s.1.wait"] == "2d")
        #expect(fields["s.2.code"] == "tell" && fields["s.2.to"] == "[\"a@b.example\"]")
        await act(browser, "step.remove.2")
        let steps = try await planned(browser)
        #expect(steps?.compactMap { $0["code"]?.string } == ["ask", "step", "end"])
        // What led to the mail leads to what came after it.
        #expect(steps?[0]["outcomes"] == ["yes": "step", "no": "end"])
        #expect(steps?[0]["unheard"] == ["of": [1, 2]])
        #expect(steps?[1]["wait"] == "2d")
    }

    @Test func `another kind has other fields, and the old ones go`() async throws {
        let browser = try await browser()
        await act(browser, "step.kind.1", ["s.1.kind": "condition"])
        var fields = browser.fields(of: Self.path)
        #expect(fields["s.1.when"] == "" && fields["s.1.notification"] == nil)
        fields = ["s.1.when": "=true", "s.1.then": "end", "s.1.else": "ask"]
        let steps = try await planned(browser, fields)
        #expect(steps?[1]["notification"] == nil && steps?[1]["when"] == "=true")
        #expect(steps?[1]["then"] == "end" && steps?[1]["code"] == "tell")
    }

    @Test func `JSON that was changed counts, and what is none stays to be mended`() async throws {
        let browser = try await browser()
        let json = #"[{"code": "only", "kind": "end"}]"#
        let steps = try await planned(browser, ["steps.json": json, "start": "only"])
        #expect(steps == [["code": "only", "kind": "end"]])
        let again = try await self.browser()
        let wrong = await act(again, "plan", ["steps.json": "[{<b>"])
        #expect(wrong.status == 422 && wrong.text.contains("[{&lt;b&gt;"))
        #expect(again.fields(of: Self.path)["steps.json"] == "[{<b>")
        #expect(try await planned(again, ["steps.json": json])?.count == 1)
    }

    @Test(
        arguments: [
            "step.", "step..", "step.up", "step.up.-1", "step.up.99", "step.down.\(Int.max)",
            "step.remove.\(Int.min)", "step.kind.\(Int.max)", "step.x.1", "step.down.2",
        ])
    func `a word that is none changes nothing`(_ word: String) async throws {
        let browser = try await browser()
        let answer = await act(browser, word)
        #expect(answer.status == 200)
        #expect(try await planned(browser, ["s.0.title": "=record.x"])?.count == 3)
    }

    @Test func `more steps than a workflow may have are refused, and rows have inputs`()
        async throws
    {
        let browser = try await browser()
        let many = "[" + String(repeating: "{},", count: 1000) + "{}]"
        let answer = await act(browser, "edit", ["steps.json": many])
        #expect(answer.text.utf8.count < 400_000 && answer.text.contains("at most 1000"))
        let other = try await self.browser()
        let fields = ["steps.json": "[1]"]
        #expect(await act(other, "plan", fields).status == 422)
        let third = try await self.browser()
        let sparse = await act(third, "edit", ["s.0.outcomes.1999.key": "x"])
        #expect(!sparse.text.contains("s.0.outcomes.100."))
    }
}
