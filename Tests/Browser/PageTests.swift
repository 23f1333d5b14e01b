import JSON
import TestSupport
import Testing

/// The pages as a person sees them.
@Suite struct `Pages in a browser` {
    @Test func `the list, a form filled from the address, and the record after saving`()
        async throws
    {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        try await api.post(
            "/api/records/helpdesk/ticket", ["subject": "<b>Older</b> & \"quoted\""])
        let home = "http://127.0.0.1:\(train.ports["gateway"] ?? 0)"
        let browser = try await Chromium()

        // Whoever is not logged in is asked to, and comes back to where he wanted to go.
        try await browser.open(home + "/m/helpdesk/ticket")
        try await browser.wait("location.pathname === '/login'")
        try await browser.fill(["account": "admin", "password": Train.password])
        try await browser.submit()
        try await browser.wait("location.pathname === '/m/helpdesk/ticket'")
        try await browser.wait("document.querySelector('table') !== null")
        let list = try await browser.evaluate("document.querySelector('table').innerText")
        #expect(list.string?.contains("<b>Older</b> & \"quoted\"") == true)

        let address = "/m/helpdesk/ticket/new?subject=Paper%20%C3%A9&priority=2&status=closed"
        try await browser.open(home + address)
        #expect(try await browser.value("subject") == "Paper é")
        #expect(try await browser.value("priority") == "2")
        // Only the columns named in `prefill` are filled, and nothing is saved yet.
        #expect(try await browser.value("status") != "closed")
        #expect(try await count(api) == 1)
        try await browser.fill(["body": "Two boxes\nof A4"])
        try await browser.submit()
        try await browser.wait("/^\\/m\\/helpdesk\\/ticket\\/\\d+$/.test(location.pathname)")
        #expect(try await browser.value("subject") == "Paper é")
        let page = try await browser.evaluate("document.body.innerText")
        #expect(page.string?.contains("Paper é") == true)
        #expect(try await count(api) == 2)
        #expect(try await !browser.screenshot().isEmpty)

        try await browser.open(home + "/m/helpdesk/ticket/new")
        try await browser.evaluateQuietly("document.querySelector('form.card').noValidate = true")
        try await browser.submit()
        try await browser.wait("document.querySelector('[aria-invalid=true]') !== null")
        #expect(try await count(api) == 2)

        let noise = try await browser.evaluate("document.querySelectorAll('script').length")
        #expect(noise.integer == 0 || noise.integer == 1)
        _ = try await train.stop()
    }

    private func count(_ api: APIClient) async throws -> Int64 {
        try await api.get("/api/records/helpdesk/ticket?count=true")["count"]?.integer ?? -1
    }
}

extension Chromium {
    /// Types into the fields of the main form, by name.
    func fill(_ fields: [String: String]) async throws {
        for (name, value) in fields {
            let script = """
                (function () {
                  var field = document.querySelector('form [name=\(name)]');
                  field.value = \(JSONValue.string(value).text); return true; })()
                """
            _ = try await evaluate(script)
        }
    }

    /// What a field holds.
    func value(_ name: String) async throws -> String? {
        try await evaluate("document.querySelector('form [name=\(name)]').value").string
    }

    /// Presses the main button.
    func submit() async throws {
        try await evaluateQuietly("document.querySelector('form button.main').click()")
    }

    func evaluateQuietly(_ expression: String) async throws {
        _ = try await evaluate(expression + "; true")
    }
}
