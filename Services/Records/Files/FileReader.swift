import Crypto
import Glibc
import ServiceRuntime

/// A content on its way out. Its last piece is given only when all pieces together have the hash,
/// so that nobody takes damaged bytes for whole ones.
final class FileReader: @unchecked Sendable {
    /// Where the bytes are.
    enum Source {
        /// An open file, which is closed with the reader.
        case file(Int32)
        case bucket(FileBucket)
    }

    let content: FileStore.Content
    private let source: Source
    private let thread: ThreadExecutor
    private var digest = SHA256()
    private var offset: Int64 = 0
    /// A piece of a bucket that was read already.
    private var held: [UInt8]?

    /// The stored bytes are not those that were put.
    struct Damaged: Error {}

    init(_ source: Source, content: FileStore.Content, thread: ThreadExecutor) {
        self.source = source
        self.content = content
        self.thread = thread
    }

    deinit { if case .file(let file) = source { close(file) } }

    /// Whether there is such a content; asked before the first piece.
    func isThere() async throws -> Bool {
        guard case .bucket(let bucket) = source, content.bytes > 0 else { return true }
        held = try await read(bucket)
        return held != nil
    }

    /// The next piece; nil at the end.
    func next() async throws -> [UInt8]? {
        guard offset < content.bytes else { return nil }
        switch source {
        case .file(let file):
            return try await thread.run { [self] in try take(try read(file)) }
        case .bucket(let bucket):
            var piece = held
            held = nil
            if piece == nil { piece = try await read(bucket) }
            guard let piece else { throw Damaged() }
            return try await thread.run { [self] in try take(piece) }
        }
    }

    private func read(_ file: Int32) throws -> [UInt8] {
        let wanted = Int(min(Int64(FileStore.pieceBytes), content.bytes - offset))
        var piece = [UInt8](repeating: 0, count: wanted)
        let count = pread(file, &piece, wanted, off_t(offset))
        guard count >= 0 else { throw FileError("read", "a file of a record", errno) }
        piece.removeSubrange(count...)
        return piece
    }

    private func read(_ bucket: FileBucket) async throws -> [UInt8]? {
        let end = min(content.bytes, offset + FileBucket.pieceBytes)
        return try await bucket.read(content.sha256, offset..<end)
    }

    /// Counts a piece, and at the end holds all of them against the hash.
    private func take(_ piece: [UInt8]) throws -> [UInt8] {
        guard !piece.isEmpty, Int64(piece.count) <= content.bytes - offset else { throw Damaged() }
        digest.update(piece)
        offset += Int64(piece.count)
        if offset == content.bytes {
            var whole = SHA256()
            swap(&whole, &digest)
            guard Hex.encode(whole.finish()) == content.sha256 else { throw Damaged() }
        }
        return piece
    }
}
