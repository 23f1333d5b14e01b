import Contracts
import JSON
import TestSupport
import Testing

@testable import Mail

/// SIGKILL at each durable point of a mail coming in: the real process reads a mailbox, is killed
/// at the n-th commit and begun again, waiting by IDLE among them; every n until it is done before.
/// No mail is lost, and none makes two records.
@Suite struct KilledIntakeTests {
    /// More commits than reading these mails takes.
    private static let mostCommits = 80
    private static let first = 5
    private static let all = 8

    /// One life of a data folder. The source is left as it was when all is read.
    private struct Run: Sendable {
        let model: String
        let deliver: @Sendable (Int) -> Void
        /// How many mails were moved, and how many still wait.
        let moved: @Sendable () -> (done: Int, left: Int)

        /// False where everything was settled before the n-th commit.
        func killed(at commit: Int) async throws -> Bool {
            let peers = try FakePeers(
                key: Array(MailProcess.key.utf8), runtime: TestRuntime.make())
            let url = "http://127.0.0.1:\(peers.port)"
            let mail = MailProcess([
                "RECORDS_URL": url, "WORKFLOW_URL": url, "MAIL_SERVER_TIMEOUT": "2s",
            ])
            for number in 1...first { deliver(number) }
            try mail.start()
            try await mail.ready()
            _ = try await mail.insist(
                TakeModel(
                    code: "desk", version: 1, document: JSONBytes(Array(model.utf8))))
            var watch = CommitWatch(database: mail.database)
            var (isKilled, delivered) = (false, first)
            while moved().done < all {
                watch.look()
                if watch.changes >= commit {
                    try await mail.kill()
                    try mail.start()
                    isKilled = true
                    break
                }
                // What comes while the mailbox waits.
                if moved().done == delivered, delivered < all {
                    delivered += 1
                    deliver(delivered)
                }
                try await moment()
            }
            while delivered < all {
                delivered += 1
                deliver(delivered)
            }
            try await eventually("all is read, commit \(commit)") { moved() == (all, 0) }
            let subjects = peers.records.compactMap { $0["subject"]?.string }.sorted()
            #expect(subjects == (1...all).map { "Mail \($0)" }, "commit \(commit)")
            let state = try JSONValue(
                parsing: await mail.insist(GetMailbox(mailbox: "support")).bytes)
            #expect(
                state["counts"]?["done"]?.integer == Int64(all) && state["gaps"] == []
                    && state["counts"]?["skipped"] == 0, "commit \(commit): \(state.text)")
            #expect(try await mail.stop() == 0)
            await peers.stop()
            return isKilled
        }
    }

    private func check(_ run: (Int) throws -> (Run, () -> Void)) async throws {
        var killed = 0
        for commit in 1...KilledIntakeTests.mostCommits {
            let (run, end) = try run(commit)
            defer { end() }
            guard try await run.killed(at: commit) else { break }
            killed += 1
        }
        // Staged, read, created, settled, several times each.
        #expect(killed >= 6, "killed only \(killed) times")
        #expect(killed < KilledIntakeTests.mostCommits)
        print("killed at \(killed) commits")
    }

    private func model(_ source: String, every: String) -> String {
        deskModel(source: source, more: #", "batch": 2"#)
            .replacing(#""every": "1d""#, with: #""every": "\#(every)""#)
    }

    @Test func `IMAP with IDLE, killed at any commit`() async throws {
        try await check { _ in
            let server = try LyingIMAPServer()
            let source = """
                {"kind": "imap", "url": "imap://127.0.0.1:\(server.port)", "user": "u",
                 "password": "p"}
                """
            let run = Run(model: model(source, every: "1d")) { number in
                server.deliver(testMail(number), uid: UInt64(number))
            } moved: {
                server.state.withLock { ($0.moved["Done"]?.count ?? 0, $0.mails.count) }
            }
            return (run, server.stop)
        }
    }

    @Test func `EWS, killed at any commit`() async throws {
        try await check { _ in
            let server = try EWSServer()
            server.state.withLock { $0.page = 3 }
            let source = """
                {"kind": "ews", "url": "\(server.url)", "user": "support", "password": "secret",
                 "auth": "basic"}
                """
            let run = Run(model: model(source, every: "1s")) { number in
                server.deliver(testMail(number))
            } moved: {
                (server.mails(in: "Done").count, server.mails(in: "Inbox").count)
            }
            return (run, server.stop)
        }
    }
}
