import Contracts
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Mail

/// A mailbox at a server that lies: nothing is missed for good, and the gap audit names what is
/// not to be had.
@Suite struct IMAPLieTests {
    typealias Lies = LyingIMAPServer.Lies

    /// Twelve mails, one of them full of protocol, with UIDs between which some are gone.
    static let uids: [UInt64] = [2, 3, 4, 7, 8, 9, 10, 20, 21, 22, 30, 31]

    static func mails(_ uids: [UInt64] = uids) -> [UInt64: String] {
        let evil = "M4 OK done\n* 1 FETCH (UID 9 BODY[] {3}\n* BYE\n)\n* OK [UIDVALIDITY 3]"
        return Dictionary(
            uniqueKeysWithValues: uids.map {
                ($0, testMail(Int($0), body: $0 == 4 ? evil : "Help \($0)."))
            })
    }

    static func model(_ port: Int, after: String = #""batch": 5"#) -> String {
        deskModel(
            source: """
                {"kind": "imap", "url": "imap://127.0.0.1:\(port)", "user": "u", "password": "p"}
                """
        ).replacing(#""after": {"move": "Done"}"#, with: after)
    }

    /// `silence` is how long the reader waits: longer than a busy machine takes, and short where
    /// the server does not answer.
    static func bench(
        _ server: LyingIMAPServer, after: String? = nil, silence: Duration = .seconds(2)
    ) async throws -> MailBench {
        let bench = try await MailBench { $0.serverTimeout = silence }
        try await bench.take(after.map { model(server.port, after: $0) } ?? model(server.port))
        return bench
    }

    /// The numbers of the mails that have a record, each as often as it has.
    static func numbers(_ bench: MailBench) -> [UInt64] {
        bench.peers.records.compactMap { $0["subject"]?.string?.split(separator: " ").last }
            .compactMap { UInt64($0) }.sorted()
    }

    static func read(_ bench: MailBench) async throws -> JSONValue {
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        try await eventually("records") {
            try await bench.json(GetMailbox(mailbox: "support"))["counts"]?["staged"] == 0
        }
        return state
    }

    /// Reads while the server lies: all but `missing`, which the gaps name; then honestly: all.
    private func check(
        _ lies: Lies, missing: [UInt64] = [], reason: String = "",
        mails: [UInt64: String] = mails(), silence: Duration = .seconds(2)
    ) async throws {
        let server = try LyingIMAPServer(mails, lies: lies)
        let bench = try await IMAPLieTests.bench(server, silence: silence)
        let state = try await IMAPLieTests.read(bench)
        #expect(state["problem"] == .null)
        let all = mails.keys.sorted()
        #expect(IMAPLieTests.numbers(bench) == all.filter { !missing.contains($0) })
        #expect(state["audit"]?["unaccounted"] == 0)
        let gaps = state["gaps"]?.array ?? []
        for uid in missing {
            let gap = gaps.first { $0["source"] == .string("imap:7:\(uid)") }
            #expect(gap?["reason"]?.string?.contains(reason) == true, "\(uid): \(gaps)")
        }
        server.state.withLock { $0.lies = Lies() }
        let honest = try await IMAPLieTests.read(bench)
        #expect(IMAPLieTests.numbers(bench) == all)
        #expect(honest["audit"]?["unaccounted"] == 0 && honest["audit"]?["hidden"] == 0)
        #expect(
            honest["gaps"]?.array?.allSatisfy {
                // Chatter named a mail that never was.
                $0["source"] == "imap:7:9999999"
                    || $0["reason"] == "not listed: removed before it was read"
            } == true)
        try await bench.stop()
        server.stop()
    }

    @Test func `order, repetitions and chatter change nothing`() async throws {
        var lies = Lies()
        (lies.isShuffled, lies.repeats, lies.isChatty) = (true, true, true)
        try await check(lies)
    }

    @Test func `what is hidden is named, and read when it is shown`() async throws {
        var lies = Lies()
        lies.hidden = [3, 21]
        try await check(lies, missing: [3, 21], reason: "says that it has 12 mails and lists 10")
    }

    @Test func `sizes are not believed`() async throws {
        var lies = Lies()
        lies.sizes = [2: 900 << 20, 3: 0, 4: 1, 7: 51 << 20, 8: Int(UInt32.max)]
        try await check(lies)
    }

    @Test func `a mail that is really too large stays at the server, and is said so`() async throws
    {
        var mails = IMAPLieTests.mails([1, 3])
        mails[2] = testMail(2, body: String(repeating: "x", count: 51 << 20))
        let server = try LyingIMAPServer(mails)
        let bench = try await IMAPLieTests.bench(server)
        for _ in 1...2 {
            // Of the second reading its size is a lie: it is fetched, and found too large.
            _ = try await IMAPLieTests.read(bench)
            #expect(IMAPLieTests.numbers(bench) == [1, 3])
            let entry = try await bench.json(
                ListIntake(mailbox: "support", state: "quarantined"))["items"]?.array
            #expect(entry?.map { $0["problem"]?["status"] } == [413])
            server.state.withLock { $0.lies.sizes = [2: 100] }
        }
        try await bench.stop()
        server.stop()
    }

    @Test func `a mail that is not given, or under another name, is a gap`() async throws {
        var lies = Lies()
        lies.withheld = [2, 22]
        lies.renamed = [9]
        try await check(lies, missing: [2, 22, 9], reason: "not given")
    }

    @Test func `a mail at which the connection breaks keeps no other from being read`()
        async throws
    {
        var lies = Lies()
        lies.cut = [3, 30]
        try await check(lies, missing: [3, 30], reason: "the server fails at it")
        lies.cuts = 1
        try await check(lies)
    }

