import Workflow
import ServiceRuntime

ServiceProcess.main(
    "workflow", read: WorkflowConfiguration.init(reading:), start: WorkflowService.init)
