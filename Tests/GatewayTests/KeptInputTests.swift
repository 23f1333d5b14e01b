import HTTP
import TestSupport
import Testing

@testable import Gateway

/// What is typed survives the end of a session.
@Suite struct KeptInputTests {
    private static let new = "/m/helpdesk/ticket/new"
    private static let own: Headers = ["Sec-Fetch-Site": "same-origin"]

    private func gateway() async throws -> TestGateway {
        let gateway = try await TestGateway(environment: [:])
        _ = try await gateway.person("anna", roles: ["agent"], password: true)
        return gateway
    }

    private func post(
        _ browser: Browser, _ fields: [String: String], headers: Headers
    ) async -> TestGateway.Answer {
        await browser.post(KeptInputTests.new + "?returnUrl=%2F", fields, headers: headers)
    }

    @Test func `a form whose session ended is there again after the log-in`() async throws {
        let gateway = try await gateway()
        let browser = Browser(gateway)
        await browser.logIn("anna")
        await browser.get(KeptInputTests.new)
        let key = browser.value("_key") ?? ""
        browser.leave()
        let typed = ["subject": "Long work", "body": "line 1\nline <2>", "_key": key]
        let asked = await post(browser, typed, headers: KeptInputTests.own)
        #expect(asked.status == 401 && asked.text.contains("Your session ended."))
        let wrong = await browser.post("/login", ["account": "anna", "password": "wrong"])
        #expect(wrong.status == 401 && browser.value("kept:subject") == "Long work")
        let again = await browser.post(
            "/login", ["account": "anna", "password": TestGateway.password])
        #expect(again.status == 200)
        #expect(browser.value("subject") == "Long work" && browser.value("_key") == key)
        #expect(again.text.contains("line 1\nline &lt;2&gt;</textarea>"))
        #expect(again.text.contains("action=\"\(KeptInputTests.new)?returnUrl=%2F\""))
        #expect(gateway.owners.store.count("ticket") == 0)
        let saved = await browser.post(
            KeptInputTests.new, ["subject": "Long work", "body": "line 1\nline <2>"])
        #expect(saved.status == 303)
        #expect(gateway.owners.store.count("ticket") == 1)
    }

    @Test(
        arguments: [
            [:], ["Sec-Fetch-Site": "cross-site"], ["Origin": "https://evil.example"],
            ["Sec-Fetch-Site": "none", "Origin": "http://127.0.0.1"],
        ] as [Headers])
    func `what another site sends is not kept`(_ headers: Headers) async throws {
        let browser = Browser(try await gateway())
        let page = await post(browser, ["subject": "Evil"], headers: headers)
        #expect(page.status == 401 && !page.text.contains("Evil"))
    }

    @Test func `a form of an older session comes back with a token of the new one`() async throws {
        let gateway = try await gateway()
        let browser = Browser(gateway)
        await browser.logIn("anna")
        await browser.get(KeptInputTests.new)
        let old = browser.value("_csrf") ?? ""
        browser.leave()
        await browser.logIn("anna")
        let typed = ["subject": "Two tabs", "_csrf": old]
        let again = await post(browser, typed, headers: KeptInputTests.own)
        #expect(again.status == 403 && browser.value("subject") == "Two tabs")
        #expect(gateway.owners.store.count("ticket") == 0)
        let saved = await browser.post(KeptInputTests.new, ["subject": "Two tabs"])
        #expect(saved.status == 303)
    }
}
