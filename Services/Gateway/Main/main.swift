import Gateway
import ServiceRuntime

ServiceProcess.main(
    "gateway", read: GatewayConfiguration.init(reading:), start: GatewayService.init)
