import Curl
import Glibc
import ServiceRuntime

/// A file that a source has.
struct SourceFile: Sendable, Hashable {
    var name: String
    /// Nil where the source does not tell.
    var size: Int64?
    /// For a folder of ours: a file that is written meanwhile has another.
    var modified: Int64 = 0
    /// Why it cannot be taken: its name cannot be said.
    var oddity: String?
}

/// Why one file of a source cannot be read, while the others can.
struct FileRefused: Error, CustomStringConvertible {
    let description: String
}

/// Where files come from.
protocol FileSource: Sendable {
    func list() async throws -> [SourceFile]
    /// Into a new file of ours, at most `limit` bytes.
    func fetch(_ name: String, into path: String, limit: Int64) async throws
    /// Into a folder below.
    func move(_ name: String, into folder: String) async throws
}

/// A folder of this machine, below one that the operator has opened. Links are not followed.
struct FolderFiles: FileSource {
    let path: String
    let allowed: FileFolders
    let files: ThreadExecutor

    func list() async throws -> [SourceFile] {
        try await files.run {
            let folder = try allowed.folder(path)
            return try Files.list(folder).compactMap { name in
                var info = stat()
                if name.unicodeScalars.contains("\u{FFFD}"), !Files.exists("\(folder)/\(name)") {
                    return SourceFile(name: name, oddity: "its name is not UTF-8")
                }
                guard lstat("\(folder)/\(name)", &info) == 0, info.st_mode & S_IFMT == S_IFREG,
                    let status = Files.status("\(folder)/\(name)")
                else { return nil }
                return SourceFile(
                    name: name, size: status.size, modified: status.modifiedNanoseconds)
            }
        }
    }

    func fetch(_ name: String, into target: String, limit: Int64) async throws {
        try await files.run {
            let source = open(
                "\(try allowed.folder(path))/\(name)",
                O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard source >= 0 else {
                throw FileRefused(description: "it cannot be opened: \(systemMessage(errno))")
            }
            defer { close(source) }
            let copy = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
            guard copy >= 0 else { throw FileError("write", target, errno) }
            defer { close(copy) }
            try FolderFiles.copy(source, to: copy, limit: limit, name)
        }
    }

    private static func copy(
        _ source: Int32, to copy: Int32, limit: Int64, _ name: String
    ) throws {
        var size: Int64 = 0
        try Files.eachPiece(of: source, named: name) { piece in
            size += Int64(piece.count)
            guard size <= limit else {
                throw FileRefused(description: "it has more than \(limit) bytes")
            }
            try Files.write(piece, to: copy, named: name)
        }
        guard fsync(copy) == 0 else { throw FileError("sync", name, errno) }
    }

    func move(_ name: String, into below: String) async throws {
        try await files.run {
            let folder = try allowed.folder(path)
            // It may be a link that leads out.
            let place = try allowed.folder("\(path)/\(below)", makes: true)
            var target = "\(place)/\(name)"
            var number = 2
            while Files.exists(target) {
                target = "\(place)/\(name).\(number)"
                number += 1
            }
            try Files.rename("\(folder)/\(name)", to: target)
        }
    }
}

/// A folder of another machine.
struct OtherMachineFiles: FileSource {
    let remote: RemoteFiles
    /// What a web server has, which lists nothing.
    let onlyName: String?

    func list() async throws -> [SourceFile] {
        if let onlyName { return [SourceFile(name: onlyName)] }
        return try await remote.list().map { file in
            SourceFile(
                name: file.name, size: file.size,
                oddity: RemotePlace.isName(file.name)
                    ? nil : "its name has a quote, “\\” or a control character")
        }
    }

    func fetch(_ name: String, into path: String, limit: Int64) async throws {
        do {
            _ = try await remote.get(name, into: path, limit: limit)
        } catch let error as CurlError
            where onlyName == nil && [.other, .tooLarge].contains(error.kind)
        {
            // The machine is there, and lets us in.
            throw FileRefused(description: "\(error)")
        }
    }

    func move(_ name: String, into folder: String) async throws {
        guard onlyName == nil else { return }
        try await remote.move(name, into: folder)
    }
}
