import JSON
import TestSupport
import Testing

/// Lists and records in a browser, with the script.
@Suite struct `Data pages in a browser` {
    private struct Scene {
        let train: Train
        let api: APIClient
        let browser: Chromium
        let home: String

        func logIn() async throws {
            try await browser.open(home + "/login")
            try await browser.fill(["account": "admin", "password": Train.password])
            try await browser.submit()
            try await browser.wait("location.pathname === '/'")
        }

        func ticket(_ id: Int) async throws -> JSONValue {
            try await api.get("/api/records/helpdesk/ticket/\(id)")
        }
    }

    private func scene(customers: Int = 0) async throws -> Scene {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        for name in ["Printer", "Screen"] {
            try await api.post(
                "/api/records/helpdesk/ticket", ["subject": .string(name), "status": "new"])
        }
        for index in 0..<customers {
            try await api.post(
                "/api/records/helpdesk/customer", ["name": .string("Customer \(index)")])
        }
        let scene = Scene(
            train: train, api: api, browser: try await Chromium(),
            home: "http://127.0.0.1:\(train.ports["gateway"] ?? 0)")
        try await scene.logIn()
        return scene
    }

    @Test func `a filter is clicked together, and a card is moved`() async throws {
        let scene = try await scene()
        let browser = scene.browser
        try await browser.open(scene.home + "/m/helpdesk/ticket")
        try await browser.evaluateQuietly(
            """
            const f = document.querySelector('[data-build]'); f.closest('details').open = true;
            f.elements.where.value = 'status';
            f.elements.where.dispatchEvent(new Event('change'));
            f.elements.is.value = 'ne'; f.elements.value.value = 'closed';
            f.querySelector('button').click()
            """)
        try await browser.wait("location.search.includes('status%20ne%20%27closed%27')")
        let chips = try await browser.evaluate("document.querySelector('.chips').innerText")
        #expect(chips.string?.contains("Status is not closed") == true, "\(chips.text)")
        let rows = try await browser.evaluate("document.querySelectorAll('tbody tr').length")
        #expect(rows.integer == 2)

        try await browser.open(scene.home + "/m/helpdesk/ticket?view=board&by=status")
        try await browser.evaluateQuietly(
            """
            const card = document.querySelector('[data-lane=new] [data-card]');
            const lane = document.querySelector('[data-lane=open]');
            for (const [to, type] of [[card, 'dragstart'], [lane, 'dragover'], [lane, 'drop']])
              to.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true }))
            """)
        try await browser.wait(
            "document.querySelector('[role=status].good') !== null"
                + " && document.querySelectorAll('[data-lane=open] [data-card]').length === 1")
        let states = [try await scene.ticket(1), try await scene.ticket(2)]
            .compactMap { $0["status"]?.string }.sorted()
        #expect(states == ["new", "open"])
        _ = try await scene.train.stop()
    }

    @Test func `a record is picked while one types, files are dropped, input stays`() async throws {
        let scene = try await scene(customers: 60)
        let browser = scene.browser
        try await browser.open(scene.home + "/m/helpdesk/ticket/1")
        try await browser.evaluateQuietly(
            """
            const t = document.querySelector('[role=combobox]'); t.focus();
            t.value = 'Customer 42'; t.dispatchEvent(new Event('input', { bubbles: true }))
            """)
        try await browser.wait("document.querySelectorAll('.picks li').length === 1")
        try await browser.evaluateQuietly(
            """
            for (const key of ['ArrowDown', 'Enter']) document.activeElement.dispatchEvent(
              new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
            """)
        #expect(try await browser.value("customer") == "43")

        // What was typed and not saved is there again, in the same tab.
        try await browser.open(scene.home + "/")
        try await browser.open(scene.home + "/m/helpdesk/ticket/1")
        #expect(try await browser.value("customer") == "43")
        try await browser.wait("!document.querySelector('[data-draft-note]').hidden")
        try await browser.evaluateQuietly("document.querySelector('[data-draft] .main').click()")
        try await browser.wait("document.querySelector('[role=status].good') !== null")
        #expect(try await scene.ticket(1)["customer"]?.integer == 43)
        try await browser.open(scene.home + "/m/helpdesk/ticket/1")
        #expect(
            try await browser.evaluate("document.querySelector('[data-draft-note]').hidden")
                == true)

