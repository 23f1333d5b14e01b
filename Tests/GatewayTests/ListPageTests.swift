import Contracts
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Gateway

/// The list: all of it stands in its address.
@Suite struct ListPageTests {
    private static let list = "/m/helpdesk/ticket"

    private func browser(records: Int = 3) async throws -> Browser {
        let gateway = try await TestGateway(environment: [:])
        let browser = Browser(gateway)
        let anna = try await gateway.person("anna", roles: ["agent"])
        for index in 0..<records {
            _ = await anna.send(
                .post, "/api/records/helpdesk/ticket",
                ["subject": .string("T\(index + 1)"), "status": "new"])
        }
        browser.enter(as: anna)
        return browser
    }

    @Test(arguments: [
        ("subject eq 'a and b' and count gt 1", ["subject eq 'a and b'", "count gt 1"]),
        ("(a eq 1 or b eq 2) and c eq 3", ["(a eq 1 or b eq 2)", "c eq 3"]),
        ("a eq 1 or b eq 2 and c eq 3", ["a eq 1 or b eq 2 and c eq 3"]),
        ("a eq 'it''s' AND brand eq 'or'", ["a eq 'it''s'", "brand eq 'or'"]),
        ("  ", []), ("a eq 'open", ["a eq 'open"]),
    ])
    func `a filter is cut where it joins conditions`(_ text: String, _ parts: [String]) {
        #expect(FilterText(text).conditions == parts)
    }

    @Test func `what is added to an or stands beside all of it`() {
        let both = FilterText("a eq 1 or b eq 2").and("c eq 3")
        #expect(both.text == "(a eq 1 or b eq 2) and c eq 3")
        #expect(both.without(0).text == "c eq 3")
        #expect(both.and("c eq 3").text == both.text)
        #expect(FilterText("c eq 3").without(0).text == nil)
    }

    @Test func `a condition is read as it was made`() throws {
        for condition in [
            FilterCondition("subject", .contains, literal: "'it''s (so)'"),
            FilterCondition("count", .ge, literal: "-5"), FilterCondition("day", .empty),
            FilterCondition("customer/name", .eq, literal: "'a b'"),
            FilterCondition("owner", .ne, literal: "me"), FilterCondition("day", .filled),
        ] {
            #expect(FilterCondition(condition.text) == condition, "\(condition.text)")
        }
        for text in ["a eq 'x' b", "startswith(a)", "a in (1,2)", "not (a eq 1)", "a eq 'b''", ""] {
            #expect(FilterCondition(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("subject", "contains", "it's", "contains(subject,'it''s')"),
        ("count", "ge", " 5 ", "count ge 5"), ("spent", "lt", "2,5", "spent lt 2.5"),
        ("status", "eq", "New", "status eq 'new'"), ("status", "ne", "new", "status ne 'new'"),
        ("urgent", "eq", "yes", "urgent eq true"), ("day", "ge", "today", "day ge today"),
        ("due", "lt", "2026-11-23T10:15", "due lt 2026-11-23T10:15:00.000Z"),
        ("due", "ge", "2026-11-23", "due ge 2026-11-23T00:00:00Z"),
        ("creator", "eq", "me", "creator eq me"), ("customer", "eq", "7", "customer eq 7"),
        ("body", "empty", "whatever", "body eq null"),
    ])
    func `what is clicked together becomes an address`(
        _ column: String, _ comparison: String, _ value: String, _ filter: String
    ) async throws {
        let browser = try await browser(records: 1)
        let path = Link(
            "m", "helpdesk", "ticket",
            query: [
                ("set", "filter"), ("where", column), ("is", comparison), ("value", value),
                ("filter", "count gt 1"), ("orderby", "count desc"), ("cursor", "50"),
            ])
        let sent = await browser.get(path.text)
        #expect(sent.status == 303)
        let wanted = Link(
            "m", "helpdesk", "ticket",
            query: [("filter", "count gt 1 and \(filter)"), ("orderby", "count desc")])
        #expect(sent.location == wanted.text)
        #expect(await browser.follow().status == 200)
    }

    @Test func `a value that does not fit its column is said beside it and kept`() async throws {
        let browser = try await browser(records: 1)
        for (column, comparison, value) in [
            ("count", "eq", "many"), ("count", "contains", "1"), ("day", "eq", "23.11.2026"),
            ("subject", "eq", ""), ("nothing", "eq", "1"),
        ] {
            let page = await browser.get(
                Link(
                    "m", "helpdesk", "ticket",
                    query: [
                        ("set", "filter"), ("where", column), ("is", comparison), ("value", value),
                    ]
                ).text)
            #expect(page.status == 400 && page.text.contains("id=\"value-fault\""), "\(column)")
            #expect(browser.value("value") == value)
        }
    }

    @Test func `conditions are chips that say what they mean and can be taken away`() async throws {
        let browser = try await browser()
        let page = await browser.get(
            ListPageTests.list + "?filter=status%20eq%20%27new%27%20and%20count%20gt%201000"
                + "&search=fire&orderby=count")
        #expect(page.text.contains("status is new<a"))
        #expect(page.text.contains("count &gt; 1,000<a"))
        #expect(page.text.contains("“fire”<a"))
        let without = "?filter=count%20gt%201000&amp;search=fire&amp;orderby=count\""
        #expect(page.text.contains("href=\"\(ListPageTests.list)\(without)"))
    }

