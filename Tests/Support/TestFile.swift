import Glibc

/// Small file operations of tests, over POSIX calls.
public enum TestFile {
    /// The whole file, or nil where it cannot be read.
    public static func bytes(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? all : nil }
            all += buffer[..<count]
        }
    }

    /// The whole file as text, or nil where it cannot be read.
    public static func text(_ path: String) -> String? {
        bytes(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a file whole: first under a name that starts with a dot, then renamed, as a mail
    /// program does.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let temporary = path[..<slash] + "/." + path[slash...].dropFirst() + ".tmp"
        let file = open(String(temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw CannotWrite(path: path, errno: errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(file, $0.baseAddress, $0.count)
            }
            guard count > 0 else {
                close(file)
                throw CannotWrite(path: path, errno: errno)
            }
            written += count
        }
        close(file)
        guard rename(String(temporary), path) == 0 else {
            throw CannotWrite(path: path, errno: errno)
        }
    }

    /// Writes a text file whole.
    public static func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    /// The names in a folder, sorted, without hidden ones; empty where there is no folder.
    public static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a folder and those above it.
    public static func makeFolder(_ path: String) {
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += made.isEmpty && part.isEmpty ? "/" : part + "/"
            mkdir(made, 0o755)
        }
    }

    /// The top folder of this package's sources.
    public static let repository: String = {
        // Tests/Support/TestFile.swift
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()
}

/// A file that a test could not write.
public struct CannotWrite: Error, CustomStringConvertible {
    public let path: String
    public let errno: Int32
    public var description: String { "cannot write \(path): \(String(cString: strerror(errno)))" }
}
