import HTTP
import JSON
import TestSupport
import Testing

@Suite struct `Files in and out` {
    private func ended(_ api: APIClient, _ train: Train, _ run: JSONValue) async throws -> JSONValue
    {
        let path = "/api/runs/\(run["run"]?.integer ?? 0)"
        try await train.waitFor("the end of \(path)") {
            let state = try await api.get(path)["state"]?.string ?? ""
            return state != "planned" && state != "running"
        }
        return try await api.get(path)
    }

    private func upload(_ api: APIClient, _ definition: String, _ file: String) async throws
        -> JSONValue
    {
        let answer = try await api.send(
            .post, "/api/imports/\(definition)/runs", body: Array(file.utf8), type: "text/csv")
        #expect(answer.status == 202, "\(answer)")
        return try answer.json
    }

    @Test func `a csv file comes in through the gateway, and the same goes out`() async throws {
        let train = Train(.together)
        try await train.start()
        let api = try await train.admin()
        let file =
            "Subject,Status,Priority,Hours,Due\n"
            + "\"First, with comma\",open,2,1.50,2026-12-01T09:00:00Z\n"
            + "'=formula,new,3,,\nbad,odd,9,x,\n"
        let run = try await ended(api, train, upload(api, "tickets", file))
        #expect(run["state"] == "succeeded", "\(run.text)")
        #expect(run["counters"]?["inserted"] == 2 && run["counters"]?["rejected"] == 1)
        let number = run["run"]?.integer ?? 0
        let errors = try await api.expect(200, .get, "/api/runs/\(number)/errors")
        #expect(errors.text.contains("bad,odd,9,x,,4,"))

        let people = "E-mail;Name\n ANNA@ok.test;Anna\n;Nobody\n"
        let customers = try await ended(api, train, upload(api, "customers", people))
        #expect(customers["counters"]?["inserted"] == 1, "\(customers.text)")
        let renamed = try await ended(
            api, train, upload(api, "customers", "E-mail;Name\nanna@ok.test;Anna N.\n"))
        #expect(renamed["counters"]?["updated"] == 1, "\(renamed.text)")
        let same = try await ended(
            api, train, upload(api, "customers", "E-mail;Name\nanna@ok.test;Anna N.\n"))
        #expect(same["counters"]?["unchanged"] == 1, "\(same.text)")

        let answer = try await api.expect(202, .post, "/api/exports/open_tickets/runs")
        let export = try await ended(api, train, answer.json)
        #expect(export["state"] == "succeeded", "\(export.text)")
        let target = export["file"]?.string ?? ""
        let made = try await api.expect(200, .get, target)
        let lines = made.text.split(separator: "\r\n").map(String.init)
        #expect(lines.first == "Number,Subject,Status,Priority,Hours,Due,Created")
        #expect(
            lines.dropFirst().first?.hasPrefix(
                "1,\"First, with comma\",open,2,1.50,2026-12-01T09:00:00.000Z,") == true)
        #expect(lines.last?.hasPrefix("2,'=formula,new,3,,,") == true)
        try await api.expectProblem(404, "not-found", .get, "/api/runs/999")
        try await train.visitor.expectProblem(401, "unauthenticated", .get, target)
        _ = try await train.stop()
    }
}
