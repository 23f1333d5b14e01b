import Contracts
import Crypto
import Curl
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Takes the files of an import's source, each once by its name, size and bytes, and puts them away
/// when their runs have ended. Until its run is a row a file is left where it is.
struct SourceIntake: Sendable {
    /// Runs that one look begins; further files are taken by the next.
    static let fileLimit = 100
    /// A file that is written is another one after this.
    static let settleTime = Duration.milliseconds(500)
    static let prefix = "source/"
    /// How often it is looked whether a run has ended.
    private static let lookAgain = Duration.seconds(2)
    /// The longest wait before a source that failed is asked again.
    private static let longestWait = Duration.seconds(600)

    let database: Database
    let files: RunFiles
    let machines: OtherMachines
    let runtime: Runtime
    let folders: [String]
    let byteLimit: Int
    let thread: ThreadExecutor

    /// A file that was fetched and is no run yet.
    struct Fetched: Sendable {
        var file: SourceFile
        var stored: RunFiles.Stored
    }

    /// A file that cannot be taken as it is; the others are.
    struct LeftOut: Sendable {
        var name: String
        var reason: String
    }

    /// What a look found.
    struct Look: Sendable {
        /// Who makes no run of one removes it.
        var fetched: [Fetched] = []
        /// At most `fileLimit` of them.
        var leftOut: [LeftOut] = []
        /// They were written while they were read: the next look takes them.
        var changed: [String] = []
    }

    // MARK: Taking

    /// The files that are new, fetched.
    func look(_ definition: SourceDefinition, import code: FullCode) async throws -> Look {
        try await look(definition, try await source(definition), import: code)
    }

    func look(
        _ definition: SourceDefinition, _ source: any FileSource, import code: FullCode
    ) async throws -> Look {
        var look = Look()
        do {
            for file in try await whole(source, definition)
            where look.fetched.count < SourceIntake.fileLimit {
                if try await stands(code, file) { continue }
                do {
                    try await take(file, source, code, &look)
                } catch let refused as FileRefused {
                    guard look.leftOut.count < SourceIntake.fileLimit else { continue }
                    look.leftOut.append(LeftOut(name: file.name, reason: "\(refused)"))
                }
            }
            if !look.fetched.isEmpty { try await leaveChanged(source, &look) }
            return look
        } catch {
            for item in look.fetched { try? await files.remove(item.stored.name) }
            throw SourceIntake.fault(error)
        }
    }

    private func take(
        _ file: SourceFile, _ source: any FileSource, _ code: FullCode, _ look: inout Look
    ) async throws {
        if let oddity = file.oddity { throw FileRefused(description: oddity) }
        let room = try await files.room()
        // It would be fetched again and again, until the disk is full each time.
        if let size = file.size, size > Int64(room) {
            throw FileRefused(
                description: "it has \(size) bytes, and the disk has room for \(room)")
        }
        let stored = try await files.store(limit: min(byteLimit, room)) { path, limit in
            try await source.fetch(file.name, into: path, limit: Int64(limit))
        }
        guard file.size ?? Int64(stored.bytes) == Int64(stored.bytes) else {
            try await files.remove(stored.name)
            return look.changed.append(file.name)
        }
        let item = Fetched(file: file, stored: stored)
        let isKnown = try await database.pointRead { try SourceIntake.isKnown(code, item, $0) }
        if isKnown { try await files.remove(stored.name) } else { look.fetched.append(item) }
    }

    /// What was written while it was read is half of one file and half of another.
    private func leaveChanged(_ source: any FileSource, _ look: inout Look) async throws {
        let now = Set(try await source.list())
        for item in look.fetched where !now.contains(item.file) {
            try await files.remove(item.stored.name)
            look.changed.append(item.file.name)
        }
        look.fetched.removeAll { !now.contains($0.file) }
    }

    /// What passes by itself, and what somebody must mend.
    private static func fault(_ error: any Error) -> any Error {
        if error is any ProblemConvertible || error is CancellationError { return error }
        let kinds: [CurlError.Kind] = [.connection, .timeout]
        let isAway = (error as? CurlError).map { kinds.contains($0.kind) } ?? false
        return isAway ? BatchError.sourceAway("\(error)") : BatchError.source("\(error)")
    }

    /// After so many attempts: 2 s, doubling.
    static func wait(after attempts: Int) -> Duration {
        min(longestWait, lookAgain * (1 << min(max(0, attempts - 1), 12)))
    }

