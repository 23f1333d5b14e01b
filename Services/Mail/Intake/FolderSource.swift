import Glibc
import ServiceRuntime

/// Files `*.eml` of a folder below `$GEARTRAIN_DATA/mail`.
struct FolderSource: MailSource {
    let kind = "folder"
    /// A file that is gone or grew was somebody's doing; a grown one is listed again.
    let tellsGaps = false
    let folder: String
    let files: ThreadExecutor
    let clock: any WallClock
    let byteLimit: Int

    func open() async throws -> any MailSession {
        try await files.run { try Files.makeFolder(folder) }
        return FolderSession(source: self)
    }
}

/// One look at a folder.
private struct FolderSession: MailSession {
    /// A file that was changed less than this ago is looked at twice.
    static let settleTime = Duration.milliseconds(500)

    let source: FolderSource

    private struct File: Hashable {
        var name: String
        var bytes: Int64
        var modified: Int64

        var key: String { "file:\(bytes):\(modified):\(name)" }
    }

    func changes(since position: String?, limit: Int) async throws -> SourceChanges {
        var files = try await look()
        let now = source.clock.now().milliseconds
        let isYoung = { (file: File) in
            file.modified / 1_000_000 + FolderSession.settleTime.milliseconds > now
        }
        if files.contains(where: isYoung) {
            // It may be half written: what stood still between two looks is whole.
            try await source.clock.sleep(for: FolderSession.settleTime)
            let again = Set(try await look())
            files = files.filter(again.contains)
        }
        // What the ledger has already is told apart there, so that the limit is the reader's.
        return SourceChanges(items: files.map { SourceItem(key: $0.key, bytes: Int($0.bytes)) })
    }

    private func look() async throws -> [File] {
        let folder = source.folder
        return try await source.files.run {
            try Files.list(folder).compactMap { name in
                guard FolderSession.isMail(name), let status = Files.status("\(folder)/\(name)"),
                    !status.isFolder
                else { return nil }
                return File(name: name, bytes: status.size, modified: status.modifiedNanoseconds)
            }
        }
    }

    private static func isMail(_ name: String) -> Bool {
        !name.hasPrefix(".") && name.lowercased().hasSuffix(".eml")
    }

    func mime(_ items: [SourceItem]) async throws -> [SourceMail] {
        var mails: [SourceMail] = []
        for item in items {
            guard let file = FolderSession.file(item.key) else { continue }
            let received = Timestamp(milliseconds: file.modified / 1_000_000)
            if file.bytes > source.byteLimit {
                mails.append(SourceMail(item: item, raw: nil, received: received))
                continue
            }
            let path = "\(source.folder)/\(file.name)"
            let limit = source.byteLimit
            do {
                let raw = try await source.files.run { try Files.read(path, limit: limit) }
                // Grown meanwhile: another file by its key, taken at the next look.
                guard raw.count == Int(file.bytes) else { continue }
                mails.append(SourceMail(item: item, raw: raw, received: received))
            } catch let error as FileError where error.errno == ENOENT {
                continue
            }
        }
        return mails
    }

    private static func file(_ key: String) -> File? {
        let parts = key.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, let bytes = Int64(parts[1]), let modified = Int64(parts[2]) else {
            return nil
        }
        return File(name: String(parts[3]), bytes: bytes, modified: modified)
    }

    /// A folder has no marks.
    func mark(_ keys: [String]) async throws {}

    func move(_ keys: [String], to folder: String) async throws {
        for key in keys { try await move(key, to: folder) }
    }

    private func move(_ key: String, to folder: String) async throws {
        guard let file = FolderSession.file(key) else { return }
        let target = FolderSession.sibling(of: source.folder, named: folder)
        let from = "\(source.folder)/\(file.name)"
        try await source.files.run {
            guard let status = Files.status(from), status.size == file.bytes,
                status.modifiedNanoseconds == file.modified
            else { return }
            try Files.makeFolder(target)
            var name = file.name
            // Another mail may have come under the same name before.
            if Files.exists("\(target)/\(name)") { name = "\(file.modified)-\(file.name)" }
            try Files.rename(from, to: "\(target)/\(name)")
        }
    }

    private static func sibling(of folder: String, named name: String) -> String {
        guard let slash = folder.lastIndex(of: "/") else { return name }
        return "\(folder[..<slash])/\(name)"
    }

    func close() async {}
}
