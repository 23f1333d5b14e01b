import Records
import ServiceRuntime

ServiceProcess.main(
    "records", read: RecordsConfiguration.init(reading:), start: RecordsService.init)
