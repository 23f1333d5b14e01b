import Glibc
import HTTP
import JSON
import TestSupport
import Testing

/// Drives the loop of the sample while somebody kills services: nothing that a call answers is
/// relied on but what stands at the end.
struct Survivor {
    let train: Train
    let loop: TicketLoop

    /// From the mail to the closed ticket, whatever fails on the way.
    func run() async throws {
        try loop.deliver()
        try await train.waitFor("the mail with the link to \(loop.address)") {
            if loop.asked.isEmpty { await release() }
            return !loop.asked.isEmpty
        }
        guard let link = loop.asked.first?.link else { throw TicketLoop.Wrong("no link") }
        try await train.waitFor("the link of \(loop.address) to work") {
            (try? await loop.press(link).status) == 303
        }
        try await train.waitFor("the closing mail to \(loop.address)") {
            if loop.told.isEmpty { await release() }
            return !loop.told.isEmpty
        }
    }

    /// A mail whose fate nobody knows is not sent again by itself. A person looks whether it came,
    /// and only where it did not, sends it again.
    private func release() async {
        let path = "/api/mail/messages?address=\(loop.address)&state=uncertain"
        guard let mails = try? await loop.api.get(path)["items"]?.array else { return }
        for mail in mails {
            let isAsking = mail["subject"]?.string?.hasPrefix("Did you") == true
            guard (isAsking ? loop.asked : loop.told).isEmpty, let id = mail["id"]?.integer else {
                continue
            }
            _ = try? await loop.api.send(.post, "/api/mail/messages/\(id)/resend", body: [])
        }
    }

    /// One record, one instance, each mail once.
    func check() async throws {
        try await train.waitFor("everything about \(loop.address) to be settled") {
            guard let id = try? await loop.tickets().first?["id"]?.integer,
                let instances = try? await loop.instances(id),
                let mails = try? await loop.audit(id)
            else { return false }
            let isFinal = { (mail: JSONValue) in
                mail["state"] == "sent" || mail["state"] == "uncertain"
            }
            return instances.allSatisfy { $0["state"] == "finished" } && mails.allSatisfy(isFinal)
        }
        let tickets = try await loop.tickets()
        #expect(tickets.count == 1, "tickets of \(loop.address)")
        let id = tickets.first?["id"]?.integer ?? 0
        #expect(tickets.first?["status"] == "closed")
        #expect(try await loop.instances(id).count == 1, "instances of \(loop.address)")
        #expect(try await loop.audit(id).count == 2, "mails of \(loop.address)")
        #expect(loop.asked.count == 1 && loop.told.count == 1, "arrivals at \(loop.address)")
        let path = "/api/records/helpdesk/ticket/\(id)/history"
        let history = try await loop.api.get(path)["items"]?.array ?? []
        #expect(history.map { $0["operation"] } == ["insert", "change"])
    }
}

/// Kills and restarts a process when a database has seen the n-th change.
struct Killer {
    let train: Train
    /// The process that is killed.
    let victim: String
    /// The service whose commits are counted.
    let watched: String
    let change: Int

    /// Answers whether there were that many changes before it was cancelled.
    func run() async throws -> Bool {
        var watch = CommitWatch(train, watched)
        while watch.changes < change {
            if Task.isCancelled { return false }
            watch.look()
            try? await Task.sleep(for: .microseconds(200))
        }
        // A kill that has begun is finished, also where the loop ends and cancels this meanwhile.
        return try await Task {
            try await train.kill(victim)
            try train.start(victim)
            return true
        }.value
    }
}

extension Train {
    /// The sample, with a mailbox that looks often.
    static var hurriedModel: String {
        let text = TestFile.text(TestFile.repository + "/compose/models/helpdesk.json") ?? ""
        return text.replacing("\"every\": \"2s\"", with: "\"every\": \"1s\"")
    }

    /// With the sample in a hurry.
    static func hurried(
        _ formation: Formation, settings: [String: String] = [:]
    ) async throws -> Train {
        let folder = TemporaryFolder()
        let path = folder.path + "/helpdesk.json"
        try TestFile.write(hurriedModel, to: path)
        let train = Train(formation, settings: settings, model: path)
        try await train.start()
        _ = try await train.admin()
        return train
    }
}

/// Mails come in by the folder and go out to a real SMTP server.
struct SinkMail: MailWorld {
    let folder: FolderMail
    let sink: SMTPSink

    func deliver(_ mail: String, name: String) throws { try folder.deliver(mail, name: name) }

    /// Those that came whole: where the sender was killed in the middle of one, the server keeps
    /// what it got.
    func mails(to address: String) -> [String] {
        sink.mails.filter { SentMail($0).isTo(address) && $0.contains("Your help desk") }
    }
}
