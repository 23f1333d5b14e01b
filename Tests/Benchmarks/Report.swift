import Glibc

/// The samples of every contender, and what they come to.
struct Report {
    /// By name, in the order in which they were first taken.
    private var names: [String] = []
    private var samples: [String: [Sample]] = [:]
    private var lines: [String] = []

    mutating func add(_ name: String, _ sample: Sample) {
        if samples[name] == nil { names.append(name) }
        samples[name, default: []].append(sample)
        say(Report.row(name, [sample]))
    }

    /// Medians of all rounds.
    func printSamples() {
        say("\nMedians (answers/s from the slowest to the fastest round)")
        say(
            pad("", 40) + pad("answers/s", 26) + pad("p50 ms", 9) + pad("p99 ms", 9)
                + "server µs/answer")
        for name in names { say(Report.row(name, samples[name] ?? [])) }
        say("\nRatios (median of the rounds, from the least to the most)")
        for line in lines { say(line) }
    }

    /// A ratio of this run beside its target; `better` says on which side of it it should be.
    mutating func ratio(
        _ title: String, _ a: String, _ b: String, target: Double, atMost: Bool = false,
        _ value: (Sample) -> Double = \.rate
    ) {
        let ratios = zip(samples[a] ?? [], samples[b] ?? []).map { value($0) / value($1) }
        guard !ratios.isEmpty else { return }
        let middle = Report.median(ratios)
        let holds = atMost ? middle <= target : middle >= target
        lines.append(
            pad(title, 52) + pad(Report.text(middle), 9)
                + pad("(\(Report.text(ratios.min() ?? 0))–\(Report.text(ratios.max() ?? 0)))", 16)
                + "target \(atMost ? "≤" : "≥") \(Report.text(target))  \(holds ? "yes" : "NO")")
    }

    /// A ratio that is said and has no target.
    mutating func compare(_ title: String, _ a: String, _ b: String) {
        let ratios = zip(samples[a] ?? [], samples[b] ?? []).map { $0.rate / $1.rate }
        guard !ratios.isEmpty else { return }
        lines.append(pad(title, 52) + Report.text(Report.median(ratios)))
    }

    /// The median of what the samples say.
    func middle(_ name: String, _ value: (Sample) -> Double) -> Double {
        Report.median((samples[name] ?? []).map(value))
    }

    /// A single number beside its target.
    mutating func limit(_ title: String, _ value: Double, atMost target: Double, unit: String) {
        lines.append(
            pad(title, 52) + pad("\(Report.text(value)) \(unit)", 25)
                + "target ≤ \(Report.text(target)) \(unit)  \(value <= target ? "yes" : "NO")")
    }

    /// Milliseconds in the middle of the rounds.
    func median(of name: String) -> Double { Report.median((samples[name] ?? []).map(\.median)) }

    /// The worst time of all rounds beside the most that it may be.
    mutating func worst(_ title: String, _ name: String, atMost target: Double) {
        let worst = (samples[name] ?? []).map(\.worst).max() ?? 0
        limit(title, worst, atMost: target, unit: "ms")
    }

    private static func row(_ name: String, _ samples: [Sample]) -> String {
        let rates = samples.map(\.rate)
        let range =
            samples.count == 1
            ? "" : " (\(Int(rates.min() ?? 0))–\(Int(rates.max() ?? 0)))"
        let processor = samples.compactMap(\.processor)
        return pad(name, 40) + pad("\(Int(median(rates)))" + range, 26)
            + pad(text(median(samples.map(\.median))), 9) + pad(text(median(samples.map(\.p99))), 9)
            + (processor.isEmpty ? "" : text(median(processor)))
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Three digits that count.
    private static func text(_ value: Double) -> String {
        if value >= 100 { return String(Int(value.rounded())) }
        let scale: Double = value >= 10 ? 10 : value >= 1 ? 100 : 1000
        return String((value * scale).rounded() / scale)
    }
}

private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
}

/// Prints a line at once, also into a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
