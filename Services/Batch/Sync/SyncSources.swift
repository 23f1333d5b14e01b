import Database
import Glibc
import ServiceRuntime

/// Opens the databases that synchronizations name.
struct SyncSources: Sendable {
    /// The folder of all data, and those that the operator allowed besides.
    let folders: [String]
    /// The platform's own files, which no synchronization reads or writes.
    private static let ownFiles: Set<String> = [
        "gateway.db", "records.db", "mail.db", "workflow.db", "batch.db",
    ]

    /// `isBegun` says that it was there before: what is gone then may come back.
    func open(
        _ source: SyncDefinition.Source, isWritten: Bool, isBegun: Bool
    ) throws(ForeignError) -> any ForeignSource {
        switch source {
        case .sqlite(let path, _):
            guard let place = try place(of: path) else {
                let message = "the file \(path) is not there"
                throw isBegun ? .away(message) : .unusable(message)
            }
            do {
                return try ForeignDatabase(path: place, isWritten: isWritten)
            } catch {
                throw ForeignError(error)
            }
        }
    }

    /// The file that a path means: absolute in an allowed folder, or below the folder of all data.
    /// Links are followed first, so that none leads out. Nil where there is nothing.
    private func place(of path: String) throws(ForeignError) -> String? {
        let full = path.hasPrefix("/") ? path : (folders.first ?? ".") + "/" + path
        guard let real = SyncSources.real(full) else { return nil }
        let roots = folders.compactMap(SyncSources.real)
        guard let root = roots.first(where: { real.hasPrefix($0 + "/") }) else {
            throw .unusable("the file \(path) lies in no folder that is allowed")
        }
        let below = String(real.dropFirst(root.count + 1))
        let isOwn = SyncSources.ownFiles.contains { name in
            below == name || below.hasPrefix(name + "-")
        }
        guard root != roots.first || !isOwn else {
            throw .unusable("the file \(path) is the platform's own")
        }
        return real
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
