import Crypto
import Glibc
import ServiceRuntime

/// Copies and hashes of files, in pieces.
enum CopiedFile {
    private static let pieceBytes = 1 << 20

    /// Nil where the file went away meanwhile. The copy is durable; only its owner reads it.
    static func copy(_ from: String, to: String) throws -> Manifest.File? {
        let target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard target >= 0 else { throw FileError("write", to, errno) }
        defer { close(target) }
        let found = try read(from) { piece in
            var done = 0
            while done < piece.count {
                let count = write(target, piece.baseAddress?.advanced(by: done), piece.count - done)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw FileError("write", to, errno) }
                done += count
            }
        }
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
        var buffer = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = Glibc.read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path, errno) }
            if count == 0 { break }
            size += Int64(count)
            try buffer.withUnsafeBytes { all in
                let piece = UnsafeRawBufferPointer(rebasing: all[..<count])
                hash.update(piece)
                try each(piece)
            }
        }
        return Manifest.File(path: "", bytes: size, sha256: Hex.encode(hash.finish()))
    }
}
