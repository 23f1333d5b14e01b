import CJavaScriptCore
import CLinux
import Glibc

/// The first line of defence: stops a script that runs too long or takes too much memory, where
/// the engine lets itself be stopped. It does not always (a chain of promises, a regular
/// expression), so the parent keeps the same limits from outside; and should the parent be gone
/// too, a timer of the kernel ends the process.
final class Watchdog {
    enum Verdict: String { case time, memory }

    /// How often the engine is asked to look.
    private static let interval = 0.02
    /// Beyond the job's time, for the kernel's timer.
    private static let orphanSeconds = 5

    private let group: JSContextGroupRef
    private var deadline: UInt64 = 0
    private var pausedAt: UInt64 = 0
    private var memory = 0
    private(set) var verdict: Verdict?

    init(group: JSContextGroupRef) {
        self.group = group
    }

    func start(milliseconds: Double, memory: Int) {
        let limit = max(1, min(milliseconds, 3_600_000))
        deadline = now() + UInt64(limit * 1_000_000)
        self.memory = memory
        setAlarm(seconds: Int(limit / 1000) + Watchdog.orphanSeconds)
        arm()
    }

    func stop() {
        setAlarm(seconds: 0)
    }

    /// The script's time stands still while its call is answered; the parent keeps that time.
    func pause() {
        pausedAt = now()
        setAlarm(seconds: 0)
    }

    func resume() {
        let moment = now()
        deadline += moment - pausedAt
        let rest = deadline > moment ? deadline - moment : 0
        setAlarm(seconds: Int(rest / 1_000_000_000) + Watchdog.orphanSeconds)
    }

    private func arm() {
        let pointer = Unmanaged.passUnretained(self).toOpaque()
        JSContextGroupSetExecutionTimeLimit(
            group, Watchdog.interval,
            { _, pointer in
                guard let pointer else { return true }
                return Unmanaged<Watchdog>.fromOpaque(pointer).takeUnretainedValue().look()
            }, pointer)
    }

    /// Whether the script must end.
    private func look() -> Bool {
        if now() >= deadline {
            verdict = .time
        } else if residentBytes() > memory {
            verdict = .memory
        }
        guard verdict == nil else { return true }
        arm()
        return false
    }

    private func now() -> UInt64 {
        UInt64(geartrain_nanoseconds(CLOCK_MONOTONIC))
    }

    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(
            decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return 0 }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private func setAlarm(seconds: Int) {
        alarm(UInt32(clamping: seconds))
    }
}
