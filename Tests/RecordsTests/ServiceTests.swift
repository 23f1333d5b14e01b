import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// The whole service on a port, called as the others call it.
@Suite struct ServiceTests {
    private let folder = TemporaryFolder()
    private static let key = Array(repeating: UInt8(9), count: 32)

    private func start() async throws -> (RecordsService, Task<Void, any Error>, Peer) {
        let runtime = TestRuntime.make()
        let rpc = RPCConfiguration(
            address: "127.0.0.1", port: 0, key: ServiceTests.key,
            peers: [
                "mail": "http://127.0.0.1:9", "workflow": "http://127.0.0.1:9",
                "batch": "http://127.0.0.1:9",
            ])
        let service = try await RecordsService(
            configuration: RecordsConfiguration(rpc: rpc, data: folder.path), runtime: runtime)
        let signer = PrincipalSigner(key: ServiceTests.key, clock: runtime.clock)
        let client = HTTPClient(host: "127.0.0.1", port: service.port, runtime: runtime)
        let peer = Peer(name: "records", transport: client, signer: signer, runtime: runtime)
        return (service, Task { try await service.run() }, peer)
    }

    @Test func `calls come and go over a socket while every peer is down`() async throws {
        let (service, running, peer) = try await start()
        let document = JSONBytes(try helpdesk().bytes)
        let system = CallContext.system
        let applied = try await peer.call(
            ApplyModel(code: "helpdesk", document: document, allowDestructive: false), as: system)
        #expect(applied.created && applied.pending == ["workflow", "mail", "batch"])
        #expect(try await peer.call(GetModel(code: "helpdesk"), as: system) == document)
        let ada = CallContext.caller("ada", "agent")
        let created = try await peer.call(
            CreateRecord(ticket, body: JSONBytes(Array(#"{"subject": "a"}"#.utf8))), as: ada)
        let read = try await peer.call(GetRecord(ticket, id: 1), as: ada)
        #expect(created == read)
        let changed = try await peer.call(
            ChangeRecord(ticket, id: 1, version: 1, body: JSONBytes(Array(#"{"score": 3}"#.utf8))),
            as: ada)
        #expect(try JSONValue(parsing: changed.bytes).version == 2)
        let list = try await peer.call(ListRecords(ticket, filter: "score eq 3"), as: ada)
        #expect(try JSONValue(parsing: list.bytes).ids == [1])
        let history = try await peer.call(RecordHistory(ticket, id: 1), as: ada)
        #expect(try JSONValue(parsing: history.bytes)["items"]?.array?.count == 2)
        #expect(try await peer.call(DescribeClass(ticket), as: ada).columns.count == 10)
        #expect(try await peer.call(ListClasses(), as: ada).items.count == 2)
        let models = try await peer.call(ListModels(), as: ada)
        #expect(try JSONValue(parsing: models.bytes)["items"]?.array?.count == 1)
        _ = try await peer.call(DeleteRecord(ticket, id: 1, version: 2), as: ada)
        let problem = await refusal { try await peer.call(GetRecord(ticket, id: 1), as: ada) }
        #expect(problem?.status == 404)
        let faulty = JSONBytes(Array(#"{"code": "x", "classes": [{}]}"#.utf8))
        let check = try await peer.call(CheckModel(code: "x", document: faulty), as: system)
        #expect(check.problems.map(\.pointer) == ["/classes/0/code"])
        await service.shutdown()
        try await running.value
    }

    @Test func `an end waits for nobody who does not have a model`() async throws {
        let (service, running, peer) = try await start()
        let document = JSONBytes(try helpdesk().bytes)
        async let applied = peer.call(
            ApplyModel(code: "helpdesk", document: document, allowDestructive: false), as: .system)
        try await eventually("it is in force") {
            (try? await peer.call(GetModel(code: "helpdesk"), as: .system)) == document
        }
        let start = ContinuousClock.now
        await service.shutdown()
        try await running.value
        #expect(ContinuousClock.now - start < ModelHandover.patience * 4 / 5)
        #expect(try await applied.pending == ["workflow", "mail", "batch"])
    }

    @Test func `an unsigned caller gets nothing`() async throws {
        let (service, running, _) = try await start()
        let stranger = PrincipalSigner(
            key: Array(repeating: 1, count: 32), clock: SystemClock())
        let runtime = TestRuntime.make()
        let client = HTTPClient(host: "127.0.0.1", port: service.port, runtime: runtime)
        let peer = Peer(name: "records", transport: client, signer: stranger, runtime: runtime)
        let problem = await refusal { try await peer.call(ListModels(), as: .system) }
        #expect(problem?.status == 401)
        await service.shutdown()
        try await running.value
    }
}
