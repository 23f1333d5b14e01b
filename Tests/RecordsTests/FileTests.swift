import Contracts
import Crypto
import Database
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Records

private let paper = FullCode(model: "office", code: "paper")

private let office = """
    {"code": "office", "name": "Office", "roles": ["editor", "reader", "namer"],
     "classes": [{"code": "paper", "webAccess": true, "columns": [
        {"code": "title", "type": "text"},
        {"code": "scans", "type": "file", "many": true, "maxBytes": 1000000, "maxFiles": 3,
         "extensions": ["pdf", "txt"]},
        {"code": "cover", "type": "file", "deletion": "content"},
        {"code": "secret", "type": "file", "many": true, "deletion": "physical"}],
       "grants": [
        {"role": "editor", "operations": ["read", "insert", "change", "delete"]},
        {"role": "reader", "operations": ["read"], "columns": ["title", "scans"]},
        {"role": "namer", "operations": ["read", "change"], "columns": ["title"]}]}]}
    """

/// Records with its files, without a socket.
private struct Office {
    let store: TestStore
    let files: FileStore
    let sweep: FileSweep
    let calls: FileCalls
    let editor = CallContext.caller("ed", "editor")

    init(grace: Duration = .zero, clock: any WallClock = SystemClock()) async throws {
        store = try await TestStore(clock: clock)
        try await store.apply(json(office))
        files = try FileStore(folder: store.folder.path + "/files", runtime: store.runtime)
        sweep = FileSweep(
            database: store.database, models: store.models, files: files, runtime: store.runtime,
            grace: grace)
        calls = FileCalls(records: store.records, files: files, sweep: sweep)
        try await store.create(paper, ["title": "one"], as: editor)
    }

    @discardableResult
    func put(
        _ name: String, _ bytes: [UInt8], column: String = "scans", version: Int64? = nil,
        type: String? = "text/plain", as context: CallContext? = nil, id: Int64 = 1
    ) async throws -> (status: Int, record: JSONValue) {
        let response = try await calls.put(
            PutFile(
                paper, id: id, version: version, column: column, name: name, contentType: type),
            RequestBody(bytes), context ?? editor)
        return (response.status, try JSONValue(parsing: await bytesOf(response)))
    }

    func get(
        _ name: String, column: String = "scans", sha256: String? = nil,
        as context: CallContext? = nil
    ) async throws -> [UInt8] {
        let call = GetFile(paper, id: 1, column: column, name: name, sha256: sha256)
        return try await bytesOf(try await calls.get(call, context ?? editor))
    }

    func remove(_ name: String, column: String = "scans") async throws {
        let call = RemoveFile(paper, id: 1, version: nil, column: column, name: name)
        _ = try await calls.remove(call, editor)
    }

    /// The files on disk, by their hash or their name on the way in.
    var onDisk: [String] {
        get throws {
            let root = store.folder.path + "/files"
            return try Files.list(root).flatMap { try Files.list("\(root)/\($0)") }.sorted()
        }
    }

    func path(of bytes: [UInt8]) -> String {
        let hash = SHA256.hex(bytes)
        return "\(store.folder.path)/files/\(hash.prefix(2))/\(hash)"
    }
}

