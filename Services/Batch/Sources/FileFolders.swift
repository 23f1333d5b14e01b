import Glibc
import ServiceRuntime

/// The folders in which definitions may name files. Links are followed first, so that none leads
/// out; a file itself is never a link.
struct FileFolders: Sendable {
    /// The first is where relative paths begin; all must exist when they are used.
    let roots: [String]

    /// The folder that a path means, absolute in an allowed folder or below the first of them. It
    /// is made where it is missing and `makes` says so.
    func folder(_ path: String, makes: Bool = false) throws(FormatError) -> String {
        let parts = path.split(separator: "/")
        guard !parts.contains(".."), !path.utf8.contains(0) else {
            throw FormatError("The path \(path) leads out of its folder.")
        }
        let full = path.hasPrefix("/") ? path : (roots.first ?? ".") + "/" + path
        if makes { try make(full, path) }
        guard let real = FileFolders.real(full) else {
            throw FormatError("The folder \(path) is not there.")
        }
        let isInside = roots.compactMap(FileFolders.real).contains { root in
            real == root || real.hasPrefix(root + "/")
        }
        guard isInside else {
            throw FormatError("The folder \(path) lies in no folder that is allowed.")
        }
        return real
    }

    /// Makes a folder step by step, and none behind a link that leads out.
    private func make(_ full: String, _ path: String) throws(FormatError) {
        do {
            if let root = roots.first { try Files.makeFolder(root) }
            guard let root = roots.first(where: { full.hasPrefix($0 + "/") }) else { return }
            var place = root
            for part in full.dropFirst(root.count).split(separator: "/") {
                place += "/" + part
                if Files.exists(place) {
                    _ = try folder(place)
                } else {
                    try Files.makeFolder(place)
                }
            }
        } catch let error as FormatError {
            throw error
        } catch {
            throw FormatError("The folder \(path) cannot be made: \(error).")
        }
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

/// A name or a pattern with `*` and `?`.
enum FilePattern {
    static func matches(_ name: some StringProtocol, _ pattern: some StringProtocol) -> Bool {
        let (name, pattern) = (Array(name.utf8), Array(pattern.utf8))
        var (at, place) = (0, 0)
        var star: (at: Int, place: Int)?
        while at < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (at, place)
                place += 1
            } else if place < pattern.count,
                pattern[place] == name[at] || pattern[place] == UInt8(ascii: "?")
            {
                at += 1
                place += 1
            } else if let last = star {
                star = (last.at + 1, last.place)
                at = last.at + 1
                place = last.place + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
