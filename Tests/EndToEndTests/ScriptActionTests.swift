import HTTP
import JSON
import RPC
import TestSupport
import Testing

/// Scripts that act by `gt`, over the gateway, with every service real.
@Suite(.serialized) struct `Scripts that act` {
    private static let model = """
        {"code": "shop", "name": "Shop", "roles": ["seller"],
         "classes": [
          {"code": "order", "webAccess": true, "columns": [
            {"code": "title", "type": "text", "required": true}, {"code": "state", "type": "text"}],
           "grants": [{"role": "seller", "operations": ["read", "insert", "change"]}]},
          {"code": "note", "webAccess": true, "columns": [
            {"code": "text", "type": "text"}, {"code": "order", "type": "reference", "class": "order"}],
           "grants": [{"role": "seller", "operations": ["read", "insert"]}]}],
         "events": [{"code": "checked", "web": true}],
         "scripts": [
          {"code": "words", "source": "const shout = text => text.toUpperCase();"},
          {"code": "copy", "web": true, "get": true, "include": ["words"], "source":
            "const seen = gt.records.get('order', Number(parameters.id)); return gt.records.create('order', {title: shout(seen.title)}).id"},
          {"code": "sheet", "web": true, "source":
            "return gt.file({name: 'o.csv', type: 'text/csv', text: gt.records.find('order', {orderby: 'id'}).map(o => o.title).join('\\\\n')})"},
          {"code": "note", "source": "gt.records.create('note', {text: shout(record.title), order: record.id});", "include": ["words"]}],
         "workflows": [{"code": "follow", "class": "order", "start": "note", "steps": [
            {"code": "note", "kind": "script", "script": "note", "next": "end"}, {"code": "end", "kind": "end"}]}],
         "rules": [{"code": "follow", "class": "order", "on": "inserted", "do": [{"workflow": "follow"}]}]}
        """

    @Test func `a script acts for its caller, and a step for who caused it`() async throws {
        let train = Train(.together)
        try await train.start()
        let admin = try await train.admin()
        let document = try JSONValue(parsing: Array(Self.model.utf8))
        try await admin.expect(201, .put, "/api/models/shop", json: document)
        for account in ["anna", "bob"] {
            try await admin.expect(
                201, .put, "/api/accounts/\(account)",
                json: [
                    "name": .string(account), "password": "a long enough password",
                    "roles": account == "anna" ? ["seller"] : [],
                ])
        }
        let anna = try await APIClient(port: train.ports["gateway"] ?? 0).loggedIn(
            "anna", "a long enough password")
        let bob = try await APIClient(port: train.ports["gateway"] ?? 0).loggedIn(
            "bob", "a long enough password")
        let orders = "/api/records/shop/order"
        let first = try await anna.post(orders, ["title": "lamp"])["id"]?.integer ?? 0
        let parameters: JSONValue = ["parameters": ["id": .string("\(first)")]]
        // The note of the step is anna's, by the rights that she has.
        let step = "workflow of \(first)"
        try await eventually(step, within: .seconds(30)) {
            try await self.notes(anna, of: first) == ["LAMP"]
        }
        let note = try await anna.get("/api/records/shop/note?filter=order%20eq%20\(first)")
        let written = note["items"]?.array?.first
        #expect(written?["creator"] == "anna")
        let made = try await anna.post("/api/scripts/shop.copy/run", parameters, status: 200)[
            "result"]
        let id = try #require(made?.integer)
        let history = try await anna.get("\(orders)/\(id)/history")["items"]?.array?.first
        #expect(history?["account"] == "anna" && history?["door"] == "script")
        #expect(history?["cause"]?.string?.hasPrefix("script:shop.copy") == true)
        // What is not bob's to read is not there for his script either.
        let refused = try await bob.expectProblem(
            422, "script-failed", .post, "/api/scripts/shop.copy/run", json: parameters)
        #expect(refused["script"] == "copy" && refused["values"]?["parameters"]?["id"] != nil)
        let sheet = try await anna.expect(200, .post, "/api/scripts/shop.sheet/run", json: [:])
        #expect(sheet.text == "lamp\nLAMP" && sheet.headers["Content-Type"] == "text/csv")
        let tried = try await admin.post(
            "/api/scripts/try",
            [
                "model": "shop", "include": ["words"], "record": ["title": "x"],
                "source": "gt.records.create('note', {text: shout(record.title)}); return 1",
            ], status: 200)
        #expect(tried["result"] == 1 && tried["calls"]?.array?.count == 1)
        _ = try await train.stop()
    }

    private func notes(_ client: APIClient, of order: Int64) async throws -> [String] {
        let page = try await client.get("/api/records/shop/note?filter=order%20eq%20\(order)")
        return page["items"]?.array?.compactMap { $0["text"]?.string } ?? []
    }
}
