import Glibc
import TestSupport

/// What processes use, from `/proc`.
enum ProcessUsage {
    /// Processor time of these processes and of those they started.
    static func microseconds(of processes: [ChildProcess]) -> Int {
        let ticks = Int(sysconf(Int32(_SC_CLK_TCK)))
        return all(processes.map(\.pid)).reduce(0) { sum, pid in
            guard let text = TestFile.text("/proc/\(pid)/stat"),
                let end = text.lastIndex(of: ")")
            else { return sum }
            // After the name, which may hold anything: state is the third field, user time the
            // fourteenth.
            let fields = text[text.index(after: end)...].split(separator: " ")
            guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
                return sum
            }
            return sum + (user + system) * 1_000_000 / ticks
        }
    }

    /// Resident memory in kilobytes; `peak` is the most it ever was.
    static func kilobytes(of processes: [ChildProcess], peak: Bool = false) -> Int {
        let name = peak ? "VmHWM:" : "VmRSS:"
        return all(processes.map(\.pid)).reduce(0) { sum, pid in
            let lines = (TestFile.text("/proc/\(pid)/status") ?? "").split(separator: "\n")
            guard let line = lines.first(where: { $0.hasPrefix(name) }) else { return sum }
            return sum
                + (line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first
                    .flatMap { Int($0) } ?? 0)
        }
    }

    /// The processes and their children.
    private static func all(_ roots: [pid_t]) -> [pid_t] {
        var found = roots
        var next = 0
        while next < found.count {
            let pid = found[next]
            let children = TestFile.text("/proc/\(pid)/task/\(pid)/children") ?? ""
            found += children.split(separator: " ").compactMap { pid_t($0) }
            next += 1
        }
        return found
    }
}
