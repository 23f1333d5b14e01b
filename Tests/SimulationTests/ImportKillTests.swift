import HTTP
import JSON
import TestSupport
import Testing

/// An import goes on where it was killed, and ends with the same counters.
@Suite struct `Imports killed and restarted` {
    static let rows = 2600
    static let bad = 26

    private func file(_ name: String) -> [UInt8] {
        var text = "E-mail;Name\n"
        for row in 1...Self.rows {
            text += row % 100 == 0 ? ";no address\n" : "\(name)\(row)@OK.test;Person \(row)\n"
        }
        return Array(text.utf8)
    }

    @Test(arguments: ["batch", "records", "workflow"])
    func `killed after each change, an import ends the same`(victim: String) async throws {
        let train = try await Train.hurried(.apart)
        let api = try await train.admin()
        for change in [1, 2, 3, 5, 8, 12] {
            let watched = victim == "workflow" ? "batch" : victim
            let killer = Killer(train: train, victim: victim, watched: watched, change: change)
            let killing = Task { try await killer.run() }
            let answer = try await api.send(
                .post, "/api/imports/customers/runs", body: file("\(victim)\(change)x"),
                type: "text/csv", headers: ["Idempotency-Key": "\(victim)-\(change)"])
            // Killed before it answered: the same key makes the same run.
            let run = answer.status == 202 ? answer : try await again(train, api, victim, change)
            let path = "/api/runs/\(try run.json["run"]?.integer ?? 0)"
            try await train.waitFor("the end of \(path)") {
                guard let state = try? await api.get(path)["state"]?.string else { return false }
                return state != "planned" && state != "running"
            }
            killing.cancel()
            _ = try await killing.value
            let ended = try await api.get(path)
            #expect(ended["state"] == "succeeded", "\(ended.text)")
            let counters = ended["counters"]
            #expect(counters?["read"] == JSONValue(integerLiteral: Self.rows))
            #expect(counters?["inserted"] == JSONValue(integerLiteral: Self.rows - Self.bad))
            #expect(counters?["rejected"] == JSONValue(integerLiteral: Self.bad))
            let filter = "startswith(email,'\(victim)\(change)x')".queryEncoded
            let stored = try await api.get(
                "/api/records/helpdesk/customer?filter=\(filter)&count=true&limit=1")
            #expect(stored["count"] == JSONValue(integerLiteral: Self.rows - Self.bad))
        }
    }

    private func again(_ train: Train, _ api: APIClient, _ victim: String, _ change: Int)
        async throws -> APIClient.Answer
    {
        var answer: APIClient.Answer?
        try await train.waitFor("the upload to be taken") {
            answer = try? await api.send(
                .post, "/api/imports/customers/runs", body: file("\(victim)\(change)x"),
                type: "text/csv", headers: ["Idempotency-Key": "\(victim)-\(change)"])
            return answer?.status == 202
        }
        guard let answer else { throw TicketLoop.Wrong("no answer") }
        return answer
    }
}
