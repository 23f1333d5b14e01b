import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// What goes and what stays.
@Suite struct FileSweepTests {
    @Test func `what nobody can have any more goes, each by its column's deletion`() async throws {
        let clock = ManualClock(start: SystemClock().now())
        let office = try await Office(grace: .seconds(3600), clock: clock)
        try await office.put("l.pdf", bytes("logical"))
        try await office.put("c", bytes("content"), column: "cover")
        try await office.put("p", bytes("physical"), column: "secret")
        try await office.put("keep.pdf", bytes("keep"))
        try await office.remove("l.pdf")
        try await office.remove("c", column: "cover")
        try await office.remove("p", column: "secret")
        func hashes(_ texts: String...) -> [String] { texts.map { SHA256.hex(bytes($0)) }.sorted() }
        // Physical goes at once, the others after the grace.
        try await office.sweep.sweep()
        #expect(try office.onDisk == hashes("logical", "content", "keep"))
        clock.advance(by: .seconds(7200))
        try await office.sweep.sweep()
        #expect(try office.onDisk == hashes("logical", "keep"))
        let former = SHA256.hex(bytes("logical"))
        #expect(try await office.get("l.pdf", sha256: former) == bytes("logical"))
        // A record that is deleted logically can come back with its files.
        try await office.store.delete(paper, 1)
        clock.advance(by: .seconds(7200))
        try await office.sweep.sweep()
        try await office.sweep.sweep()
        #expect(try office.onDisk == hashes("logical", "keep"))
    }

    @Test func `files of a record that was deleted for good go, whatever their column says`()
        async throws
    {
        let clock = ManualClock(start: SystemClock().now())
        let office = try await Office(
            grace: .seconds(3600), clock: clock, deletion: "physical")
        try await office.put("l.pdf", bytes("logical"))
        try await office.store.delete(paper, 1)
        try await office.sweep.sweep()
        #expect(try office.onDisk == [SHA256.hex(bytes("logical"))])
        clock.advance(by: .seconds(7200))
        try await office.sweep.sweep()
        #expect(try office.onDisk == [])
    }

    @Test func `a file that comes back within the grace stays`() async throws {
        let clock = ManualClock(start: SystemClock().now())
        let office = try await Office(grace: .seconds(3600), clock: clock)
        let record = try await office.put("c", bytes("content"), column: "cover").record
        try await office.remove("c", column: "cover")
        try await office.sweep.sweep()
        try await office.store.change(
            paper, 1, ["cover": record["cover"] ?? .null], as: office.editor)
        clock.advance(by: .seconds(7200))
        try await office.sweep.sweep()
        #expect(try await office.get("c", column: "cover") == bytes("content"))
    }

    @Test func `what a crash left behind goes, and what is coming in stays`() async throws {
        let clock = ManualClock(start: SystemClock().now())
        let office = try await Office(grace: .seconds(3600), clock: clock)
        try await office.put("a.pdf", bytes("a"))
        let stray = bytes("stray")
        let folder = office.store.folder.path + "/files"
        try Files.makeFolder("\(folder)/\(SHA256.hex(stray).prefix(2))")
        try Files.writeDurably(stray, to: office.path(of: stray))
        try Files.writeDurably(stray, to: "\(folder)/incoming/cut.part")
        try await office.sweep.sweep()
        #expect(try office.onDisk.count == 3, "young ones may be coming in")
        clock.advance(by: .seconds(7200))
        // Stored again and not yet in a row, while the sweep goes over everything.
        let held = try await office.files.receive(RequestBody(stray), limit: 100) { content in
            for _ in 0..<3 { try await office.sweep.sweep() }
            return Files.exists(office.path(of: stray)) ? content.sha256 : ""
        }
        #expect(held == SHA256.hex(stray))
        for _ in 0..<3 { try await office.sweep.sweep() }
        #expect(try office.onDisk == [SHA256.hex(bytes("a"))])
    }

    @Test func `files wait for a record of the same account, which only the platform can make`()
        async throws
    {
        let clock = ManualClock(start: SystemClock().now())
        let office = try await Office(grace: .seconds(3600), clock: clock)
        let mailbox = CallContext.make(
            Principal(account: "mailbox:support", isSystem: true), door: .mail)
        let staged = try await office.calls.stage(
            StageFile(contentType: "text/plain"), RequestBody(bytes("mail")), mailbox)
        #expect(try JSONValue(parsing: await bytesOf(staged))["bytes"] == 4)
        let entry: JSONValue = [
            "name": "m.txt", "type": "text/plain", "bytes": 4,
            "sha256": .string(SHA256.hex(bytes("mail"))),
        ]
        let others = [office.editor, CallContext.system]
        for other in others {
            let problem = await refusal {
                try await office.store.create(paper, ["scans": .array([entry])], as: other)
            }
            #expect(problem?.faults == ["/scans/0 not-found"])
        }
        try await office.store.create(paper, ["scans": .array([entry])], as: mailbox)
        let refused = await refusal {
            try await office.calls.stage(
                StageFile(contentType: nil), RequestBody([1]), office.editor)
        }
        #expect(refused?.status == 403)
        _ = try await office.calls.stage(
            StageFile(contentType: nil), RequestBody(bytes("forgotten")), mailbox)
        clock.advance(by: .seconds(7200))
        try await office.sweep.sweep()
        #expect(try office.onDisk == [SHA256.hex(bytes("mail"))])
    }
}