        try await browser.evaluateQuietly(
            """
            const data = new DataTransfer();
            data.items.add(new File(['one'], 'one.txt', { type: 'text/plain' }));
            data.items.add(new File(['two'], 'two.txt', { type: 'text/plain' }));
            const drop = new DragEvent('drop', { dataTransfer: data, cancelable: true });
            document.querySelector('[data-drop]').dispatchEvent(drop)
            """)
        try await browser.wait("document.querySelectorAll('.files li').length === 2")
        let files = try await scene.ticket(1)["attachments"]?.array?.compactMap {
            $0["name"]?.string
        }
        #expect(files == ["one.txt", "two.txt"])
        _ = try await scene.train.stop()
    }

    @Test func `a filter finds a record by its name, and what was opened is on the start page`()
        async throws
    {
        let scene = try await scene(customers: 60)
        let browser = scene.browser
        try await scene.api.post(
            "/api/records/helpdesk/ticket", ["subject": "Of the 42nd", "customer": 43])
        try await browser.open(scene.home + "/m/helpdesk/ticket")
        try await browser.evaluateQuietly(
            """
            const f = document.querySelector('[data-build]'); f.closest('details').open = true;
            f.elements.where.value = 'customer';
            f.elements.where.dispatchEvent(new Event('change'));
            const t = f.querySelector('[role=combobox]'); t.focus();
            t.value = 'Customer 42'; t.dispatchEvent(new Event('input', { bubbles: true }))
            """)
        try await browser.wait("document.querySelectorAll('.picks li').length === 1")
        try await browser.evaluateQuietly(
            """
            for (const key of ['ArrowDown', 'Enter']) document.activeElement.dispatchEvent(
              new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
            document.querySelector('[data-build] button').click()
            """)
        try await browser.wait("location.search.includes('customer%20eq%2043')")
        let chips = "document.querySelector('.chips')?.innerText"
        #expect(try await browser.evaluate(chips).string?.contains("is Customer 42") == true)
        #expect(try await browser.evaluate("document.querySelectorAll('tbody tr').length") == 1)

        // Without a script: by a name that is one's own, and by one of several.
        _ = try await browser.call("Emulation.setScriptExecutionDisabled", ["value": true])
        let set = "/m/helpdesk/ticket?set=filter&where=customer&is=eq&value="
        try await browser.open(scene.home + set + "Customer%2042")
        try await browser.wait("location.search.includes('customer%20eq%2043')")
        try await browser.open(scene.home + set + "Customer")
        try await browser.wait("document.querySelectorAll('select#value option').length > 1")
        try await browser.open(scene.home + set + "Nobody")
        try await browser.wait("document.querySelector('#value-fault') !== null")

        for path in ["ticket/1", "customer/43", "ticket/1"] {
            try await browser.open(scene.home + "/m/helpdesk/" + path)
        }
        try await browser.open(scene.home + "/")
        let tiles = try await browser.evaluate(
            "[...document.querySelectorAll('main section:first-of-type li a strong')]"
                + ".map(e => e.innerText)")
        #expect(tiles == ["#1 Printer", "Customer 42"], "\(tiles.text)")
        _ = try await scene.train.stop()
    }

    @Test func `what is typed survives the end of the session, without a script too`()
        async throws
    {
        let scene = try await scene()
        let browser = scene.browser
        _ = try await browser.call("Emulation.setScriptExecutionDisabled", ["value": true])
        try await browser.open(scene.home + "/m/helpdesk/ticket/2")
        try await browser.fill(["subject": "Long work"])
        _ = try await browser.call("Network.clearBrowserCookies", [:])
        try await browser.evaluateQuietly("document.querySelector('form.card .main').click()")
        try await browser.wait("document.querySelector('[name=password]') !== null")
        try await browser.fill(["account": "admin", "password": Train.password])
        try await browser.submit()
        try await browser.wait("document.querySelector('[name=subject]') !== null")
        #expect(try await browser.value("subject") == "Long work")
        try await browser.submit()
        try await browser.wait("location.pathname === '/m/helpdesk/ticket/2'")
        try await browser.wait("document.querySelector('[role=status].good') !== null")
        #expect(try await scene.ticket(2)["subject"]?.string == "Long work")
        _ = try await scene.train.stop()
    }
}