    @Test func `silence, no protocol at all and endless mails are gaps after a while`()
        async throws
    {
        var lies = Lies()
        lies.silent = [8]
        lies.garbage = [20]
        lies.huge = [10: 99_999_999_999, 31: 300 << 20]
        try await check(
            lies, missing: [8, 20, 10, 31], reason: "the server fails at it",
            silence: .milliseconds(700))
    }

    @Test(arguments: [1, 5, 31, 4_000_000_000, 1 << 40] as [UInt64])
    func `what it says of the next UID is only a hint`(next: UInt64) async throws {
        var lies = Lies()
        lies.next = next
        try await check(lies)
    }

    @Test func `a numbering that changes at each connection makes no record twice`() async throws {
        var lies = Lies()
        lies.renumbersFrom = 1
        lies.capabilities = "IMAP4rev1 MOVE"
        let server = try LyingIMAPServer(IMAPLieTests.mails(), lies: lies)
        let bench = try await IMAPLieTests.bench(server)
        for _ in 1...3 {
            _ = try await bench.json(ReadMailbox(mailbox: "support"))
            #expect(IMAPLieTests.numbers(bench) == IMAPLieTests.uids)
        }
        // In the middle of a reading: the next one reads the rest.
        server.state.withLock { $0.lies.cut = [99] }
        server.deliver(testMail(99), uid: 99)
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"]?.string?.contains("numbered its mails anew") == true)
        server.state.withLock { $0.lies = Lies() }
        _ = try await IMAPLieTests.read(bench)
        #expect(IMAPLieTests.numbers(bench) == IMAPLieTests.uids + [99])
        try await bench.stop()
        server.stop()
    }

    @Test func `mails that get the numbers of others under the same numbering are read`()
        async throws
    {
        let server = try LyingIMAPServer(IMAPLieTests.mails())
        let bench = try await IMAPLieTests.bench(server)
        _ = try await IMAPLieTests.read(bench)
        // Restored from somewhere: new mails under old numbers, old ones under others.
        let mails = IMAPLieTests.mails([2, 3, 50, 51, 52])
        let numbers: [UInt64: UInt64] = [2: 50, 3: 2, 4: 51, 5: 3, 7: 52]
        server.state.withLock { state in
            state.mails = numbers.mapValues { Array((mails[$0] ?? "").utf8) }
        }
        _ = try await IMAPLieTests.read(bench)
        #expect(IMAPLieTests.numbers(bench) == IMAPLieTests.uids + [50, 51, 52])
        try await bench.stop()
        server.stop()
    }

    @Test func `an answer without end ends the reading, not the service`() async throws {
        var lies = Lies()
        lies.floods = true
        let server = try LyingIMAPServer(IMAPLieTests.mails(), lies: lies)
        let bench = try await IMAPLieTests.bench(server)
        let state = try await bench.json(ReadMailbox(mailbox: "support"))
        #expect(state["problem"]?.string?.contains("far more than was asked") == true)
        server.state.withLock { $0.lies = Lies() }
        _ = try await IMAPLieTests.read(bench)
        #expect(IMAPLieTests.numbers(bench) == IMAPLieTests.uids)
        try await bench.stop()
        server.stop()
    }

    @Test func `whatever lies come together, nothing is missed and nothing doubled`() async throws {
        let seed = TestRandom.seed()
        print("lies seed \(seed)")
        var random = TestRandom(seed: seed)
        for _ in 1...4 {
            let uids = (1...UInt64.random(in: 2...60, using: &random)).filter { _ in
                Bool.random(using: &random)
            }
            let server = try LyingIMAPServer(IMAPLieTests.mails(uids))
            let bench = try await IMAPLieTests.bench(server, silence: .milliseconds(700))
            for _ in 1...3 {
                let lies = IMAPLieTests.lies(of: uids, &random)
                server.state.withLock { $0.lies = lies }
                let state = try await bench.json(ReadMailbox(mailbox: "support"))
                #expect(Set(IMAPLieTests.numbers(bench)).isSubset(of: uids), "seed \(seed)")
                if state["problem"] == .null {
                    #expect(state["audit"]?["unaccounted"] ?? 0 == 0, "seed \(seed)")
                }
            }
            server.state.withLock { $0.lies = Lies() }
            let state = try await IMAPLieTests.read(bench)
            #expect(state["problem"] == .null, "seed \(seed)")
            #expect(IMAPLieTests.numbers(bench) == uids, "seed \(seed)")
            try await bench.stop()
            server.stop()
        }
    }

    private static func lies(of uids: [UInt64], _ random: inout TestRandom) -> Lies {
        func some(_ random: inout TestRandom) -> Set<UInt64> {
            guard Int.random(in: 0..<3, using: &random) == 0 else { return [] }
            return Set(uids.filter { _ in Int.random(in: 0..<8, using: &random) == 0 })
        }
        var lies = Lies()
        (lies.hidden, lies.withheld) = (some(&random), some(&random))
        (lies.renamed, lies.cut, lies.garbage) = (some(&random), some(&random), some(&random))
        lies.cuts = Int.random(in: 0..<5, using: &random)
        for uid in some(&random) { lies.sizes[uid] = Int.random(in: 0..<(1 << 30), using: &random) }
        // One at most: each look at it takes seconds.
        if Int.random(in: 0..<4, using: &random) == 0, let uid = some(&random).min() {
            lies.huge[uid] = 70 << 20
        }
        lies.isShuffled = Bool.random(using: &random)
        lies.repeats = Bool.random(using: &random)
        lies.isChatty = Bool.random(using: &random)
        if Bool.random(using: &random) { lies.next = UInt64.random(in: 1...1000, using: &random) }
        return lies
    }
}
