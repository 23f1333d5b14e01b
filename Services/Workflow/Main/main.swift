import RPC
import ServiceRuntime
import Traces
import Workflow

ServiceProcess.main(
    "workflow", commands: [.healthcheck(of: "workflow")], beside: TraceExport.init(reading:),
    read: WorkflowConfiguration.init(reading:), start: WorkflowService.init)
