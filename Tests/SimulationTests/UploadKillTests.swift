import Crypto
import Glibc
import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// A file is under its record whole, or not at all.
@Suite(.serialized) struct `Uploads are killed` {
    @Test func `a kill in the middle of an upload leaves no file and no garbage`() async throws {
        let train = Train(.apart, settings: ["RECORDS_FILE_GRACE": "1s"])
        try await train.start()
        let api = try await train.admin()
        let ticket = try await api.post("/api/records/helpdesk/ticket", ["subject": "Lamp"])
        let path = "/api/records/helpdesk/ticket/\(ticket["id"]?.integer ?? 0)"
        let files = train.data + "/files"

        // A body that goes on until the service is gone.
        let isKilled = Mutex(false)
        let piece = [UInt8](repeating: 7, count: 64 << 10)
        let sent = Mutex(0)
        let endless = RequestBody(next: {
            let count = sent.withLock { count in
                count += 1
                return count
            }
            while count > 20, !isKilled.withLock({ $0 }) { await Task.yield() }
            return count > 40 ? nil : piece
        })
        let upload = Task {
            try await api.put(path + "/files/attachments/a.bin", endless, version: 1)
        }
        try await train.waitFor("bytes to come") {
            try Files.list(files + "/incoming").contains { name in
                (Files.status("\(files)/incoming/\(name)")?.size ?? 0) > 256 << 10
            }
        }
        try await train.kill("records")
        isKilled.withLock { $0 = true }
        let status = try? await upload.value
        #expect(status ?? 503 >= 500)

        try train.start("records")
        try await train.ready("records")
        let after = try await api.get(path)
        #expect(after["attachments"] == [])
        #expect(after["version"] == 1)
        // A sweep comes with each start; what was cut off is older than the grace by then.
        try await train.waitFor("the cut-off upload to be old") {
            let now = SystemClock().now().milliseconds
            return try Files.list(files + "/incoming").allSatisfy { name in
                let status = Files.status("\(files)/incoming/\(name)")
                return now - (status?.modifiedNanoseconds ?? 0) / 1_000_000 > 1000
            }
        }
        try await train.kill("records")
        try train.start("records")
        try await train.ready("records")
        try await train.waitFor("the sweep") {
            try Files.list(files + "/incoming").isEmpty
        }
        let whole = RequestBody(piece)
        #expect(
            try await api.put(path + "/files/attachments/a.bin", whole, version: 1) == 201)
        let got = try await api.expect(200, .get, path + "/files/attachments/a.bin")
        #expect(SHA256.hex(got.bytes) == SHA256.hex(piece))
        #expect(try await train.stop().allSatisfy { $0 == 0 })
    }
}
