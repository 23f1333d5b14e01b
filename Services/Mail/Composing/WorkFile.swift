import Glibc
import ServiceRuntime

/// A file that is written piece by piece: it has no name, so that nothing is left of it, until
/// `commit` gives it one. Calls block; one caller at a time.
final class WorkFile: Sendable {
    private let descriptor: Int32
    private let temporary: String
    private let final: String?

    /// For content that is needed for a while: gone with this object, and with the process.
    init(in folder: String) throws {
        try Files.makeFolder(folder)
        temporary = "\(folder)/.\(SystemRandom().token(9)).tmp"
        final = nil
        descriptor = try WorkFile.create(temporary)
        unlink(temporary)
    }

    /// For a file that becomes `path` when it is whole.
    init(for path: String) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        temporary = "\(folder.joined(separator: "/"))/.\(SystemRandom().token(9)).tmp"
        final = path
        descriptor = try WorkFile.create(temporary)
    }

    deinit {
        close(descriptor)
        if final != nil { unlink(temporary) }
    }

    private static func create(_ path: String) throws -> Int32 {
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw FileError("create", path, errno) }
        return file
    }

    /// Appends.
    func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError("write", temporary, errno)
            }
            done += count
        }
    }

    /// Up to `count` bytes from `offset`; fewer only at the end.
    func read(at offset: Int, count: Int) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let base = buffer.baseAddress?.advanced(by: filled)
                let got = pread(descriptor, base, count - filled, off_t(offset + filled))
                if got < 0 {
                    if errno == EINTR { continue }
                    failure = errno
                    return
                }
                if got == 0 { return }
                filled += got
            }
        }
        guard failure == 0 else { throw FileError("read", temporary, failure) }
        return bytes
    }

    /// Makes it durable under its name; only of `init(for:)`.
    func commit() throws {
        guard let final else { return }
        guard fsync(descriptor) == 0 else { throw FileError("sync", temporary, errno) }
        try Files.rename(temporary, to: final)
    }
}
