import Contracts
import HTTP
import JSON
import Mail
import RPC
import ServiceRuntime
import TestSupport

/// Reading 10,000 mails from Dovecot: fetched and parsed beside Python's imaplib with its `email`,
/// and stored durably beside mbsync.
struct ReadingBenchmark {
    let options: Options
    let folder: String

    private static let fetch = "fetch and parse, Geartrain"
    private static let python = "fetch and parse, imaplib and email"
    private static let store = "stored durably, Geartrain"
    private static let mbsync = "stored durably, mbsync"

    func run(_ report: inout Report) async throws {
        let count = options.mails
        say("\(count) mails in Dovecot …")
        let server = try await Dovecot()
        try ReadingMails.fill(server, user: "bench", count: count)
        let python = try ReadingPython(folder + "/reading")
        // Dovecot writes its index at the first look.
        _ = try await python.run(server, count: count)
        for round in 1...options.rounds {
            say("Reading mail, round \(round) of \(options.rounds)")
            report.add(
                ReadingBenchmark.python,
                rate(count, try await python.run(server, count: count)))
            report.add(ReadingBenchmark.fetch, rate(count, try await fetch(server, count)))
            report.add(ReadingBenchmark.mbsync, rate(count, try await mbsync(server, round)))
            report.add(
                ReadingBenchmark.store, rate(count, try await store(server, count, round)))
        }
        report.ratio(
            "Mails fetched and parsed, to imaplib with email", ReadingBenchmark.fetch,
            ReadingBenchmark.python, target: 2)
        report.ratio(
            "Mails stored durably, to mbsync", ReadingBenchmark.store, ReadingBenchmark.mbsync,
            target: 4)
    }

    private func rate(_ count: Int, _ seconds: Double) -> Sample {
        Sample(rate: Double(count) / seconds, median: 0, p99: 0)
    }

    private func seconds(since start: UInt64) -> Double {
        Double(SystemClock().monotonicNanoseconds() - start) / 1e9
    }

    private func fetch(_ server: Dovecot, _ count: Int) async throws -> Double {
        let start = SystemClock().monotonicNanoseconds()
        let found = try await MailProbe.read(
            url: "imap://127.0.0.1:\(server.port)", user: "bench", password: "secret")
        guard found.mails == count, found.parts >= count else {
            throw BenchmarkError("read \(found.mails) of \(count) mails")
        }
        return seconds(since: start)
    }

    /// Into a maildir, with fsync as it does by itself.
    private func mbsync(_ server: Dovecot, _ round: Int) async throws -> Double {
        let home = "\(folder)/mbsync-\(round)"
        TestFile.makeFolder(home + "/mail")
        try TestFile.write(
            """
            IMAPAccount bench
            Host 127.0.0.1
            Port \(server.port)
            User bench
            Pass secret
            SSLType None
            AuthMechs PLAIN

            IMAPStore far
            Account bench

            MaildirStore near
            Path \(home)/mail/
            Inbox \(home)/mail/INBOX

            Channel bench
            Far :far:
            Near :near:
            Patterns INBOX
            Create Near
            Sync Pull
            SyncState *

            """, to: home + "/mbsyncrc")
        let start = SystemClock().monotonicNanoseconds()
        let (code, output) = try await ChildProcess.run(
            "mbsync", ["-q", "-c", home + "/mbsyncrc", "bench"], within: .seconds(600))
        let time = seconds(since: start)
        let kept =
            TestFile.names(in: home + "/mail/INBOX/new").count
            + TestFile.names(in: home + "/mail/INBOX/cur").count
        guard code == 0, kept == options.mails else {
            throw BenchmarkError("mbsync kept \(kept) mails:\n\(output)")
        }
        return time
    }

    /// The Mail service alone, until its ledger has all with their bytes.
    private func store(_ server: Dovecot, _ count: Int, _ round: Int) async throws -> Double {
        let mail = try await MailProcess(in: "\(folder)/mail-\(round)")
        let start = SystemClock().monotonicNanoseconds()
        _ = try await mail.call(
            TakeModel(
                code: "bench", version: 1,
                document: JSONBytes(Array(ReadingBenchmark.model(server.port).utf8))))
        try await eventually("all are kept", within: .seconds(600)) {
            let state = try await mail.call(GetMailbox(mailbox: "inbox"))
            let counts = try JSONValue(parsing: state.bytes)["counts"]
            return counts?["staged"]?.integer == Int64(count)
        }
        let time = seconds(since: start)
        try await mail.end()
        return time
    }

    private static func model(_ port: Int) -> String {
        """
        {"code": "bench", "classes": [{"code": "mail", "columns": [
            {"code": "subject", "type": "text"}]}],
         "mailboxes": [{"code": "inbox", "class": "mail", "batch": 500, "every": "1d",
            "source": {"kind": "imap", "url": "imap://127.0.0.1:\(port)", "user": "bench",
                       "password": "secret"}, "map": {"subject": "=mail.subject"}}]}
        """
    }
}
