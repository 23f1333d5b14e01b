import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@Suite struct TraceTests {
    @Test(arguments: Train.Formation.allCases)
    func `one mail is one trace over all services`(_ formation: Train.Formation) async throws {
        let collector = try Collector()
        let train = Train(
            formation,
            settings: [
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "OTEL_EXPORTER_OTLP_HEADERS": "x-key=of-the-test",
            ])
        try await train.start()
        let api = try await train.admin()
        let trace = "0af7651916cd43dd8448eb211c80319c"
        _ = try await api.expect(
            200, .get, "/api/records/helpdesk/ticket",
            headers: ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"])
        let world = FolderMail(train)
        let loop = TicketLoop(train, api, world, name: "traced")
        try loop.deliver()
        _ = try await loop.link()
        _ = try await train.stop()

        let asked = collector.spans.filter { $0.trace == trace }
        let door = try #require(asked.first { $0.service == "gateway" && $0.kind == 2 })
        #expect(door.name == "GET /api/records/{model}/{class}")
        #expect(door.parent == "00f067aa0ba902b7")
        let answered = try #require(asked.first { $0.service == "records" && $0.kind == 2 })
        let call = try #require(asked.first { $0.id == answered.parent })
        #expect(call.service == "gateway" && call.kind == 3 && call.parent == door.id)

        // From the mailbox to the mail that asks: what each service did is of one trace.
        let intake = try #require(
            collector.spans.first { $0.name == "queue mail-intake" && !$0.isError })
        let caused = collector.spans.filter { $0.trace == intake.trace }
        #expect(Set(caused.map(\.service)).isSuperset(of: ["mail", "records", "workflow"]))
        #expect(caused.contains { $0.name.hasPrefix("queue mail-sender-") })
        #expect(caused.contains { $0.name == "POST /rpc/records/create" })
        #expect(collector.requests.allSatisfy { $0.headers["X-Key"] == "of-the-test" })
        let said = collector.requests.map(\.body).joined()
        for secret in [loop.address, loop.subject, Train.password, "of-the-test"] {
            #expect(!said.contains(secret), "\(secret) is in a trace")
        }
        try await collector.stop()
    }
}
