import Records
import ServiceRuntime

Surroundings.complete()
ServiceProcess.main(
    "geartrain", commands: [.verifyHistory], read: AllInOneConfiguration.init(reading:),
    start: AllInOne.init)
