import Contracts
import Crypto
import Curl
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Files whose bytes lie in a bucket of a real server of the S3 API.
@Suite struct FileBucketTests {
    /// A server with a bucket.
    private struct Bench {
        let server: PythonFileServer
        var url: String { "http://127.0.0.1:\(server.port)/files" }

        init() async throws {
            server = try await PythonFileServer(.s3)
            try await curl("-X", "PUT", url)
        }

        @discardableResult
        func curl(_ arguments: String...) async throws -> String {
            // The server looks for a signature, not at it.
            let name = "AWS4-HMAC-SHA256 Credential=key/20261122/us-east-1/s3/aws4_request"
            return try await ChildProcess.run(
                "curl",
                [
                    "-s", "-H", "Authorization: \(name)", "-H",
                    "Content-Type: application/octet-stream",
                ] + arguments
            ).output
        }

        func bucket(_ clock: any WallClock = SystemClock()) throws -> FileBucket {
            var place = try RemotePlace("s3+\(url)/of%20records")
            (place.user, place.password) = ("AKIAIOSFODNN7EXAMPLE", "secret")
            return FileBucket(FileBucketConfiguration(place), runtime: TestRuntime.make())
        }

        func url(of bytes: [UInt8]) -> String {
            let hash = SHA256.hex(bytes)
            return "\(url)/of%20records/\(hash.prefix(2))/\(hash)"
        }

        func status(of bytes: [UInt8]) async throws -> String {
            try await curl("-o", "/dev/null", "-w", "%{http_code}", url(of: bytes))
        }
    }

    /// More than two requests' worth.
    private let large = (0..<9_000_001).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }

    @Test func `contents go to the bucket and come from it, whole and in ranges`() async throws {
        let bench = try await Bench()
        let office = try await Office(bucket: try bench.bucket())
        try await office.put("a.txt", bytes("small"))
        try await office.put("large", large, column: "cover")
        try await office.put("empty.txt", [])
        #expect(try office.onDisk == [])
        #expect(try await bench.status(of: large) == "200")
        #expect(try await office.get("a.txt") == bytes("small"))
        #expect(try await office.get("large", column: "cover") == large)
        #expect(try await office.get("empty.txt") == [])
        let slice = try await office.calls.get(
            GetFile(
                paper, id: 1, column: "cover", name: "large", range: "bytes=4194300-4194310"),
            office.editor)
        #expect(slice.status == 206)
        #expect(try await bytesOf(slice) == Array(large[4_194_300...4_194_310]))
    }

    @Test func `what another copy has stored is there for all, and what is damaged is said`()
        async throws
    {
        let bench = try await Bench()
        let office = try await Office(bucket: try bench.bucket())
        try await office.put("a.txt", bytes("first"))
        try await bench.curl("-X", "PUT", "--data-binary", "worse", bench.url(of: bytes("first")))
        #expect(await refusal { try await office.get("a.txt") }?.code == "file-damaged")
        try await bench.curl("-X", "DELETE", bench.url(of: bytes("first")))
        #expect(await refusal { try await office.get("a.txt") }?.code == "file-damaged")
        // Putting it again mends it.
        try await office.put("b.txt", bytes("first"))
        #expect(try await office.get("a.txt") == bytes("first"))
    }

    @Test func `what lies on disk already is read from there`() async throws {
        let bench = try await Bench()
        let office = try await Office()
        try await office.put("a.txt", bytes("old"))
        let files = try FileStore(
            folder: office.store.folder.path + "/files", bucket: try bench.bucket(),
            runtime: office.store.runtime)
        let calls = FileCalls(records: office.store.records, files: files, sweep: office.sweep)
        let answer = try await calls.get(
            GetFile(paper, id: 1, column: "scans", name: "a.txt"), office.editor)
        #expect(try await bytesOf(answer) == bytes("old"))
    }

    @Test func `what nobody can have any more goes from the bucket, strays too`() async throws {
        let bench = try await Bench()
        let clock = ManualClock(start: SystemClock().now())
        let office = try await Office(
            grace: .seconds(3600), clock: clock, bucket: try bench.bucket())
        try await office.put("c", bytes("content"), column: "cover")
        try await office.put("keep.pdf", bytes("keep"))
        let stray = bytes("stray")
        try await bench.curl("-X", "PUT", "--data-binary", "stray", bench.url(of: stray))
        try await office.remove("c", column: "cover")
        try await office.sweep.sweep()
        #expect(try await bench.status(of: bytes("content")) == "200")
        clock.advance(by: .seconds(7200))
        // A sweep looks at one of the 256 folders.
        for _ in 0..<256 { try await office.sweep.sweep() }
        #expect(try await bench.status(of: bytes("content")) == "404")
        #expect(try await bench.status(of: stray) == "404")
        #expect(try await bench.status(of: bytes("keep")) == "200")
        #expect(try await office.get("keep.pdf") == bytes("keep"))
    }

    @Test func `a bucket that is away refuses for a moment and changes nothing`() async throws {
        let port = FreePort.take()
        var place = try RemotePlace("s3+http://127.0.0.1:\(port)/files")
        (place.user, place.password) = ("key", "secret")
        let bucket = FileBucket(FileBucketConfiguration(place), runtime: TestRuntime.make())
        let office = try await Office(bucket: bucket)
        let problem = await refusal { try await office.put("a.txt", bytes("x")) }
        #expect(problem?.status == 503)
        #expect(try await office.store.get(paper, 1)["scans"] == [])
        #expect(try office.onDisk == [])
    }

    @Test func `settings that do not go together are said`() {
        func problems(_ environment: [String: String]) -> [String] {
            let reader = ConfigurationReader(service: "records", environment: environment)
            _ = FileBucketConfiguration(reading: reader)
            return reader.problems
        }
        #expect(problems([:]) == [])
        #expect(
            problems([
                "RECORDS_FILES": "s3+https://host/bucket", "RECORDS_FILES_KEY": "key",
                "RECORDS_FILES_SECRET": "s3cret",
            ]) == [])
        #expect(problems(["RECORDS_FILES": "sftp://host/x"]).count == 2)
        #expect(problems(["RECORDS_FILES": "s3+https://host"]).count == 1)
    }
}
