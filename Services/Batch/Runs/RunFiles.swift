import Crypto
import Glibc
import HTTP
import ServiceRuntime

/// The folder with the files of runs. All file work is done on one thread of its own.
final class RunFiles: Sendable {
    /// Bytes read at a time.
    static let pieceBytes = 256 << 10
    /// Of the disk's free bytes, what a file of a source leaves.
    static let roomLeft = 1 << 20

    private let folder: String
    /// Where definitions may read and write files.
    private let exchange: FileFolders
    private let thread = ThreadExecutor(name: "batch-files")
    private let runtime: Runtime

    /// Makes the folder.
    init(folder: String, exchange: FileFolders, runtime: Runtime) throws {
        self.folder = folder
        self.runtime = runtime
        self.exchange = exchange
        try Files.makeFolder(folder)
    }

    func stop() { thread.stop() }

    /// A name that no file has.
    func newName() -> String { runtime.random.identifier(at: runtime.clock.now()) + ".csv" }

    /// What an upload became.
    struct Stored: Sendable {
        var name: String
        var bytes: Int
        var sha256: String
    }

    /// Writes a body as it comes and syncs it. The file of a call that fails goes at once; what a
    /// crash leaves is removed by `clean`.
    func store(_ body: RequestBody, limit: Int) async throws -> Stored {
        if let length = body.length, length > limit {
            throw BatchError.uploadTooLarge(limit: limit)
        }
        let name = newName()
        let file = try await open(name, O_WRONLY | O_CREAT | O_EXCL)
        do {
            let stored = try await write(body, to: file, name: name, limit: limit)
            await close(file)
            return stored
        } catch {
            await close(file)
            try? await remove(name)
            throw BatchError.isNoRoom(error) ? BatchError.noRoom : error
        }
    }

    /// A file that `fetch` writes to the path that it is told, and syncs.
    func store(
        limit: Int, _ fetch: (_ path: String, _ limit: Int) async throws -> Void
    ) async throws -> Stored {
        let name = newName()
        do {
            try await fetch(path(name), limit)
            let file = try await open(name, O_RDONLY)
            var digest = SHA256()
            var count = 0
            while case let piece = try await read(file, at: count), !piece.isEmpty {
                digest.update(piece)
                count += piece.count
            }
            await close(file)
            try await thread.run { [folder] in try Files.syncFolder(folder) }
            return Stored(name: name, bytes: count, sha256: Hex.encode(digest.finish()))
        } catch {
            try? await remove(name)
            throw BatchError.isNoRoom(error) ? BatchError.noRoom : error
        }
    }

    private func write(_ body: RequestBody, to file: Int32, name: String, limit: Int) async throws
        -> Stored
    {
        var count = 0
        var digest = SHA256()
        for try await piece in body {
            guard count + piece.count <= limit else {
                throw BatchError.uploadTooLarge(limit: limit)
            }
            digest.update(piece)
            let offset = count
            try await thread.run { try Self.write(piece, to: file, at: offset, name) }
            count += piece.count
        }
        guard count > 0 else { throw BatchError.emptyUpload }
        try await sync(file, name)
        try await thread.run { [folder] in try Files.syncFolder(folder) }
        return Stored(name: name, bytes: count, sha256: Hex.encode(digest.finish()))
    }

    /// Where a file stands.
    func path(_ name: String) -> String { folder + "/" + name }

    func open(_ name: String, _ flags: Int32) async throws -> Int32 {
        let path = folder + "/" + name
        return try await thread.run {
            let file = Glibc.open(path, flags | O_CLOEXEC, 0o640)
            guard file >= 0 else { throw FileError("open", path, errno) }
            return file
        }
    }

    func close(_ file: Int32) async { _ = try? await thread.run { Glibc.close(file) } }

    /// Up to `pieceBytes` from `offset`; empty at the end.
    func read(_ file: Int32, at offset: Int) async throws -> [UInt8] {
        try await thread.run {
            var buffer = [UInt8](repeating: 0, count: Self.pieceBytes)
            let count = pread(file, &buffer, buffer.count, off_t(offset))
            guard count >= 0 else { throw FileError("read", "the file of a run", errno) }
            buffer.removeSubrange(count...)
            return buffer
        }
    }

    /// Cuts the file at `offset` and writes there: what a crash left behind goes.
    func write(_ bytes: [UInt8], to file: Int32, at offset: Int, _ name: String) async throws {
        try await thread.run {
            guard ftruncate(file, off_t(offset)) == 0 else {
                throw FileError("cut", name, errno)
            }
            do {
                try Self.write(bytes, to: file, at: offset, name)
            } catch {
                // On a full disk the database needs the room, to say so.
                _ = ftruncate(file, off_t(offset))
                throw error
            }
        }
        try await sync(file, name)
    }

    /// Copies the file of a run to where an export wants it; throws `FormatError` and `FileError`.
    /// On a thread of others' folders, which may be slow: the files of runs wait for none.
    func deliver(
        _ file: String, to target: FileTarget, run: Int64, begun: Timestamp,
        on thread: ThreadExecutor
    ) async throws {
        let (path, exchange) = (path(file), exchange)
        let name = FileTarget.name(target.name, run: run, now: begun)
        _ = try await thread.run { try target.deliver(path, named: name, exchange) }
    }

    /// Bytes that a file may still have: some are left to the databases of the same disk.
    func room() async throws -> Int {
        try await thread.run { [folder] in
            var disk = statvfs()
            guard statvfs(folder, &disk) == 0 else { throw FileError("look at", folder, errno) }
            let (free, isMore) = Int(disk.f_bavail).multipliedReportingOverflow(
                by: Int(disk.f_frsize))
            return isMore ? .max : max(0, free - RunFiles.roomLeft)
        }
    }

    func remove(_ name: String) async throws {
        let path = folder + "/" + name
        try await thread.run { try Files.remove(path) }
    }

    /// How long a file that no run names is left to another copy of the service, which may be
    /// writing it.
    static let strangerAge = Duration.seconds(24 * 3600)

    /// Removes the files that no run names; where other copies share the folder only those that
    /// nobody has written to for long.
    func clean(keeping names: Set<String>, isShared: Bool = false) async throws {
        let folder = folder
        let now = runtime.clock.now()
        let age = isShared ? RunFiles.strangerAge : .zero
        try await thread.run {
            for name in try Files.list(folder) where !names.contains(name) {
                let path = folder + "/" + name
                let written = Files.status(path)?.modifiedNanoseconds ?? 0
                let end = Timestamp(milliseconds: written / 1_000_000).advanced(by: age)
                if !isShared || end <= now { try Files.remove(path) }
            }
        }
    }

    private func sync(_ file: Int32, _ name: String) async throws {
        try await thread.run {
            guard fdatasync(file) == 0 else { throw FileError("sync", name, errno) }
        }
    }

    private static func write(_ bytes: [UInt8], to file: Int32, at offset: Int, _ name: String)
        throws
    {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                pwrite(file, $0.baseAddress, $0.count, off_t(offset + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError("write", name, errno) }
            written += count
        }
    }
}
