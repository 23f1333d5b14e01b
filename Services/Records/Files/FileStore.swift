import Crypto
import Database
import Glibc
import HTTP
import ServiceRuntime

/// The bytes of files, below `GEARTRAIN_DATA/files`: each content once, under its SHA-256. What
/// comes is written beside, synced and renamed, so that a file under its hash is whole. All file
/// work is done on one thread of its own.
///
/// With a bucket, what comes goes on into that; what lies in the folder already stays there and is
/// read from it.
final class FileStore: Sendable {
    /// Bytes read or written at a time.
    static let pieceBytes = 256 << 10

    /// What came, under its hash.
    struct Content: Sendable, Hashable {
        var sha256: String
        var bytes: Int64
    }

    private let folder: String
    private let thread = ThreadExecutor(name: "records-files")
    private let runtime: Runtime
    private let bucket: FileBucket?
    /// Whether other copies of the service have the folder too.
    private let isShared: Bool
    private let state = State()

    /// Used on the thread only.
    private final class State: @unchecked Sendable {
        /// Contents that were stored a moment ago and stand in no row yet, with how often.
        var arriving: [String: Int] = [:]
        /// Contents that are about to be removed. One that comes in again meanwhile stays.
        var leaving: Set<String> = []
        /// Contents that are being removed from the bucket; the same bytes that come in wait.
        var removals: [String: Task<Void, any Error>] = [:]
        /// The names of uploads that are under way.
        var uploads: Set<String> = []
    }

    /// Makes the folders.
    init(
        folder: String, bucket: FileBucket? = nil, isShared: Bool = false, runtime: Runtime
    ) throws {
        self.folder = folder
        self.isShared = isShared
        self.bucket = bucket
        self.runtime = runtime
        try Files.makeFolder(folder + "/incoming")
    }

    /// Below the data folder, or in the bucket of the settings.
    convenience init(_ configuration: RecordsConfiguration, runtime: Runtime) throws {
        try self.init(
            folder: configuration.data + "/files",
            bucket: configuration.fileBucket.map { FileBucket($0, runtime: runtime) },
            isShared: configuration.database.isShared, runtime: runtime)
    }

    func stop() { thread.stop() }

    // MARK: Writing

    /// Stores a body of at most `limit` bytes as it comes, and calls `body` with what it was.
    /// Until that returns, nothing removes the content, though no row may name it yet.
    func receive<T: Sendable>(
        _ stream: RequestBody, limit: Int64, _ body: (Content) async throws -> T
    ) async throws -> T {
        if let length = stream.length, length > limit {
            throw RecordsError.fileTooLarge(limit: limit)
        }
        let upload = try await start()
        let content: Content
        do {
            for try await piece in stream {
                guard upload.bytes + Int64(piece.count) <= limit else {
                    throw RecordsError.fileTooLarge(limit: limit)
                }
                upload.bytes += Int64(piece.count)
                try await thread.run { try upload.write(piece) }
            }
            content = try await finish(upload)
        } catch {
            await discard(upload)
            throw error
        }
        do {
            let result = try await body(content)
            await confirm(upload, content)
            await settled(content)
            return result
        } catch {
            if isKept { await discard(upload) }
            await settled(content)
            throw error
        }
    }

    private func discard(_ upload: FileUpload) async {
        _ = try? await thread.run { [state] in
            state.uploads.remove(upload.path)
            upload.discard()
        }
    }

    private func start() async throws -> FileUpload {
        let name = runtime.random.identifier(at: runtime.clock.now())
        let path = "\(folder)/incoming/\(name).part"
        return try await thread.run { [state] in
            let upload = try FileUpload(path: path)
            state.uploads.insert(path)
            return upload
        }
    }

    private func finish(_ upload: FileUpload) async throws -> Content {
        let (content, removal) = try await thread.run { [state] in
            let content = Content(sha256: try upload.finish(), bytes: upload.bytes)
            state.arriving[content.sha256, default: 0] += 1
            state.leaving.remove(content.sha256)
            return (content, state.removals[content.sha256])
        }
        do {
            _ = await removal?.result
            try await place(upload, content)
            return content
        } catch {
            await settled(content)
            throw error
        }
    }

    private func place(_ upload: FileUpload, _ content: Content) async throws {
        if let bucket { return try await bucket.put(upload.path, content.sha256) }
        try await thread.run { [self] in
            let place = path(of: content.sha256)
            let parent = String(place.dropLast(content.sha256.utf8.count + 1))
            try Files.makeFolder(parent)
            // Over one that is there already: the bytes are the same, and if they were damaged
            // they are whole again.
            guard isShared else {
                try Files.rename(upload.path, to: place)
                state.uploads.remove(upload.path)
                return
            }
            let second = upload.path + ".placed"
            guard link(upload.path, second) == 0 else {
                throw FileError("link", upload.path, errno)
            }
            try Files.rename(second, to: place)
        }
    }

    /// Whether what came is kept until it was confirmed.
    private var isKept: Bool { bucket != nil || isShared }

    /// Another copy of the service may have swept the content away while no row named it yet: it is
    /// looked for once one does, and put again.
    private func confirm(_ upload: FileUpload, _ content: Content) async {
        guard isKept else { return }
        do {
            if let bucket {
                if try await !bucket.has(content.sha256) {
                    try await bucket.put(upload.path, content.sha256)
                }
            } else if try await thread.run({ [self] in !Files.exists(path(of: content.sha256)) }) {
                try await place(upload, content)
            }
        } catch {
            runtime.log.warning(
                "a content was not confirmed", ["sha256": .string(content.sha256)])
        }
        await discard(upload)
    }

