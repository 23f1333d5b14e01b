import TestSupport

/// What one measurement found.
struct Sample {
    /// Answers a second that were successes.
    var rate: Double
    /// Milliseconds.
    var median: Double
    var p99: Double
    var worst = 0.0
    /// Microseconds of processor time of the servers for each answer; nil where it was not
    /// measured.
    var processor: Double?
}

/// A load that wrk makes.
struct Load {
    var connections: Int
    /// Lua of wrk: `request = function() … end`.
    var script: String

    private static let report = """

        done = function(summary, latency, requests)
          io.write(string.format("RESULT %d %d %d %d %f %f %f\\n", summary.requests, summary.duration,
            summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write +
            summary.errors.timeout, latency:percentile(50), latency:percentile(99), latency.max))
        end
        """

    /// Runs it for `seconds` against `port`; `servers` are those whose processor time is counted.
    func run(
        port: Int, seconds: Int, servers: [ChildProcess], in folder: String, name: String
    ) async throws -> Sample {
        let path = "\(folder)/\(name).lua"
        try TestFile.write(script + Load.report, to: path)
        let before = ProcessUsage.microseconds(of: servers)
        let (code, output) = try await ChildProcess.run(
            "wrk",
            [
                "-t1", "-c\(connections)", "-d\(seconds)s", "--timeout", "30s", "-s", path,
                "http://127.0.0.1:\(port)",
            ], within: .seconds(Int64(seconds + 30)))
        let spent = ProcessUsage.microseconds(of: servers) - before
        let line = output.split(separator: "\n").last { $0.hasPrefix("RESULT ") }
        let numbers = (line ?? "").split(separator: " ").dropFirst().compactMap { Double($0) }
        guard code == 0, numbers.count == 7, numbers[0] > 0, numbers[1] > 0 else {
            throw BenchmarkError("wrk failed:\n\(output)")
        }
        guard numbers[2] == 0, numbers[3] == 0 else {
            throw BenchmarkError(
                "\(Int(numbers[2])) answers were errors, \(Int(numbers[3])) connections failed:\n"
                    + output)
        }
        return Sample(
            rate: numbers[0] / (numbers[1] / 1_000_000), median: numbers[4] / 1000,
            p99: numbers[5] / 1000, worst: numbers[6] / 1000, processor: Double(spent) / numbers[0])
    }
}