    /// Those that fit the pattern and stand still, or whose done-file is there.
    private func whole(
        _ source: any FileSource, _ definition: SourceDefinition
    ) async throws -> [SourceFile] {
        var found = try await source.list()
        if let done = definition.done {
            let names = Set(found.map(\.name))
            found = found.filter { names.contains($0.name + done) }
        } else if found.contains(where: { $0.size != nil }) {
            try await runtime.clock.sleep(for: SourceIntake.settleTime)
            let again = Set(try await source.list())
            found = found.filter(again.contains)
        }
        return found.filter { SourceIntake.fits($0.name, definition) }
            .sorted { $0.name < $1.name }
    }

    private static func fits(_ name: String, _ definition: SourceDefinition) -> Bool {
        let isBeingWritten =
            name.hasPrefix(".")
            || [".tmp", ".part", ".partial", ".filepart", ".lock"].contains { name.hasSuffix($0) }
        return !isBeingWritten && FilePattern.matches(name, definition.pattern)
    }

    /// Whether it is a file of ours that nobody has touched since it was taken. What another
    /// machine says of a file does not tell whether it was written anew: there only the bytes do.
    private func stands(_ code: FullCode, _ file: SourceFile) async throws -> Bool {
        guard let size = file.size, file.modified != 0 else { return false }
        return try await database.pointRead { connection in
            try connection.count(
                """
                select count(*) from taken_file where model = ? and code = ? and name = ?
                    and bytes = ? and modified = ?
                """,
                [
                    .text(code.model), .text(code.code), .text(file.name), .integer(size),
                    .integer(file.modified),
                ]) > 0
        }
    }

    static func isKnown(
        _ code: FullCode, _ file: Fetched, _ connection: Connection
    ) throws -> Bool {
        try connection.count(
            """
            select count(*) from taken_file where model = ? and code = ? and name = ?
                and bytes = ? and sha256 = ?
            """,
            [
                .text(code.model), .text(code.code), .text(file.file.name),
                .integer(Int64(file.stored.bytes)), .text(file.stored.sha256),
            ]) > 0
    }

    /// In the transaction that makes the run.
    static func note(
        _ connection: Connection, _ file: Fetched, run: Int64, import code: FullCode,
        now: Timestamp
    ) throws {
        try connection.run(
            """
            insert into taken_file (model, code, name, bytes, sha256, run, modified)
            values (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(code.model), .text(code.code), .text(file.file.name),
                .integer(Int64(file.stored.bytes)), .text(file.stored.sha256), .integer(run),
                .integer(file.file.modified),
            ])
        try RunLog.add(connection, run, "The file is \(file.file.name) of the source.", now: now)
        try Migrations.queue.enqueue(
            connection, key: "\(prefix)\(run)", payload: [], due: now, now: now)
    }

    // MARK: Putting away

    /// Works on the queue item of a run's file.
    func putAway(_ id: Int64, attempt: Int) async throws -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        let found = try await database.pointRead { connection in
            (
                try RunStore.run(connection, id),
                try connection.first(
                    "select name, bytes, modified from taken_file where run = ?", [.integer(id)]
                ) {
                    SourceFile(name: $0.text(0), size: $0.integer(1), modified: $0.integer(2))
                }
            )
        }
        guard let run = found.0, let file = found.1,
            let definition = Models.importDefinition(
                run.definition, model: run.definitionCode.model)?.source
        else { return .done() }
        guard run.state.hasEnded else {
            return .retryAt(now.advanced(by: SourceIntake.lookAgain), "the run goes on")
        }
        let folder = run.state == .succeeded ? definition.archive : definition.failed
        guard let folder else { return .done() }
        do {
            let source = try await source(definition)
            let list = try await source.list()
            // Another that has come under its name since is not ours to move.
            let isThere = list.contains {
                $0.name == file.name && $0.size ?? file.size == file.size
                    && $0.modified == file.modified
            }
            guard isThere else { return .done() }
            try await source.move(file.name, into: folder)
            if let done = definition.done, list.contains(where: { $0.name == file.name + done }) {
                try await source.move(file.name + done, into: folder)
            }
            let words = "\(file.name) was put into \(folder)."
            return .done { try RunLog.add($0, id, words, now: now) }
        } catch {
            let why = "\(file.name) cannot be put away: \(error)"
            if attempt == 1 { try await database.write { try RunLog.add($0, id, why, now: now) } }
            return .retryAt(now.advanced(by: SourceIntake.wait(after: attempt)), why)
        }
    }

    // MARK: -

    private func source(_ definition: SourceDefinition) async throws -> any FileSource {
        switch definition.place {
        case .folder(let path):
            return FolderFiles(path: path, allowed: FileFolders(roots: folders), files: thread)
        case .remote(let place):
            return OtherMachineFiles(
                remote: try await machines.open(place),
                onlyName: place.kind == .https ? definition.pattern : nil)
        }
    }
}
