import Synchronization

/// The registry of a service, rendered by `/metrics` in the Prometheus text format.
public final class Metrics: Sendable {
    public init() {}
    /// A counter; the same name and labels answer the same one.
    public func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        fatalError("stub")
    }
    /// A value that goes up and down.
    public func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        fatalError("stub")
    }
    /// A value that is read when the metrics are asked for.
    public func gauge(
        _ name: String, help: String, labels: [String: String] = [:],
        read: @escaping @Sendable () -> Double
    ) { fatalError("stub") }
    /// Durations in seconds, in fixed buckets from 0.5 ms to 10 s.
    public func histogram(_ name: String, help: String, labels: [String: String] = [:])
        -> Histogram
    { fatalError("stub") }
    /// The text format, version 0.0.4.
    public func render() -> String { fatalError("stub") }
}

public final class Counter: Sendable {
    public func increment(by amount: Int = 1) { fatalError("stub") }
    public var value: Int { fatalError("stub") }
}

public final class Gauge: Sendable {
    public func set(_ value: Int) { fatalError("stub") }
    public func add(_ amount: Int) { fatalError("stub") }
    public var value: Int { fatalError("stub") }
}

public final class Histogram: Sendable {
    public func observe(nanoseconds: UInt64) { fatalError("stub") }
}
