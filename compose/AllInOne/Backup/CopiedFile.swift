import Crypto
import Glibc
import ServiceRuntime

/// Copies and hashes of files, in pieces.
enum CopiedFile {
    /// Nil where the file went away meanwhile. The copy is durable; only its owner reads it.
    static func copy(_ from: String, to: String) throws -> Manifest.File? {
        let target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw FileError("write", to, errno) }
        defer { close(target) }
        let found = try read(from) { try Files.write($0, to: target, named: to) }
        guard let found else {
            try Files.remove(to)
            return nil
        }
        guard fsync(target) == 0 else { throw FileError("sync", to, errno) }
        return found
    }

    /// Size and hash; nil where there is no such file.
    static func hash(_ path: String) throws -> Manifest.File? { try read(path) { _ in } }

    private static func read(
        _ path: String, _ each: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Manifest.File? {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        if source < 0, errno == ENOENT { return nil }
        guard source >= 0 else { throw FileError("read", path, errno) }
        defer { close(source) }
        var hash = SHA256()
        var size: Int64 = 0
        try Files.eachPiece(of: source, named: path) { piece in
            size += Int64(piece.count)
            hash.update(piece)
            try each(piece)
        }
        return Manifest.File(path: "", bytes: size, sha256: Hex.encode(hash.finish()))
    }
}
