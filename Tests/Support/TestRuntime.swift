import Glibc
import ServiceRuntime

/// What tests give to services and clients: two loops shared by the whole test process.
public enum TestRuntime {
    /// The loops; they live as long as the process.
    public static let loops: EventLoopGroup = {
        do {
            return try EventLoopGroup(count: 2)
        } catch {
            // Without loops no test can run; the reason is worth more than a row of failures.
            print("no event loops: \(error)")
            exit(70)
        }
    }()

    /// A runtime whose log goes nowhere, or to `log`.
    public static func make(
        clock: any WallClock = SystemClock(), random: any RandomSource = SystemRandom(),
        log: (@Sendable ([UInt8]) -> Void)? = nil
    ) -> Runtime {
        Runtime(
            loops: loops, clock: clock, random: random,
            log: Log(service: "test", level: .debug, clock: clock, sink: log ?? { _ in }))
    }
}
