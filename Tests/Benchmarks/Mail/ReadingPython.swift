import TestSupport

/// Python's imaplib and `email`: fetches in batches, and reads of each mail what a mailbox would
/// map: addresses, subject, date, texts and attachments.
struct ReadingPython {
    private let program: String

    init(_ folder: String) throws {
        TestFile.makeFolder(folder)
        program = folder + "/reader.py"
        try TestFile.write(ReadingPython.source, to: program)
    }

    /// Seconds that it took, without the start of Python.
    func run(_ server: Dovecot, count: Int) async throws -> Double {
        let (code, output) = try await ChildProcess.run(
            "python3", [program, "\(server.port)", "\(count)"], within: .seconds(600))
        let line = output.split(separator: "\n").last { $0.hasPrefix("RESULT ") }
        guard code == 0, let seconds = line.flatMap({ Double($0.dropFirst(7)) }) else {
            throw BenchmarkError("imaplib:\n\(output)")
        }
        return seconds
    }

    private static let source = """
        import email, email.policy, imaplib, sys, time

        port, count = int(sys.argv[1]), int(sys.argv[2])
        imaplib._MAXLINE = 1 << 24
        start = time.perf_counter()
        server = imaplib.IMAP4("127.0.0.1", port)
        server.login("bench", "secret")
        server.select("INBOX", readonly=True)
        uids = server.uid("SEARCH", "ALL")[1][0].split()
        read = 0
        for at in range(0, len(uids), 200):
            batch = b",".join(uids[at:at + 200]).decode()
            for item in server.uid("FETCH", batch, "(UID INTERNALDATE BODY.PEEK[])")[1]:
                if not isinstance(item, tuple):
                    continue
                mail = email.message_from_bytes(item[1], policy=email.policy.default)
                found = [str(mail["subject"]), mail["date"].datetime, mail["message-id"]]
                found += [a.addr_spec for h in ("from", "to") for a in mail[h].addresses]
                for kind in ("plain", "html"):
                    part = mail.get_body((kind,))
                    if part is not None:
                        found.append(part.get_content())
                for part in mail.iter_attachments():
                    found.append((part.get_filename(), part.get_content()))
                read += 1
        server.logout()
        assert read == count, (read, count)
        print("RESULT", time.perf_counter() - start, flush=True)
        """
}
