import Synchronization

/// Something that runs from start to shutdown: a server, a worker, a relay.
public protocol Service: Sendable {
    /// Shown in logs.
    var name: String { get }
    /// Runs until `shutdown()` was called and what it had begun is finished.
    func run() async throws
    /// Asks `run()` to take nothing new and end. Answers at once.
    func shutdown() async
}

/// Runs services in order and ends them in the reverse order, on SIGTERM, SIGINT (where
/// `ServiceProcess.prepare()` was called), `shutdown()` or the end of one of them. A service is
/// asked to end when the one after it has ended. A group within a service of another group leaves
/// the signals to the outer one, so that the outer order holds.
public final class ServiceGroup: Sendable {
    private enum Event: Sendable {
        case ended(Int, (any Error)?)
        case shutdown
        case deadline
        case abandoned
    }

    /// How long cancelled services have to end before the group no longer waits for them.
    public static let grace: Duration = .seconds(3)

    /// The end of one that takes longer is on the log.
    public static let slowEnd: Duration = .seconds(1)

    @TaskLocal private static var isNested = false

    private let services: [any Service]
    private let deadline: Duration
    private let clock: any WallClock
    private let log: Log
    private let events: AsyncStream<Event>
    private let send: AsyncStream<Event>.Continuation

    /// `deadline` bounds the whole shutdown; after it the tasks are cancelled.
    public init(
        services: [any Service], deadline: Duration = .seconds(25),
        clock: any WallClock = SystemClock(), log: Log
    ) {
        self.services = services
        self.deadline = deadline
        self.clock = clock
        self.log = log
        (events, send) = AsyncStream.makeStream(of: Event.self)
    }

    /// Begins the shutdown, as SIGTERM does.
    public func shutdown() { send.yield(.shutdown) }

    /// Returns after a clean end; throws the first failure, or `ShutdownDeadlinePassed` where
    /// services had to be cancelled. Call it once.
    public func run() async throws {
        var state = Running(services: services.map(\.name))
        let takesSignals = !ServiceGroup.isNested
        let tasks = ServiceGroup.$isNested.withValue(true) {
            services.indices.map { index in Task { await self.run(index) } }
        }
        let signals = Task { [send] in
            if takesSignals, await ServiceProcess.nextSignal() != nil { send.yield(.shutdown) }
        }
        var iterator = events.makeAsyncIterator()
        if !services.isEmpty, let event = await iterator.next() { note(event, in: &state) }
        signals.cancel()
        let timer = Task { [send, clock, deadline] in
            try await clock.sleep(for: deadline)
            send.yield(.deadline)
            try await clock.sleep(for: ServiceGroup.grace)
            send.yield(.abandoned)
        }
        stopping: for index in services.indices.reversed() where state.isRunning[index] {
            let service = services[index]
            let asked = Task { await service.shutdown() }
            let start = clock.monotonicNanoseconds()
            while state.isRunning[index] {
                guard let event = await iterator.next() else { break stopping }
                note(event, in: &state)
                if case .deadline = event { for task in tasks { task.cancel() } }
                if case .abandoned = event { break stopping }
            }
            asked.cancel()
            noteEnd(of: service, after: clock.monotonicNanoseconds() - start)
        }
        timer.cancel()
        if let failure = state.failure { throw failure }
        if !state.late.isEmpty { throw ShutdownDeadlinePassed(services: state.late) }
    }

    private func noteEnd(of service: any Service, after nanoseconds: UInt64) {
        guard nanoseconds >= ServiceGroup.slowEnd.nanoseconds else { return }
        let milliseconds = Log.Value.integer(Int(nanoseconds / 1_000_000))
        log.info(
            "took long to end", ["name": .string(service.name), "milliseconds": milliseconds])
    }

    private func run(_ index: Int) async {
        do {
            try await services[index].run()
            send.yield(.ended(index, nil))
        } catch {
            send.yield(.ended(index, error))
        }
    }

    /// What is known of the services, in their order.
    private struct Running {
        var isRunning: [Bool]
        var failure: (any Error)?
        var isStopping = false
        var late: [String] = []
        let names: [String]

        init(services: [String]) {
            names = services
            isRunning = services.map { _ in true }
        }
    }

    private func note(_ event: Event, in state: inout Running) {
        switch event {
        case .ended(let index, let error):
            state.isRunning[index] = false
            let name = Log.Value.string(services[index].name)
            if let error, !(state.isStopping && error is CancellationError) {
                log.error("service failed", ["name": name, "error": .string("\(error)")])
                state.failure = state.failure ?? error
            } else if !state.isStopping {
                log.warning("service ended by itself", ["name": name])
            }
            state.isStopping = true
        case .shutdown:
            if !state.isStopping { log.info("shutting down") }
            state.isStopping = true
        case .deadline:
            state.late = zip(state.names, state.isRunning).filter(\.1).map(\.0)
            let names = state.late.joined(separator: " ")
            log.error("shutdown deadline passed, cancelling", ["services": .string(names)])
        case .abandoned:
            log.error("services do not end, leaving them")
        }
    }
}

/// These services had not ended at the deadline of the shutdown.
public struct ShutdownDeadlinePassed: Error, Sendable, CustomStringConvertible {
    public let services: [String]
    public var description: String {
        "not ended in time: " + services.joined(separator: ", ")
    }
}
