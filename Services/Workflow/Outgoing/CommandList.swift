import Glibc
import ServiceRuntime

/// The programs that definitions may name: the operator's, by absolute paths.
struct CommandList: Sendable {
    /// By name.
    let paths: [String: String]
    /// `NAME=value`: all that a program finds in its environment.
    let environment: [String]

    static let none = CommandList(paths: [:], environment: [])

    init(paths: [String: String], environment: [String]) {
        self.paths = paths
        self.environment = environment
    }

    /// Reads `WORKFLOW_COMMANDS` and `WORKFLOW_COMMAND_ENVIRONMENT`: entries with commas or line
    /// breaks between them.
    init(reading reader: ConfigurationReader) {
        let commands = reader.optionalString(
            "WORKFLOW_COMMANDS",
            help: "programs that definitions may start: name=/absolute/path, with commas between")
        var paths: [String: String] = [:]
        for (name, path) in CommandList.entries(commands, "WORKFLOW_COMMANDS", reader) {
            if !path.hasPrefix("/") {
                reader.problem("WORKFLOW_COMMANDS: \(name) has no absolute path")
            }
            if paths.updateValue(path, forKey: name) != nil {
                reader.problem("WORKFLOW_COMMANDS: \(name) stands twice")
            }
        }
        self.paths = paths
        let variables = reader.string(
            "WORKFLOW_COMMAND_ENVIRONMENT", default: "PATH=/usr/bin:/bin,LANG=C.UTF-8",
            help: "the whole environment of those programs: NAME=value, with commas between")
        environment = CommandList.entries(variables, "WORKFLOW_COMMAND_ENVIRONMENT", reader).map {
            "\($0.name)=\($0.value)"
        }
    }

    private static func entries(
        _ text: String?, _ setting: String, _ reader: ConfigurationReader
    ) -> [(name: String, value: String)] {
        (text ?? "").split { $0 == "," || $0.isNewline }.compactMap { entry in
            let entry = entry.drop { $0 == " " }
            guard let equals = entry.firstIndex(of: "="), equals != entry.startIndex else {
                reader.problem("\(setting): “\(entry)” is not of the form name=value")
                return nil
            }
            return (String(entry[..<equals]), String(entry[entry.index(after: equals)...]))
        }
    }

    /// The file behind a name, if only its owner and root decide what is in it; a sentence why not
    /// otherwise. Looked at each time, since files change.
    func program(_ name: String) throws(Refusal) -> String {
        guard let path = paths[name] else {
            throw Refusal("the operator's list (WORKFLOW_COMMANDS) has no “\(name)”")
        }
        guard let resolved = realpath(path, nil) else {
            throw Refusal("the program “\(name)” is not where the operator's list says")
        }
        defer { free(resolved) }
        let file = String(cString: resolved)
        var info = stat()
        guard stat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG, access(file, X_OK) == 0
        else { throw Refusal("the program “\(name)” is no executable file") }
        guard info.st_uid == 0 || info.st_uid == geteuid(), info.st_mode & 0o022 == 0 else {
            throw Refusal("the file of the program “\(name)” can be written by others")
        }
        guard CommandList.isOwnFolder(of: path), CommandList.isOwnFolder(of: file) else {
            throw Refusal("a folder above the program “\(name)” can be written by others")
        }
        return file
    }

    struct Refusal: Error {
        let detail: String
        init(_ detail: String) { self.detail = detail }
    }

    /// Whether nobody else can put another file in the place of this one.
    private static func isOwnFolder(of path: String) -> Bool {
        var folder = path[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            var info = stat()
            guard stat(folder.isEmpty ? "/" : String(folder), &info) == 0 else { return false }
            guard info.st_uid == 0 || info.st_uid == geteuid() else { return false }
            // In a sticky folder only the owner of a file replaces it.
            if info.st_mode & 0o022 != 0, info.st_mode & S_ISVTX == 0 { return false }
        }
        return true
    }
}
