import Contracts
import HTTP
import JSON
import ServiceRuntime

@testable import Database
@testable import Workflow

extension Simulation {
    /// Until every instance has begun and ended.
    func run() async throws {
        try await open()
        while started < instanceCount { try await turn { try await act() } }
        isWild = false
        try await end()
    }

    /// What is done ends with the life in which it is done; the next one begins.
    private func turn(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch  where alive == nil {
            // It was killed in the middle.
        }
        if let failure = failures.first { throw failure }
        if alive == nil { try await open() }
    }

    /// One thing that happens, whatever else is under way.
    func act() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: try await begin()
        case 8..<62: _ = try await work()
        case 62..<76: try await raise()
        case 76..<80: try await complete()
        case 80..<87:
            guard !calls.isEmpty else { return }
            try await make(calls.remove(at: Int.random(in: 0..<calls.count, using: &random)))
        case 87..<90: try await pauseOrResume()
        case 90..<93: try await retry()
        case 93..<97: jump()
        default: if roll(6) { await kill() }
        }
    }

    private func begin() async throws {
        guard started < instanceCount else { return }
        let record = newRecord()
        if roll(5) {
            // Two rules begin one each.
            started += 2
            try await make(place(.inserted(record: record)))
        } else {
            started += 1
            let number = Int.random(in: 0..<RandomModel.workflowCount, using: &random)
            try await make(place(.start(workflow: "w\(number)", record: record)))
        }
    }

    /// Does one thing that is due in one of the queues, if there is one.
    func work() async throws -> Bool {
        guard let alive else { return false }
        let first = Int.random(in: 0..<alive.workers.count, using: &random)
        for offset in 0..<alive.workers.count {
            let worker = alive.workers[(first + offset) % alive.workers.count]
            let now = clock.now()
            let item = try await alive.database.write {
                try worker.queue.lease(
                    $0, now: now, until: now.advanced(by: worker.lease), limit: 1
                ).first
            }
            guard let item else { continue }
            note("\(worker.name) \(item.key) \(item.attempts)")
            let outcome: QueueWorker.Outcome
            do {
                outcome = try await worker.handle(item)
            } catch {
                outcome = .retry("\(error)")
            }
            if self.alive == nil { return true }
            _ = await worker.settled(item, outcome)
            return true
        }
        return false
    }

    // MARK: People and programs

    /// Early, in time, late; for those who wait, by key or by instance, and for nobody.
    private func raise() async throws {
        guard let event = pick(RandomModel.events), !world.records.isEmpty else { return }
        let instance = Int64.random(in: 1...Int64(max(1, started)), using: &random)
        let record = Int64.random(in: 1...Int64(world.records.count), using: &random)
        let kind: SimulatedCall.Kind =
            roll(4)
            ? .raise(event: event, scope: .instance, instance: instance, key: nil)
            : .raise(event: event, scope: .all, instance: nil, key: record)
        try await make(place(kind))
    }

    private func complete() async throws {
        let open = try await numbers("select id from task where state = 'open' order by id")
        guard let task = pick(open) else { return }
        try await make(place(.complete(task: task, outcome: roll(2) ? "yes" : "no")))
    }

    private func pauseOrResume() async throws {
        let paused = try await numbers("select id from instance where state = 'paused' order by id")
        if let instance = pick(paused), !roll(3) {
            return try await make(place(.act(instance: instance, .resume)))
        }
        let instance = Int64.random(in: 1...Int64(max(1, started)), using: &random)
        try await make(place(.act(instance: instance, .pause)))
    }

    private func retry() async throws {
        let open = try await numbers("select id from incident where state = 'open' order by id")
        guard let incident = pick(open) else { return }
        try await make(place(.retry(incident: incident)))
    }

    private func jump() {
        let jumps: [Duration] = [
            .milliseconds(1), .seconds(2), .seconds(45), .seconds(3 * 3600),
            .seconds(5 * 24 * 3600), .zero - .seconds(90), .zero - .seconds(2 * 24 * 3600),
        ]
        guard let wait = pick(jumps) else { return }
        note("jump \(wait.milliseconds)")
        clock.jump(by: wait)
    }

    // MARK: The end

    /// Everything that is waited for comes, and nothing fails any more.
    private func end() async throws {
        for _ in 0..<Simulation.roundLimit {
            while try await work() {}
            for call in calls.splice() { try await make(call) }
            for id in try await numbers("select id from incident where state = 'open'") {
                try await make(place(.retry(incident: id)))
            }
            for id in try await numbers("select id from instance where state = 'paused'") {
                try await make(place(.act(instance: id, .resume)))
            }
            for id in try await numbers("select id from task where state = 'open'") {
                try await make(place(.complete(task: id, outcome: "yes")))
            }
            let waits = try await look {
                try $0.query("select instance, event from wait order by instance, visit") {
                    ($0.integer(0), $0.text(1))
                }
            }
            for (instance, event) in waits {
                let code = String(event.split(separator: ".").last ?? "")
                try await make(
                    place(.raise(event: code, scope: .instance, instance: instance, key: nil)))
            }
            if try await isOver() { return }
            let queues = alive?.workers.map(\.queue) ?? []
            let next = try await look { connection in
                try queues.compactMap { try $0.nextDue(connection) }.min()
            }
            if let next { clock.jump(to: next.advanced(by: Simulation.stride)) }
        }
        throw Wrong("not all have ended: \(try await unfinished())")
    }

    private static let roundLimit = 1000
    /// What is due within this of each other comes in one round.
    private static let stride = Duration.seconds(6 * 3600)

    private func isOver() async throws -> Bool {
        let open = try await numbers(
            """
            select (select count(*) from instance where state not in ('finished', 'cancelled'))
                + (select count(*) from queue_reaction) + (select count(*) from queue_instance)
            """)
        return open == [0] && calls.isEmpty
    }

    private func unfinished() async throws -> [String] {
        try await look { connection in
            try connection.query(
                """
                select instance.id, instance.state, instance.workflow, step.step, step.kind,
                    step.state, step.error
                from instance left join step on step.instance = instance.id
                    and step.state not in ('done', 'skipped')
                where instance.state not in ('finished', 'cancelled') limit 20
                """
            ) { row in (0..<7).map { row.optionalText($0) ?? "-" }.joined(separator: " ") }
        }
    }

    func numbers(_ sql: String) async throws -> [Int64] {
        try await look { try $0.query(sql) { $0.integer(0) } }
    }

    func look<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws -> T {
        guard let database = alive?.database else { throw Problem.unavailable("killed") }
        return try await database.read(body)
    }
}

extension [SimulatedCall] {
    /// Takes all of them out.
    fileprivate mutating func splice() -> [SimulatedCall] {
        defer { self = [] }
        return self
    }
}
