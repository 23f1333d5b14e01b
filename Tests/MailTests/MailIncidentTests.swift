import Contracts
import Curl
import Database
import HTTP
import Incidents
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// What of Mail needs a person: told to Workflow, and what people do about it.
@Suite struct MailIncidentTests {
    private static func bench(_ server: FaultSMTPServer) async throws -> MailBench {
        try await MailBench {
            $0.outgoing.smtp = .init(url: "smtp://127.0.0.1:\(server.port)", startTLS: .never)
            $0.outgoing.audit = "audit@example.org"
        }
    }

    private func told(
        _ bench: MailBench, _ count: Int, where fits: (IncidentReport) -> Bool = { _ in true }
    ) async throws -> [IncidentReport] {
        var found: [IncidentReport] = []
        try await eventually("\(count) incidents") {
            found = bench.peers.state.withLock(\.incidents)
            return found.count == count && found.allSatisfy(fits)
        }
        return found
    }

    private func put(_ bench: MailBench, _ name: String, _ mail: String) async throws {
        TestFile.makeFolder("\(bench.folder.path)/mail/in")
        try TestFile.write(mail, to: "\(bench.folder.path)/mail/in/\(name)")
        _ = try await bench.json(ReadMailbox(mailbox: "support"))
    }

    @Test func `a mail that failed is told, and sent again by a person or closed`() async throws {
        let server = try FaultSMTPServer()
        let bench = try await Self.bench(server)
        let queued = try await bench.call(
            SendMail(
                to: ["bob@example.org", "perm@example.org"], subject: "Fates", text: "Hi",
                record: "desk.ticket/7"))
        let first = try await told(bench, 1)[0]
        #expect(first.service == "mail" && first.kind == "undelivered" && first.model == "desk")
        #expect(first.record == "desk.ticket/7" && first.permission == "mail:read")
        #expect(first.link == "/api/mail/messages/\(queued.id)")
        #expect(first.problem["type"] == "/problems/mail-undelivered")
        #expect(first.problem["detail"]?.string?.hasPrefix("One recipient did not get it.") == true)
        #expect(first.resolution == nil && first.actions == [.retry, .close])
        let skip = await MailBench.problem {
            _ = try await bench.call(ActOnIncident(key: first.key, action: .skip))
        }
        #expect(skip?.status == 409)

        // In vain: it is another incident.
        let answer = try await bench.call(ActOnIncident(key: first.key, action: .retry))
        #expect(answer.resolution == "retry" && answer.resolvedBy == "anna")
        let both = try await told(bench, 2)
        #expect(both[1].resolution == nil && both[1].key != first.key)
        let closed = try await bench.call(ActOnIncident(key: both[1].key, action: .close))
        #expect(closed.resolution == "close" && closed.resolvedBy == "anna")
        let all = try await told(bench, 2) { $0.resolution != nil }
        #expect(all.map(\.resolution) == ["retry", "close"])
        let mail = try await bench.json(GetMail(id: queued.id))
        let outcomes = mail["attempts"]?.array?.compactMap { $0["outcome"]?.string } ?? []
        #expect(outcomes == ["failed", "resent", "failed", "closed"])
        // What Workflow knows to be over is forgotten here.
        try await eventually("it is forgotten") {
            await MailBench.problem {
                _ = try await bench.call(ActOnIncident(key: first.key, action: .retry))
            }?.status == 404
        }
        try await bench.stop()
        server.stop()
    }

    @Test func `what nobody knows waits, by whichever door it is sent again`() async throws {
        let server = try FaultSMTPServer()
        let bench = try await Self.bench(server)
        let queued = try await bench.call(
            SendMail(to: ["resetafter@example.org"], subject: "Lost", text: "x"))
        _ = try await bench.mail(queued.id, in: "uncertain")
        let first = try await told(bench, 1)[0]
        #expect(first.kind == "uncertain" && first.model == nil && first.record == nil)
        _ = try await bench.json(ActOnMail(id: queued.id, action: .resend))
        let both = try await told(bench, 2) { $0.key != first.key || $0.resolution == "retry" }
        #expect(both[0].resolution == "retry" && both[0].resolvedBy == "anna")
        #expect(both[1].kind == "uncertain" && both[1].resolution == nil)
        try await bench.stop()
        server.stop()
    }

