import Glibc
import ServiceRuntime

/// An open file as a source.
public final class FileBytes: ByteSource {
    private let file: Int32
    public let size: Int

    /// Opens the file; throws `FileError`.
    public init(_ path: String) throws {
        file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError("open", path, errno) }
        var info = stat()
        size = fstat(file, &info) == 0 ? Int(info.st_size) : 0
    }

    deinit { Glibc.close(file) }

    public func read(at offset: Int, count: Int) throws -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count, let start = buffer.baseAddress {
                let more = pread(file, start + done, count - done, off_t(offset + done))
                if more < 0, errno == EINTR { continue }
                if more < 0 { failure = errno }
                if more <= 0 { break }
                done += more
            }
        }
        guard failure == 0 else { throw FileError("read", "the file of a run", failure) }
        return bytes
    }
}

/// The rows of a file, read on a thread of its own. Used by one task at a time; `close` it.
public final class RowStream: @unchecked Sendable {
    // Touched on the thread alone.
    private var reader: (any RowReader)?
    private let thread = ThreadExecutor(name: "batch-rows")

    public init() {}

    /// Opens the file of that path, which reads its header; answers the reader's `columns` and
    /// `header`. Throws `FormatError` and `FileError`.
    public func open(
        _ path: String, _ options: FileOptions, names: [String],
        from place: FilePlace = FilePlace()
    ) async throws -> (columns: [String], header: [UInt8]) {
        try await thread.run { [self] in
            let reader = try options.reader(try FileBytes(path), names: names, from: place)
            self.reader = reader
            return (reader.columns, reader.header)
        }
    }

    /// The next rows: up to `limit`, or until they have `bytes`; empty at the end. With them where
    /// the row after them begins.
    public func rows(limit: Int, bytes: Int) async throws -> (rows: [FileRow], place: FilePlace) {
        try await thread.run { [self] in
            guard var reader else { return ([], FilePlace()) }
            self.reader = nil
            defer { self.reader = reader }
            var rows: [FileRow] = []
            var size = 0
            while rows.count < limit, size < bytes {
                var row = FileRow()
                guard try reader.next(&row) else { break }
                size += row.raw.count
                rows.append(row)
            }
            return (rows, reader.place)
        }
    }

    public func close() async {
        _ = try? await thread.run { [self] in reader = nil }
        thread.stop()
    }
}
