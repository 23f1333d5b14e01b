import Database
import Glibc
import Records
import ServiceRuntime

extension ServiceCommand {
    /// `backup`: one moment of all five services, while they run or not.
    static let backup = ServiceCommand(
        "backup", usage: "backup <folder> [--data <service>=<folder>]…",
        help: "copies all data as it stands at one moment, the services running or not, and"
            + " verifies the copy by opening it. The folder must not be there; it is, once the"
            + " backup is whole. Keys in the environment and the folder secrets/ stay out."
    ) { reader, arguments in
        let (folders, rest) = try DataFolders.read(reader, arguments)
        try DataFolders.requireFiles(reader)
        guard rest.count == 1 else {
            throw DataFolders.WrongArguments("name one folder for the backup")
        }
        let manifest = try await Backup(folders: folders, target: rest[0]).run(reader)
        let bytes = manifest.files.reduce(0) { $0 + $1.bytes }
        return (
            "\(rest[0]): \(manifest.files.count) files, \(bytes) bytes, as all stood at"
                + " \(manifest.time); verified\n", 0
        )
    }
}

/// One backup. What changes after the cut is copied too, where it is only added to or moved: files
/// are named by their hash, and a mailbox knows the mail that it has read.
struct Backup {
    let folders: DataFolders
    let target: String
    private var work: String { target + ".partial" }

    init(folders: DataFolders, target: String) {
        self.folders = folders
        self.target = target.count > 1 && target.hasSuffix("/") ? String(target.dropLast()) : target
    }

    func run(_ reader: ConfigurationReader) async throws -> Manifest {
        guard !Files.exists(target) else {
            throw DataFolders.WrongArguments("\(target) is there already; name a new folder")
        }
        try Files.removeTree(work)
        try Files.makeFolder(work)
        chmod(work, 0o700)
        var manifest = try take()
        try await verify(reader)
        for owner in DataFolders.owners {
            let path = "\(owner.service)/\(owner.database)"
            try DatabaseCut.settle("\(work)/\(path)")
            try add(path, CopiedFile.hash("\(work)/\(path)"), to: &manifest)
        }
        for owner in DataFolders.owners { try Files.syncFolder("\(work)/\(owner.service)") }
        manifest.files.sort { $0.path < $1.path }
        try manifest.write(to: work)
        try Files.rename(work, to: target)
        return manifest
    }

    private func take() throws -> Manifest {
        var parts: [DatabaseCut.Part] = []
        for owner in DataFolders.owners {
            let path = folders.database(of: owner)
            guard Files.exists(path) else {
                throw DataFolders.WrongArguments(
                    "there is no \(path); name the data folder by GEARTRAIN_DATA or --data")
            }
            // What was moved to a server stands still here.
            try MovedMark.check(path)
            try Files.makeFolder("\(work)/\(owner.service)")
            parts.append(.init(from: path, to: "\(work)/\(owner.service)/\(owner.database)"))
        }
        var manifest = Manifest(time: "", files: [])
        // Before the cut for what goes meanwhile, after it for what the cut already knows of.
        try copyFolders(&manifest)
        let cut = try DatabaseCut(parts) {
            manifest.time = SystemClock().now().text
            for owner in DataFolders.owners {
                for name in owner.files {
                    let path = "\(owner.service)/\(name)"
                    let from = "\(folders.folder(of: owner))/\(name)"
                    guard Files.exists(from) else { continue }
                    try add(path, CopiedFile.copy(from, to: "\(work)/\(path)"), to: &manifest)
                }
            }
        }
        try copyFolders(&manifest)
        try cut.copy()
        return manifest
    }

    private func copyFolders(_ manifest: inout Manifest) throws {
        var known = Dictionary(
            manifest.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { $1 })
        for owner in DataFolders.owners {
            for name in owner.folders {
                let from = "\(folders.folder(of: owner))/\(name)"
                try copyTree(from, as: "\(owner.service)/\(name)", &known, &manifest)
            }
        }
    }

    /// Files that are being written have names with a dot in front.
    private func copyTree(
        _ from: String, as folder: String, _ known: inout [String: Int64],
        _ manifest: inout Manifest
    ) throws {
        guard Files.status(from)?.isFolder == true else { return }
        try Files.makeFolder("\(work)/\(folder)")
        for name in try Files.list(from) where !name.hasPrefix(".") {
            let (source, path) = ("\(from)/\(name)", "\(folder)/\(name)")
            guard let status = Files.status(source) else { continue }
            if status.isFolder {
                try copyTree(source, as: path, &known, &manifest)
            } else if known[path] != status.size {
                manifest.files.removeAll { $0.path == path }
                let file = try CopiedFile.copy(source, to: "\(work)/\(path)")
                add(path, file, to: &manifest)
                known[path] = file?.bytes
            }
        }
        try Files.syncFolder("\(work)/\(folder)")
    }

    private func add(_ path: String, _ file: Manifest.File?, to manifest: inout Manifest) {
        guard var file else { return }
        file.path = path
        manifest.files.append(file)
    }

    /// Opens every copy, and walks the whole history.
    private func verify(_ reader: ConfigurationReader) async throws {
        for owner in DataFolders.owners {
            let path = "\(work)/\(owner.service)/\(owner.database)"
            if let fault = try DatabaseCut.fault(in: path) {
                throw DataFolders.WrongArguments(
                    "the copy of \(owner.database) is damaged: \(fault)")
            }
        }
        var environment = ServiceProcess.environment()
        environment["GEARTRAIN_DATA"] = "\(work)/records"
        let answer = try await ServiceCommand.verifyHistory.run(
            ConfigurationReader(service: reader.service, environment: environment), [])
        guard answer.code == 0 else {
            throw DataFolders.WrongArguments("the history is not whole:\n\(answer.output)")
        }
    }
}
