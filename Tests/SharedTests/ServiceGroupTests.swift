import ServiceRuntime
import Synchronization
import TestSupport
import Testing

/// What happened, in order.
private final class Journal: Sendable {
    private let entries = Mutex<[String]>([])
    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    var all: [String] { entries.withLock { $0 } }
}

private struct Failure: Error, Equatable {}

/// Runs until it is asked to end, or fails, or does not listen.
private final class Part: Service {
    enum Way { case willing, deaf, stubborn }

    let name: String
    private let way: Way
    private let journal: Journal
    private let (ends, send) = AsyncStream.makeStream(of: Bool.self)

    init(_ name: String, _ journal: Journal, _ way: Way = .willing) {
        self.name = name
        self.journal = journal
        self.way = way
    }

    func run() async throws {
        journal.add("run \(name)")
        switch way {
        case .stubborn: await withCheckedContinuation { Part.kept.append($0) }
        case .willing, .deaf: for await fails in ends where fails { throw Failure() }
        }
        journal.add("end \(name)")
        try Task.checkCancellation()
    }

    func shutdown() async {
        journal.add("shutdown \(name)")
        if way == .willing { send.finish() }
    }

    func fail() { send.yield(true) }
    func end() { send.finish() }

    /// Never resumed.
    private final class Kept: Sendable {
        private let continuations = Mutex<[CheckedContinuation<Void, Never>]>([])
        func append(_ continuation: CheckedContinuation<Void, Never>) {
            continuations.withLock { $0.append(continuation) }
        }
    }
    private static let kept = Kept()
}

private let log = Log(service: "test", level: .error) { _ in }

@Test func `a group ends its services in the reverse order`() async throws {
    let journal = Journal()
    let parts = ["a", "b", "c"].map { Part($0, journal) }
    let group = ServiceGroup(services: parts, log: log)
    let running = Task { try await group.run() }
    try await eventually("all run") { journal.all.count == 3 }
    group.shutdown()
    group.shutdown()
    try await running.value
    #expect(Set(journal.all.prefix(3)) == ["run a", "run b", "run c"])
    #expect(
        journal.all.dropFirst(3) == [
            "shutdown c", "end c", "shutdown b", "end b", "shutdown a", "end a",
        ])
}

@Test func `the failure of one ends the others and is thrown`() async throws {
    let journal = Journal()
    let parts = ["a", "b", "c"].map { Part($0, journal) }
    let running = Task { try await ServiceGroup(services: parts, log: log).run() }
    try await eventually("all run") { journal.all.count == 3 }
    parts[1].fail()
    await #expect(throws: Failure.self) { try await running.value }
    #expect(journal.all.dropFirst(3) == ["shutdown c", "end c", "shutdown a", "end a"])
}

@Test func `the early end of one ends the others`() async throws {
    let journal = Journal()
    let parts = ["a", "b"].map { Part($0, journal) }
    let running = Task { try await ServiceGroup(services: parts, log: log).run() }
    try await eventually("all run") { journal.all.count == 2 }
    parts[0].end()
    try await running.value
    #expect(journal.all.dropFirst(2) == ["end a", "shutdown b", "end b"])
}

@Test func `at the deadline what still runs is cancelled`() async throws {
    let journal = Journal()
    let clock = ManualClock(start: Timestamp(milliseconds: 0))
    let parts = [Part("a", journal), Part("b", journal, .deaf)]
    let group = ServiceGroup(services: parts, deadline: .seconds(25), clock: clock, log: log)
    let running = Task { try await group.run() }
    try await eventually("all run") { journal.all.count == 2 }
    group.shutdown()
    try await eventually("the deadline is set") { clock.sleepers == 1 }
    try await eventually("b was asked") { journal.all.contains("shutdown b") }
    clock.advance(by: .seconds(25))
    let error = await #expect(throws: ShutdownDeadlinePassed.self) { try await running.value }
    #expect(error?.services == ["a", "b"])
    #expect(journal.all.contains("end b"))
}

@Test func `a service that never ends is left behind`() async throws {
    let journal = Journal()
    let clock = ManualClock(start: Timestamp(milliseconds: 0))
    let parts = [Part("a", journal, .stubborn)]
    let group = ServiceGroup(services: parts, deadline: .seconds(25), clock: clock, log: log)
    let running = Task { try await group.run() }
    try await eventually("it runs") { journal.all.count == 1 }
    group.shutdown()
    try await eventually("the deadline is set") { clock.sleepers == 1 }
    clock.advance(by: .seconds(25))
    try await eventually("the grace is set") { clock.sleepers == 1 }
    clock.advance(by: ServiceGroup.grace)
    await #expect(throws: ShutdownDeadlinePassed.self) { try await running.value }
}

@Test func `a group without services ends at once`() async throws {
    try await ServiceGroup(services: [], log: log).run()
}
