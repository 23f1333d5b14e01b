import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// What a kill at one moment would have left behind: the database's files, and what the peers had
/// done by then.
private struct Wreck: Sendable {
    var moment: String
    var folder: TemporaryFolder
    var state: FakePeers.State
}

/// Copies a database as it lies on the disk, as a kill leaves it.
private func copy(_ from: String, to: String) throws {
    for name in ["workflow.db", "workflow.db-wal"] {
        if let bytes = TestFile.bytes(from + "/" + name) {
            try TestFile.write(bytes, to: to + "/" + name)
        }
    }
}

private let mara: JSONObject = JSONObject([
    ("subject", "Printer"), ("status", "new"), ("email", "mara@example.com"),
])

/// Runs the whole loop and keeps a wreck at every effect, before and after it is done.
private func wrecks() async throws -> [Wreck] {
    let folder = TemporaryFolder()
    let found = Mutex<[Wreck]>([])
    let source = Mutex<FakePeers?>(nil)
    let world = try await World(
        folder: folder.path,
        hook: { key, moment in
            guard let peers = source.withLock({ $0 }) else { return }
            let wreck = Wreck(
                moment: "\(moment) \(key)", folder: TemporaryFolder(),
                state: peers.state.withLock { $0 })
            try copy(folder.path, to: wreck.folder.path)
            found.withLock { $0.append(wreck) }
        })
    source.withLock { $0 = world.peers }
    try await world.take(Model.loop)
    try await world.deliver(world.peers.insert(14, mara))
    try await world.reaches(1, "waiting")
    let wreck = Wreck(
        moment: "waiting", folder: TemporaryFolder(), state: world.peers.state.withLock { $0 })
    try copy(folder.path, to: wreck.folder.path)
    found.withLock { $0.append(wreck) }
    _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all, key: 14))
    try await world.reaches(1, "finished")
    try await world.stop()
    _ = folder
    return found.withLock { $0 }
}

@Test(.ofFile) func `killed at any effect and started again, everything is done once`() async throws
{
    let wrecks = try await wrecks()
    #expect(wrecks.count == 7)
    for wreck in wrecks {
        let world = try await World(folder: wreck.folder.path, state: wreck.state)
        try await eventually("\(wreck.moment): the wait or the end") {
            let state = try await world.instance(1)["state"]
            return state == "waiting" || state == "finished"
        }
        // Records did not hear that the event was taken, and the person presses again.
        try await world.deliver(
            RecordEvent(
                id: "store-1", type: "record.created",
                record: FullCode(model: "helpdesk", code: "ticket"), recordID: 14,
                time: "2026-01-01T00:00:00.000Z", account: "anna", door: .api,
                cause: Cause(root: "request:1"), before: .null,
                after: .object(try world.peers.record(14))))
        if try await world.instance(1)["state"] == "waiting" {
            _ = try await world.call(RaiseEvent(event: Model.confirmed, scope: .all, key: 14))
        }
        let done = try await world.reaches(1, "finished")
        #expect(
            World.steps(done) == [
                "ask done", "answer done", "close done", "tell done", "end done",
            ], "\(wreck.moment)")
        #expect(try await world.instances().count == 1, "\(wreck.moment)")
        #expect(try await world.incidents().isEmpty, "\(wreck.moment)")
        world.peers.state.withLock { state in
            #expect(
                state.mails.map(\.key) == ["workflow:1/ask/1", "workflow:1/tell/4"],
                "\(wreck.moment)")
            #expect(state.changes == ["workflow:1/close/3"], "\(wreck.moment)")
        }
        try await world.stop()
    }
}

@Test func `an effect whose answer was lost is not repeated though the record has changed since`()
    async throws
{
    let isLost = Atomic(false)
    let clock = ManualClock(start: World.start)
    let peers = Mutex<FakePeers?>(nil)
    try await World.with(
        clock: clock,
        hook: { key, moment in
            guard key == "workflow:1/ask/1", moment == .after,
                isLost.exchange(true, ordering: .relaxed) == false
            else { return }
            peers.withLock { $0 }?.state.withLock { $0.records[14]?["subject"] = "Other" }
            throw Problem.internalError
        }
    ) { world in
        peers.withLock { $0 = world.peers }
        try await world.take(Model.loop)
        try await world.deliver(world.peers.insert(14, mara))
        try await eventually("the wait") {
            clock.advance(by: .seconds(1))
            return try await world.instances().first?["state"] == "waiting"
        }
        #expect(world.peers.state.withLock { $0.mails.count } == 1)
        #expect(try await world.incidents().isEmpty)
    }
}

@Test func `timers and kept events outlive a restart`() async throws {
    let folder = TemporaryFolder()
    let clock = ManualClock(start: World.start)
    let first = try await World(folder: folder.path, clock: clock)
    try await first.take(Model.loop)
    _ = try await first.call(RaiseEvent(event: Model.confirmed, scope: .all, key: 15))
    try await first.deliver(first.peers.insert(14, mara))
    try await first.reaches(1, "waiting")
    let state = first.peers.state.withLock { $0 }
    try await first.stop()
    clock.advance(by: .seconds(3 * 24 * 3600 + 1))
    let second = try await World(folder: folder.path, clock: clock, state: state)
    try await eventually("the reminder") {
        second.peers.state.withLock { $0.mails.last?.notification } == "helpdesk.reminder"
    }
    try await second.deliver(second.peers.insert(15, mara))
    try await second.reaches(2, "finished")
    try await second.stop()
}
