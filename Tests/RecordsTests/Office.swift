import Contracts
import Crypto
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport

@testable import Records

let paper = FullCode(model: "office", code: "paper")

private func office(deletion: String) -> String {
    """
    {"code": "office", "name": "Office", "roles": ["editor", "reader", "namer"],
     "classes": [{"code": "paper", "webAccess": true, "deletion": "\(deletion)", "columns": [
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
}

/// Records with its files, without a socket.
struct Office {
    let store: TestStore
    let files: FileStore
    let sweep: FileSweep
    let calls: FileCalls
    let editor = CallContext.caller("ed", "editor")

    init(
        grace: Duration = .zero, clock: any WallClock = SystemClock(),
        deletion: String = "logical", bucket: FileBucket? = nil
    ) async throws {
        store = try await TestStore(clock: clock)
        try await store.apply(json(office(deletion: deletion)))
        files = try FileStore(
            folder: store.folder.path + "/files", bucket: bucket,
            isShared: TestStore.isServer, runtime: store.runtime)
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

func bytesOf(_ response: Response) async throws -> [UInt8] {
    switch response.body {
    case .empty: return []
    case .bytes(let bytes): return bytes
    case .stream(_, let write):
        let all = Mutex<[UInt8]>([])
        try await write(BodyWriter { piece in all.withLock { $0 += piece } })
        return all.withLock { $0 }
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
