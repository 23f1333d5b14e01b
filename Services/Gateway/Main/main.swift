import Gateway
import RPC
import ServiceRuntime
import Traces

ServiceProcess.main(
    "gateway", commands: [.healthcheck(of: "gateway")], beside: TraceExport.init(reading:),
    read: GatewayConfiguration.init(reading:), start: GatewayService.init)
