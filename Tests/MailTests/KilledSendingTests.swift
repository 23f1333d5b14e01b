import Contracts
import JSON
import TestSupport
import Testing

/// SIGKILL at each durable point × each fault of a server: a mail for every fault is sent by the
/// real process, which is killed at the n-th commit and begun again; every n until it is done
/// before. No mail is lost, and none comes twice but where the audit says `uncertain`.
@Suite struct KilledSendingTests {
    /// What a server does, and the states in which the recipient may end without any kill.
    static let faults: [(fault: String, ends: Set<String>)] = [
        ("fine", ["sent"]), ("slow", ["sent"]), ("perm", ["failed"]), ("once-temp", ["sent"]),
        ("grey", ["sent"]), ("once-shut", ["sent"]), ("once-nodata", ["sent"]),
        ("once-dropdata", ["sent"]), ("reject", ["failed"]), ("resetbefore", []),
        ("resetafter", []), ("partial", []), ("garbage", []), ("once-silent", ["sent"]),
    ]

    /// More commits than sending one mail takes.
    private static let mostCommits = 40

    @Test(arguments: faults.map(\.fault))
    func `killed at any commit nothing is lost, and nothing comes twice`(fault: String)
        async throws
    {
        let ends = KilledSendingTests.faults.first { $0.fault == fault }?.ends ?? []
        var killed = 0
        for commit in 1...KilledSendingTests.mostCommits {
            guard
                try await isKilled(at: commit, fault, settings: [:], ends.union(["uncertain"]))
            else { break }
            killed += 1
        }
        // Queued, before the dot, the answer; two of them may look like one.
        #expect(killed >= 2, "killed only \(killed) times")
        #expect(killed < KilledSendingTests.mostCommits)
    }

    /// By setting the uncertain is sent again: then nothing is ever lost, and what comes twice has
    /// one Message-ID.
    @Test(arguments: ["fine", "once-resetbefore", "once-resetafter", "once-dropdata"])
    func `where the uncertain is sent again everything arrives`(fault: String) async throws {
        var killed = 0
        for commit in 1...KilledSendingTests.mostCommits {
            guard
                try await isKilled(
                    at: commit, fault, settings: ["MAIL_UNCERTAIN": "resend"], ["sent"])
            else { break }
            killed += 1
        }
        #expect(killed >= 2)
    }

    /// One of the first that was missed is looked for again: two that come fast look like one.
    private func isKilled(
        at commit: Int, _ fault: String, settings: [String: String], _ ends: Set<String>
    ) async throws -> Bool {
        for _ in 1...(commit > 2 ? 1 : 3) {
            let run = try Run(fault: fault, settings: settings)
            guard try await run.killed(at: commit) else { continue }
            try await run.check(ends)
            return true
        }
        return false
    }

    /// One life of a data folder.
    private struct Run {
        let fault: String
        let server: FaultSMTPServer
        let mail: MailProcess
        private let audit = "audit@example.org"
        private var address: String { "\(fault)@example.org" }

        init(fault: String, settings: [String: String]) throws {
            self.fault = fault
            server = try FaultSMTPServer()
            var all = [
                "MAIL_SMTP_URL": "smtp://127.0.0.1:\(server.port)",
                "MAIL_AUDIT_ADDRESS": audit, "MAIL_SERVER_TIMEOUT": "400ms",
            ]
            all.merge(settings) { $1 }
            mail = MailProcess(all)
        }

        /// Sends, and kills at the n-th commit; false where everything was settled before it.
        func killed(at commit: Int) async throws -> Bool {
            try mail.start()
            try await mail.ready()
            async let queued = mail.insist(
                SendMail(to: [address], subject: "Once", text: "x"), key: "the only one")
            var watch = CommitWatch(database: mail.database)
            var isKilled = false
            for look in 1... {
                watch.look()
                if watch.changes >= commit {
                    try await mail.kill()
                    try mail.start()
                    isKilled = true
                    break
                }
                if look.isMultiple(of: 100), try await isSettled() { break }
                try await moment()
            }
            _ = try await queued
            return isKilled
        }

        private func isSettled() async throws -> Bool {
            let open: Set<String> = ["queued", "sending", "deferred"]
            let mails = try await mail.mails()
            return !mails.isEmpty && mails.allSatisfy { open.isDisjoint(with: $0.states.values) }
        }

        func check(_ ends: Set<String>) async throws {
            do {
                try await eventually("everybody's outcome") { try await isSettled() }
            } catch {
                Issue.record("\(fault): \(error) \(try await mail.mails())")
            }
            let mails = try await mail.mails()
            #expect(mails.count == 1, "the repeated call made another mail")
            let found = mails.first ?? .null
            let outcomes = (found["attempts"]?.array ?? []).compactMap { $0["outcome"]?.string }
            for (recipient, state) in found.states {
                let copies = server.mails.filter { $0.recipients.contains(recipient) }
                if recipient == address { #expect(ends.contains(state), "\(fault): \(state)") }
                switch state {
                case "sent": #expect(!copies.isEmpty, "\(fault): \(recipient) is lost")
                case "failed": #expect(copies.isEmpty)
                default: #expect(state == "uncertain")
                }
                if !outcomes.contains("uncertain") { #expect(copies.count <= 1, "\(found.text)") }
                #expect(outcomes.contains("uncertain") || state != "uncertain")
                let id = "Message-ID: \(found["messageId"]?.string ?? "")"
                #expect(copies.allSatisfy { $0.content.contains(id) })
            }
            #expect(try await mail.stop() == 0)
            server.stop()
        }
    }
}
