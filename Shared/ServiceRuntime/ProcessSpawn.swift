import CLinux
import Glibc

/// Starts a program that has nothing of this process but what is given: no other descriptor, no
/// environment, signals as a fresh process has them, and a process group of its own (so that
/// Ctrl-C at a terminal reaches the service alone, and that all that it starts can be ended).
public struct ProcessSpawn: Sendable {
    public var executable: String
    /// Without the program's own name.
    public var arguments: [String]
    /// `NAME=value`.
    public var environment: [String]
    /// Its working folder; nil is this process's.
    public var folder: String?
    /// What the program has as descriptors 0, 1, 2 and so on; nil is `/dev/null`.
    public var descriptors: [Int32?]

    public init(
        _ executable: String, arguments: [String] = [], environment: [String] = [],
        folder: String? = nil, descriptors: [Int32?] = [nil, nil, nil]
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.descriptors = descriptors
    }

    /// The program's process, which is also its group. Whoever starts it waits for it.
    public func start() throws(SystemError) -> pid_t {
        var pid: pid_t = 0
        let failure = withAttributes { attributes in
            withActions { actions in
                withCStrings([executable] + arguments) { arguments in
                    withCStrings(environment) { environment in
                        posix_spawn(&pid, executable, actions, attributes, arguments, environment)
                    }
                }
            }
        }
        guard failure == 0 else { throw SystemError("posix_spawn", errno: failure) }
        return pid
    }

    private func withAttributes<T>(_ body: (UnsafeMutablePointer<posix_spawnattr_t>) -> T) -> T {
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

    private func withActions<T>(
        _ body: (UnsafeMutablePointer<posix_spawn_file_actions_t>) -> T
    ) -> T {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }
        for (number, descriptor) in descriptors.enumerated() {
            guard let descriptor else { continue }
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        // After those that are given, which may stand at the numbers of these.
        for (number, descriptor) in descriptors.enumerated() where descriptor == nil {
            posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, Int32(descriptors.count))
        return body(&actions)
    }

    private func withCStrings<T>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> T
    ) -> T {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
