import Database
import RPC
import ServiceRuntime

/// Looks at the metrics of the five services now and then and keeps the last hour in memory, for
/// the small charts of the operations page. Nothing is decided by it.
actor ServiceMonitor {
    static let interval = Duration.seconds(15)
    /// One hour.
    static let keptSamples = 240
    static let services = ["gateway", "records", "mail", "workflow", "batch"]

    /// What was read at one time.
    struct Sample: Sendable {
        var time: Timestamp
        /// False where the service did not answer; then the rest is 0.
        var isUp = false
        var residentBytes = 0.0
        /// Answers to calls, of all time.
        var answers = 0.0
        var failures = 0.0
        /// Of its queues together.
        var depth = 0.0
        var oldestDueSeconds = 0.0
        var dead = 0.0
        /// Nil where the service has no say in it.
        var integrationsOn: Bool?
    }

    private let own: Metrics
    private let peers: Peers
    private let clock: any WallClock
    private let runtime: Runtime
    private var samples: [String: [Sample]] = [:]
    nonisolated let signal = WorkerSignal()

    init(peers: Peers, runtime: Runtime) {
        self.peers = peers
        self.runtime = runtime
        own = runtime.metrics
        clock = runtime.clock
    }

    /// Oldest first.
    func history(of service: String) -> [Sample] { samples[service] ?? [] }

    /// Reads all five now.
    func look() async {
        let now = clock.now()
        await withTaskGroup(of: (String, Sample).self) { group in
            for name in ServiceMonitor.services {
                group.addTask { [own, peers] in
                    let text =
                        name == "gateway" ? own.render() : await peers[name].look(at: "/metrics")
                    return (
                        name, text.map { ServiceMonitor.read($0, at: now) } ?? Sample(time: now)
                    )
                }
            }
            for await (name, sample) in group { keep(sample, of: name) }
        }
    }

    private func keep(_ sample: Sample, of name: String) {
        samples[name, default: []].append(sample)
        let more = samples[name, default: []].count - ServiceMonitor.keptSamples
        if more > 0 { samples[name, default: []].removeFirst(more) }
    }

    /// Of the Prometheus text format, as our own services write it.
    static func read(_ text: String, at time: Timestamp) -> Sample {
        var sample = Sample(time: time, isUp: true)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let blank = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: blank)...])
            else { continue }
            let name = line[..<blank].prefix { $0 != "{" }
            switch name {
            case "process_resident_memory_bytes": sample.residentBytes = value
            case "geartrain_queue_depth_items": sample.depth += value
            case "geartrain_queue_dead_items": sample.dead += value
            case "geartrain_queue_oldest_due_seconds":
                sample.oldestDueSeconds = max(sample.oldestDueSeconds, value)
            case "geartrain_integrations_on": sample.integrationsOn = value > 0
            case _ where name.hasSuffix("_http_answers_total"):
                sample.answers += value
                if line.contains("status=\"5xx\"") { sample.failures += value }
            default: break
            }
        }
        return sample
    }
}

extension ServiceMonitor: Service {
    nonisolated var name: String { "gateway monitor" }

    nonisolated func run() async throws {
        await signal.rounds(
            every: ServiceMonitor.interval, runtime: runtime, orSay: "services were not looked at"
        ) { await self.look() }
    }

    nonisolated func shutdown() async { signal.stop() }
}
