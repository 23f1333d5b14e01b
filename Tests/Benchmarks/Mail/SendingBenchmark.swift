import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport

/// 10,000 mails with a blind copy to Postfix's `smtp-sink`, from the first call until every
/// recipient's outcome is stored: beside a Postfix queue that takes them by SMTP and relays to the
/// same sink, and beside a Python loop that commits before and after each mail.
struct SendingBenchmark {
    let options: Options
    let folder: String

    private static let own = "mails sent, Geartrain"
    private static let postfix = "mails sent, Postfix"
    private static let python = "mails sent, Python with two commits each"
    private static let audit = "audit@example.org"
    /// Callers of ours, and connections to Postfix.
    private static let callers = 20
    private static let text = String(
        repeating: "Could you please look at the order that came in yesterday?\n", count: 20)

    func run(_ report: inout Report) async throws {
        let count = options.mails
        let port = FreePort.take()
        let sink = try ChildProcess(
            "/usr/sbin/smtp-sink", ["-u", "nobody", "127.0.0.1:\(port)", "1024"],
            output: folder + "/sink.log")
        try await eventually("greeting of smtp-sink") { LineClient.greets(port: port) }
        for round in 1...options.rounds {
            say("Sending mail, round \(round) of \(options.rounds)")
            report.add(SendingBenchmark.python, rate(count, try await python(port, round)))
            report.add(SendingBenchmark.own, rate(count, try await own(port, round)))
            report.add(SendingBenchmark.postfix, rate(count, try await postfix(port)))
        }
        try await memory(port, &report)
        try await sink.killNow()
        report.ratio(
            "Mails sent, to a Postfix queue", SendingBenchmark.own, SendingBenchmark.postfix,
            target: 5)
        report.ratio(
            "Mails sent, to a Python loop with two commits each", SendingBenchmark.own,
            SendingBenchmark.python, target: 1.2)
    }

    private func rate(_ count: Int, _ seconds: Double) -> Sample {
        Sample(rate: Double(count) / seconds, median: 0, p99: 0)
    }

    private func seconds(since start: UInt64) -> Double {
        Double(SystemClock().monotonicNanoseconds() - start) / 1e9
    }

