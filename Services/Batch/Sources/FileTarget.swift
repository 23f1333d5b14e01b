import Glibc
import JSON
import ServiceRuntime

/// Where an export puts its file: `file:out/tickets-{date}.csv`. The file appears whole under its
/// name, and again the same where a killed run does it again.
struct FileTarget: Sendable {
    /// The folder, as `FileFolders` takes it.
    var folder: String
    /// With `{date}`, `{time}` (UTC) and `{run}` in it.
    var name: String
    /// Ending of an empty file that is made when the file is there; nil makes none.
    var done: String?

    /// `out/tickets.csv`; nil where it names no file below a folder.
    init?(path: String, done: String?) {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        folder = String(path[..<slash])
        name = String(path[path.index(after: slash)...])
        self.done = done
        let parts = folder.split(separator: "/", omittingEmptySubsequences: false)
        guard FileTarget.isName(name), !folder.isEmpty, !parts.contains(".."),
            done.map({ FileTarget.isName("x" + $0) && !$0.isEmpty }) ?? true
        else { return nil }
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && !name.hasPrefix(".")
            && name.unicodeScalars.allSatisfy { $0.value >= 32 && $0 != "/" && $0 != "\\" }
    }

    /// The name for one run.
    static func name(_ name: String, run: Int64, now: Timestamp) -> String {
        let text = now.text
        let time = text.dropFirst(11).prefix(8).filter { $0 != ":" }
        var result = ""
        var rest = name[...]
        let values = ["{date}": String(text.prefix(10)), "{time}": time, "{run}": String(run)]
        scan: while let first = rest.first {
            for (key, value) in values where rest.hasPrefix(key) {
                result += value
                rest = rest.dropFirst(key.count)
                continue scan
            }
            result.append(first)
            rest.removeFirst()
        }
        return result
    }

    /// Copies the file there; answers its path. Blocks.
    @discardableResult
    func deliver(_ source: String, named name: String, _ folders: FileFolders) throws -> String {
        let place = try folders.folder(folder, makes: true)
        let (part, whole) = ("\(place)/.\(name).part", "\(place)/\(name)")
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw FileError("open", source, errno) }
        defer { close(input) }
        try Files.remove(part)
        let output = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard output >= 0 else { throw FileError("write", part, errno) }
        do {
            defer { close(output) }
            try Files.eachPiece(of: input, named: source) {
                try Files.write($0, to: output, named: part)
            }
            guard fsync(output) == 0 else { throw FileError("sync", part, errno) }
        } catch {
            unlink(part)
            throw error
        }
        try Files.rename(part, to: whole)
        if let done { try Files.writeDurably([], to: whole + done) }
        return whole
    }
}
