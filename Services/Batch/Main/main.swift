import Batch
import RPC
import ServiceRuntime
import Traces

ServiceProcess.main(
    "batch", commands: [.healthcheck(of: "batch")], beside: TraceExport.init(reading:),
    read: BatchConfiguration.init(reading:), start: BatchService.init)
