import CLinux
import Glibc

extension HostProcess {
    /// Starts the program with one end of a socket pair as descriptor 3 and nothing else of this
    /// process: no other descriptor, no environment, signals as a fresh process has them, a
    /// process group of its own (so that Ctrl-C at a terminal reaches the service alone, which
    /// then finishes what runs).
    static func spawn(_ executable: String) throws(Ending) -> (pid_t, Int32) {
        var pair: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else {
            throw .broken("socketpair: \(errno)")
        }
        defer { close(pair[1]) }
        var pid: pid_t = 0
        let failure = withAttributes { attributes in
            withActions(socket: pair[1]) { actions in
                withCStrings([executable]) { arguments in
                    withCStrings(["TZ=UTC", "LANG=C.UTF-8"]) { environment in
                        posix_spawn(&pid, executable, actions, attributes, arguments, environment)
                    }
                }
            }
        }
        guard failure == 0 else {
            close(pair[0])
            throw .broken("\(executable) cannot be started: error \(failure)")
        }
        return (pid, pair[0])
    }

    private static func withAttributes<T>(
        _ body: (UnsafeMutablePointer<posix_spawnattr_t>) -> T
    ) -> T {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return body(&attributes)
    }

    private static func withActions<T>(
        socket: Int32, _ body: (UnsafeMutablePointer<posix_spawn_file_actions_t>) -> T
    ) -> T {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, socket, 3)
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, 4)
        return body(&actions)
    }

    private static func withCStrings<T>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T
    ) -> T {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
