import HTTP
import JSON
import TestSupport

/// People who file things, and run a job that the clock runs too. On each thing a workflow works:
/// it tells by mail, waits for an event, changes the record. They repeat what was not answered,
/// under the same key, as good clients do.
struct BusyOffice: Sendable {
    let train: Train
    let api: APIClient

    static let model: JSONValue = [
        "code": "busy", "name": "Busy", "roles": ["clerk"],
        "classes": [
            [
                "code": "thing", "name": "Thing", "describe": "#{id}", "webAccess": true,
                "columns": [
                    ["code": "name", "type": "text"], ["code": "email", "type": "text"],
                    ["code": "state", "type": "text"],
                ],
                "grants": [
                    [
                        "role": "clerk", "operations": ["read", "insert", "change"],
                        "rows": ["scope": "all"],
                    ]
                ],
            ]
        ],
        "notifications": [["code": "filed", "subject": "Filed: {{record.name}}", "text": "Yes."]],
        "events": [["code": "confirmed", "web": true, "buffer": "1d"]],
        "rules": [
            ["code": "handle", "class": "thing", "on": "inserted", "do": [["workflow": "handle"]]]
        ],
        "workflows": [
            [
                "code": "handle", "class": "thing", "start": "count",
                "steps": [
                    [
                        "code": "count", "kind": "script",
                        "source": "values.count = (values.count || 0) + 1;", "next": "tell",
                    ],
                    [
                        "code": "tell", "kind": "mail", "notification": "filed",
                        "to": "=record.email", "next": "wait",
                    ],
                    [
                        "code": "wait", "kind": "event", "event": "confirmed",
                        "key": "=record.id", "next": "rest",
                    ],
                    ["code": "rest", "kind": "timer", "wait": "200ms", "next": "close"],
                    [
                        "code": "close", "kind": "change", "set": ["state": "closed"],
                        "next": "end",
                    ],
                    ["code": "end", "kind": "end"],
                ],
            ],
            [
                "code": "tick", "start": "count",
                "steps": [
                    ["code": "count", "kind": "script", "source": "return 1;", "next": "end"],
                    ["code": "end", "kind": "end"],
                ],
            ],
        ],
        "jobs": [
            [
                "code": "beat", "schedule": "* * * * *", "overlap": "allow", "missed": "all",
                "steps": [["workflow": ["code": "tick", "values": ["run": "=parameters.run"]]]],
            ]
        ],
    ]

    /// Puts the model there and makes the caller a clerk.
    func prepare() async throws {
        try await api.expect(201, .put, "/api/models/busy", json: BusyOffice.model)
        let role = try await api.expect(200, .get, "/api/roles/clerk")
        try await api.expect(
            200, .patch, "/api/roles/clerk", json: ["members": ["admin"]],
            headers: role.headers["ETag"].map { ["If-Match": $0] } ?? [:])
    }

    /// Files thing `number` and confirms it.
    func file(_ number: Int) async throws {
        let answer = try await insist(
            "file-\(number)", "/api/records/busy/thing",
            ["name": .string("Thing \(number)"), "email": .string("thing\(number)@ok.test")])
        let id = try answer.json["id"] ?? .null
        _ = try await insist(
            "confirm-\(number)", "/api/events/busy.confirmed", ["scope": "all", "key": id])
        if BusyOffice.beats(number) {
            _ = try await insist("beat-\(number)", "/api/jobs/busy.beat/run", nil)
        }
    }

    /// With every tenth thing the job is run by hand.
    static func beats(_ number: Int) -> Bool { number.isMultiple(of: 10) }

    /// Until it is answered with success.
    private func insist(
        _ key: String, _ target: String, _ body: JSONValue?
    ) async throws -> APIClient.Answer {
        var last: APIClient.Answer?
        try await train.waitFor("an answer to \(key)", within: .seconds(60)) {
            last = try? await api.send(
                .post, target, body: body?.bytes, headers: ["Idempotency-Key": key])
            return last.map { (200..<300).contains($0.status) } ?? false
        }
        guard let last else { throw Wrong("\(key) was not answered") }
        return last
    }

    /// All items of a list, page by page.
    func all(_ target: String) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var cursor = ""
        repeat {
            let separator = target.contains("?") ? "&" : "?"
            let page = try await api.get("\(target)\(separator)limit=200\(cursor)")
            items += page["items"]?.array ?? []
            cursor = page["next"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !cursor.isEmpty
        return items
    }
}
