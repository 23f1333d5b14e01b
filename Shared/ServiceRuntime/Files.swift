import CLinux
import Glibc

/// The few file operations that services need, over POSIX calls (Foundation is not linked).
public enum Files {
    /// The whole file; throws `FileError` over `limit` bytes (`EFBIG`) or where it cannot be read.
    public static func read(_ path: String, limit: Int = 64 << 20) throws -> [UInt8] {
        let file = try descriptor("read", path, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var bytes: [UInt8] = []
        if let size = status(path)?.size, size > 0 {
            guard size <= Int64(limit) else { throw FileError("read", path, EFBIG) }
            bytes.reserveCapacity(Int(size))
        }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError("read", path, errno)
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { throw FileError("read", path, EFBIG) }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Writes a temporary file beside `path`, syncs it, renames it over `path` and syncs the
    /// folder. The temporary name begins with a dot and ends in `.tmp`.
    public static func writeDurably(_ bytes: [UInt8], to path: String) throws {
        let (folder, name) = split(path)
        let suffix = SystemRandom().token(6)
        let temporary = "\(folder)/.\(name).\(suffix).tmp"
        let file = try descriptor("write", temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC)
        do {
            try write(bytes, to: file, path: temporary)
            guard fsync(file) == 0 else { throw FileError("sync", temporary, errno) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        guard close(file) == 0, Glibc.rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw FileError("rename to", path, code)
        }
        try syncFolder(folder)
    }

    /// Makes the folder and those above it.
    public static func makeFolder(_ path: String) throws {
        if status(path)?.isFolder == true { return }
        let (parent, _) = split(path)
        if parent != path, parent != ".", parent != "/" { try makeFolder(parent) }
        if mkdir(path, 0o750) != 0, errno != EEXIST || status(path)?.isFolder != true {
            throw FileError("make folder", path, errno)
        }
    }

    /// The names in a folder, sorted, without `.` and `..`.
    public static func list(_ path: String) throws -> [String] {
        guard let folder = opendir(path) else { throw FileError("list", path, errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public static func exists(_ path: String) -> Bool { status(path) != nil }

    /// Moves a file, over an existing one if there is one, and syncs the folder that it comes into.
    public static func rename(_ from: String, to: String) throws {
        guard Glibc.rename(from, to) == 0 else { throw FileError("rename", from, errno) }
        try syncFolder(split(to).folder)
    }

    /// Removes a file or an empty folder; one that is not there is no error.
    public static func remove(_ path: String) throws {
        if Glibc.remove(path) != 0, errno != ENOENT { throw FileError("remove", path, errno) }
    }

    /// Removes a folder with all in it; links are removed and not followed.
    public static func removeTree(_ path: String) throws {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            if errno == ENOENT { return }
            throw FileError("remove", path, errno)
        }
        if info.st_mode & S_IFMT == S_IFDIR {
            for name in try list(path) { try removeTree("\(path)/\(name)") }
        }
        try remove(path)
    }

    /// What the file system says of a path (links followed); nil where nothing is there.
    public static func status(_ path: String) -> FileStatus? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return FileStatus(
            size: Int64(info.st_size), modifiedNanoseconds: geartrain_modified(path),
            isFolder: info.st_mode & S_IFMT == S_IFDIR)
    }

    /// How many bytes of the file system that a path is on are free to this user, and how many it
    /// has; nil where nothing is there.
    public static func room(at path: String) -> (free: Double, size: Double)? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        let unit = Double(info.f_frsize)
        return (Double(info.f_bavail) * unit, Double(info.f_blocks) * unit)
    }

    private static func descriptor(_ operation: String, _ path: String, _ flags: Int32) throws
        -> Int32
    {
        let file = open(path, flags, 0o640)
        guard file >= 0 else { throw FileError(operation, path, errno) }
        return file
    }

    private static func write(_ bytes: [UInt8], to file: Int32, path: String) throws {
        try bytes.withUnsafeBytes { try write($0, to: file, named: path) }
    }

    /// All of it, at the descriptor's place.
    public static func write(
        _ bytes: UnsafeRawBufferPointer, to file: Int32, named name: String
    ) throws {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError("write", name, errno)
            }
            done += count
        }
    }

    /// What is left of a descriptor, piece by piece.
    public static func eachPiece(
        of file: Int32, named name: String, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError("read", name, errno)
            }
            if count == 0 { return }
            try buffer.withUnsafeBytes {
                try body(UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
        }
    }

    /// Makes the names in a folder durable.
    public static func syncFolder(_ path: String) throws {
        let folder = try descriptor("sync", path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw FileError("sync", path, errno) }
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        var trimmed = Substring(path)
        while trimmed.utf8.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let slash = trimmed.lastIndex(of: "/") else { return (".", String(trimmed)) }
        let folder = trimmed[..<slash]
        return (
            folder.isEmpty ? "/" : String(folder), String(trimmed[trimmed.index(after: slash)...])
        )
    }
}

/// What the file system says of a path.
public struct FileStatus: Sendable, Hashable {
    public let size: Int64
    /// Since 1970.
    public let modifiedNanoseconds: Int64
    public let isFolder: Bool
}

/// A failed file operation: what, on which path, and the system's words.
public struct FileError: Error, Sendable, CustomStringConvertible {
    public let operation: String
    public let path: String
    public let errno: Int32

    public init(_ operation: String, _ path: String, _ errno: Int32) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }

    public var description: String { "cannot \(operation) \(path): \(systemMessage(errno))" }
}

/// The system's words for an error number.
public func systemMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    geartrain_error_text(code, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
