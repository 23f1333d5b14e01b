import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Records

/// The change log on its way to Workflow, and models on their way to everybody.
@Suite struct RelayTests {
    @Test func `events come in order, each once while nothing fails, with before and after`()
        async throws
    {
        let house = try await House()
        try await house.store.apply(helpdesk())
        let cause = Cause(root: "request:r9", via: "rule:helpdesk.handle", depth: 3, account: "eva")
        let context = CallContext.make(
            Principal(account: "ada", roles: ["agent"]), door: .rule, cause: cause)
        try await house.store.create(ticket, ["subject": "a", "spent": 1], as: context)
        try await house.store.change(ticket, 1, ["status": "open"], as: context)
        try await house.store.delete(ticket, 1, as: context)
        let events = try await house.events(3)
        #expect(events.map(\.type) == ["record.created", "record.changed", "record.deleted"])
        #expect(events.allSatisfy { $0.record == ticket && $0.recordID == 1 })
        #expect(events.allSatisfy { $0.cause == cause && $0.door == .rule && $0.account == "ada" })
        #expect(events[0].before == .null)
        #expect(events[0].after["spent"]?.text == "1.00")
        #expect(events[0].after["urgent"] == false)
        #expect(events[0].after["describe"] == "#1 a")
        #expect(events[1].before["status"] == "new" && events[1].after["status"] == "open")
        #expect(events[1].after.version == 2)
        #expect(events[2].after == .null && events[2].before["status"] == "open")
        #expect(Set(events.map(\.id)).count == 3)
        try await house.stop()
    }

    @Test func `what is in an event is what the record's reader gets`() async throws {
        let house = try await House()
        try await house.store.apply(helpdesk())
        try await house.store.create(customer, ["name": "A\"nna\u{1}\\", "number": 5])
        let body = try json(
            """
            {"subject": "日本", "body": "a\\nb", "spent": 1234567.89, "urgent": true, "score": -3,
             "due": "2026-11-22T10:00:00Z", "day": "2026-11-22", "customer": 1, "mail_id": "<a@b>"}
            """)
        try await house.store.create(ticket, body)
        let events = try await house.events(2)
        #expect(events[0].after == (try await house.store.get(customer, 1)))
        #expect(events[1].after == (try await house.store.get(ticket, 1)))
        try await house.stop()
    }

    @Test func `a class of many columns has whole events`() async throws {
        let house = try await House()
        let columns = (0..<200).map {
            #"{"code": "c\#($0)", "type": "\#($0 % 2 == 0 ? "decimal" : "boolean")"}"#
        }
        try await house.store.apply(small(columns.joined(separator: ", ")))
        try await house.store.create(item, ["c0": -1, "c1": true, "c198": 5, "c199": false])
        let events = try await house.events(1)
        #expect(events[0].after == (try await house.store.get(item, 1)))
        #expect(events[0].after["c0"]?.text == "-1.00")
        try await house.stop()
    }

    @Test func `another program's write is an event within a moment`() async throws {
        let house = try await House()
        try await house.store.apply(helpdesk())
        let written = try await house.store.foreign(
            "INSERT INTO DataRow_2 (subject) VALUES ('foreign')")
        #expect(written.code == 0)
        let clock = ContinuousClock()
        let start = clock.now
        let events = try await house.events(1)
        #expect(clock.now - start < .seconds(30))
        #expect(events[0].account == "database" && events[0].door == .database)
        #expect(events[0].cause.root.hasPrefix("database:"))
        #expect(events[0].after["status"] == "new")
        try await house.stop()
    }

    @Test func `while Workflow is down events wait, and then come in order`() async throws {
        let house = try await House()
        house.workflow.isDown.store(true, ordering: .relaxed)
        try await house.store.apply(helpdesk())
        for number in 0..<450 {
            try await house.store.create(ticket, ["subject": .string("s\(number)")])
        }
        try await eventually("a failed delivery") {
            house.workflow.failures.load(ordering: .relaxed) > 0
        }
        #expect(house.workflow.taken.withLock { $0 }.isEmpty)
        house.workflow.isDown.store(false, ordering: .relaxed)
        let events = try await house.events(450)
        #expect(events.map(\.recordID) == Array(1...450))
        try await house.stop()
    }

    @Test func `commits do not hurry the relay while Workflow is down`() async throws {
        let house = try await House()
        house.workflow.isDown.store(true, ordering: .relaxed)
        try await house.store.apply(helpdesk())
        try await house.store.create(ticket, ["subject": "a"])
        let failures = house.store.runtime.metrics.counter(
            "geartrain_records_event_failures_total", help: "")
        try await eventually("a failed delivery") { failures.value > 0 }
        let before = failures.value
        for _ in 0..<300 { try await house.store.create(ticket, ["subject": "b"]) }
        // Every 100 ms at the most, and then less often.
        #expect(failures.value - before < 30)
        try await house.stop()
    }

