import HTTP
import JSON
import TestSupport
import Testing

/// Exports that leave the house: by a link, as a mail, of a view; with every service real.
@Suite(.serialized) struct `Exports that are given away` {
    private static let model: JSONValue = [
        "code": "shop", "name": "Shop", "roles": ["clerk"],
        "classes": [
            [
                "code": "price", "webAccess": true,
                "columns": [
                    ["code": "code", "type": "text", "unique": true],
                    ["code": "cost", "type": "integer"],
                ],
                "grants": [["role": "clerk", "operations": ["read", "insert", "export"]]],
            ]
        ],
        "exports": [
            [
                "code": "all", "view": "shop_price", "filter": "cost lt 10", "format": "csv",
                "columns": [["column": "id"], ["column": "version"], ["column": "code"]],
            ],
            [
                "code": "post", "from": "price", "format": "csv",
                "columns": [["column": "code"], ["column": "cost"]],
                "target": [
                    "kind": "mail", "to": ["boss@client.test"], "text": "Prices of the day",
                    "file": "prices-{run}.csv",
                ],
            ],
        ],
    ]

    private func export(_ train: Train, _ api: APIClient, _ code: String) async throws -> JSONValue
    {
        let started = try await api.expect(202, .post, "/api/exports/shop.\(code)/runs").json
        let path = "/api/runs/\(started["run"]?.integer ?? 0)"
        var run = JSONValue.null
        try await train.waitFor("the end of \(path)") {
            run = try await api.get(path)
            return run["state"] != "planned" && run["state"] != "running"
        }
        #expect(run["state"] == "succeeded", "\(run.text)")
        return run
    }

    @Test func `a link gives a file to nobody in particular, and ends with its issuer's grant`()
        async throws
    {
        let train = Train(.apart)
        try await train.start()
        let api = try await train.admin()
        _ = try await api.expect(201, .put, "/api/models/shop", json: Self.model)
        let role = try await api.expect(200, .get, "/api/roles/clerk")
        _ = try await api.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin"]],
            headers: ["If-Match": role.headers["ETag"] ?? ""])
        for (code, cost) in [("a", 1), ("b", 20)] as [(String, Int64)] {
            _ = try await api.expect(
                201, .post, "/api/records/shop/price",
                json: ["code": .string(code), "cost": .number(JSONNumber(cost))])
        }
        let run = try await export(train, api, "all")
        let number = run["run"]?.integer ?? 0
        let listed = try await api.get("/api/runs?kind=export&state=succeeded&limit=1")
        #expect(listed["items"]?.array?.first?["run"]?.integer == number)
        let made = try await api.expect(201, .post, "/api/runs/\(number)/link", json: [:]).json
        let link = made["link"]?.string ?? ""
        let file = try await train.visitor.expect(200, .get, link)
        #expect(file.text == "id,version,code\r\n1,1,a\r\n")

        let posted = try await export(train, api, "post")["run"]?.integer ?? 0
        var mail = JSONValue.null
        try await train.waitFor("the mail to be sent") {
            let mails = try await api.get("/api/mail/messages?address=boss@client.test")
            mail = mails["items"]?.array?.first ?? .null
            return mail["state"] == "sent"
        }
        let name = (mail["messageId"]?.string ?? "").dropFirst().dropLast()
        let text = TestFile.text("\(train.data)/mail/out/\(name).eml") ?? ""
        #expect(text.contains("prices-\(posted).csv") && text.contains("Prices of the day"))
        // "code,cost\r\na,1\r\nb,20\r\n"
        #expect(text.contains("Y29kZSxjb3N0DQphLDENCmIsMjANCg=="))

        var changed = Self.model.object ?? JSONObject()
        var type = changed["classes"]?.array?.first?.object ?? JSONObject()
        type["grants"] = [["role": "clerk", "operations": ["read", "insert"]]]
        changed["classes"] = [.object(type)]
        _ = try await api.expect(200, .put, "/api/models/shop", json: .object(changed))
        let over = try await train.visitor.send(.get, link)
        #expect(over.status == 410, "\(over)")
        _ = try await train.stop()
        for service in ["gateway", "batch", "mail", "records"] {
            let log = TestFile.text(train.log(service)) ?? ""
            #expect(!log.contains(link.dropFirst(3)), "the log of \(service) has the link")
        }
    }
}
