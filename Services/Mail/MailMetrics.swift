import ServiceRuntime

/// What Mail counts. The queues' depths are counted by their workers.
struct MailMetrics: Sendable {
    private let sent: Counter
    private let deferred: Counter
    private let failed: Counter
    private let uncertain: Counter
    let staged: Counter
    let created: Counter
    let quarantined: Counter
    let skipped: Counter
    let readFailures: Counter

    init(_ metrics: Metrics) {
        func deliveries(_ outcome: String) -> Counter {
            metrics.counter(
                "geartrain_mail_deliveries_total", help: "recipients by outcome of an attempt",
                labels: ["outcome": outcome])
        }
        func intake(_ state: String) -> Counter {
            metrics.counter(
                "geartrain_mail_intake_total", help: "received mails by what became of them",
                labels: ["state": state])
        }
        sent = deliveries("sent")
        deferred = deliveries("deferred")
        failed = deliveries("failed")
        uncertain = deliveries("uncertain")
        staged = intake("staged")
        created = intake("done")
        quarantined = intake("quarantined")
        skipped = intake("skipped")
        readFailures = metrics.counter(
            "geartrain_mail_read_failures_total", help: "readings of a mailbox that failed")
    }

    func count(_ state: DeliveryState) {
        switch state {
        case .sent: sent.increment()
        case .deferred: deferred.increment()
        case .failed: failed.increment()
        case .uncertain: uncertain.increment()
        default: break
        }
    }
}
