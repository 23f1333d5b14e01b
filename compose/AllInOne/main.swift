import Records
import ServiceRuntime

Surroundings.complete()
ServiceProcess.main(
    "geartrain", commands: [.verifyHistory, .backup, .restore, .release],
    read: AllInOneConfiguration.init(reading:),
    start: AllInOne.init)
