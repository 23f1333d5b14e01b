import Crypto
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

/// Rules before a save and files of records, over the gateway, with every service real.
@Suite(.serialized) struct `Rules before a save, and files` {
    private static let model = """
        {"code": "shop", "name": "Shop", "roles": ["seller"],
         "classes": [
          {"code": "order", "webAccess": true, "prefill": ["title", "amount"], "columns": [
            {"code": "title", "type": "text", "required": true},
            {"code": "amount", "type": "decimal", "scale": 2},
            {"code": "status", "type": "choice", "choices": ["new", "big"], "default": "new"},
            {"code": "scans", "type": "file", "many": true}],
           "grants": [{"role": "seller", "operations": ["read", "insert", "change", "delete"]}]},
          {"code": "import_order", "parent": "order", "webAccess": true, "columns": [
            {"code": "country", "type": "text"}]}],
         "scripts": [{"code": "trim", "source": "record.title = record.title.trim();"}],
         "rules": [
          {"code": "tidy", "class": "order", "on": "inserting", "order": 1,
           "do": [{"script": "trim"}]},
          {"code": "big", "class": "order", "on": "inserting", "order": 2,
           "when": "=record.amount > 100", "do": [{"set": {"status": "big"}}]},
          {"code": "no_less", "class": "order", "on": "changing",
           "require": "=record.amount >= previous.amount", "message": {"en": "It cannot shrink."}},
          {"code": "abroad", "class": "import_order", "on": "changing",
           "require": "=record.title !== 'home'", "message": "Not at home."},
          {"code": "keep", "class": "order", "on": "deleting",
           "require": "=record.status !== 'big'", "message": "Big orders stay."},
          {"code": "begin", "class": "order", "on": "opening",
           "do": [{"set": {"title": "='Order of ' + me.account"}}]}]}
        """

    private func start() async throws -> (Train, APIClient) {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let document = try JSONValue(parsing: Array(Self.model.utf8))
        _ = try await api.expect(201, .put, "/api/models/shop", json: document)
        _ = try await api.expect(
            200, .patch, "/api/roles/seller", json: ["members": ["admin"]],
            headers: ["If-Match": try await tag(api, "/api/roles/seller")])
        return (train, api)
    }

    private func tag(_ api: APIClient, _ path: String) async throws -> String {
        try await api.expect(200, .get, path).headers["ETag"] ?? ""
    }

    @Test func `rules set, require and prefill in the caller's call, for children too`()
        async throws
    {
        let (train, api) = try await start()
        let orders = "/api/records/shop/order"
        let first = try await api.post(orders, ["title": " Lamp ", "amount": 120])
        #expect(first["title"] == "Lamp")
        #expect(first["status"] == "big")
        let id = first["id"]?.integer ?? 0
        let match: Headers = ["If-Match": "\"1\""]
        let problem = try await api.expectProblem(
            422, "rule-refused", .patch, "\(orders)/\(id)", json: ["amount": 1], headers: match)
        #expect(problem["detail"] == "It cannot shrink.")
        #expect(problem["rule"] == "shop.no_less")
        try await api.expectProblem(422, "rule-refused", .delete, "\(orders)/\(id)", headers: match)
        let child = try await api.post(
            "/api/records/shop/import_order", ["title": " Sofa ", "amount": 5, "country": "SE"])
        #expect(child["title"] == "Sofa")
        // By the parent's address the child's own rules count as well.
        let other = "\(orders)/\(child["id"]?.integer ?? 0)"
        let abroad = try await api.expectProblem(
            422, "rule-refused", .patch, other, json: ["title": "home"], headers: match)
        #expect(abroad["detail"] == "Not at home.")
        try await api.expect(200, .patch, other, json: ["title": "away"], headers: match)
        let begun = try await api.get(orders + "/new?amount=2.5")
        #expect(begun["title"] == "Order of admin")
        #expect(begun["amount"]?.text == "2.50")
        #expect(begun["status"] == "new")
        try await api.expectProblem(422, "validation-failed", .get, orders + "/new?amount=x")
        try await api.expectProblem(400, "invalid-parameter", .get, orders + "/new?status=big")
        let page = try await api.expect(200, .get, "/m/shop/order/new?amount=7")
        #expect(page.text.contains("Order of admin"))
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    @Test func `a file goes in and out in pieces, and its limits and rights hold`() async throws {
        let (train, api) = try await start()
        let order = try await api.post("/api/records/shop/order", ["title": "Lamp"])
        let path = "/api/records/shop/order/\(order["id"]?.integer ?? 0)"
        let file = path + "/files/scans/" + "größe 1.pdf".queryEncoded
        let large = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let put = try await api.send(
            .put, file, body: large, type: "application/pdf", headers: ["If-Match": "\"1\""])
        #expect(put.status == 201)
        #expect(put.headers["ETag"] == "\"2\"")
        let entry = try put.json["scans"]?.array?.first
        #expect(entry?["sha256"] == .string(SHA256.hex(large)))
        let got = try await api.expect(200, .get, file)
        #expect(got.bytes == large)
        #expect(got.headers["ETag"] == "\"\(SHA256.hex(large))\"")
        #expect(
            got.headers["Content-Disposition"]
                == "attachment; filename=\"gr__e 1.pdf\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.pdf")
        #expect(try await api.send(.put, file, body: [1]).status == 428)
        let stale: Headers = ["If-Match": "\"1\""]
        #expect(try await api.send(.put, file, body: [1], headers: stale).status == 412)
        #expect(try await train.visitor.send(.get, file).status == 401)
        #expect(try await api.send(.get, path + "/files/title/x").status == 404)
        let page = try await api.expect(
            200, .get, "/m/shop/order/\(order["id"]?.integer ?? 0)")
        #expect(page.text.contains("größe 1.pdf"))
        #expect(page.text.contains("multipart/form-data"))
        let gone = try await api.expect(
            200, .delete, file, headers: ["If-Match": "\"2\""])
        #expect(try gone.json["scans"] == [])
        try await api.expect(404, .get, file)
        let former = try await api.expect(200, .get, file + "?sha256=\(SHA256.hex(large))")
        #expect(former.bytes == large)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }

    @Test func `a person uploads a file with a form`() async throws {
        let (train, api) = try await start()
        let order = try await api.post("/api/records/shop/order", ["title": "Lamp"])
        let page = "/m/shop/order/\(order["id"]?.integer ?? 0)"
        let body = [
            "--b", "Content-Disposition: form-data; name=\"_version\"", "", "1",
            "--b", "Content-Disposition: form-data; name=\"file\"; filename=\"C:\\scan.txt\"",
            "Content-Type: text/plain", "", "one\r\n--\r\n-b\r\ntwo", "--b--", "",
        ].joined(separator: "\r\n")
        let sent = try await api.send(
            .post, page + "/files/scans", body: Array(body.utf8),
            type: "multipart/form-data; boundary=b")
        #expect(sent.status == 303, "\(sent)")
        let file = "/api/records\(page.dropFirst(2))/files/scans/scan.txt"
        #expect(try await api.expect(200, .get, file).text == "one\r\n--\r\n-b\r\ntwo")
        let removed = try await api.send(
            .post, page + "/files/scans/delete", body: Array("_version=2&name=scan.txt".utf8),
            type: "application/x-www-form-urlencoded")
        #expect(removed.status == 303)
        try await api.expect(404, .get, file)
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }
}
