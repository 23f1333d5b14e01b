import HTTP
import JSON
import TestSupport
import Testing

/// What the documentation shows runs as it stands.
@Suite struct `The documentation` {
    @Test func `its example of every kind of definition is planned, applied and read back`()
        async throws
    {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let home = "http://127.0.0.1:\(train.ports["gateway"] ?? 0)"
        let browser = try await Chromium()
        try await browser.open(home + "/login?returnUrl=%2Fdocs%2Fdefinitions")
        try await browser.fill(["account": "admin", "password": Train.password])
        try await browser.submit()
        try await browser.wait("location.pathname === '/docs/definitions'")
        try await browser.submit()
        try await browser.wait("document.querySelector('form#apply') !== null")
        try await browser.evaluateQuietly(
            "document.querySelector('form#apply').requestSubmit()")
        try await browser.wait("location.pathname === '/models/example'")
        let model = try await api.get("/api/models/example")
        for part in [
            "classes", "queries", "rules", "scripts", "events", "workflows", "jobs", "mailboxes",
            "notifications", "imports", "exports", "syncs",
        ] {
            #expect(model[part]?.array?.isEmpty == false, "\(part)")
        }
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }
}
