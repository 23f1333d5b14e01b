import Contracts
import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite struct PasswordTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)
    private static let fresh = "a fresh password"

    private func faults(_ answer: TestGateway.Answer) -> [String] {
        (answer.json["errors"]?.array ?? []).map {
            "\($0["pointer"]?.string ?? "") \($0["code"]?.string ?? "")"
        }
    }

    private func change(
        _ client: TestGateway.Client, _ password: String, current: String = TestGateway.password
    ) async -> TestGateway.Answer {
        await client.send(
            .post, "/api/password",
            ["current": .string(current), "password": .string(password)])
    }

    /// The secret of the last link that was mailed.
    private func link(_ gateway: TestGateway, mails count: Int = 1) async throws -> String {
        try await eventually("a mail with a link") {
            gateway.owners.state.withLock { $0.mails.count } >= count
        }
        let text = gateway.owners.state.withLock { $0.mails.last?.text } ?? ""
        let line = text.split(separator: "\n").first { $0.contains("/reset/") } ?? ""
        return line.split(separator: "/").last.map(String.init) ?? ""
    }

    /// A gateway with anna, who has a password and an e-mail address.
    private func gateway(clock: any WallClock = SystemClock(), _ settings: [String: String] = [:])
        async throws -> TestGateway
    {
        let gateway = try await TestGateway(clock: clock, environment: settings)
        let admin = try await gateway.admin()
        _ = await admin.send(
            .put, "/api/accounts/anna",
            [
                "name": "Anna", "email": "anna@example.com",
                "password": .string(TestGateway.password),
            ])
        return gateway
    }

    @Test func `one's own password is changed with the old one, and other sessions end`()
        async throws
    {
        let gateway = try await gateway()
        let anna = try await gateway.session("anna")
        let other = try await gateway.session("anna")
        let wrong = await change(anna, PasswordTests.fresh, current: "not mine at all")
        #expect(wrong.status == 422 && faults(wrong) == ["/current wrong-password"])
        let changed = await change(anna, PasswordTests.fresh)
        #expect(changed.status == 204, "\(changed)")
        #expect(await anna.send(.get, "/api/me").status == 200)
        #expect(await other.send(.get, "/api/me").status == 401)
        let old = await gateway.logIn("anna")
        #expect(await old.send(.get, "/api/me").status == 401)
        let new = await gateway.logIn("anna", PasswordTests.fresh)
        #expect(await new.send(.get, "/api/me").status == 200)
    }

    @Test func `an API token changes no password`() async throws {
        let gateway = try await gateway()
        let anna = try await gateway.session("anna")
        let made = await anna.send(.post, "/api/tokens", ["name": "robot"])
        let robot = TestGateway.Client(
            gateway: gateway, token: made.json["token"]?.string ?? "")
        #expect(await change(robot, PasswordTests.fresh).status == 403)
    }

    @Test(arguments: [
        ("short", "too-short"), (String(repeating: "x1", count: 600), "too-long"),
        ("Password1", "too-easy"), ("anna_nowak", "too-easy"), ("Anna.N@example.com", "too-easy"),
        ("aaaaaaaaaaaa", "too-easy"), ("qwertyuiop", "too-easy"), ("abababababab", "too-easy"),
    ])
    func `a password that anybody would guess is refused`(_ password: String, _ code: String) {
        let fault = PasswordPolicy().fault(
            password, code: "anna_nowak", email: "anna.n@example.com")
        #expect(fault?.code == code)
    }

    @Test func `a long password of few rules is good`() {
        let policy = PasswordPolicy()
        for password in ["correct horse", "12 monkeys!", "żółta łódka", "annanowak"] {
            #expect(policy.fault(password, code: "anna", email: nil) == nil, "\(password)")
        }
    }

    @Test func `former passwords and the length are as the settings say`() async throws {
        let gateway = try await gateway([
            "GATEWAY_PASSWORD_HISTORY": "2", "GATEWAY_PASSWORD_LENGTH": "12",
        ])
        let anna = try await gateway.session("anna")
        #expect(faults(await change(anna, "eleven char")) == ["/password too-short"])
        #expect(faults(await change(anna, TestGateway.password)) == ["/password used-before"])
        #expect(await change(anna, "second password").status == 204)
        let back = await change(anna, TestGateway.password, current: "second password")
        #expect(faults(back) == ["/password used-before"])
        #expect(await change(anna, "third password", current: "second password").status == 204)
        let free = await change(anna, TestGateway.password, current: "third password")
        #expect(free.status == 204)
    }

    @Test func `who must change the password can do nothing else before`() async throws {
        let gateway = try await gateway()
        let admin = try await gateway.admin()
        let token = try await gateway.session("anna").send(.post, "/api/tokens", ["name": "t"])
        let robot = TestGateway.Client(
            gateway: gateway, token: token.json["token"]?.string ?? "")
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["mustChangePassword": true],
            headers: ["If-Match": "\"1\""])
        let anna = await gateway.logIn("anna")
        let refused = await anna.send(.get, "/api/tokens")
        #expect(refused.status == 403 && refused.code == "password-change-required")
        #expect(await anna.send(.get, "/api/me").json["mustChangePassword"] == true)
        // A token is no password.
        #expect(await robot.send(.get, "/api/me").status == 200)
        let browser = Browser(gateway)
        browser.enter(as: anna)
        await browser.get("/")
        #expect(browser.page.status == 303 && browser.page.location == "/password")
        await browser.follow()
        #expect(browser.page.status == 200)
        await browser.post(
            "/password",
            [
                "current": TestGateway.password, "password": PasswordTests.fresh,
                "again": "another one",
            ])
        #expect(browser.page.status == 422 && browser.page.text.contains("not the same"))
        await browser.post(
            "/password",
            [
                "current": TestGateway.password, "password": PasswordTests.fresh,
                "again": PasswordTests.fresh,
            ])
        #expect(browser.page.status == 200 && browser.page.text.contains("is changed"))
        #expect(await anna.send(.get, "/api/tokens").status == 200)
    }

    @Test func `a password is too old after the days that the settings say`() async throws {
        let clock = ManualClock(start: PasswordTests.start)
        let gateway = try await gateway(clock: clock, ["GATEWAY_PASSWORD_AGE": "30"])
        #expect(
            await gateway.logIn("anna").send(.get, "/api/me").json["mustChangePassword"] == false)
        clock.advance(by: .seconds(31 * 86_400))
        let anna = await gateway.logIn("anna")
        #expect(await anna.send(.get, "/api/sessions").code == "password-change-required")
        #expect(await change(anna, PasswordTests.fresh).status == 204)
        #expect(await anna.send(.get, "/api/sessions").status == 200)
    }

    // MARK: Links

    private func forgot(
        _ gateway: TestGateway, _ account: String, from address: String = "192.0.2.1"
    ) async -> TestGateway.Answer {
        await gateway.send(
            .post, "/api/password/forgotten",
            body: (["account": .string(account)] as JSONValue).bytes, from: address)
    }

    private func reset(_ gateway: TestGateway, _ token: String, _ password: String) async
        -> TestGateway.Answer
    {
        await gateway.send(
            .post, "/api/password/reset",
            body: (["token": .string(token), "password": .string(password)] as JSONValue).bytes)
    }

    @Test func `a mailed link sets a password once, and the old sessions end`() async throws {
        let gateway = try await gateway()
        let anna = try await gateway.session("anna")
        #expect(await forgot(gateway, "anna@example.com").status == 202)
        let token = try await link(gateway)
        let mail = try #require(gateway.owners.state.withLock { $0.mails.last })
        #expect(mail.to == ["anna@example.com"] && mail.confidential == true)
        let weak = await reset(gateway, token, "password1")
        #expect(faults(weak) == ["/password too-easy"])
        #expect(await reset(gateway, token, PasswordTests.fresh).status == 204)
        #expect(await anna.send(.get, "/api/me").status == 401)
        let logged = await gateway.logIn("anna", PasswordTests.fresh)
        #expect(await logged.send(.get, "/api/me").status == 200)
        let again = await reset(gateway, token, "yet another one")
        #expect(again.status == 410 && again.code == "expired")
    }

    @Test func `a link ends at its time, and with the account`() async throws {
        let clock = ManualClock(start: PasswordTests.start)
        let gateway = try await gateway(clock: clock, ["GATEWAY_RESET_LIFE": "10m"])
        _ = await forgot(gateway, "anna")
        let first = try await link(gateway)
        clock.advance(by: .seconds(601))
        #expect(await reset(gateway, first, PasswordTests.fresh).status == 410)
        _ = await forgot(gateway, "anna")
        let second = try await link(gateway, mails: 2)
        let admin = try await gateway.admin()
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["locked": true], headers: ["If-Match": "\"1\""])
        #expect(await reset(gateway, second, PasswordTests.fresh).status == 410)
    }

    @Test func `the answer does not tell whether there is such an account`() async throws {
        let gateway = try await gateway()
        let admin = try await gateway.admin()
        for (code, email) in [("bob", "shared@example.com"), ("carl", "shared@example.com")] {
            _ = await admin.send(
                .put, "/api/accounts/\(code)",
                ["name": .string(code), "email": .string(email)])
        }
        _ = await admin.send(
            .put, "/api/accounts/robot",
            ["name": "R", "kind": "service", "email": "robot@example.com"])
        _ = await admin.send(.put, "/api/accounts/mute", ["name": "M"])
        let known = await forgot(gateway, "anna")
        _ = try await link(gateway)
        for name in ["nobody", "shared@example.com", "robot", "mute", "Not A Code", ""] {
            let answer = await forgot(gateway, name)
            #expect(answer.status == known.status && answer.bytes == known.bytes, "\(name)")
        }
        // One more that is mailed comes after all that are not.
        _ = await forgot(gateway, "bob")
        _ = try await link(gateway, mails: 2)
        let mailed = gateway.owners.state.withLock { $0.mails.flatMap(\.to) }
        #expect(mailed == ["anna@example.com", "shared@example.com"])
    }

    @Test func `nobody has a mailbox filled with links`() async throws {
        let gateway = try await gateway()
        for index in 0..<10 { _ = await forgot(gateway, "anna", from: "192.0.2.\(index)") }
        _ = try await link(gateway, mails: Int(PasswordStore.linkLimit))
        for _ in 0..<Passwords.addressLimit { _ = await forgot(gateway, "nobody", from: "::9") }
        let slowed = await forgot(gateway, "nobody", from: "::9")
        #expect(slowed.status == 429 && slowed.headers["Retry-After"] != nil)
        #expect(
            gateway.owners.state.withLock { $0.mails.count } == Int(PasswordStore.linkLimit))
    }

    @Test func `a link works as a page, and looking at it does not use it`() async throws {
        let gateway = try await gateway()
        let browser = Browser(gateway)
        await browser.get("/login")
        #expect(browser.page.text.contains("href=\"/forgotten\""))
        await browser.get("/forgotten")
        await browser.post("/forgotten", ["account": "anna"])
        #expect(browser.page.status == 200 && browser.page.text.contains("on its way"))
        let token = try await link(gateway)
        for _ in 0..<2 {
            await browser.get("/reset/\(token)")
            #expect(browser.page.status == 200)
        }
        await browser.post(
            "/reset/\(token)",
            ["password": PasswordTests.fresh, "again": PasswordTests.fresh], hidden: false)
        #expect(browser.page.status == 403)
        await browser.get("/reset/\(token)")
        await browser.post(
            "/reset/\(token)", ["password": PasswordTests.fresh, "again": PasswordTests.fresh])
        #expect(browser.page.status == 200, "\(browser.page)")
        await browser.get("/reset/\(token)")
        #expect(browser.page.status == 410)
        await browser.logIn("anna", PasswordTests.fresh)
        #expect(browser.page.status == 303)
    }

    @Test(arguments: [
        ("de", "Neues Passwort setzen", "innerhalb von 1h"),
        ("cs", "Nastavit nové heslo", "po dobu 1h"), ("fr", "Set a new password", "within 1h"),
    ])
    func `the mail and its page speak the account's language`(
        _ language: String, _ title: String, _ life: String
    ) async throws {
        let gateway = try await gateway()
        let admin = try await gateway.admin()
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["language": .string(language)],
            headers: ["If-Match": "\"1\""])
        _ = await forgot(gateway, "anna")
        let token = try await link(gateway)
        let mail = try #require(gateway.owners.state.withLock { $0.mails.last })
        #expect(mail.text?.contains(life) == true && mail.text?.contains(token) == true)
        let page = await gateway.send(.get, "/reset/\(token)")
        #expect(page.text.contains(title))
        #expect(page.text.contains("lang=\"\(language == "fr" ? "en" : language)\""))
    }

    @Test(arguments: [
        ("de-AT,en;q=0.5", "de"), ("en;q=0.4, cs;q=0.9", "cs"), ("fr, ja", "en"), ("de;q=0", "en"),
        ("*", "en"), (String(repeating: "x,", count: 5000), "en"),
    ])
    func `who forgot the password is asked in the browser's language`(
        _ header: String, _ language: String
    ) async throws {
        #expect(PasswordTexts.find(accepting: header).language == language)
        let gateway = try await gateway()
        let page = await gateway.send(
            .get, "/forgotten", headers: ["Accept-Language": String(header.prefix(100))])
        #expect(page.text.contains("lang=\"\(language)\""))
        #expect(PasswordTexts.all.allSatisfy { $0.resetMail.contains("{link}") })
    }

    @Test func `a service account has no log-in to the pages`() async throws {
        let gateway = try await gateway()
        let admin = try await gateway.admin()
        _ = await admin.send(
            .put, "/api/accounts/robot",
            ["name": "R", "kind": "service", "password": .string(TestGateway.password)])
        let browser = Browser(gateway)
        await browser.logIn("robot")
        #expect(browser.page.status == 401)
        #expect(await gateway.logIn("robot").send(.get, "/api/me").status == 200)
    }

    @Test func `hashing passwords holds up nobody else`() async throws {
        let gateway = try await gateway()
        let anna = try await gateway.session("anna")
        #expect(await anna.send(.get, "/api/me").status == 200)
        let body = (["account": "anna", "password": "wrong password"] as JSONValue).bytes
        let isBusy = Mutex(true)
        let others = Task {
            var served = 0
            while isBusy.withLock({ $0 }) {
                if await anna.send(.get, "/api/me").status == 200 { served += 1 }
            }
            return served
        }
        let hashed = await withTaskGroup(of: Int.self) { group in
            for index in 0..<4 {
                group.addTask {
                    await gateway.send(
                        .post, "/api/sessions", body: body, from: "192.0.2.\(index)"
                    ).status
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        isBusy.withLock { $0 = false }
        let served = await others.value
        #expect(hashed.count == 4)
        // One that waited for a hash each time would have been served but a few times.
        #expect(served > 4 * hashed.count, "served \(served)")
    }
}
