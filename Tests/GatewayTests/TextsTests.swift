import JSON
import Contracts
import HTTP
import RPC
import ServiceRuntime
import Testing

@testable import Gateway

/// What pages say in their languages, and the pieces that they are made of.
@Suite struct TextsTests {
    @Test(arguments: [
        ("en", 1, "1 record"), ("en", 1_234_567, "1,234,567 records"), ("de", 1, "1 Datensatz"),
        ("de-AT", 2000, "2.000 Datensätze"), ("cs", 1, "1 záznam"), ("cs", 3, "3 záznamy"),
        ("cs", 5, "5 záznamů"), ("cs", 12345, "12\u{A0}345 záznamů"), ("xx", 0, "0 records"),
    ]) func `numbers of things`(_ language: String, _ count: Int, _ text: String) {
        #expect(Texts.find(language).count(Int64(count)) == text)
    }

    @Test func `decimals and days`() {
        #expect(Texts.find("en").decimal("-1234.50") == "-1,234.50")
        #expect(Texts.find("de").decimal("1234.5") == "1.234,5")
        #expect(Texts.find("de").decimal("1e9") == "1e9")
        #expect(Texts.find("en").day("2026-11-03") == "3 Nov 2026")
        #expect(Texts.find("de").day("2026-11-03T10:00:00Z") == "03.11.2026")
        #expect(Texts.find("cs").day("2026-11-03") == "3. 11. 2026")
        #expect(Texts.find("cs").day("never") == "never")
    }

    @Test(arguments: [
        ("de-CH,de;q=0.9,en;q=0.8", Language.german), ("fr,cs;q=0.5,en;q=0.4", .czech),
        ("", .english), ("fr", .english), ("cs;q=0,de;q=0.1", .german),
    ]) func `a browser's languages`(_ header: String, _ language: Language) {
        #expect(Language(accepting: header) == language)
    }

    @Test func `who is not logged in is spoken to in the browser's language`() async throws {
        let gateway = try await TestGateway()
        let page = await gateway.send(
            .get, "/login", headers: ["Accept-Language": "cs,en;q=0.5"])
        #expect(page.text.contains("<html lang=\"cs\">"))
        #expect(page.text.contains("Přihlásit se"))
    }

    @Test func `metrics of a service are summed over its queues`() {
        let text = """
            # HELP geartrain_queue_depth_items x
            geartrain_queue_depth_items{queue="a"} 3
            geartrain_queue_depth_items{queue="b"} 4
            geartrain_queue_oldest_due_seconds{queue="a"} 1.5
            geartrain_queue_oldest_due_seconds{queue="b"} 9
            geartrain_mail_http_answers_total{route="/x",status="2xx"} 5
            geartrain_mail_http_answers_total{route="/x",status="5xx"} 2
            geartrain_integrations_on 0
            process_resident_memory_bytes 1048576
            broken
            """
        let sample = ServiceMonitor.read(text, at: Timestamp(milliseconds: 0))
        #expect(sample.isUp && sample.depth == 7 && sample.oldestDueSeconds == 9)
        #expect(sample.answers == 7 && sample.failures == 2 && sample.integrationsOn == false)
        #expect(sample.residentBytes == 1_048_576)
    }

    @Test(arguments: ["/", "//", ".", "./1", "a.b", "a.b/", "a.b/x", "a.b.c/1", "\u{0}"])
    func `what names no record is no link, and ends nothing`(_ text: String) {
        #expect(Parts.record(.string(text)) == HTML(text))
    }

    @Test func `a list's place is bounded, whatever its address says`() {
        let type = FullCode(model: "a", code: "b")
        for text in ["9223372036854775807", "-9223372036854775808", "x"] {
            let query = Query("cursor=c&at=\(text)")
            let list = query.map { ListQuery(type, $0) }
            #expect(list.map { (0...ListQuery.largestPlace).contains($0.at) } == true)
        }
    }

    @Test func `an incident leads to the page of what it is about`() {
        #expect(IncidentPart.page("/api/mail/messages/7") == Link("mail", "7"))
        #expect(IncidentPart.page("/api/mailboxes/a.b/messages/3") == Link("mailboxes", "a.b"))
        #expect(IncidentPart.page("/api/runs/9") == Link("runs", "9"))
        #expect(IncidentPart.page("https://evil.example/") == nil)
    }
}