    @Test func `a mail in quarantine is replayed, skipped or left`() async throws {
        let bench = try await MailBench()
        try await bench.take(deskModel())
        bench.peers.state.withLock { $0.refusal = Problem.conflict("full") }
        for number in 1...3 { try await put(bench, "\(number).eml", testMail(number)) }
        let three = try await told(bench, 3)
        #expect(three.map(\.kind) == ["quarantined", "quarantined", "quarantined"])
        #expect(
            three.map(\.link)
                == (1...3).map { "/api/mailboxes/desk.support/messages/\($0)/raw" })
        #expect(three[0].problem["type"] == "/problems/conflict" && three[0].model == "desk")

        let again = try await bench.call(ActOnIncident(key: three[0].key, action: .retry))
        #expect(again.resolution == "retry")
        let four = try await told(bench, 4)
        bench.peers.state.withLock { $0.refusal = nil }
        let mended = try await bench.call(ActOnIncident(key: four[3].key, action: .retry))
        #expect(mended.resolution == "retry" && mended.resolvedBy == "anna")
        #expect(bench.peers.records.count == 1)
        let skipped = try await bench.call(ActOnIncident(key: three[1].key, action: .skip))
        #expect(skipped.resolution == "skip")
        _ = try await bench.call(ActOnIncident(key: three[2].key, action: .close))
        let ledger = try await bench.json(ListIntake(mailbox: "support"))["items"]?.array ?? []
        #expect(ledger.map { $0["state"] } == ["quarantined", "skipped", "done"])
        #expect(ledger[1]["problem"]?["type"] == "/problems/conflict")
        let all = try await told(bench, 4) { $0.resolution != nil }
        #expect(all.map(\.resolution) == ["retry", "skip", "close", "retry"])
        try await bench.stop()
    }

    @Test func `who may not read mail, or not this model, does nothing about it`() async throws {
        let bench = try await MailBench()
        try await bench.take(deskModel())
        try await put(bench, "1.eml", "no mail\n\nat all")
        let key = try await told(bench, 1)[0].key
        let attempts: [(Principal, Int)] = [
            (Principal(account: "nora", permissions: ["workflow:operate"]), 403),
            (Principal(account: "ina", permissions: ["mail:read"], models: ["crm"]), 404),
        ]
        for (principal, status) in attempts {
            for action in [IncidentAction.retry, .skip, .close] {
                let problem = await MailBench.problem {
                    _ = try await bench.call(
                        ActOnIncident(key: key, action: action),
                        as: MailBench.context(principal))
                }
                #expect(problem?.status == status)
            }
        }
        try await bench.stop()
    }

    @Test func `what could not be told is told later, by the next process too`() async throws {
        let folder = TemporaryFolder()
        let bench = try await MailBench(folder)
        bench.peers.state.withLock { $0.deafness = Problem.unavailable("not yet") }
        try await bench.take(deskModel())
        try await put(bench, "1.eml", "no mail\n\nat all")
        try await eventually("it was tried") { bench.peers.state.withLock { $0.unheard } > 0 }
        try await bench.stop()
        bench.peers.state.withLock { $0.deafness = nil }
        let next = try await MailBench(folder, peers: bench.peers)
        #expect(try await told(next, 1)[0].problem["type"] == "/problems/unreadable-mail")
        try await next.stop()
        await bench.peers.stop()
    }

    @Test func `a dead item is revived, taken out, or left`() async throws {
        let runtime = TestRuntime.make()
        let folder = TemporaryFolder()
        let database = try await Database.open(
            StoreEngine.chosen.place("mail", in: folder.path), runtime: runtime)
        try await database.migrate(MailMigrations.all)
        let book = IncidentBook(service: "mail", runtime: runtime)
        let queue = MailMigrations.intake
        let now = runtime.clock.now()
        @Sendable func die(_ connection: Connection) throws -> String {
            try queue.enqueue(connection, key: "a/b", payload: [], due: now, now: now)
            let item = try queue.lease(connection, now: now, until: now, limit: 1)[0]
            try queue.bury(connection, item, error: "secret")
            try book.openDead(in: queue)(connection, item)
            return "dead:intake/a/b"
        }
        for (action, depth, dead) in [(IncidentAction.retry, 1, 0), (.skip, 0, 0), (.close, 0, 1)] {
            let state = try await database.write { connection in
                let subject = try die(connection)
                let entry = try book.openEntry(subject, connection)
                #expect(entry?.problem.text.contains("secret") == false)
                #expect(
                    try book.actOnDead(subject, action, by: "anna", in: [queue], connection))
                #expect(try book.openEntry(subject, connection) == nil)
                let state = try queue.state(connection)
                try queue.cancel(connection, key: "a/b")
                return state
            }
            #expect(state.depth == depth && state.dead == dead)
        }
        await database.close()
    }
}
