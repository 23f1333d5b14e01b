import HTTP
import JSON
import TestSupport
import Testing

/// API.md §4, line by line.
@Suite(.serialized, .desk) struct `Contract 4, records` {
    @Test func `a record is created with Location, listed, read, changed and deleted`()
        async throws
    {
        let desk = try SharedDesk.desk
        let made = try await desk.anna.expect(
            201, .post, Desk.articles, json: ["number": "life"])
        let path = try #require(made.headers["Location"])
        let id = try #require(try made.json["id"]?.integer)
        #expect(path == "\(Desk.articles)/\(id)")
        #expect(try await desk.numbers("filter=number%20eq%20'life'") == ["life"])
        try await desk.anna.expect(200, .get, path)
        let changed = try await desk.anna.expect(
            200, .patch, path, json: ["state": "old"], headers: ["If-Match": "\"1\""])
        #expect(changed.headers["ETag"] == "\"2\"")
        // A change without a difference writes nothing.
        let same = try await desk.anna.expect(
            200, .patch, path, json: ["state": "old"], headers: ["If-Match": "\"2\""])
        #expect(same.headers["ETag"] == "\"2\"")
        try await desk.anna.expect(204, .delete, path, headers: ["If-Match": "\"2\""])
        try await desk.anna.expectProblem(404, "not-found", .get, path)
    }

    @Test func `a record has what every record has, and expand makes objects of references`()
        async throws
    {
        let desk = try SharedDesk.desk
        let maker = try await desk.anna.post(Desk.makers, ["name": "Acme"])["id"]?.integer ?? 0
        let id = try await desk.article(
            "shape", #""maker": \#(maker), "tags": ["a", "b"], "data": {"k": [1, null]}"#)
        let record = try await desk.anna.get("\(Desk.articles)/\(id)")
        #expect(record["id"]?.integer == id && record["version"] == 1)
        #expect(record["describe"] == "shape (Acme)")
        #expect(record["creator"] == "anna" && record["modifier"] == "anna")
        #expect(record["created"] == record["modified"] && record["created"] != nil)
        #expect(record["maker"]?.integer == maker && record["price"] == .null)
        #expect(record["tags"] == ["a", "b"] && record["data"] == ["k": [1, nil]])
        #expect(record["papers"] == [])
        let expanded = try await desk.anna.get("\(Desk.articles)/\(id)?expand=maker")
        #expect(expanded["maker"]?["name"] == "Acme")
        #expect(expanded["maker"]?["id"]?.integer == maker)
    }

    @Test func `the history says who changed what from what to what, when, by which door, and why`()
        async throws
    {
        let desk = try SharedDesk.desk
        let id = try await desk.article("past")
        let path = "\(Desk.articles)/\(id)"
        try await desk.anna.expect(
            200, .patch, path, json: ["state": "old"], headers: ["If-Match": "\"1\""])
        let table = try await desk.sqlite(
            "SELECT number FROM class WHERE model = 'shop' AND code = 'article'"
        ).prefix { $0 != "\n" }
        _ = try await desk.sqlite("UPDATE DataRow_\(table) SET count = 7 WHERE id = \(id)")
        try await desk.anna.expect(204, .delete, path, headers: ["If-Match": "\"3\""])
        try await desk.anna.expect(
            200, .post, path + "/restore", json: .object(JSONObject()),
            headers: ["If-Match": "\"4\""])
        let items = try await desk.anna.get(path + "/history")["items"]?.array ?? []
        #expect(
            items.map { $0["operation"] } == ["insert", "change", "change", "delete", "restore"])
        #expect(items.map { $0["version"] } == [1, 2, 3, 4, 5])
        #expect(items.map { $0["door"] } == ["api", "api", "database", "api", "api"])
        #expect(items.map { $0["account"] } == ["anna", "anna", "database", "anna", "anna"])
        #expect(items[1]["changes"] == [["column": "state", "old": "new", "new": "old"]])
        #expect(items[2]["changes"] == [["column": "count", "old": nil, "new": 7]])
        #expect(items.allSatisfy { $0["time"]?.string?.hasSuffix("Z") == true })
        #expect(items.allSatisfy { $0["cause"]?.string != nil })
        // Who may not read a column learns nothing of its changes.
        let narrow = try await desk.victor.expect(200, .get, path + "/history")
        #expect(!narrow.text.contains("\"count\""))
    }

