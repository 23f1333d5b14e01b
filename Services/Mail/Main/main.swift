import Mail
import RPC
import ServiceRuntime
import Traces

ServiceProcess.main(
    "mail", commands: [.healthcheck(of: "mail")], beside: TraceExport.init(reading:),
    read: MailConfiguration.init(reading:), start: MailService.init)
