import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

/// Somebody else's mail on a page of ours.
@Suite struct MailPageTests {
    @Test func `its HTML stands in a frame that runs nothing, loads nothing and leads nowhere`()
        async throws
    {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let browser = Browser(gateway)
        browser.enter(as: admin)
        let page = await browser.get("/mailboxes/helpdesk.support/1")
        #expect(page.status == 200)
        #expect(page.text.hasOnlyOurScript)
        #expect(!page.text.contains("<x-evil>") && page.text.contains("&lt;x-evil&gt;"))
        #expect(page.text.contains("src=\"/mailboxes/helpdesk.support/1/html\" sandbox=\"\""))
        let frame = await browser.get("/mailboxes/helpdesk.support/1/html")
        let policy = frame.headers["Content-Security-Policy"] ?? ""
        #expect(policy.hasPrefix("sandbox; default-src 'none'"))
        #expect(!policy.contains("script-src") && !policy.contains("http"))
        #expect(policy.contains("frame-ancestors 'self'"))
    }
}
