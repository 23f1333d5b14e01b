import Batch
import Gateway
import Mail
import Records
import ServiceRuntime
import Workflow

/// The settings of the five services together.
struct AllInOneConfiguration: Sendable {
    var records: RecordsConfiguration
    var mail: MailConfiguration
    var workflow: WorkflowConfiguration
    var batch: BatchConfiguration
    var gateway: GatewayConfiguration

    init(reading reader: ConfigurationReader) {
        records = RecordsConfiguration(reading: reader)
        mail = MailConfiguration(reading: reader)
        workflow = WorkflowConfiguration(reading: reader)
        batch = BatchConfiguration(reading: reader)
        gateway = GatewayConfiguration(reading: reader)
        gateway.adminJoinsModelRoles = Surroundings.hasSampleModel
    }
}

/// The five services in one process: the same code, the same calls over HTTP, on loopback ports,
/// sharing the event loops and the log.
struct AllInOne: Service {
    let name = "geartrain"
    private let group: ServiceGroup

    init(configuration: AllInOneConfiguration, runtime: Runtime) async throws {
        for folder in ["in", "out", "done"] {
            try Files.makeFolder("\(configuration.gateway.data)/mail/\(folder)")
        }
        // The gateway comes last, so that it ends first.
        group = ServiceGroup(
            services: [
                try await RecordsService(
                    configuration: configuration.records, runtime: runtime.serving("records")),
                try await MailService(
                    configuration: configuration.mail, runtime: runtime.serving("mail")),
                try await WorkflowService(
                    configuration: configuration.workflow, runtime: runtime.serving("workflow")),
                try await BatchService(
                    configuration: configuration.batch, runtime: runtime.serving("batch")),
                try await GatewayService(
                    configuration: configuration.gateway, runtime: runtime.serving("gateway")),
            ], log: runtime.log)
    }

    func run() async throws { try await group.run() }
    func shutdown() async { group.shutdown() }
}

extension Runtime {
    /// The same loops, clock and randomness; a log and metrics of the service's own.
    fileprivate func serving(_ service: String) -> Runtime {
        var runtime = self
        runtime.log = log.named(service)
        runtime.metrics = Metrics()
        runtime.metrics.registerProcess()
        runtime.tracer = tracer.serving(service, metrics: runtime.metrics)
        return runtime
    }
}