    @Test func `a file is put under a record, listed with name, type, bytes and hash, and read`()
        async throws
    {
        let desk = try SharedDesk.desk
        let id = try await desk.article("papers")
        let path = "\(Desk.articles)/\(id)/files/papers/a%20b.txt"
        let put = try await desk.anna.send(
            .put, path, body: Array("hello world".utf8), type: "text/plain",
            headers: ["If-Match": "\"1\""])
        #expect(put.status == 201, "\(put)")
        let entry = try #require(try put.json["papers"]?.array?.first)
        #expect(entry["name"] == "a b.txt" && entry["type"] == "text/plain")
        #expect(entry["bytes"] == 11 && entry["sha256"]?.string?.utf8.count == 64)
        let file = try await desk.anna.expect(200, .get, path)
        #expect(file.text == "hello world" && file.headers["Accept-Ranges"] == "bytes")
        let part = try await desk.anna.expect(
            206, .get, path, headers: ["Range": "bytes=6-8"])
        #expect(part.text == "wor" && part.headers["Content-Range"] == "bytes 6-8/11")
        try await desk.anna.expectProblem(
            416, "no-such-range", .get, path, headers: ["Range": "bytes=11-"])
        try await desk.victor.expectProblem(404, "not-found", .get, path)
        try await desk.anna.expect(200, .delete, path, headers: ["If-Match": "\"2\""])
        try await desk.anna.expectProblem(404, "not-found", .get, path)
    }

    @Test func `API views and queries come as data, and GET views tells their state`()
        async throws
    {
        let desk = try SharedDesk.desk
        _ = try await desk.article("viewed", #""price": 1.5, "state": "old""#)
        let rows = try await desk.anna.get(
            "/api/views/shop/article?filter=" + "number eq 'viewed'".queryEncoded)
        #expect(rows["items"]?.array?.first?["price"]?.text.hasPrefix("1.5") == true)
        let stock = try await desk.anna.get("/api/queries/shop/stock?state=old")["items"]?.array
        #expect(stock?.contains { $0["number"] == "viewed" } == true)
        try await desk.victor.expectProblem(404, "not-found", .get, "/api/queries/shop/stock")
        func view() async throws -> JSONValue? {
            let views = try await desk.admin.get("/api/views")["items"]?.array ?? []
            return views.first { $0["name"] == "shop_article" }
        }
        let current = try await view()
        #expect(current?["state"] == "current" && current?["version"] == 1)
        #expect(current?["columns"]?.array?.contains("price") == true)
        let before = try await desk.sqlite(
            "SELECT sql FROM sqlite_master WHERE name='shop_article'")
        _ = try await desk.sqlite(
            "DROP VIEW shop_article; CREATE VIEW shop_article AS SELECT 1 AS one")
        #expect(try await view()?["state"] == "drifted")
        try await desk.admin.expect(200, .post, "/api/views/shop/article/rebuild")
        #expect(try await view()?["state"] == "current")
        let after = try await desk.sqlite("SELECT sql FROM sqlite_master WHERE name='shop_article'")
        #expect(after == before)
    }

    @Test func `other programs read the views and write the tables, and it is history and event`()
        async throws
    {
        let desk = try SharedDesk.desk
        let id = try await desk.article("sql", #""price": 2.5"#)
        #expect(
            try await desk.sqlite("SELECT price FROM shop_article WHERE id = \(id)") == "2.5\n")
        let table = try await desk.sqlite(
            "SELECT number FROM class WHERE model = 'shop' AND code = 'article'"
        ).prefix { $0 != "\n" }
        _ = try await desk.sqlite(
            "INSERT INTO DataRow_\(table) (number, price) VALUES ('foreign', 125)")
        let found = try await desk.anna.get(
            Desk.articles + "?filter=" + "number eq 'foreign'".queryEncoded)
        let record = try #require(found["items"]?.array?.first)
        #expect(record["creator"] == "database" && record["price"]?.text == "1.25")
        #expect(record["state"] == "new" && record["version"] == 1)
        try await desk.train.waitFor("the event to be delivered") {
            try await desk.sqlite(
                "SELECT (SELECT max(seq) FROM change_log) = (SELECT seq FROM relay_position)"
            ) == "1\n"
        }
    }
}
