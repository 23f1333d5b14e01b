import RPC
import Records
import ServiceRuntime
import Traces

Surroundings.complete()
ServiceProcess.main(
    "geartrain",
    commands: [
        .healthcheck(of: "gateway"), .verifyHistory, .backup, .restore, .release, .move,
    ],
    beside: TraceExport.init(reading:), read: AllInOneConfiguration.init(reading:),
    start: AllInOne.init)
