import Database
import ServiceRuntime

/// Counts for `/metrics` what no queue tells: instances that have not ended, and open incidents.
final class Census: Service {
    let name = "workflow-census"
    private let database: Database
    private let runtime: Runtime
    private let signal = WorkerSignal()
    private let incidents: Gauge
    private let instances: [InstanceSnapshot.State: Gauge]

    /// It is counted this often, or so seldom that it takes a hundredth of the time.
    static let interval = Duration.seconds(15)

    init(database: Database, runtime: Runtime) {
        self.database = database
        self.runtime = runtime
        incidents = runtime.metrics.gauge(
            "geartrain_workflow_incidents_open_items", help: "Incidents that wait for a person.")
        var gauges: [InstanceSnapshot.State: Gauge] = [:]
        for state in InstanceSnapshot.State.allCases where !state.isOver {
            gauges[state] = runtime.metrics.gauge(
                "geartrain_workflow_instances_items", help: "Instances that have not ended.",
                labels: ["state": state.rawValue])
        }
        instances = gauges
    }

    func run() async throws {
        while !signal.isStopping {
            let start = runtime.clock.monotonicNanoseconds()
            do {
                try await count()
            } catch {
                runtime.log.warning("nothing is counted", ["error": .string("\(error)")])
            }
            let spent = runtime.clock.monotonicNanoseconds() - start
            let wait = max(Census.interval, .nanoseconds(Int64(clamping: spent)) * 100)
            await signal.wait(atMost: wait, clock: runtime.clock)
        }
    }

    func shutdown() async { signal.stop() }

    func count() async throws {
        let (open, counts) = try await database.read { [instances] connection in
            let counts = try instances.keys.map { state in
                (
                    state,
                    try connection.count(
                        "select count(*) from instance where state = ?", [.text(state.rawValue)])
                )
            }
            let open = try connection.count(
                "select count(*) from incident where state = 'open'")
            return (open, counts)
        }
        incidents.set(Int(open))
        for (state, count) in counts { instances[state]?.set(Int(count)) }
    }
}
