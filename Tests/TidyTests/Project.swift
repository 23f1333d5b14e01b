import ServiceRuntime

/// The files of this project as they stand in the work tree.
enum Project {
    static let root: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// A text file and its lines.
    struct File: Sendable {
        /// From the root of the project.
        let path: String
        let text: String
        let lines: [Substring]

        init(path: String, text: String) {
            self.path = path
            self.text = text
            lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        }

        var name: String { path.split(separator: "/").last.map(String.init) ?? path }

        func isBelow(_ folders: String...) -> Bool {
            folders.contains { path.hasPrefix($0 + "/") }
        }
        func ends(_ suffixes: String...) -> Bool { suffixes.contains { path.hasSuffix($0) } }
    }

    /// Every text file but what is built, and data.
    static let files: [File] = {
        var result: [File] = []
        var folders = [""]
        while let folder = folders.popLast() {
            for name in (try? Files.list(root + "/" + folder)) ?? [] {
                let path = folder.isEmpty ? name : folder + "/" + name
                if name.hasPrefix(".build") || name == ".git" || path == "data" { continue }
                if Files.status(root + "/" + path)?.isFolder == true {
                    folders.append(path)
                } else if let bytes = try? Files.read(root + "/" + path, limit: 4 << 20),
                    let text = String(validating: bytes, as: UTF8.self)
                {
                    result.append(File(path: path, text: text))
                }
            }
        }
        return result.sorted { $0.path < $1.path }
    }()

    static let swiftFiles = files.filter { $0.ends(".swift") }
    static let code = swiftFiles.filter { $0.isBelow("Shared", "Services", "compose") }

    static func text(_ path: String) -> String { files.first { $0.path == path }?.text ?? "" }

    static let services = ["Gateway", "Records", "Mail", "Workflow", "Batch"]
}
