import CLinux
import Glibc
import Synchronization

/// The registry of a service, rendered by `/metrics` in the Prometheus text format. Ask for an
/// instrument once and keep it: asking takes a lock, using it does not.
public final class Metrics: Sendable {
    private enum Instrument: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case reading(@Sendable () -> Double)
        case histogram(Histogram)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge, .reading: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct Family: Sendable {
        let help: String
        let type: String
        /// By rendered labels.
        var instruments: [String: Instrument] = [:]
    }

    private let families = Mutex<[String: Family]>([:])

    public init() {}

    /// A counter; the same name and labels answer the same one.
    public func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        guard case .counter(let counter) = find(name, help, labels, { .counter(Counter()) })
        else { preconditionFailure("the metric \(name) is of two types") }
        return counter
    }

    /// A value that goes up and down.
    public func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        guard case .gauge(let gauge) = find(name, help, labels, { .gauge(Gauge()) })
        else { preconditionFailure("the metric \(name) is of two types") }
        return gauge
    }

    /// A value that is read when the metrics are asked for. The last reading registered counts.
    public func gauge(
        _ name: String, help: String, labels: [String: String] = [:],
        read: @escaping @Sendable () -> Double
    ) {
        let key = Metrics.text(of: labels)
        families.withLock { families in
            families[name, default: Family(help: help, type: "gauge")].instruments[key] =
                .reading(read)
        }
    }

    /// Durations in seconds, in fixed buckets from 0.5 ms to 10 s.
    public func histogram(_ name: String, help: String, labels: [String: String] = [:])
        -> Histogram
    {
        guard case .histogram(let histogram) = find(name, help, labels, { .histogram(Histogram()) })
        else { preconditionFailure("the metric \(name) is of two types") }
        return histogram
    }

    /// The text format, version 0.0.4.
    public func render() -> String {
        let families = families.withLock { $0.sorted { $0.key < $1.key } }
        var text = ""
        for (name, family) in families {
            text += "# HELP \(name) \(Metrics.escaped(family.help, quotes: false))\n"
            text += "# TYPE \(name) \(family.type)\n"
            for (labels, instrument) in family.instruments.sorted(by: { $0.key < $1.key }) {
                switch instrument {
                case .counter(let counter): text += "\(name)\(labels) \(counter.value)\n"
                case .gauge(let gauge): text += "\(name)\(labels) \(gauge.value)\n"
                case .reading(let read): text += "\(name)\(labels) \(Metrics.number(read()))\n"
                case .histogram(let histogram): histogram.render(name, labels, into: &text)
                }
            }
        }
        return text
    }

    private func find(
        _ name: String, _ help: String, _ labels: [String: String], _ make: () -> Instrument
    ) -> Instrument {
        let key = Metrics.text(of: labels)
        return families.withLock { families in
            if let instrument = families[name]?.instruments[key] { return instrument }
            let made = make()
            var family = families[name] ?? Family(help: help, type: made.type)
            precondition(family.type == made.type, "the metric \(name) is of two types")
            family.instruments[key] = made
            families[name] = family
            return made
        }
    }

    private static func text(of labels: [String: String]) -> String {
        if labels.isEmpty { return "" }
        let pairs = labels.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }
}

/// A number that only grows.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    public func increment(by amount: Int = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
    public var value: Int { count.load(ordering: .relaxed) }
}

/// A number that goes up and down.
public final class Gauge: Sendable {
    private let current = Atomic<Int>(0)

    public func set(_ value: Int) { current.store(value, ordering: .relaxed) }
    public func add(_ amount: Int) { current.wrappingAdd(amount, ordering: .relaxed) }
    public var value: Int { current.load(ordering: .relaxed) }
}

/// Durations counted in buckets.
public final class Histogram: Sendable {
    /// Upper bounds in microseconds; one more bucket takes what is longer.
    static let bounds: [UInt64] = [
        500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
        2_500_000, 5_000_000, 10_000_000,
    ]
    private let buckets = (0...bounds.count).map { _ in Counter() }
    private let sum = Atomic<UInt64>(0)

    public func observe(nanoseconds: UInt64) {
        var place = 0
        while place < Histogram.bounds.count, nanoseconds > Histogram.bounds[place] * 1000 {
            place += 1
        }
        buckets[place].increment()
        sum.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// How many durations were observed.
    public var count: Int { buckets.reduce(0) { $0 + $1.value } }

    fileprivate func render(_ name: String, _ labels: String, into text: inout String) {
        let open = labels.isEmpty ? "{" : labels.dropLast() + ","
        var total = 0
        for (bucket, bound) in zip(buckets, Histogram.bounds) {
            total += bucket.value
            text += "\(name)_bucket\(open)le=\"\(Metrics.number(Double(bound) / 1e6))\"} \(total)\n"
        }
        total += buckets[Histogram.bounds.count].value
        text += "\(name)_bucket\(open)le=\"+Inf\"} \(total)\n"
        text += "\(name)_sum\(labels) \(Double(sum.load(ordering: .relaxed)) / 1e9)\n"
        text += "\(name)_count\(labels) \(total)\n"
    }
}

extension Metrics {
    /// The usual readings of a process: memory, processor time, open files.
    public func registerProcess() {
        gauge("process_resident_memory_bytes", help: "Resident memory") {
            guard let bytes = try? Files.read("/proc/self/statm", limit: 1024) else { return .nan }
            let pages = String(decoding: bytes, as: UTF8.self).split(separator: " ")
            guard pages.count > 1, let resident = Double(pages[1]) else { return .nan }
            return resident * Double(sysconf(Int32(_SC_PAGESIZE)))
        }
        gauge("process_cpu_seconds", help: "Processor time used, user and system") {
            Double(geartrain_nanoseconds(CLOCK_PROCESS_CPUTIME_ID)) / 1e9
        }
        gauge("process_open_fds", help: "Open file descriptors") {
            // Without the one that the listing itself holds.
            (try? Files.list("/proc/self/fd")).map { Double($0.count - 1) } ?? .nan
        }
    }

    /// The room on the file system of the service's data folder.
    public func registerRoom(of folder: String) {
        gauge("geartrain_data_free_bytes", help: "Bytes that are free where the data is.") {
            Files.room(at: folder)?.free ?? .nan
        }
        gauge("geartrain_data_size_bytes", help: "Bytes of the file system where the data is.") {
            Files.room(at: folder)?.size ?? .nan
        }
    }

    /// Whether the service may act on other systems (`INTEGRATIONS`): 1, or 0 where the kill switch
    /// holds it.
    public func registerIntegrations(_ areOn: Bool) {
        gauge("geartrain_integrations_on", help: "1, or 0 where INTEGRATIONS=off").set(
            areOn ? 1 : 0)
    }
}
