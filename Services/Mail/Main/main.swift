import Mail
import ServiceRuntime

ServiceProcess.main("mail", read: MailConfiguration.init(reading:), start: MailService.init)
