import Batch
import ServiceRuntime

ServiceProcess.main("batch", read: BatchConfiguration.init(reading:), start: BatchService.init)
