import CSQLite
import Glibc
import ServiceRuntime

/// Tells whether another process has the database open, be it for a moment.
///
/// Every connection to a file with a write-ahead log holds a shared lock on one byte of the file
/// `-shm` beside it, from its first look to its close. The kernel tells of the locks of others.
struct ForeignPresence {
    /// The place of that byte (`UNIX_SHM_DMS` of SQLite's `os_unix.c`).
    private static let byte: off_t = 128

    /// SQLite's own, for as long as the connection stands: to open the file once more, and to close
    /// it, would give up all locks that this process has on it. Nil where it was not found.
    private let descriptor: Int32?

    private let isServer: Bool

    /// Of a connection that has read already; nil is one to a server, which lets others write
    /// itself.
    init(of database: OpaquePointer?) {
        isServer = database == nil
        guard
            let path = database.flatMap({ sqlite3_db_filename($0, "main") })
                .map({ String(cString: $0) }),
            let shared = Inode(path: path + "-shm")
        else {
            descriptor = nil
            return
        }
        descriptor = ((try? Files.list("/proc/self/fd")) ?? []).compactMap { Int32($0) }
            .first { Inode(descriptor: $0) == shared }
    }

    /// Also where it cannot be told, so that nobody waits in vain.
    var isThere: Bool {
        guard let descriptor else { return !isServer }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = ForeignPresence.byte
        lock.l_len = 1
        guard withUnsafeMutablePointer(to: &lock, { fcntl(descriptor, F_GETLK, $0) }) == 0 else {
            return true
        }
        return lock.l_type != Int16(F_UNLCK)
    }
}

/// Which file it is.
private struct Inode: Equatable {
    let device: dev_t
    let number: ino_t

    init?(path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        self.init(found)
    }

    init?(descriptor: Int32) {
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { return nil }
        self.init(found)
    }

    private init(_ found: stat) {
        device = found.st_dev
        number = found.st_ino
    }
}
