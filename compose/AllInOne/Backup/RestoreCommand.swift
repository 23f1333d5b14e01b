import Database
import Mail
import Records
import ServiceRuntime

extension ServiceCommand {
    /// `restore`: a backup into empty data folders, disarmed.
    static let restore = ServiceCommand(
        "restore", usage: "restore <folder> [--data <service>=<folder>]…",
        help: "puts a backup into GEARTRAIN_DATA, which must have no database, after every file"
            + " was found as it was written. What comes back is disarmed, as with"
            + " INTEGRATIONS=off, until `release`; mail that was on its way is held."
    ) { reader, arguments in
        let (folders, rest) = try DataFolders.read(reader, arguments)
        try DataFolders.requireFiles(reader)
        guard rest.count == 1 else {
            throw DataFolders.WrongArguments("name the folder of one backup")
        }
        let result = try await Restoring(folders: folders, source: rest[0]).run()
        return (
            "restored as all stood at \(result.time); \(result.held) mails are held."
                + "\nNothing leaves it until: geartrain release\n", 0
        )
    }

    /// `release`: ends what `restore` began.
    static let release = ServiceCommand(
        "release", usage: "release [--data <service>=<folder>]…",
        help:
            "arms what was restored: mailboxes, jobs and synchronizations go on at the next start."
    ) { reader, arguments in
        let (folders, rest) = try DataFolders.read(reader, arguments)
        guard rest.isEmpty else { throw DataFolders.WrongArguments("release takes no folder") }
        let released = try folders.all.filter { try Disarmament.release($0) }
        return released.isEmpty
            ? ("nothing was disarmed\n", 1)
            : ("released; start the services again. Held mail is released by a person.\n", 0)
    }
}

/// One restore.
struct Restoring {
    let folders: DataFolders
    let source: String

    func run() async throws -> (time: String, held: Int) {
        let manifest = try Manifest.read(source)
        for file in manifest.files where file.path.split(separator: "/").contains("..") {
            throw DataFolders.WrongArguments("the manifest names \(file.path)")
        }
        for owner in DataFolders.owners {
            let path = folders.database(of: owner)
            guard !Files.exists(path) else {
                throw DataFolders.WrongArguments(
                    "\(path) is there; restore into an empty folder (GEARTRAIN_DATA or --data)")
            }
        }
        try check(manifest)
        // First, so that whoever starts a half-restored copy starts it disarmed.
        let reason = "restored from a backup of \(manifest.time)"
        for folder in folders.all {
            try Files.makeFolder(folder)
            try Disarmament.set(folder, reason: reason)
        }
        // The databases come last: without them nothing starts where this was interrupted.
        let last = { (file: Manifest.File) in file.path.hasSuffix(".db") }
        for file in manifest.files.filter({ !last($0) }) + manifest.files.filter(last) {
            try put(file)
        }
        return (manifest.time, try await hold(reason))
    }

    private func check(_ manifest: Manifest) throws {
        for file in manifest.files {
            let found = try CopiedFile.hash("\(source)/\(file.path)")
            guard found?.sha256 == file.sha256, found?.bytes == file.bytes else {
                throw DataFolders.WrongArguments(
                    "\(source)/\(file.path) is not as it was written; take another backup")
            }
        }
    }

    private func put(_ file: Manifest.File) throws {
        guard let slash = file.path.firstIndex(of: "/"),
            let owner = DataFolders.owner(file.path[..<slash])
        else {
            throw DataFolders.WrongArguments("the manifest names \(file.path), of no service")
        }
        let to = folders.folder(of: owner) + file.path[slash...]
        let folder = to.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        try Files.makeFolder(folder)
        _ = try CopiedFile.copy("\(source)/\(file.path)", to: to)
    }

    private func hold(_ reason: String) async throws -> Int {
        guard let owner = DataFolders.owner("mail") else { return 0 }
        let runtime = Runtime(loops: try EventLoopGroup(count: 1), log: Log(service: "mail"))
        let path = folders.database(of: owner)
        let database = try await Database.open(
            DatabaseConfiguration(location: path), runtime: runtime)
        let held = try await RestoredMail.hold(
            in: database, reason: reason, runtime: runtime)
        await database.close()
        return held
    }
}
