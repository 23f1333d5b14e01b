import Glibc

do {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    try await Benchmark(options).run()
    exit(0)
} catch {
    say("benchmarks: \(error)")
    exit(1)
}
