import Glibc
import Synchronization
import TestSupport

/// Does to a fleet what happens to machines, networks and processes, by a seed.
final class Faults: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case kill, stop, pause, cut, hold, database, pauseAll
        static let likely: [Kind] = [
            .kill, .kill, .kill, .stop, .pause, .pause, .cut, .cut, .cut, .hold, .hold, .database,
            .pauseAll,
        ]
    }

    let fleet: Fleet
    let log: ChaosLog
    let seed: UInt64
    /// The longest that a cut lasts, in milliseconds; a pause lasts a third of it at most.
    let longest: Int
    private let busy = Mutex<Set<String>>([])
    private let counts = Mutex<[Kind: Int]>([:])

    init(_ fleet: Fleet, log: ChaosLog, seed: UInt64, longest: Duration) {
        self.fleet = fleet
        self.log = log
        self.seed = seed
        self.longest = Int(longest.components.seconds) * 1000
    }

    /// How many there were of each kind.
    var count: Int { counts.withLock { $0.values.reduce(0, +) } }

    var summary: String {
        counts.withLock { counts in
            Kind.allCases.map { "\($0) \(counts[$0] ?? 0)" }.joined(separator: ", ")
        }
    }

    /// Three at a time, until it is over; then everything is whole again.
    func run(until isOver: Flag) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<3 {
                group.addTask { try await self.run(lane, until: isOver) }
            }
            group.addTask { try await self.watch(until: isOver) }
            try await group.waitForAll()
        }
        for copy in fleet.copies where fleet.train.child(copy.name)?.hasEnded != false {
            try fleet.start(copy)
        }
    }

    private func run(_ lane: Int, until isOver: Flag) async throws {
        var random = TestRandom(seed: seed &+ UInt64(lane))
        while !isOver.isSet {
            let kind = Kind.likely.randomElement(using: &random) ?? .kill
            let copy = fleet.copies.randomElement(using: &random) ?? fleet.copies[0]
            let way = fleet.ways.keys.sorted().randomElement(using: &random) ?? ""
            // Most are short.
            let share = Double.random(in: 0.3...1, using: &random)
            let long = Int(Double(longest) * share * share * share * share)
            let rest = Int.random(in: 0...1500, using: &random)
            try await Task.sleep(for: .milliseconds(rest))
            let names = touched(kind, copy, way)
            let isFree = busy.withLock { busy in
                guard busy.isDisjoint(with: names) else { return false }
                busy.formUnion(names)
                return true
            }
            guard isFree else { continue }
            counts.withLock { $0[kind, default: 0] += 1 }
            // What has begun is ended, whoever cancels.
            try await Task {
                try await self.happen(kind, copy, way, .milliseconds(long))
            }.value
            busy.withLock { $0.subtract(names) }
        }
    }

    /// What may have nothing else done to it meanwhile.
    private func touched(_ kind: Kind, _ copy: Fleet.Copy, _ way: String) -> Set<String> {
        switch kind {
        case .kill, .stop, .pause: [copy.name]
        case .cut, .hold: [way]
        case .database: ["database"]
        case .pauseAll: Set(fleet.copies.map(\.name))
        }
    }

    private func happen(
        _ kind: Kind, _ copy: Fleet.Copy, _ way: String, _ time: Duration
    ) async throws {
        switch kind {
        case .kill:
            log.add("kill \(copy.name), back after \(time / 6)")
            try await fleet.train.kill(copy.name)
            try await Task.sleep(for: time / 6)
            try fleet.start(copy)
        case .stop:
            log.add("stop \(copy.name), and start it")
            let code = try await fleet.train.stop(copy.name)
            if code != 0 { log.add("\(copy.name) ended with \(code)") }
            try fleet.start(copy)
        case .pause:
            log.add("pause \(copy.name) for \(time / 3)")
            fleet.signal(copy, SIGSTOP)
            try await Task.sleep(for: time / 3)
            fleet.signal(copy, SIGCONT)
        case .cut, .hold:
            log.add("\(kind) \(way) for \(time)")
            fleet.ways[way]?.set(kind == .cut ? .cut : .held)
            try await Task.sleep(for: time)
            fleet.ways[way]?.set(.open)
        case .database:
            log.add("the database crashes, back after \(time / 6)")
            try await fleet.server.halt(SIGQUIT)
            try await Task.sleep(for: time / 6)
            try await fleet.server.start()
        case .pauseAll:
            log.add("pause everybody for \(time / 3)")
            for copy in fleet.copies { fleet.signal(copy, SIGSTOP) }
            try await Task.sleep(for: time / 3)
            for copy in fleet.copies { fleet.signal(copy, SIGCONT) }
        }
    }

    /// What ends by itself is started again, as whoever runs containers does.
    private func watch(until isOver: Flag) async throws {
        while !isOver.isSet {
            for copy in fleet.copies where fleet.train.child(copy.name)?.hasEnded == true {
                let isFree = busy.withLock { $0.insert(copy.name).inserted }
                guard isFree else { continue }
                if fleet.train.child(copy.name)?.hasEnded == true {
                    log.add("\(copy.name) ended by itself: \(fleet.complaints(of: copy, 1))")
                    try fleet.start(copy)
                }
                _ = busy.withLock { $0.remove(copy.name) }
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
