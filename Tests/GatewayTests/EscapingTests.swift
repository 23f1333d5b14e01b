import HTTP
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// What people type never becomes markup.
@Suite struct EscapingTests {
    private static let hostile = "\"'><x-evil onload=alert(1)>&lt;</textarea></title><!--"

    @Test func `texts, attributes and areas are escaped`() {
        let html = HTML.document {
            tag(.p, .title(EscapingTests.hostile)) { EscapingTests.hostile }
            tag(.textarea, .name(EscapingTests.hostile)) { "\n" + EscapingTests.hostile }
            tag(.input, .value(EscapingTests.hostile), .placeholder(EscapingTests.hostile))
        }
        let text = String(decoding: html, as: UTF8.self)
        #expect(!text.contains("<x-evil") && !text.contains("</title>") && !text.contains("<!--"))
        #expect(text.split(separator: "</textarea>", omittingEmptySubsequences: false).count == 2)
        #expect(text.contains("&amp;lt;"))
        #expect(text.contains(">\n\n&quot;"))
    }

    @Test func `a link encodes every part of it`() {
        let link = Link("m", "a/b?c", query: [("filter", "x eq 'a&b#c' ä"), ("none", nil)])
        #expect(link.text == "/m/a%2Fb%3Fc?filter=x%20eq%20%27a%26b%23c%27%20%C3%A4")
        #expect(Link.home.text == "/")
    }

    @Test func `hostile texts in every field and label stay texts on every page`() async throws {
        let gateway = try await TestGateway(environment: [:])
        let admin = try await gateway.admin()
        _ = try await gateway.person("anna", roles: ["agent"])
        _ = await admin.send(
            .patch, "/api/accounts/anna", ["name": .string(EscapingTests.hostile)],
            headers: ["If-Match": "\"1\""])
        let anna = try await gateway.session("anna")
        let evil = JSONValue.string("\"'><x-evil>")
        for _ in 0..<2 {
            _ = await anna.send(
                .post, "/api/records/helpdesk/ticket",
                [
                    "subject": evil, "body": .string(EscapingTests.hostile), "status": evil,
                    "count": evil, "spent": evil, "urgent": evil, "day": evil, "due": evil,
                    "customer": 1, "secret": evil,
                ])
            _ = await anna.send(.post, "/api/records/helpdesk/customer", ["name": evil])
        }
        _ = await anna.send(
            .patch, "/api/records/helpdesk/ticket/1", ["body": evil],
            headers: ["If-Match": "\"1\""])
        gateway.owners.store.decorate(EscapingTests.hostile)
        let browser = Browser(gateway)
        browser.enter(as: anna)
        await browser.get("/m/helpdesk/ticket")
        await browser.post(
            "/m/helpdesk/ticket/views",
            ["name": EscapingTests.hostile, "list": "filter=" + EscapingTests.encoded])
        let typed = Link(
            "m", "helpdesk", "ticket", "new", query: [("subject", EscapingTests.hostile)]
        ).text
        for path in EscapingTests.paths + [typed] {
            let page = await browser.get(path)
            check(page, path)
        }
        for path in ["/m/helpdesk/ticket/new", "/m/helpdesk/ticket/1"] {
            await browser.get(path)
            let page = await browser.post(
                path,
                [
                    "subject": EscapingTests.hostile, "body": EscapingTests.hostile,
                    "status": EscapingTests.hostile, "count": EscapingTests.hostile,
                    "customer": EscapingTests.hostile, "_version": EscapingTests.hostile,
                    "_returnUrl": EscapingTests.hostile,
                ])
            check(page, path)
        }
        gateway.owners.state.withLock { $0.down = ["records"] }
        let away = await browser.post(
            "/m/helpdesk/ticket/1",
            ["subject": EscapingTests.hostile, EscapingTests.hostile: EscapingTests.hostile])
        check(away, "away")
    }

    @Test func `hostile texts in a model stay texts on its pages`() async throws {
        let gateway = try await TestGateway()
        let admin = try await gateway.admin()
        let evil = JSONValue.string(EscapingTests.hostile)
        var model = JSONObject([("code", "evil"), ("name", ["en": evil, "de": evil])])
        for part in ModelPart.allCases {
            var item = JSONObject([("code", "one"), ("name", evil)])
            for field in part.fields where item.value(at: field.path) == nil {
                item.set(field.path, evil)
            }
            item["else"] = ["member": evil]
            item["columns"] = [["code": "c", "name": evil, "type": evil, "x": evil]]
            item["grants"] = [["role": evil, "operations": [evil], "rows": ["scope": evil]]]
            model[part.rawValue] = [.object(item)]
        }
        #expect(await admin.send(.put, "/api/models/evil", .object(model)).status == 201)
        let browser = Browser(gateway)
        browser.enter(as: admin)
        for path in ["/models", "/models/evil", "/models/evil/document", "/secrets"] {
            check(await browser.get(path), path)
        }
        for part in ModelPart.allCases {
            let path = "/models/evil/\(part.rawValue)/one"
            check(await browser.get(path), path)
            var fields = browser.fields(of: path)
            for action in ["plan", "edit", "remove", "try"] {
                fields["_do"] = action
                check(await browser.post(path, fields, hidden: false), "\(path) \(action)")
            }
            for name in fields.keys where !name.hasPrefix("_") {
                fields[name] = EscapingTests.hostile
            }
            check(await browser.post(path, fields, hidden: false), path)
            let new = Link(
                "models", "evil", "new", part.rawValue, query: [("class", EscapingTests.hostile)])
            check(await browser.get(new.text), new.text)
        }
    }

    /// Pages that show what people typed, and what an address says.
    private static let paths = [
        "/", "/m/helpdesk/ticket", "/m/helpdesk/ticket/1", "/m/helpdesk/customer",
        "/m/" + encoded + "/x", "/problems/" + encoded,
        "/login?returnUrl=" + encoded,
        "/search?q=" + encoded,
        "/q/helpdesk/by_month?status=" + encoded,
        "/q/helpdesk/by_month?" + encoded + "=x",
        "/m/helpdesk/ticket?view=board&by=status&search=" + encoded,
        "/m/helpdesk/ticket?saved=1&columns=subject,body,creator,customer&search=%3Cx-evil%3E",
        "/m/helpdesk/ticket?set=filter&where=subject&is=eq&value=" + encoded,
        "/m/helpdesk/ticket?set=filter&where=count&is=eq&value=" + encoded,
        "/m/helpdesk/ticket/many?id=1&id=2&list=" + encoded,
        "/m/helpdesk/ticket/1?list=" + encoded, "/m/helpdesk/customer/1",
        "/m/helpdesk/ticket?orderby=" + encoded + "&filter=" + encoded,
    ]

    private static let encoded = String(
        Link(query: [("x", hostile)]).text.dropFirst("/?x=".count))

    private func check(_ page: TestGateway.Answer, _ path: String) {
        #expect(page.status != 500, "\(path)")
        if page.status == 303 { return }
        let text = page.text
        #expect(text.contains("<main"), "\(path)")
        #expect(!text.contains("<x-evil"), "\(path)")
        #expect(!text.contains("<!--"), "\(path)")
        #expect(text.hasOnlyOurScript, "\(path)")
        // A drawing's shapes have titles too.
        #expect(text.ranges(of: "<title>").count == text.ranges(of: "</title>").count, "\(path)")
        let areas = text.split(separator: "<textarea", omittingEmptySubsequences: false).count
        let ends = text.split(separator: "</textarea>", omittingEmptySubsequences: false).count
        #expect(areas == ends, "\(path)")
    }
}