    @Test func `a batch that was taken and not acknowledged comes again, and nothing is missing`()
        async throws
    {
        let house = try await House()
        try await house.store.apply(helpdesk())
        house.workflow.losesAnswers.store(3, ordering: .relaxed)
        for number in 0..<50 {
            try await house.store.create(ticket, ["subject": .string("s\(number)")])
        }
        try await eventually("every event") {
            Set(house.workflow.taken.withLock { $0 }.map(\.recordID)) == Set(1...50)
        }
        // Each first arrival is in order.
        var seen: Set<Int64> = []
        let firsts = house.workflow.taken.withLock { $0 }.map(\.recordID).filter {
            seen.insert($0).inserted
        }
        #expect(firsts == Array(1...50))
        try await house.stop()
    }

    @Test func `after a restart the relay goes on where it was`() async throws {
        let house = try await House()
        try await house.store.apply(helpdesk())
        try await house.store.create(ticket, ["subject": "a"])
        _ = try await house.events(1)
        try await eventually("the position is written") {
            try await house.store.foreign("SELECT seq FROM relay_position").output == "1\n"
        }
        try await house.stop()
        let again = try await House(folder: house.store.folder)
        try await again.store.create(ticket, ["subject": "b"])
        #expect(try await again.events(1).map(\.recordID) == [2])
        try await again.stop()
    }

    @Test func `a class without history keeps an entry only until it is sent`() async throws {
        let house = try await House()
        try await house.store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #""describe": "{name}""#, with: #""describe": "{name}", "history": false"#)
            })
        try await house.store.create(customer, ["name": "Anna"])
        try await house.store.create(ticket, ["subject": "a"])
        _ = try await house.events(2)
        try await eventually("the entry is gone") {
            try await house.store.foreign("SELECT class FROM change_log").output == "2\n"
        }
        try await house.stop()
    }

    @Test(.ofFile) func `broken UTF-8 of another program stops nothing`() async throws {
        let house = try await House()
        try await house.store.apply(helpdesk())
        let written = try await house.store.foreign(
            "INSERT INTO DataRow_2 (subject) VALUES (CAST(x'61ff62' AS TEXT))")
        #expect(written.code == 0, "\(written.output)")
        try await house.store.create(ticket, ["subject": "next"])
        let events = try await house.events(2)
        #expect(events[0].after["subject"]?.string?.hasPrefix("a") == true)
        #expect(try await house.store.get(ticket, 1)["subject"]?.string == "a\u{FFFD}b")
        try await house.stop()
    }

    // MARK: Models

    @Test
    func `a version that is not in force yet is handed over when it is, never the one before`()
        async throws
    {
        let house = try await House()
        let first = try await house.store.apply(helpdesk())
        house.handover.wake()
        #expect(await house.handover.pending(first, model: "helpdesk").isEmpty)
        // As the worker may meet it between the commit of an application and the reading of it.
        let now = house.store.runtime.clock.now()
        try await house.store.database.write {
            try ModelHandover.enqueue($0, model: "helpdesk", version: 2, now: now)
        }
        house.handover.wake()
        try await eventually("each was tried") {
            try await house.store.database.read {
                try $0.count("SELECT count(*) FROM queue_handover WHERE error <> ''")
            } == 3
        }
        try await house.store.apply(helpdesk { $0 = $0.replacing("Help desk", with: "Desk") })
        house.handover.wake()
        try await eventually("all have it") {
            [house.mail, house.batch, house.workflow].allSatisfy {
                $0.models.withLock { $0 }.last == "helpdesk 2"
            }
        }
        try await house.stop()
    }

    @Test func `an applied model is handed to every service, and who is down gets it later`()
        async throws
    {
        let house = try await House()
        let first = try await house.store.apply(helpdesk())
        house.handover.wake()
        #expect(await house.handover.pending(first, model: "helpdesk").isEmpty)
        #expect(house.mail.models.withLock { $0 } == ["helpdesk 1"])
        house.mail.isDown.store(true, ordering: .relaxed)
        let second = try await house.store.apply(
            helpdesk { $0 = $0.replacing("Help desk", with: "Desk") })
        house.handover.wake()
        try await eventually("the others have it") {
            house.batch.models.withLock { $0 } == ["helpdesk 1", "helpdesk 2"]
                && house.workflow.models.withLock { $0 } == ["helpdesk 1", "helpdesk 2"]
        }
        try await eventually("mail alone has it not") {
            await house.handover.pending(second, model: "helpdesk", within: .milliseconds(100))
                == ["mail"]
        }
        house.mail.isDown.store(false, ordering: .relaxed)
        try await eventually("mail has it") {
            house.mail.models.withLock { $0 }.last == "helpdesk 2"
        }
        try await house.stop()
    }

    @Test func `who waits until every service has a model is let go when the service ends`()
        async throws
    {
        let house = try await House()
        for peer in [house.mail, house.batch] { peer.isDown.store(true, ordering: .relaxed) }
        let first = try await house.store.apply(helpdesk())
        house.handover.wake()
        async let pending = house.handover.pending(
            first, model: "helpdesk", within: .seconds(600))
        try await eventually("Workflow has it") { !house.workflow.models.withLock(\.isEmpty) }
        house.handover.stopWaiting()
        #expect(Set(await pending).isSuperset(of: ["mail", "batch"]))
        try await house.stop()
    }

    #if PostgreSQL
        @Test func `who waits for a model learns what another copy has handed over`() async throws {
            let house = try await House(engine: .postgresql, delivers: false)
            let other = try await House(folder: house.store.folder, engine: .postgresql)
            let first = try await house.store.apply(helpdesk())
            #expect(
                await house.handover.pending(first, model: "helpdesk", within: .seconds(60)) == [])
            #expect(other.mail.models.withLock { $0 } == ["helpdesk 1"])
            // Nobody tells of what was done before somebody waits.
            let late = try await House(
                folder: house.store.folder, engine: .postgresql, delivers: false)
            #expect(
                await late.handover.pending(first, model: "helpdesk", within: .seconds(60)) == [])
            try await late.stop()
            try await other.stop()
            try await house.stop()
        }
    #endif
}

