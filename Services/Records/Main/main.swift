import RPC
import Records
import ServiceRuntime
import Traces

ServiceProcess.main(
    "records", commands: [.healthcheck(of: "records"), .verifyHistory],
    beside: TraceExport.init(reading:),
    read: RecordsConfiguration.init(reading:), start: RecordsService.init)
