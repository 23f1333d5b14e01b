import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Mail

/// A mailbox at an Exchange server.
@Suite struct EWSMailboxTests {
    private func model(
        _ server: EWSServer, auth: String = "ntlm", user: String = #"EXAMPLE\\support"#,
        more: String = ""
    ) -> String {
        deskModel(
            source: """
                {"kind": "ews", "url": "\(server.url)", "user": "\(user)",
                 "password": "secret:exchange", "auth": "\(auth)"\(more)}
                """)
    }

    private func bench(_ server: EWSServer, _ model: String? = nil) async throws -> MailBench {
        let bench = try await MailBench()
        bench.peers.state.withLock { $0.secrets["exchange"] = EWSServer.password }
        try await bench.take(model ?? self.model(server))
        return bench
    }

    private func read(_ bench: MailBench) async throws -> JSONValue {
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"] == .null)
        return state
    }

    private func subjects(_ bench: MailBench) -> [String] {
        bench.peers.records.compactMap { $0["subject"]?.string }.sorted()
    }

    private func subjects(_ numbers: ClosedRange<Int>) -> [String] {
        numbers.map { "Mail \($0)" }.sorted()
    }

    @Test(arguments: ["ntlm", "basic", "bearer"])
    func `mails become records, are marked and moved`(auth: String) async throws {
        let server = try EWSServer()
        server.state.withLock { $0.page = 7 }
        for number in 1...30 { server.deliver(testMail(number)) }
        let bench = try await MailBench()
        let secret = auth == "bearer" ? EWSServer.token : EWSServer.password
        bench.peers.state.withLock { $0.secrets["exchange"] = secret }
        try await bench.take(model(server, auth: auth))
        let state = try await read(bench)
        #expect(state["kind"] == "ews")
        #expect(state["counts"]?["done"] == 30 && state["gaps"] == [])
        #expect(subjects(bench) == subjects(1...30))
        #expect(server.mails(in: "Inbox").isEmpty)
        #expect(server.mails(in: "Done").allSatisfy { $0.isRead })
        #expect(server.mails(in: "Done").count == 30)
        let raw = try await bench.raw(GetIntakeRaw(mailbox: "support", number: 1))
        #expect(String(decoding: raw, as: UTF8.self).contains("Help."))
        server.deliver(testMail(31))
        _ = try await read(bench)
        #expect(subjects(bench) == subjects(1...31))
        if auth == "ntlm" { #expect(server.state.withLock { $0.users } == [#"EXAMPLE\support"#]) }
        try await bench.stop()
        server.stop()
    }

    @Test func `a wrong password is said, and nothing is lost by it`() async throws {
        let server = try EWSServer()
        server.deliver(testMail(1))
        let bench = try await bench(server)
        bench.peers.state.withLock { $0.secrets["exchange"] = "wrong" }
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"]?.string?.contains("user or the password") == true)
        bench.peers.state.withLock { $0.secrets["exchange"] = EWSServer.password }
        #expect(try await read(bench)["counts"]?["done"] == 1)
        try await bench.stop()
        server.stop()
    }

    @Test func `a busy server is left alone for as long as it says`() async throws {
        let server = try EWSServer()
        for number in 1...3 { server.deliver(testMail(number)) }
        server.state.withLock { $0.faults.busy = 3 }
        let bench = try await bench(server)
        #expect(try await read(bench)["counts"]?["done"] == 3)
        for number in 4...6 { server.deliver(testMail(number)) }
        server.state.withLock { state in
            state.faults.backOff = nil
            (state.faults.busy, state.faults.busyItems) = (1, 1)
        }
        #expect(try await read(bench)["counts"]?["done"] == 6)
        // Longer than a reading lasts: the next one tries.
        server.deliver(testMail(7))
        server.state.withLock { state in
            (state.faults.busy, state.faults.backOff) = (1, 3_600_000)
        }
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"]?.string?.contains("ErrorServerBusy") == true)
        #expect(try await read(bench)["counts"]?["done"] == 7)
        try await bench.stop()
        server.stop()
    }

    @Test func `where the server forgot the state everything is listed again, nothing doubled`()
        async throws
    {
        let server = try EWSServer()
        for number in 1...5 { server.deliver(testMail(number)) }
        let left = model(server).replacing(#""after": {"move": "Done"}"#, with: #""batch": 2"#)
        let bench = try await bench(server, left)
        _ = try await read(bench)
        #expect(server.mails(in: "Inbox").allSatisfy { $0.isRead })
        server.state.withLock { $0.faults.invalidStates = 1 }
        server.deliver(testMail(6))
        let state = try await read(bench)
        #expect(state["counts"]?["done"] == 6 && state["counts"]?["skipped"] == 0)
        #expect(subjects(bench) == subjects(1...6))
        try await bench.stop()
        server.stop()
    }

    @Test func `what is gone is a gap, what cannot be made into bytes is quarantined`()
        async throws
    {
        let server = try EWSServer()
        let ids = (1...5).map { server.deliver(testMail($0)) }
        server.state.withLock { state in
            (state.faults.gone, state.faults.unconvertible) = ([ids[1]], [ids[3]])
        }
        let bench = try await bench(server)
        let state = try await read(bench)
        #expect(subjects(bench) == ["Mail 1", "Mail 3", "Mail 5"])
        #expect(state["gaps"]?.array?.map { $0["source"] } == [.string("ews:\(ids[1])")])
        let entries = try await bench.json(ListIntake(mailbox: "support", state: "quarantined"))
        let problem = entries["items"]?.array?.first?["problem"]
        #expect(problem?["type"] == "/problems/mail-not-given")
        #expect(problem?["detail"]?.string?.contains("ErrorMimeContentConversionFailed") == true)
        try await bench.stop()
        server.stop()
    }

    @Test func `an answer that breaks off or is none is asked again or said`() async throws {
        let server = try EWSServer()
        for number in 1...4 { server.deliver(testMail(number)) }
        let bench = try await bench(server)
        _ = try await read(bench)
        for number in 5...8 { server.deliver(testMail(number)) }
        for garbage in [
            "no XML", "<a/>", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
            String(repeating: "<a>", count: 200),
            "<s:Envelope xmlns:s=\"\(EWSEnvelope.soap)\"><s:Body><x/></s:Body></s:Envelope>",
        ] {
            server.state.withLock { $0.faults.garbage = garbage }
            let state = try await bench.json(ReadMailbox(mailbox: "support"))
            #expect(state["problem"] != .null, "\(garbage.prefix(40))")
        }
        server.state.withLock { state in
            (state.faults.garbage, state.faults.breaks) = (nil, 1)
        }
        _ = try await bench.json(ReadMailbox(mailbox: "support"))
        _ = try await read(bench)
        #expect(subjects(bench) == subjects(1...8))
        try await bench.stop()
        server.stop()
    }

    @Test func `folders are found by their names`() async throws {
        let server = try EWSServer()
        let id = server.state.withLock { state in
            state.folders["orders"] = .init(id: "orders", name: "Orders & more", parent: "inbox")
            return state.add(Array(testMail(1).utf8), to: "orders")
        }
        let bench = try await bench(
            server, model(server, more: #", "folder": "inbox/Orders & more""#))
        #expect(try await read(bench)["counts"]?["done"] == 1)
        #expect(server.state.withLock { $0.items[id] } == nil)
        try await bench.take(model(server, more: #", "folder": "Nowhere""#), version: 2)
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"]?.string?.contains("no folder “Nowhere”") == true)
        try await bench.stop()
        server.stop()
    }

    @Test(arguments: [
        (#""url": "http://mail.example/EWS/Exchange.asmx""#, "/mailboxes/0/source/url"),
        (#""url": "ftp://x""#, "/mailboxes/0/source/url"), (#""auth": "kerberos""#, "/auth"),
        (#""mailbox": "no address""#, "/mailbox"),
        (#""password": "secret:Not A Code""#, "/password"),
    ])
    func `a definition that cannot work is refused`(member: String, pointer: String) async throws {
        let bench = try await MailBench()
        let name = member.split(separator: "\"")[0]
        let base = [
            ("url", #""url": "https://mail.example/EWS/Exchange.asmx""#), ("user", #""user": "u""#),
            ("password", #""password": "p""#),
        ]
        let members = base.filter { $0.0 != name }.map(\.1) + [member]
        let source = #"{"kind": "ews", \#(members.joined(separator: ", "))}"#
        let check = try await bench.call(
            CheckModel(
                code: "desk", document: JSONBytes(Array(deskModel(source: source).utf8))),
            as: MailBench.context(.system))
        #expect(check.problems.contains { $0.pointer.hasSuffix(pointer) })
        try await bench.stop()
    }

    /// The independent client, which knows nothing of ours.
    @Test(
        .enabled(if: TestFile.text(Exchangelib.marker) != nil, "Scripts/setup test"),
        arguments: ["BASIC", "NTLM"])
    func `exchangelib works with the test server`(auth: String) async throws {
        let server = try EWSServer()
        for number in 1...3 { server.deliver(testMail(number)) }
        let script = TemporaryFolder()
        try TestFile.write(Exchangelib.script, to: script.path + "/client.py")
        let (code, output) = try await ChildProcess.run(
            Exchangelib.python, [script.path + "/client.py", server.url, auth],
            within: .seconds(60))
        #expect(code == 0, "\(output)")
        #expect(output.contains("found ['Mail 1', 'Mail 2', 'Mail 3']"), "\(output)")
        #expect(output.contains("synced ['Mail 1', 'Mail 2', 'Mail 3']"), "\(output)")
        #expect(output.contains("mime True"), "\(output)")
        #expect(output.contains("later [('delete', None)]"), "\(output)")
        let sent = server.mails(in: "Sent Items")
        #expect(sent.count == 1 && sent.first?.isRead == true)
        #expect(server.mails(in: "Inbox").count == 2)
        server.stop()
    }
}

/// A client of Exchange written by others, from PyPI.
enum Exchangelib {
    static let python = TestFile.repository + "/.build-exchangelib/bin/python"
    static let marker = TestFile.repository + "/.build-exchangelib/pyvenv.cfg"

    static let script = """
        import sys
        from exchangelib import (Account, BASIC, Configuration, Credentials, DELEGATE, NTLM,
                                 Version)
        from exchangelib.version import EXCHANGE_2016

        url, auth = sys.argv[1], {"BASIC": BASIC, "NTLM": NTLM}[sys.argv[2]]
        user = "EXAMPLE\\\\bob" if auth == NTLM else "bob"
        configuration = Configuration(
            service_endpoint=url, credentials=Credentials(user, "secret"), auth_type=auth,
            version=Version(EXCHANGE_2016))
        account = Account("bob@example.org", config=configuration, autodiscover=False,
                          access_type=DELEGATE)
        found = list(account.inbox.all().only("subject", "is_read"))
        print("found", sorted(item.subject for item in found))
        changes = list(account.inbox.sync_items(only_fields=["subject"]))
        print("synced", sorted(item.subject for kind, item in changes if kind == "create"))
        item = list(account.fetch(ids=[(found[0].id, found[0].changekey)]))[0]
        print("mime", b"Help." in item.mime_content)
        item.is_read = True
        item.save(update_fields=["is_read"])
        item.move(account.sent)
        later = [(kind, getattr(item, "subject", None))
                 for kind, item in account.inbox.sync_items(only_fields=["subject"])]
        print("later", [change for change in later if change[0] == "delete"])
        """
}
