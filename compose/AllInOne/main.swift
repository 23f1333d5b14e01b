import ServiceRuntime

Surroundings.complete()
ServiceProcess.main(
    "geartrain", read: AllInOneConfiguration.init(reading:), start: AllInOne.init)
