import JSON
import TestSupport
import Testing

/// What the forms of definitions propose is what the services take.
@Suite struct `Forms of definitions in a browser` {
    /// Kinds in an order in which each finds what it names, with no more than is needed.
    private static let forms:
        [(part: String, code: String, fields: [(name: String, text: String)])] =
            [
                ("scripts", "hello", [("code", "hello"), ("source", "return 1;")]),
                ("jobs", "nightly", [("name.en", "Nightly"), ("steps.0.what", "hello")]),
                ("events", "arrived", [("name.en", "Arrived")]),
                (
                    "notifications", "welcome",
                    [
                        ("code", "welcome"), ("subject.en", "Hi {{record.subject}}"),
                        ("text.en", "Hi"),
                    ]
                ),
                ("workflows", "look", [("name.en", "Look")]),
                ("rules", "ticket_inserting", [("do.0.what", "status"), ("do.0.value", "open")]),
                ("mailboxes", "inbox", []),
                (
                    "distributionGroups", "team",
                    [("name.en", "Team"), ("members", "anna@example.com\nbob@example.com")]
                ),
                (
                    "imports", "people",
                    [
                        ("code", "people"), ("columns.0.from", "Subject"),
                        ("columns.0.to", "subject"),
                    ]
                ),
                ("exports", "all_tickets", [("code", "all_tickets")]),
                (
                    "syncs", "crm",
                    [
                        ("code", "crm"), ("source.path", "crm.db"), ("source.table", "people"),
                        ("key.0.key", "mail_id"), ("key.0.value", "id"),
                        ("columns.0.key", "subject"), ("columns.0.value", "name"),
                    ]
                ),
                (
                    "queries", "load",
                    [
                        ("name.en", "Load"), ("grants", "agent"),
                        (
                            "sql",
                            "select status, count(*) as n from helpdesk_ticket group by status"
                        ),
                    ]
                ),
            ]

    @Test func `each kind is made with what its form begins with and little more`() async throws {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let home = "http://127.0.0.1:\(train.ports["gateway"] ?? 0)"
        let visitor = Visitor(try await Chromium())
        try await visitor.browser.open(home)
        try await visitor.type([("account", "admin"), ("password", Train.password)])
        try await visitor.click("Log in", to: "/")
        for (part, code, fields) in `Forms of definitions in a browser`.forms {
            let new = "/models/helpdesk/new/\(part)"
            try await visitor.browser.open(home + new)
            try await visitor.type(fields)
            try await visitor.click("Continue to the plan", to: new)
            try await visitor.click("Apply", to: "/models/helpdesk/\(part)/\(code)")
            let model = try await api.get("/api/models/helpdesk")
            let codes = (model[part]?.array ?? []).map { $0["code"]?.string }
            #expect(codes.last == code, "\(part)")
        }
        // A mailbox, a job and an export are run from their pages.
        for (part, code, button, path) in [
            ("mailboxes", "inbox", "Read now", "/models/helpdesk/mailboxes/inbox"),
            ("jobs", "nightly", "Run now", "/models/helpdesk/jobs/nightly"),
            ("exports", "all_tickets", "Run now", "/runs/1"),
        ] {
            try await visitor.browser.open(home + "/models/helpdesk/\(part)/\(code)")
            try await visitor.click(button, to: path)
        }
        try await eventually("runs") {
            let runs = try await api.get("/api/jobs/helpdesk.nightly/runs")
            let run = try await api.get("/api/runs/1")
            return runs["items"]?.array?.first?["state"] == "succeeded"
                && run["state"] == "succeeded"
        }
        _ = try await train.stop()
    }

    @Test func `a step is added and becomes another kind, and a mail is shown as it is typed`()
        async throws
    {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let home = "http://127.0.0.1:\(train.ports["gateway"] ?? 0)"
        let visitor = Visitor(try await Chromium())
        let browser = visitor.browser
        try await browser.open(home)
        try await visitor.type([("account", "admin"), ("password", Train.password)])
        try await visitor.click("Log in", to: "/")

        let path = "/models/helpdesk/workflows/handle_ticket"
        try await browser.open(home + path)
        try await browser.evaluateQuietly("document.getElementById('add-kind').value = 'timer'")
        try await visitor.click("Add", to: path)
        let open = "document.querySelector('details.step[open]')"
        try await browser.wait("\(open)?.querySelector('[data-kind]').value === 'timer'")
        try await browser.evaluateQuietly(
            """
            const kind = \(open).querySelector('[data-kind]'); kind.value = 'condition';
            kind.dispatchEvent(new Event('change', { bubbles: true }))
            """)
        try await browser.wait("\(open)?.querySelector('[name$=\".then\"]') != null")
        try await browser.evaluateQuietly(
            """
            for (const [name, text] of [['when', '=record.billable'], ['then', 'end'],
              ['else', 'ask']])
              \(open).querySelector(`[name$=".${name}"]`).value = text
            """)
        try await visitor.click("Continue to the plan", to: path)
        try await visitor.click("Apply", to: path)
        let steps = try await api.get("/api/models/helpdesk")["workflows"]?.array?.first?["steps"]
        let made = steps?.array?.first { $0["kind"] == "condition" }
        #expect(made?["when"] == "=record.billable" && made?["else"] == "ask")
        #expect(steps?.array?.contains { $0["next"] == made?["code"] } == true)

        try await api.post("/api/records/helpdesk/ticket", ["subject": "On <fire>"])
        let notification = "/models/helpdesk/notifications/closed"
        try await browser.open(home + notification)
        try await visitor.type([
            ("html.en", "<p>{{record.subject}}</p>"), ("subject.en", "Typed {{record.subject}}"),
            ("t.record", "helpdesk.ticket/1"),
        ])
        try await visitor.click("Try it", to: notification)
        let subject = try await browser.evaluate("document.querySelector('#result dd').innerText")
        #expect(subject == "Typed On <fire>")
        // The frame is there by itself, and the form can still be sent.
        try await eventually("what the frame shows") {
            let targets = try await browser.call("Target.getTargets", [:])["targetInfos"]?.array
            return targets?.contains {
                $0["type"] == "iframe"
                    && $0["url"]?.string?.hasSuffix("/models/helpdesk/preview") == true
            } == true
        }
        try await visitor.click("Continue to the plan", to: notification)
        try await visitor.click("Apply", to: notification)
        _ = try await train.stop()
    }
}
