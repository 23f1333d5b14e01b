import Contracts
import Curl
import HTTP
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Mail

/// Listing a folder in parts.
@Suite struct IMAPListingTests {
    private func session(_ server: LyingIMAPServer) async throws -> any MailSession {
        let runtime = TestRuntime.make()
        let peer = Peer(
            name: "records", transport: HTTPClient(host: "127.0.0.1", port: 1, runtime: runtime),
            signer: PrincipalSigner(key: MailBench.key, clock: runtime.clock), runtime: runtime)
        let definition = MailboxDefinition.IMAP(
            url: "imap://127.0.0.1:\(server.port)", server: "s", user: "u", password: "p",
            folder: "INBOX", tls: "never", loginOptions: nil)
        let secrets = MailboxSecrets(
            records: peer, folder: "/", files: ThreadExecutor(name: "none"), runtime: runtime)
        return try await IMAPSource(
            account: IMAPAccount(definition, secrets: secrets, authorities: nil), folder: "INBOX",
            timeout: .seconds(10), byteLimit: 50 << 20, clock: runtime.clock,
            slots: ServerSlots(limit: 2)
        ).open()
    }

    /// All items by listing on from position to position, and what the parts were.
    private func list(_ session: any MailSession) async throws -> (
        items: [Int64], absent: Int64, parts: Int, largest: Int
    ) {
        var (items, absent, parts, largest): ([Int64], Int64, Int, Int) = ([], 0, 0, 0)
        var position: String?
        while true {
            let changes = try await session.changes(since: position, limit: 50)
            parts += 1
            largest = max(largest, changes.items.count)
            items += changes.items.compactMap(\.number)
            absent += changes.absent.reduce(0) { $0 + $1.high - $1.low + 1 }
            position = changes.position ?? position
            if !changes.hasMore { return (items, absent, parts, largest) }
        }
    }

    @Test func `a mailbox of a million mails is listed in parts, each once`() async throws {
        let server = try LyingIMAPServer()
        server.state.withLock { $0.synthetic = 1...1_000_000 }
        let session = try await session(server)
        let start = SystemClock().monotonicNanoseconds()
        let found = try await list(session)
        let time = (SystemClock().monotonicNanoseconds() - start) / 1_000_000
        print("a million mails listed in \(time) ms, \(found.parts) parts")
        #expect(found.items.count == 1_000_000 && found.items.last == 1_000_000)
        #expect(zip(found.items, found.items.dropFirst()).allSatisfy { $0 + 1 == $1 })
        #expect(found.absent == 0)
        #expect(found.largest <= 1000 && found.parts == 1000)
        await session.close()
        server.stop()
    }

    @Test func `where UIDs are sparse no time is spent on those that are not there`() async throws {
        let far = (1...30).map { UInt64($0) * 130_000_000 }
        let uids = Array(1...5200) + far
        let server = try LyingIMAPServer(
            Dictionary(uniqueKeysWithValues: uids.map { ($0, "x") }))
        let session = try await session(server)
        let found = try await list(session)
        #expect(found.items == uids.map { Int64($0) })
        #expect(found.absent == 130_000_000 * 30 - Int64(uids.count))
        let commands = server.state.withLock { $0.commands.count }
        #expect(commands < 700, "\(commands)")
        await session.close()
        server.stop()
    }

    @Test func `slots go in turn, and who gives up leaves the line`() async throws {
        let slots = ServerSlots(limit: 2)
        try await slots.take("a")
        #expect(await slots.mayRest("a"))
        try await slots.take("a")
        #expect(await !slots.mayRest("a"))
        #expect(await slots.mayRest("b"))
        let lost = Task { try await slots.take("a") }
        lost.cancel()
        await #expect(throws: CancellationError.self) { try await lost.value }
        let next = Task { try await slots.take("a") }
        await slots.give("a")
        try await next.value
        await slots.give("a")
        #expect(await slots.mayRest("a"))
    }
}