    @Test func `columns and order are chosen by form and stand in the address`() async throws {
        let browser = try await browser()
        await browser.get(
            ListPageTests.list + "?set=columns&filter=count%20gt%201&column=spent&column=created")
        #expect(
            browser.page.location
                == ListPageTests.list + "?filter=count%20gt%201&columns=spent%2Ccreated")
        let page = await browser.follow()
        #expect(page.text.contains(">spent</a>") && !page.text.contains(">urgent</a>"))
        #expect(page.text.contains("23 Nov 2026 00:00"))
        let call = try #require(browser.gateway.owners.store.lists.last)
        #expect(call.select == ["spent", "created", "describe"])
        await browser.get(
            ListPageTests.list + "?set=orderby&by=&way=asc&by=count&way=desc&by=day&way=asc")
        #expect(browser.page.location == ListPageTests.list + "?orderby=count%20desc%2Cday")
    }

    @Test func `totals are chosen by form, stand in the address and in the last row`() async throws
    {
        let browser = try await browser()
        let columns = "columns=subject%2Ccount%2Cday%2Cdue"
        let chosen = await browser.get(
            ListPageTests.list + "?set=totals&\(columns)&total=avg(count)&total=&total=max(day)"
                + "&total=min(due)")
        let totals = "totals=avg%28count%29%2Cmax%28day%29%2Cmin%28due%29"
        #expect(chosen.location == ListPageTests.list + "?\(columns)&\(totals)")
        let page = await browser.follow()
        #expect(page.status == 200)
        let foot = String(
            page.text.split(separator: "<tfoot>").last?.split(separator: "</tfoot>").first ?? "")
        #expect(foot.contains("<th scope=\"row\">Totals</th>"), "\(foot)")
        #expect(foot.contains("Average</small>1,234.5</td>"), "\(foot)")
        #expect(foot.contains("Latest</small><time datetime=\"2026-11-30\">30 Nov 2026"), "\(foot)")
        #expect(foot.contains("Earliest</small><span class=\"quiet\">"), "\(foot)")
        #expect(page.text.contains("<option value=\"avg(count)\" selected>Average</option>"))
        #expect(
            browser.gateway.owners.store.lists.last?.totals == "avg(count),max(day),min(due)")
        // The way on keeps them; what is no total, or of a column that is not shown, is not asked.
        #expect(page.text.contains("orderby=count&amp;\(totals)"))
        await browser.get(
            ListPageTests.list
                + "?columns=subject%2Ccount&totals=sum(spent),sum(subject),x,avg(count)"
        )
        #expect(browser.gateway.owners.store.lists.last?.totals == "avg(count)")
        let plain = await browser.get(ListPageTests.list)
        #expect(!plain.text.contains("<tfoot>"))
        #expect(browser.gateway.owners.store.lists.last?.totals == nil)
        // A saved view has them too.
        let saved = await browser.post(
            ListPageTests.list + "/views", ["name": "Sums", "list": "\(columns)&\(totals)"])
        #expect(saved.location == ListPageTests.list + "?\(columns)&saved=1&\(totals)")
    }

    @Test func `quick search looks into the texts of a class without searched columns`()
        async throws
    {
        let browser = try await browser()
        await browser.get(ListPageTests.list + "?search=it%27s&filter=a%20eq%201%20or%20b%20eq%202")
        let call = try #require(browser.gateway.owners.store.lists.last)
        #expect(call.search == nil)
        let parts = ["subject", "body", "secret"].flatMap {
            ["contains(\($0),'it''s')", "contains(\($0),'It''s')"]
        }
        #expect(call.filter == "(a eq 1 or b eq 2) and (\(parts.joined(separator: " or ")))")
    }

    @Test func `quick search asks for words where the class is searched, and for a number by #`()
        throws
    {
        var type = ClassDescription(
            type: FullCode(model: "m", code: "c"), name: [:],
            columns: [.init(code: "a", name: [:], type: "text")], operations: [], prefill: [],
            webAccess: true, searched: true)
        #expect(QuickSearch(" on fire", type).words == "on fire*")
        #expect(QuickSearch("\"on fire\"", type).words == "\"on fire\"")
        #expect(QuickSearch("fire", type).filter("b eq 1") == "b eq 1")
        #expect(QuickSearch("#12", type).words == nil)
        #expect(QuickSearch("#12", type).filter("b eq 1") == "(b eq 1) and id eq 12")
        type.searched = nil
        #expect(QuickSearch("7", type).filter(nil) == "(contains(a,'7') or id eq 7)")
        type.columns = []
        #expect(QuickSearch("fire", type).filter(nil) == "id eq null")
        #expect(QuickSearch("  ", type).filter("b eq 1") == "b eq 1")
    }

    @Test func `pages know the way back, and a record knows its page`() async throws {
        let browser = try await browser(records: 120)
        let first = await browser.get(ListPageTests.list + "?orderby=count")
        #expect(first.text.contains("1–50 of 120"))
        #expect(!first.text.contains("rel=\"prev\""))
        let two = ListPageTests.list + "?orderby=count&cursor=50&at=50&trail=-"
        #expect(first.text.contains(two.escaped))
        let second = await browser.get(two)
        #expect(second.text.contains("51–100 of 120"))
        #expect(second.text.contains("\"\(ListPageTests.list)?orderby=count\" rel=\"prev\""))
        let three = ListPageTests.list + "?orderby=count&cursor=100&at=100&trail=-.50"
        #expect(second.text.contains(three.escaped))
        #expect(await browser.get(three).text.contains("\"\(two.escaped)\" rel=\"prev\""))
        let record = "/51?list=orderby%3Dcount%26cursor%3D50%26at%3D50%26trail%3D-"
        #expect(second.text.contains(ListPageTests.list + record))
    }
}

extension String {
    /// As it stands in an attribute.
    var escaped: String {
        split(separator: "&", omittingEmptySubsequences: false).joined(separator: "&amp;")
    }
}
