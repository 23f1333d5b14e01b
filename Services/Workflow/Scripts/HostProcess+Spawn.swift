import Glibc
import ServiceRuntime

extension HostProcess {
    /// Starts the program with one end of a socket pair as descriptor 3 and nothing else of this
    /// process.
    static func spawn(_ executable: String) throws(Ending) -> (pid_t, Int32) {
        var pair: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
            throw .broken("socketpair: \(errno)")
        }
        defer { close(pair[1]) }
        let spawn = ProcessSpawn(
            executable, environment: ["TZ=UTC", "LANG=C.UTF-8"],
            descriptors: [nil, nil, nil, pair[1]])
        do throws(SystemError) {
            return (try spawn.start(), pair[0])
        } catch {
            close(pair[0])
            throw .broken("\(executable) cannot be started: \(error)")
        }
    }
}
