import ServiceRuntime

/// How runs of synchronizations that came to their end stood then.
struct SyncCounters: Sendable {
    private let verified: Counter
    private let unverified: Counter
    private let unasked: Counter

    init(_ metrics: Metrics) {
        func counter(_ verified: String) -> Counter {
            metrics.counter(
                "geartrain_batch_syncs_total",
                help: "Runs of synchronizations that came to their end, by whether both sides were"
                    + " found the same.", labels: ["verified": verified])
        }
        verified = counter("yes")
        unverified = counter("no")
        unasked = counter("unasked")
    }

    /// Nil where the definition does not ask for it.
    func count(_ isVerified: Bool?) {
        switch isVerified {
        case true?: verified.increment()
        case false?: unverified.increment()
        case nil: unasked.increment()
        }
    }
}

extension Run.Kind {
    /// The rows that runs of this kind have read or written.
    func rowCounter(_ metrics: Metrics) -> Counter {
        metrics.counter(
            "geartrain_batch_rows_total", help: "Rows of imports and exports",
            labels: ["kind": rawValue])
    }
}
