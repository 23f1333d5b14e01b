import Crypto
import HTTP
import JSON
import TestSupport
import Testing

/// API.md §1, line by line.
@Suite(.serialized, .desk) struct `Contract 1, conventions` {
    @Test func `keys are camelCase; codes are lower case and unique in their parent`() async throws
    {
        let desk = try SharedDesk.desk
        let schemas = try await desk.train.visitor.get("/openapi.json")["components"]?["schemas"]
        for (name, schema) in schemas?.object?.members ?? [] {
            for key in schema["properties"]?.object?.keys ?? [] {
                let isCamel =
                    key.first?.isLowercase == true
                    && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
                #expect(isCamel, "\(name).\(key)")
            }
        }
        func faults(_ codes: String...) async throws -> [JSONValue] {
            let classes = codes.map { #"{"code": "\#($0)"}"# }.joined(separator: ", ")
            let model = #"{"code": "codes", "name": "C", "classes": [\#(classes)]}"#
            let answer = try await desk.admin.send(
                .post, "/api/models/codes/plan", body: Array(model.utf8))
            return (try answer.json["errors"]?.array ?? []).compactMap { $0["code"] }
        }
        #expect(try await faults("a", String(repeating: "b", count: 63)) == [])
        for code in ["A", "1a", "a-b", "é", "", String(repeating: "b", count: 64)] {
            #expect(try await faults(code).contains("invalid-code"), "\(code)")
        }
        #expect(try await faults("a", "a").contains("repeated"))
    }

    @Test func `times are UTC with milliseconds, dates are days, decimals are exact`() async throws
    {
        let desk = try SharedDesk.desk
        let id = try await desk.article(
            "exact", #""price": 0.1, "due": "2026-11-22T10:15:30+02:00", "day": "2026-11-22""#)
        let record = try await desk.anna.get("\(Desk.articles)/\(id)")
        #expect(record["price"]?.text == "0.10")
        #expect(record["due"] == "2026-11-22T08:15:30.000Z" && record["day"] == "2026-11-22")
        let created = try #require(record["created"]?.string)
        #expect(created.utf8.count == 24 && created.hasSuffix("Z"))
        try await desk.anna.expectProblem(
            422, "validation-failed", .post, Desk.articles,
            json: ["number": "x", "day": "22.11.2026"])
        let large = try await desk.article("large", #""price": 90071992547409.93"#)
        let answer = try await desk.anna.get("\(Desk.articles)/\(large)")
        #expect(answer["price"]?.text == "90071992547409.93")
    }

    @Test func `a caller comes by Bearer, by Basic or by the cookie of the pages`() async throws {
        let desk = try SharedDesk.desk
        #expect(try await desk.anna.get("/api/me")["account"] == "anna")
        let basic = Base64.encode(Array("anna:\(Train.password)".utf8))
        let me = try await desk.train.visitor.expect(
            200, .get, "/api/me", headers: ["Authorization": "Basic \(basic)"])
        #expect(try me.json["account"] == "anna")
        let form = try await desk.train.visitor.expect(200, .get, "/login")
        let visitor = try #require(form.headers["Set-Cookie"]?.prefix { $0 != ";" })
        let csrf = try #require(form.text.components(after: "name=\"_csrf\" value=\"", to: "\""))
        let fields =
            "account=anna&password=\(Train.password.queryEncoded)"
            + "&_csrf=\(csrf.queryEncoded)"
        let sent = try await desk.train.visitor.send(
            .post, "/login", body: Array(fields.utf8), type: "application/x-www-form-urlencoded",
            headers: ["Cookie": String(visitor)])
        #expect(sent.status == 303, "\(sent)")
        var browser = desk.train.visitor
        browser.cookie = sent.headers.all("Set-Cookie")
            .map { String($0.prefix { $0 != ";" }) }.joined(separator: "; ")
        #expect(try await browser.get("/api/me")["account"] == "anna")
        // A change by cookie needs the token of the session's own forms.
        try await browser.expectProblem(
            403, "csrf-token-invalid", .post, Desk.articles, json: ["number": "cookie"])
    }

    @Test func `every error is a problem with a page that explains it`() async throws {
        let desk = try SharedDesk.desk
        _ = try await desk.article("problem")
        let (list, anna) = (Desk.articles, desk.anna)
        let refusals: [(Int, String, APIClient, HTTP.Method, String, String?)] = [
            (400, "malformed-json", anna, .post, list, "{"),
            (400, "invalid-filter", anna, .get, list + "?filter=number%20eq", nil),
            (400, "invalid-cursor", anna, .get, list + "?cursor=x", nil),
            (401, "unauthenticated", desk.train.visitor, .get, list, nil),
            (403, "forbidden", desk.victor, .post, list, #"{"number": "v"}"#),
            (404, "not-found", desk.sam, .get, list, nil),
            (404, "not-found", anna, .get, list + "/99999", nil),
            (405, "method-not-allowed", anna, .put, list, "{}"),
            (422, "validation-failed", anna, .post, list, #"{"number": 7, "price": -1, "x": 1}"#),
        ]
        for (status, code, client, method, target, body) in refusals {
            let answer = try await client.send(method, target, body: body.map { Array($0.utf8) })
            #expect(answer.status == status, "\(code): \(answer)")
            let problem = try answer.json
            let type = answer.headers["Content-Type"]
            #expect(type?.hasPrefix("application/problem+json") == true)
            #expect(problem["type"] == .string("/problems/\(code)"))
            #expect(problem["status"]?.integer == Int64(status))
            #expect(problem["title"]?.string?.isEmpty == false)
            #expect(problem["instance"]?.string?.isEmpty == false)
            #expect(problem["requestId"]?.string == answer.headers["X-Request-Id"])
            let page = try await desk.train.visitor.send(.get, "/problems/\(code)")
            #expect(page.status == 200 && page.text.contains("What to do"), "\(code)")
        }
        // Every fault at once, each with its pointer; a member that is not known is one.
        let all = try await anna.expectProblem(
            422, "validation-failed", .post, list, json: ["number": 7, "price": -1, "x": 1])
        #expect(
            Set((all["errors"]?.array ?? []).compactMap { $0["pointer"]?.string })
                == ["/number", "/price", "/x"])
        let type = try await anna.send(.post, list, body: [123, 125], type: "text/plain")
        #expect(type.status == 415)
    }

    @Test func `a POST under a key answers the first answer again`() async throws {
        let desk = try SharedDesk.desk
        let headers: Headers = ["Idempotency-Key": "contract-1"]
        let body: JSONValue = ["number": "key"]
        let first = try await desk.anna.expect(
            201, .post, Desk.articles, json: body, headers: headers)
        let again = try await desk.anna.expect(
            201, .post, Desk.articles, json: body, headers: headers)
        #expect(first.bytes == again.bytes)
        #expect(try await desk.numbers("filter=number%20eq%20'key'").count == 1)
        try await desk.anna.expectProblem(
            409, "idempotency-key-reused", .post, Desk.articles, json: ["number": "other"],
            headers: headers)
        // Another account's key is its own.
        let role = try await desk.victor.send(
            .post, Desk.articles, body: body.bytes, headers: headers)
        #expect(role.status == 403)
    }

    @Test func `a record's version is its ETag, and PATCH and DELETE need If-Match`() async throws {
        let desk = try SharedDesk.desk
        let path = "\(Desk.articles)/\(try await desk.article("etag"))"
        #expect(try await desk.anna.expect(200, .get, path).headers["ETag"] == "\"1\"")
        for (method, body) in [(.patch, ["count": 1]), (.delete, nil)]
            as [(HTTP.Method, JSONValue?)]
        {
            try await desk.anna.expectProblem(
                428, "precondition-required", method, path, json: body)
        }
        try await desk.anna.expect(
            200, .patch, path, json: ["count": 1, "state": "old"], headers: ["If-Match": "\"1\""])
        let stale = try await desk.anna.expectProblem(
            412, "version-mismatch", .patch, path, json: ["count": 2],
            headers: ["If-Match": "\"1\""])
        #expect(Set((stale["changed"]?.array ?? []).compactMap(\.string)) == ["count", "state"])
        try await desk.anna.expect(204, .delete, path, headers: ["If-Match": "\"2\""])
    }
}

extension String {
    /// What stands between the first `start` and the next `end`.
    fileprivate func components(after start: String, to end: Character) -> String? {
        let parts = split(separator: start, maxSplits: 1)
        return parts.count == 2 ? String(parts[1].prefix { $0 != end }) : nil
    }
}
