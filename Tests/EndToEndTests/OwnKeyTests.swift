import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

@Test func `one process without a key makes one, and keeps it for the next start`() async throws {
    // An empty setting is none.
    let train = Train(.together, settings: ["RPC_KEY": ""])
    try await train.start()
    let path = train.data + "/rpc-key"
    let key = try Files.read(path)
    #expect(key.count >= 32)
    let (_, mode) = try await ChildProcess.run("stat", ["-c", "%a", path])
    #expect(mode == "600\n")
    // The answer is kept sealed, under what is made of the key.
    let once: Headers = ["Idempotency-Key": "once"]
    let first = try await train.admin().post("/api/tokens", ["name": "x"], headers: once)
    #expect(try await train.stop().allSatisfy { $0 == 0 })

    try await train.start(isCounted: false)
    #expect(try Files.read(path) == key)
    let again = try await train.admin().post("/api/tokens", ["name": "x"], headers: once)
    #expect(again["token"] == first["token"] && first["token"]?.string != nil)
    #expect(try await train.stop().allSatisfy { $0 == 0 })
}
