import Records
import ServiceRuntime

ServiceProcess.main(
    "records", commands: [.verifyHistory], read: RecordsConfiguration.init(reading:),
    start: RecordsService.init)
