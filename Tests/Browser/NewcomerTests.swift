import JSON
import TestSupport
import Testing

/// Somebody who never saw the platform: from the log-in to an own class with a form, a rule and a
/// mail that becomes a record.
@Suite struct `A newcomer in a browser` {
    /// What the whole way may cost.
    private static let clickLimit = 15

    @Test func `a class, a rule and a mail that becomes a record take few clicks`() async throws {
        let train = Train(.together)
        try await train.start()
        let home = "http://127.0.0.1:\(train.ports["gateway"] ?? 0)"
        let visitor = Visitor(try await Chromium())

        try await visitor.browser.open(home)
        try await visitor.type([("account", "admin"), ("password", Train.password)])
        try await visitor.click("Log in", to: "/")
        try await visitor.click("Models", to: "/models")
        try await visitor.type([("name", "Orders")])
        try await visitor.click("Create", to: "/models/orders/new/classes")
        // Choosing a kind is a click on its list and one on the kind; the second row is long text
        // as it stands.
        try await visitor.type([
            ("name.en", "Order"), ("n.0.name", "Subject"), ("n.1.name", "Text"),
            ("n.2.name", "Sender"), ("n.3.name", "Urgency"),
        ])
        try await visitor.click("Continue to the plan", to: "/models/orders/new/classes")
        try await visitor.click("Apply", to: "/models/orders/classes/order")
        try await visitor.click("New rule", to: "/models/orders/new/rules")
        try await visitor.type([
            ("when", "=record.subject.includes('urgent')"), ("do.0.what", "urgency"),
            ("do.0.value", "high"),
        ])
        try await visitor.click("Continue to the plan", to: "/models/orders/new/rules")
        try await visitor.click("Apply", to: "/models/orders/rules/order_inserting")
        try await visitor.click("New mailbox", to: "/models/orders/new/mailboxes")
        try await visitor.click("Continue to the plan", to: "/models/orders/new/mailboxes")
        try await visitor.click("Apply", to: "/models/orders/mailboxes/inbox")

        let mail = """
            From: Eva <eva@example.com>\r\nTo: orders@example.com\r\nSubject: urgent: two chairs\r
            Message-ID: <1@example.com>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nPlease.\r

            """
        let folder = train.data + "/mail/orders-inbox"
        TestFile.makeFolder(folder)
        try TestFile.write(mail, to: folder + "/1.eml")
        let api = try await train.admin()
        try await eventually("record of the mail", within: .seconds(30)) {
            try await api.get("/api/records/orders/order?count=true")["count"] == 1
        }

        try await visitor.click("Home", to: "/")
        let isThere =
            "[...document.querySelectorAll('main a')].some(e => e.innerText.includes('Order'))"
        #expect(try await visitor.browser.evaluate(isThere) == true)
        let record = try await api.get("/api/records/orders/order/1")
        #expect(record["urgency"] == "high" && record["sender"] == "eva@example.com")
        try await visitor.browser.open(home + "/m/orders/order/1")
        let page = try await visitor.browser.evaluate("document.body.innerText")
        #expect(page.string?.contains("urgent: two chairs") == true)
        #expect(
            visitor.clicks <= `A newcomer in a browser`.clickLimit, "it took \(visitor.clicks)")
        _ = try await train.stop()
    }
}
