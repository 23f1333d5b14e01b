import JSON
import ServiceRuntime

/// What a backup holds: a backup without it is not one.
struct Manifest: Sendable, Codable, JSONReadable, JSONWritable {
    static let name = "manifest.json"
    static let format = 1

    struct File: Sendable, Codable, Hashable {
        /// Below the backup's folder: `records/files/ab/…`.
        var path: String
        var bytes: Int64
        var sha256: String
    }

    var format = Manifest.format
    /// When all databases stood as they stand here.
    var time: String
    var files: [File]

    /// Throws where the folder holds no backup of a format that is known.
    static func read(_ folder: String) throws -> Manifest {
        let path = "\(folder)/\(name)"
        guard Files.exists(path) else {
            throw DataFolders.WrongArguments("\(folder) holds no backup: it has no \(name)")
        }
        let value = try JSONValue(parsing: Files.read(path, limit: 1 << 30))
        let manifest = try JSONCoder.decode(Manifest.self, from: value)
        guard manifest.format == Manifest.format else {
            throw DataFolders.WrongArguments(
                "the backup has format \(manifest.format); this program reads \(Manifest.format)")
        }
        return manifest
    }

    func write(to folder: String) throws {
        try Files.writeDurably(
            Array(JSONCoder.encode(self).text.utf8), to: "\(folder)/\(Manifest.name)")
    }
}
