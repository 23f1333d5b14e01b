import Contracts
import Crypto
import HTTP
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// Files in a folder that two copies of the service have.
@Suite struct SharedFolderTests {
    @Test func `what another copy sweeps away while it comes in is there again`() async throws {
        let folder = TemporaryFolder()
        let runtime = TestRuntime.make()
        let stores = try (0..<2).map { _ in
            try FileStore(folder: folder.path, isShared: true, runtime: runtime)
        }
        let content = bytes("content")
        let hash = SHA256.hex(content)
        let path = "\(folder.path)/\(hash.prefix(2))/\(hash)"
        _ = try await stores[0].receive(RequestBody(content), limit: 100) { received in
            #expect(received.sha256 == hash && Files.exists(path))
            try await stores[1].remove([hash]) { leaving, taken in
                for hash in leaving { try taken(hash) }
                return leaving
            }
            #expect(!Files.exists(path))
        }
        #expect(try Files.read(path, limit: 100) == content)
        #expect(try Files.list(folder.path + "/incoming").isEmpty)
        for store in stores { store.stop() }
    }
}
