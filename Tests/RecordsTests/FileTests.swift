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

    @Test func `a range of a file is answered, and checked like the whole`() async throws {
        let office = try await Office()
        let large = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await office.put("l.pdf", large)
        func ask(_ range: String, if tag: String? = nil) async throws -> Response {
            let call = GetFile(
                paper, id: 1, column: "scans", name: "l.pdf", range: range, ifRange: tag)
            return try await office.calls.get(call, office.editor)
        }
        for (header, part) in [
            ("bytes=0-0", 0..<1), ("bytes=10-19", 10..<20),
            ("bytes=262140-262150", 262140..<262151),
            ("bytes=100-600000", 100..<600_001), ("bytes=699999-", 699_999..<700_000),
            ("bytes=-5", 699_995..<700_000),
            ("Bytes=650000-99999999999999999999", 650_000..<700_000),
            ("bytes=-9999999", 0..<700_000),
        ] {
            let response = try await ask(header)
            #expect(response.status == 206, "\(header)")
            #expect(
                response.headers["Content-Range"]
                    == "bytes \(part.lowerBound)-\(part.upperBound - 1)/700000")
            #expect(try await bytesOf(response) == Array(large[part]), "\(header)")
        }
        // What cannot be read as one range is as if it was not there.
        for header in ["bytes=5-1", "bytes=1-2,5-6", "lines=1-2", "bytes=a-b", "bytes", "bytes=-"] {
            let response = try await ask(header)
            #expect(response.status == 200 && response.headers["Content-Range"] == nil)
        }
        let tag = "\"\(SHA256.hex(large))\""
        #expect(try await ask("bytes=0-9", if: tag).status == 206)
        #expect(try await ask("bytes=0-9", if: "\"another\"").status == 200)
        for header in ["bytes=700000-", "bytes=800000-900000", "bytes=-0"] {
            let problem = await refusal { try await ask(header) }
            #expect(problem?.code == "no-such-range" && problem?.extra["length"] == 700_000)
        }
        var damaged = large
        damaged[699_999] ^= 1
        try Files.writeDurably(damaged, to: office.path(of: large))
        #expect(await refusal { try await ask("bytes=0-9") }?.code == "file-damaged")
    }

    @Test func `a restore brings back the files of a version, while their bytes are there`()
        async throws
    {
        let office = try await Office()
        func restore(_ version: Int64) async throws {
            let call = RestoreRecord(paper, id: 1, version: nil, to: version)
            _ = try await office.store.records.restore(call, office.editor)
        }
        try await office.put("a.pdf", bytes("old"))
        try await office.put("c.pdf", bytes("cover"), column: "cover")
        try await office.put("s.pdf", bytes("secret"), column: "secret")
        let before = try await office.store.get(paper, 1)
        try await office.put("a.pdf", bytes("new"))
        try await office.remove("c.pdf", column: "cover")
        try await restore(before.version)
        let after = try await office.store.get(paper, 1)
        #expect(after["scans"] == before["scans"] && after["cover"] == before["cover"])
        #expect(try await office.get("a.pdf") == bytes("old"))
        #expect(try await office.get("c.pdf", column: "cover") == bytes("cover"))
        // Bytes that are gone for good do not come back, and neither does half of the version.
        try await office.remove("s.pdf", column: "secret")
        let problem = await refusal { try await restore(before.version) }
        #expect(problem?.faults == ["/secret/0 not-found"])
        let deleted = try await office.store.get(paper, 1)
        try await office.store.delete(paper, 1, as: office.editor)
        try await office.sweep.sweep()
        let call = RestoreRecord(paper, id: 1, version: nil, to: nil)
        _ = try await office.store.records.restore(call, office.editor)
        #expect(try await office.store.get(paper, 1)["scans"] == deleted["scans"])
        #expect(try await office.get("a.pdf") == bytes("old"))
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
