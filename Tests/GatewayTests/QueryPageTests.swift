import HTTP
import JSON
import TestSupport
import Testing

@testable import Gateway

/// Queries as tables and charts.
@Suite struct QueryPageTests {
    private static let load = "/q/helpdesk/by_month"

    private func browser() async throws -> Browser {
        let browser = Browser(try await TestGateway(environment: [:]))
        browser.enter(as: try await browser.gateway.person("anna", roles: ["agent"]))
        return browser
    }

    @Test func `a query asks for its parameters, then shows a table and a chart`() async throws {
        let browser = try await browser()
        let asked = await browser.get(QueryPageTests.load)
        #expect(asked.status == 422 && asked.text.contains("id=\"e-status\""))
        let page = await browser.get(QueryPageTests.load + "?status=open")
        #expect(page.status == 200 && browser.value("status") == "open")
        #expect(page.text.contains("<td>&lt;12&gt;</td>") && page.text.contains(">12,000</td>"))
        #expect(page.text.ranges(of: "<rect class=\"s0\"").count == 12 + 1)
        #expect(page.text.ranges(of: "<rect class=\"s1\"").count == 11 + 1)
        #expect(page.text.contains("<title>&lt;1&gt;: 1,000</title>"))
        let next = QueryPageTests.load + "?status=open&chart=bar&cursor=c2"
        #expect(page.text.contains(next.escaped))
        let line = await browser.get(QueryPageTests.load + "?status=open&chart=line")
        #expect(line.text.ranges(of: "<polyline").count == 2)
        #expect(line.text.ranges(of: "<circle class=\"s1\"").count == 11)
    }

    @Test(arguments: [
        ([0, 12_000], [0, 5000, 10_000, 15_000]), ([-2, 3], [-2, -1, 0, 1, 2, 3]), ([], [0, 0.2]),
        ([0.5], [0, 0.1, 0.2, 0.3, 0.4, 0.5]), ([7], [0, 2, 4, 6, 8]),
    ])
    func `a scale has few and round steps`(_ values: [Double], _ ticks: [Double]) {
        let found = Chart.Scale(values).ticks
        #expect(zip(found, ticks).allSatisfy { abs($0 - $1) < 1e-9 }, "\(found)")
    }

    @Test func `rows without numbers are no chart`() {
        let texts = Texts.find("en")
        #expect(Chart([JSONObject([("a", "x")])], .bar, texts) == nil)
        #expect(Chart([], .bar, texts) == nil)
        let only = Chart([JSONObject([("n", 1)]), JSONObject([("n", 2)])], .bar, texts)
        #expect(only?.labels == ["1", "2"] && only?.series.count == 1)
    }
}
