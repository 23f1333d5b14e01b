import Crypto
import ServiceRuntime
import TestSupport
import Testing

@testable import Curl

/// Files of other machines, with OpenSSH, moto and pyftpdlib as those.
@Suite struct RemoteFilesTests {
    private static let open = OutgoingPolicy(
        opened: ["127.0.0.0/8", "::1"].compactMap { NetworkRange($0) })

    /// What is the same wherever files are.
    private func check(_ place: RemotePlace, authorities: String? = nil) async throws {
        let remote = RemoteFiles(
            place, policy: Self.open, authorities: authorities, clock: SystemClock())
        let folder = TemporaryFolder()
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try TestFile.write(content, to: folder.path + "/a")
        let none = try await remote.list()
        #expect(none.isEmpty)
        try await remote.put(folder.path + "/a", as: "orders of Monday.csv")
        try await remote.put(folder.path + "/a", as: "b.csv")
        // Over one that is there.
        try TestFile.write("second", to: folder.path + "/a")
        try await remote.put(folder.path + "/a", as: "b.csv")
        let two = try await remote.list()
        #expect(
            two == [
                RemoteFile(name: "b.csv", size: 6),
                RemoteFile(name: "orders of Monday.csv", size: 3_000_000),
            ])
        let size = try await remote.get(
            "orders of Monday.csv", into: folder.path + "/back", limit: 3_000_000)
        #expect(size == 3_000_000 && TestFile.bytes(folder.path + "/back") == content)
        await #expect(throws: CurlError.self) {
            try await remote.get("b.csv", into: folder.path + "/back", limit: 5)
        }
        await #expect(throws: CurlError.self) {
            try await remote.get("none", into: folder.path + "/back", limit: 5)
        }
        for name in ["../b.csv", "a/b", "a\\b", "..", "", "a\"b", "a\r\nDELE b.csv"] {
            await #expect(throws: CurlError.self) {
                try await remote.get(name, into: folder.path + "/back", limit: 5)
            }
        }
        try await remote.rename("b.csv", to: "done b.csv")
        try await remote.remove("orders of Monday.csv")
        try await remote.remove("orders of Monday.csv")
        let one = try await remote.list()
        #expect(one == [RemoteFile(name: "done b.csv", size: 6)])
        try await remote.put(folder.path + "/a", as: "c.csv")
        for _ in 0..<2 {
            try await remote.put(folder.path + "/a", as: "c.csv")
            try await remote.move("c.csv", into: "archive")
        }
        let after = try await remote.list()
        #expect(after == one)
        // The platform reaches nothing inside unless the operator opens it.
        let closed = RemoteFiles(
            place, policy: OutgoingPolicy(), authorities: authorities, clock: SystemClock())
        await #expect {
            try await closed.list()
        } throws: { error in
            "\(error)".contains("not open to outgoing calls")
        }
    }

    @Test func `SFTP to OpenSSH`() async throws {
        let server = try await SFTPServer()
        var place = try RemotePlace("sftp://127.0.0.1:\(server.port)\(server.files)/")
        place.user = server.user
        place.keyFile = server.key
        place.hostKey = server.hostKey
        try await check(place)
        // Another host than the one that is meant.
        place.hostKey = "SHA256:" + String(repeating: "A", count: 43)
        let other = RemoteFiles(place, policy: Self.open, clock: SystemClock())
        await #expect(throws: CurlError.self) { try await other.list() }
    }

    @Test func `FTP with TLS`() async throws {
        let server = try await PythonFileServer(.ftps)
        var place = try RemotePlace("ftpes://127.0.0.1:\(server.port)")
        (place.user, place.password) = ("anna", "secret")
        try await check(place, authorities: server.certificate)
        // Without the authority nothing is said to it.
        let blind = RemoteFiles(place, policy: Self.open, clock: SystemClock())
        await #expect {
            try await blind.list()
        } throws: { ($0 as? CurlError)?.kind == .tls }
    }

    @Test func `a bucket`() async throws {
        let server = try await PythonFileServer(.s3)
        // The bucket is made as any client makes one.
        let bucket = try await ChildProcess.run(
            "curl",
            ["-s", "-X", "PUT", "http://127.0.0.1:\(server.port)/orders", "-o", "/dev/null"])
        #expect(bucket.code == 0)
        var place = try RemotePlace(
            "s3+http://127.0.0.1:\(server.port)/orders/in coming".replacing(" ", with: "%20"))
        (place.user, place.password) = ("AKIAIOSFODNN7EXAMPLE", "secret")
        try await check(place)
    }

    @Test func `the signature is the one of Amazon's example`() {
        let signature = S3Signature(
            key: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1")
        let headers = signature.headers(
            "GET", host: "examplebucket.s3.amazonaws.com", path: "/test.txt",
            payload: SHA256.hex([]), extra: [("range", "bytes=0-9")],
            now: Timestamp("2013-05-24T00:00:00.000Z") ?? Timestamp(milliseconds: 0))
        #expect(
            headers.last?.1.hasSuffix(
                "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
                == true)
    }

    @Test(arguments: [
        "", "orders", "file:///etc/passwd", "sftp://", "sftp://anna@host/x", "https://host/a?b",
        "sftp://host/../etc", "s3+https://host", "ftp://host/x", "https://höst/x", "sftp://a b/",
        "sftp://host/a%22b", "sftp://host/a%0Ab", "http://host/x",
    ])
    func `an address that cannot be meant is refused`(url: String) {
        #expect(throws: RemotePlace.Invalid.self) { try RemotePlace(url) }
    }
}
