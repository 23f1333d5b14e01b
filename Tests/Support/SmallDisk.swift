import Glibc

/// A disk of a few bytes, as a real file system in memory; unmounted when nobody has it any more.
/// Only root can make one.
public final class SmallDisk: Sendable {
    public let path: String
    private let folder: TemporaryFolder?

    public static let isPossible: Bool = (try? SmallDisk(bytes: 1 << 20)) != nil

    /// At `path`, or in a folder of its own.
    public init(bytes: Int, at path: String? = nil) throws {
        folder = path == nil ? TemporaryFolder() : nil
        self.path = path ?? (folder?.path ?? "")
        mkdir(self.path, 0o755)
        guard mount("tmpfs", self.path, "tmpfs", 0, "size=\(bytes)") == 0 else {
            throw Failure(code: errno)
        }
    }

    /// Makes room.
    public func grow(to bytes: Int) throws {
        let isDone = mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(bytes)") == 0
        guard isDone else { throw Failure(code: errno) }
    }

    /// Fills it but for so many bytes; removing the file makes room again.
    public func fill(leaving bytes: Int, as name: String = "ballast") throws {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { throw Failure(code: errno) }
        let count = Int(info.f_bavail) * Int(info.f_frsize) - bytes
        try TestFile.write([UInt8](repeating: 1, count: max(0, count)), to: path + "/" + name)
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    public struct Failure: Error { public let code: Int32 }
}
