import Contracts
import Curl
import JSON

/// Where an import's files come from, as a model document defines it.
struct SourceDefinition: Sendable, Hashable {
    enum Place: Sendable, Hashable {
        /// An absolute path below one of `BATCH_FOLDERS`.
        case folder(String)
        /// Another machine; the password may be `secret:name`.
        case remote(RemotePlace)
    }

    var place: Place
    /// Which files: `orders-*.csv`.
    var pattern: String
    /// A file counts as whole once one of its name with this at the end is there.
    var done: String?
    /// Folders below, for files whose run has succeeded and has not.
    var archive: String?
    var failed: String?

    /// Nil for an upload, and after a fault, which is among the reader's problems.
    static func read(_ reader: ObjectReader) -> SourceDefinition? {
        guard let value = reader.value("source"), !value.isNull else { return nil }
        guard value.object != nil else {
            if value.string != "upload" {
                reader.fault("source", "not-allowed", "Write `upload`, or an object with a kind.")
            }
            return nil
        }
        guard let item = reader.nested("source") else { return nil }
        defer { item.finish() }
        let kind = item.word("kind", of: ["folder", "sftp", "ftps", "https", "s3"], default: "")
        let place =
            kind == "folder"
            ? folder(item) : RemotePlace.read(item, kind ?? "").map(Place.remote)
        let pattern = item.string("files", required: true) ?? ""
        if kind == "https", pattern.contains("*") {
            item.fault("files", "not-allowed", "A web server lists no files; name one.")
        }
        let folders = ["archive", "failed"].map { name(item, $0) }
        let done = name(item, "done")
        guard let place else { return nil }
        return SourceDefinition(
            place: place, pattern: pattern, done: done, archive: folders[0], failed: folders[1])
    }

    private static func name(_ item: ObjectReader, _ key: String) -> String? {
        guard let text = item.string(key) else { return nil }
        if text.isEmpty || text == "." || text == ".." || text.contains("/") {
            item.fault(key, "invalid-name", "Write a name without “/”.")
            return nil
        }
        return text
    }

    private static func folder(_ item: ObjectReader) -> Place? {
        let path = item.string("path", required: true) ?? ""
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            item.fault("path", "invalid-path", "Write an absolute path without “..”.")
            return nil
        }
        return .folder(path)
    }
}