private func bytesOf(_ response: Response) async throws -> [UInt8] {
    switch response.body {
    case .empty: return []
    case .bytes(let bytes): return bytes
    case .stream(_, let write):
        let all = Mutex<[UInt8]>([])
        try await write(BodyWriter { piece in all.withLock { $0 += piece } })
        return all.withLock { $0 }
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct FileTests {
    @Test func `a file is put, listed, read and taken, and history shows its name and hash`()
        async throws
    {
        let office = try await Office()
        let (status, record) = try await office.put(
            "a b.pdf", bytes("abc"), type: "Text/Plain; x=y")
        #expect(status == 201)
        #expect(record.version == 2)
        let entry: JSONValue = [
            "name": "a b.pdf", "type": "text/plain", "bytes": 3,
            "sha256": .string(SHA256.hex(bytes("abc"))),
        ]
        #expect(record["scans"] == .array([entry]))
        #expect(try await office.get("a b.pdf") == bytes("abc"))
        #expect(try await office.put("a b.pdf", bytes("new")).status == 200)
        #expect(try await office.get("a b.pdf") == bytes("new"))
        try await office.remove("a b.pdf")
        #expect(try await office.store.get(paper, 1)["scans"] == [])
        #expect(await refusal { try await office.get("a b.pdf") }?.status == 404)
        #expect(await refusal { try await office.remove("a b.pdf") }?.status == 404)
        let history = try await office.store.history(paper, 1)
        #expect(history.count == 4)
        #expect(history[1]["changes"]?.array?.first?["new"] == .array([entry]))
        // What a column with logical deletion listed can be had by its hash.
        let former = SHA256.hex(bytes("abc"))
        #expect(try await office.get("a b.pdf", sha256: former) == bytes("abc"))
        #expect(
            await refusal { try await office.get("c.pdf", sha256: former) }?.status == 404)
    }

    @Test func `the same bytes are stored once, and putting them again changes nothing`()
        async throws
    {
        let office = try await Office()
        try await office.put("a.txt", bytes("same"))
        try await office.put("b.txt", bytes("same"))
        let third = try await office.put("b.txt", bytes("same"))
        #expect(third.record.version == 3)
        #expect(try office.onDisk == [SHA256.hex(bytes("same"))])
    }

    @Test func `names, ends, sizes and numbers of files have their limits`() async throws {
        let office = try await Office()
        let names: [(String, String)] = [
            ("", "wrong-format"), ("..", "wrong-format"), ("a/b.pdf", "wrong-format"),
            ("a\u{0}.pdf", "wrong-format"), ("a\u{202E}fdp.pdf", "wrong-format"),
            (" a.pdf", "wrong-format"),
            (String(repeating: "x", count: 252) + ".pdf", "wrong-format"),
            ("a.exe", "not-allowed"), ("pdf", "not-allowed"),
        ]
        for (name, code) in names {
            let problem = await refusal { try await office.put(name, bytes("x")) }
            #expect(problem?.faults == ["/name \(code)"], "\(name)")
        }
        let large = [UInt8](repeating: 1, count: 1_000_001)
        #expect(await refusal { try await office.put("a.pdf", large) }?.status == 413)
        let endless = RequestBody(next: { [UInt8](repeating: 1, count: 100_000) })
        let call = PutFile(
            paper, id: 1, version: nil, column: "scans", name: "a.pdf", contentType: nil)
        #expect(
            await refusal { try await office.calls.put(call, endless, office.editor) }?.status
                == 413)
        for name in ["1.pdf", "2.pdf", "3.pdf"] { try await office.put(name, bytes(name)) }
        let many = await refusal { try await office.put("4.pdf", bytes("4")) }
        #expect(many?.faults == ["/scans too-many"])
        #expect(try Files.list(office.store.folder.path + "/files/incoming").isEmpty)
        // A column of one file takes the new one for the old.
        try await office.put("a.bin", bytes("1"), column: "cover")
        let cover = try await office.put("b.bin", bytes("2"), column: "cover").record["cover"]
        #expect(cover?.array?.compactMap { $0["name"]?.string } == ["b.bin"])
    }

    @Test func `the rights of the column and the record's version count`() async throws {
        let office = try await Office()
        try await office.put("a.pdf", bytes("a"))
        try await office.put("s.pdf", bytes("s"), column: "secret")
        let reader = CallContext.caller("rita", "reader")
        let namer = CallContext.caller("nora", "namer")
        let stranger = CallContext.caller("sam")
        #expect(try await office.get("a.pdf", as: reader) == bytes("a"))
        let hidden = [("secret", reader), ("scans", namer), ("scans", stranger)]
        for (column, context) in hidden {
            let name = column == "secret" ? "s.pdf" : "a.pdf"
            let hash = SHA256.hex(bytes(column == "secret" ? "s" : "a"))
            #expect(
                await refusal { try await office.get(name, column: column, as: context) }?.status
                    == 404)
            #expect(
                await refusal {
                    try await office.get(name, column: column, sha256: hash, as: context)
                }?.status == 404)
        }
        let writes = [(reader, 403), (namer, 404), (stranger, 404)]
        for (context, status) in writes {
            let problem = await refusal {
                try await office.put("b.pdf", bytes("b"), as: context)
            }
            #expect(problem?.status == status)
        }
        let stale = await refusal { try await office.put("b.pdf", bytes("b"), version: 1) }
        #expect(stale?.status == 412)
        for column in ["title", "nothing", "id"] {
            #expect(
                await refusal { try await office.put("b.pdf", bytes("b"), column: column) }?.status
                    == 404)
        }
        #expect(await refusal { try await office.put("b.pdf", bytes("b"), id: 9) }?.status == 404)
    }

    @Test func `a record's list of files can be reordered, shortened and mended, never invented`()
        async throws
    {
        let office = try await Office()
        try await office.put("a.pdf", bytes("a"))
        let record = try await office.put("b.pdf", bytes("b")).record
        let list = record["scans"]?.array ?? []
        let reversed = JSONValue.array(list.reversed())
        try await office.store.change(paper, 1, ["scans": reversed], as: office.editor)
        #expect(try await office.store.get(paper, 1)["scans"] == reversed)
        try await office.store.change(paper, 1, ["scans": .array([list[1]])], as: office.editor)
        try await office.store.change(paper, 1, ["scans": .array(list)], as: office.editor)
        #expect(try await office.get("a.pdf") == bytes("a"))
        var renamed = list[0].object ?? JSONObject()
        renamed["name"] = "c.pdf"
        var other = list[0].object ?? JSONObject()
        other["sha256"] = .string(SHA256.hex(bytes("b")))
        for (wrong, code) in [
            (JSONValue.object(renamed), "not-found"), (.object(other), "not-found"),
            (["name": "x.pdf"], "wrong-type"), ("x.pdf", "wrong-type"),
        ] {
            let problem = await refusal {
                try await office.store.change(
                    paper, 1, ["scans": .array([wrong])], as: office.editor)
            }
            #expect(problem?.faults == ["/scans/0 \(code)"])
        }
        let twice = await refusal {
            try await office.store.change(
                paper, 1, ["scans": .array([list[0], list[0]])], as: office.editor)
        }
        #expect(twice?.faults == ["/scans/1 repeated"])
        // Another record's file is not one of this.
        try await office.store.create(paper, ["title": "two"], as: office.editor)
        let foreign = await refusal {
            try await office.store.change(paper, 2, ["scans": .array(list)], as: office.editor)
        }
        #expect(foreign?.faults == ["/scans/0 not-found", "/scans/1 not-found"])
        let created = await refusal {
            try await office.store.create(paper, ["scans": .array(list)], as: office.editor)
        }
        #expect(created?.status == 422)
    }

    @Test func `bytes that are not those that were put are never given whole`() async throws {
        let office = try await Office()
        let small = bytes("small")
        let large = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await office.put("s.pdf", small)
        try await office.put("l.pdf", large)
        #expect(try await office.get("l.pdf") == large)
        for content in [small, large] {
            let path = office.path(of: content)
            var damaged = content
            damaged[content.count - 1] ^= 1
            try Files.writeDurably(damaged, to: path)
        }
        let problem = await refusal { try await office.get("s.pdf") }
        #expect(problem?.code == "file-damaged")
        let response = try await office.calls.get(
            GetFile(paper, id: 1, column: "scans", name: "l.pdf"), office.editor)
        guard case .stream(let length, let write) = response.body else {
            Issue.record("a large file is streamed")
            return
        }
        #expect(length == large.count)
        let count = Mutex(0)
        let failure = await refusal {
            try await write(BodyWriter { piece in count.withLock { $0 += piece.count } })
        }
        #expect(failure?.code == "file-damaged")
        #expect(count.withLock { $0 } < large.count)
        try Files.remove(office.path(of: small))
        #expect(await refusal { try await office.get("s.pdf") }?.status == 500)
        // Putting it again mends it.
        try await office.put("t.pdf", small)
        #expect(try await office.get("s.pdf") == small)
    }

    @Test func `an upload that breaks off leaves nothing`() async throws {
        let office = try await Office()
        let left = Mutex(3)
        let broken = RequestBody(next: {
            let count = left.withLock { left in
                left -= 1
                return left
            }
            if count < 0 { throw FileError("read", "the wire", ECONNRESET) }
            return [1, 2, 3]
        })
        let call = PutFile(
            paper, id: 1, version: nil, column: "scans", name: "a.pdf", contentType: nil)
        #expect(
            await refusal { try await office.calls.put(call, broken, office.editor) } != nil)
        #expect(try office.onDisk.isEmpty)
        #expect(try await office.store.get(paper, 1).version == 1)
    }

    @Test func `a full disk is 507`() {
        for code in [ENOSPC, EDQUOT, EFBIG] {
            #expect(Records.problem(of: FileError("write", "x", code))?.status == 507)
        }
        #expect(Records.problem(of: FileError("write", "x", EIO))?.status == 503)
    }
}

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