    private func own(_ port: Int, _ round: Int) async throws -> Double {
        let mail = try await MailProcess(
            in: "\(folder)/sending-\(round)",
            [
                "MAIL_SMTP_URL": "smtp://127.0.0.1:\(port)", "MAIL_SMTP_TLS": "never",
                "MAIL_AUDIT_ADDRESS": SendingBenchmark.audit,
                // As many as Postfix opens to one destination.
                "MAIL_SMTP_CONNECTIONS": "\(SendingBenchmark.callers)",
            ])
        let (count, callers) = (options.mails, SendingBenchmark.callers)
        let start = SystemClock().monotonicNanoseconds()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for number in stride(from: caller, to: count, by: callers) {
                        _ = try await mail.call(
                            SendMail(
                                to: ["user\(number)@example.org"], subject: "Order \(number)",
                                text: SendingBenchmark.text))
                    }
                }
            }
            try await group.waitForAll()
        }
        for state in ["queued", "sending"] {
            try await eventually("no mail is \(state)", within: .seconds(600)) {
                let list = try await mail.call(ListMails(state: state, limit: 1))
                return try JSONValue(parsing: list.bytes)["items"]?.array?.isEmpty == true
            }
        }
        let time = seconds(since: start)
        let other = try await mail.call(ListMails(state: "sent", limit: 1000))
        guard try JSONValue(parsing: other.bytes)["items"]?.array?.count == min(1000, count) else {
            throw BenchmarkError("mails were not sent")
        }
        try await mail.end()
        return time
    }

    /// What a mail with a file of 50 MiB takes on top of one without, at the most.
    private func memory(_ port: Int, _ report: inout Report) async throws {
        let size = 50 << 20
        let runtime = TestRuntime.make()
        let routes = RPCRoutes(
            service: "records",
            signer: PrincipalSigner(key: Array(MailProcess.key.utf8), clock: runtime.clock),
            runtime: runtime
        ) { nil }
        routes.on(GetFile.self) { _, _, _ in
            Response(
                headers: ["Content-Type": "application/zip"],
                body: .stream(length: size) { writer in
                    let piece = [UInt8](repeating: 7, count: 256 << 10)
                    for _ in 0..<size / piece.count { try await writer.write(piece) }
                })
        }
        let server = HTTPServer(
            name: "records", configuration: HTTPServerConfiguration(), runtime: runtime
        ) { await routes.router.respond(to: $0) }
        let records = try server.bind()
        let running = Task { try await server.run() }
        let mail = try await MailProcess(
            in: "\(folder)/sending-memory",
            [
                "MAIL_SMTP_URL": "smtp://127.0.0.1:\(port)", "MAIL_SMTP_TLS": "never",
                "RECORDS_URL": "http://127.0.0.1:\(records)",
            ])
        var peaks: [Int] = []
        for file in [nil, "bench.ticket/1/files/large.bin"] {
            let queued = try await mail.call(
                SendMail(
                    to: ["user@example.org"], subject: "A file", text: "x",
                    attachments: file.map {
                        [SendMail.Attachment(name: "", type: "", content: "", file: $0)]
                    }))
            try await eventually("it is sent", within: .seconds(120)) {
                let state = try await mail.call(GetMail(id: queued.id))
                return try JSONValue(parsing: state.bytes)["state"] == "sent"
            }
            peaks.append(ProcessUsage.kilobytes(of: [mail.process], peak: true))
        }
        try await mail.end()
        await server.shutdown()
        _ = await running.result
        report.limit(
            "Memory on top for a file of 50 MiB", Double(peaks[1] - peaks[0]) / 1024, atMost: 32,
            unit: "MiB")
    }

    private func postfix(_ port: Int) async throws -> Double {
        let server = try await Postfix(relay: port, copyTo: SendingBenchmark.audit)
        let start = SystemClock().monotonicNanoseconds()
        let (code, output) = try await ChildProcess.run(
            "/usr/sbin/smtp-source",
            [
                "-d", "-s", "\(SendingBenchmark.callers)", "-m", "\(options.mails)", "-l",
                "\(SendingBenchmark.text.utf8.count)", "-f", "support@example.org", "-t",
                "user@example.org", "127.0.0.1:\(server.port)",
            ], within: .seconds(600))
        guard code == 0 else { throw BenchmarkError("smtp-source:\n\(output)") }
        try await eventually("Postfix has handed all on", within: .seconds(600)) {
            server.queued == 0
        }
        return seconds(since: start)
    }

    private func python(_ port: Int, _ round: Int) async throws -> Double {
        let path = "\(folder)/sender-\(round)"
        TestFile.makeFolder(path)
        try TestFile.write(SendingBenchmark.source, to: path + "/sender.py")
        let (code, output) = try await ChildProcess.run(
            "python3",
            [
                path + "/sender.py", path + "/mail.db", "\(port)", "\(options.mails)",
                SendingBenchmark.text,
            ], within: .seconds(600))
        let line = output.split(separator: "\n").last { $0.hasPrefix("RESULT ") }
        guard code == 0, let seconds = line.flatMap({ Double($0.dropFirst(7)) }) else {
            throw BenchmarkError("smtplib:\n\(output)")
        }
        return seconds
    }

    private static let source = """
        import email.message, email.utils, smtplib, sqlite3, sys, time

        path, port, count, text = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        db.execute("create table mail (id integer primary key, bytes blob, state text)")
        start = time.perf_counter()
        server = smtplib.SMTP("127.0.0.1", port)
        for number in range(count):
            mail = email.message.EmailMessage()
            mail["From"] = "support@example.org"
            mail["To"] = f"user{number}@example.org"
            mail["Subject"] = f"Order {number}"
            mail["Date"] = email.utils.localtime()
            mail["Message-ID"] = email.utils.make_msgid(domain="example.org")
            mail.set_content(text)
            content = mail.as_bytes()
            row = db.execute(
                "insert into mail (bytes, state) values (?, 'queued')", (content,)).lastrowid
            server.sendmail(
                "support@example.org", [f"user{number}@example.org", "audit@example.org"], content)
            db.execute("update mail set state = 'sent' where id = ?", (row,))
        server.quit()
        print("RESULT", time.perf_counter() - start, flush=True)
        """
}