/// Records with its relay and hand-over, and peers that take what comes.
private final class House: Sendable {
    let store: TestStore
    let workflow = FakeRouter()
    let mail = FakeRouter()
    let batch = FakeRouter()
    let handover: ModelHandover
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    /// Where it `delivers` no models, another copy has to.
    init(
        folder: TemporaryFolder = TemporaryFolder(), engine: StoreEngine = .chosen,
        delivers: Bool = true
    ) async throws {
        let shared = Shared()
        store = try await TestStore(folder: folder, engine: engine) { shared.wake() }
        let runtime = store.runtime
        let signer = PrincipalSigner(
            key: Array(repeating: 7, count: 32), clock: runtime.clock)
        let peers = Peers(
            transports: [
                "workflow": workflow.transport("workflow", signer, runtime),
                "mail": mail.transport("mail", signer, runtime),
                "batch": batch.transport("batch", signer, runtime),
            ], signer: signer, runtime: runtime)
        let relay = EventRelay(database: store.database, peers: peers, runtime: runtime)
        shared.set(relay)
        handover = ModelHandover(
            database: store.database, models: store.models, peers: peers, runtime: runtime)
        handover.followCopies()
        store.models.followCopies()
        let workers: [any Service] = delivers ? [handover.makeWorker()] : []
        let group = ServiceGroup(services: [relay] + workers, log: runtime.log)
        self.group = group
        running = Task { try await group.run() }
    }

    /// The first events that Workflow takes, when there are so many.
    func events(_ count: Int) async throws -> [RecordEvent] {
        try await eventually("\(count) events") {
            workflow.taken.withLock { $0 }.count >= count
        }
        let taken = workflow.taken.withLock { $0 }
        #expect(taken.count == count)
        return taken
    }

    func stop() async throws {
        group.shutdown()
        try await running.value
        await store.database.close()
    }

    private final class Shared: Sendable {
        private let relay = Mutex<EventRelay?>(nil)
        func set(_ relay: EventRelay) { self.relay.withLock { $0 = relay } }
        func wake() { relay.withLock { $0 }?.wake() }
    }
}

/// A service at the other end: real routes in memory.
private final class FakeRouter: Sendable {
    let taken = Mutex<[RecordEvent]>([])
    let models = Mutex<[String]>([])
    let isDown = Atomic<Bool>(false)
    let failures = Atomic<Int>(0)
    /// So many batches are taken whose answer gets lost.
    let losesAnswers = Atomic<Int>(0)

    func transport(_ name: String, _ signer: PrincipalSigner, _ runtime: Runtime)
        -> any Transport
    {
        let routes = RPCRoutes(service: name, signer: signer, runtime: runtime) { nil }
        if name == "workflow" {
            routes.on(DeliverEvents.self) { [self] call, context in
                #expect(context.principal.isSystem)
                taken.withLock { $0 += call.events }
                return Done()
            }
        }
        routes.on(TakeModel.self) { [self] call, _ in
            models.withLock { $0.append("\(call.code) \(call.version)") }
            return Done()
        }
        return Line(to: RouterTransport(routes.router), router: self)
    }

    private struct Line: Transport {
        let to: RouterTransport<CallContext>
        let router: FakeRouter

        func send(_ request: ClientRequest) async throws -> ClientResponse {
            if router.isDown.load(ordering: .relaxed) {
                router.failures.add(1, ordering: .relaxed)
                throw HTTPClient.Failure.notConnected("down")
            }
            let response = try await to.send(request)
            let left = router.losesAnswers.load(ordering: .relaxed)
            if left > 0 {
                router.losesAnswers.store(left - 1, ordering: .relaxed)
                throw HTTPClient.Failure.noAnswer("lost")
            }
            return response
        }
    }
}