    private func settled(_ content: Content) async {
        _ = try? await thread.run { [state] in
            guard let count = state.arriving[content.sha256] else { return }
            state.arriving[content.sha256] = count > 1 ? count - 1 : nil
        }
    }

    // MARK: Reading

    /// A reader of a content; nil where it is not there.
    func open(_ content: Content) async throws -> FileReader? {
        let path = path(of: content.sha256)
        let reader = try await thread.run { [thread] () -> FileReader? in
            let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            if file < 0 {
                if errno == ENOENT { return nil }
                throw FileError("open", path, errno)
            }
            return FileReader(.file(file), content: content, thread: thread)
        }
        guard reader == nil, let bucket else { return reader }
        let first = FileReader(.bucket(bucket), content: content, thread: thread)
        return try await first.isThere() ? first : nil
    }

    // MARK: Removing

    /// Removes those of the contents that `unused` still answers, asked after they were marked:
    /// one that is coming in, or comes in again meanwhile, stays. `taken` removes one at once: of a
    /// folder that copies share it is called in the transaction that finds it to be unused, so that
    /// who is told of its row afterwards sees that it is gone, and puts it again.
    func remove(
        _ hashes: [String],
        _ unused: ([String], _ taken: @escaping @Sendable (String) throws -> Void) async throws
            -> [String]
    ) async throws {
        let leaving = try await thread.run { [state] in
            let leaving = hashes.filter { state.arriving[$0] == nil }
            state.leaving = Set(leaving)
            return leaving
        }
        let isAtOnce = isShared && bucket == nil
        let gone = try await unused(leaving) { [self] hash in
            if isAtOnce { try Files.remove(path(of: hash)) }
        }
        if isAtOnce { return try await thread.run { [state] in state.leaving = [] } }
        let removed = try await thread.run { [self] in
            let removed = gone.filter(state.leaving.contains)
            for hash in removed { try Files.remove(path(of: hash)) }
            state.leaving = bucket == nil ? [] : Set(removed)
            return removed
        }
        guard let bucket else { return }
        for hash in removed { try await remove(hash, from: bucket) }
    }

    /// Unless it came in again since it was found to be unused.
    private func remove(_ hash: String, from bucket: FileBucket) async throws {
        let removal = try await thread.run { [state] () -> Task<Void, any Error>? in
            guard state.leaving.remove(hash) != nil else { return nil }
            let removal = Task { try await bucket.remove(hash) }
            state.removals[hash] = removal
            return removal
        }
        guard let removal else { return }
        let result = await removal.result
        try await thread.run { [state] in _ = state.removals.removeValue(forKey: hash) }
        try result.get()
    }

    /// Uploads that were cut off: nothing was written to them since `moment`.
    func removeCutOff(before moment: Timestamp) async throws {
        try await thread.run { [folder, state] in
            for name in try Files.list(folder + "/incoming") {
                let path = "\(folder)/incoming/\(name)"
                guard !state.uploads.contains(path), FileStore.isOlder(path, moment) else {
                    continue
                }
                try Files.remove(path)
            }
        }
    }

    /// The folders in which contents lie, `00` to `ff` as far as they are there.
    func folders() async throws -> [String] {
        if bucket != nil { return (0..<256).map { Hex.encode([UInt8($0)]) } }
        return try await thread.run { [folder] in
            try Files.list(folder).filter { $0.utf8.count == 2 }
        }
    }

    /// The contents of a folder that have lain there since before `moment`.
    func contents(of name: String, before moment: Timestamp) async throws -> [String] {
        let local = try await thread.run { [folder] in
            let path = "\(folder)/\(name)"
            return Files.exists(path)
                ? try Files.list(path).filter { hash in
                    FileEntry.isHash(hash) && FileStore.isOlder("\(path)/\(hash)", moment)
                } : []
        }
        guard let bucket else { return local }
        return local + (try await bucket.contents(of: name, before: moment))
    }

    private static func isOlder(_ path: String, _ moment: Timestamp) -> Bool {
        guard let status = Files.status(path) else { return false }
        return status.modifiedNanoseconds / 1_000_000 < moment.milliseconds
    }

    private func path(of sha256: String) -> String { "\(folder)/\(sha256.prefix(2))/\(sha256)" }
}

/// A file on its way in. `bytes` belongs to the task that receives, all else to the files' thread.
final class FileUpload: @unchecked Sendable {
    let path: String
    var bytes: Int64 = 0
    private var file: Int32
    private var digest = SHA256()

    init(path: String) throws {
        self.path = path
        file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw FileError("open", path, errno) }
    }

    deinit { if file >= 0 { close(file) } }

    func write(_ piece: [UInt8]) throws {
        digest.update(piece)
        var done = 0
        while done < piece.count {
            let count = piece.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: done), piece.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError("write", path, errno) }
            done += count
        }
    }

    /// Syncs and closes it; the hash of what was written.
    func finish() throws -> String {
        guard fsync(file) == 0 else { throw FileError("sync", path, errno) }
        close(file)
        file = -1
        var whole = SHA256()
        swap(&whole, &digest)
        return Hex.encode(whole.finish())
    }

    func discard() {
        if file >= 0 { close(file) }
        file = -1
        unlink(path)
    }
}
