import Database
import ServiceRuntime

/// Removes files that nobody can have any more: uploads that were cut off, contents that no record
/// lists or listed, files that waited for a record in vain. What a column with logical deletion
/// listed once stays for its history.
final class FileSweep: Service {
    let name = "records-files"
    static let interval = Duration.seconds(600)
    /// Rows looked at in one transaction, and contents removed at a time.
    static let batch = 500
    /// Transactions of a sweep over what records list, at most.
    static let batchLimit = 100

    private let database: Database
    private let models: ModelStore
    private let files: FileStore
    private let runtime: Runtime
    /// How long what nobody lists is kept.
    private let grace: Duration
    private let signal = WorkerSignal()
    private let position = Position()

    /// Where the next sweep goes on; used by one sweep at a time.
    private final class Position: @unchecked Sendable {
        var use: Int64 = 0
        var folder = ""
    }

    init(
        database: Database, models: ModelStore, files: FileStore, runtime: Runtime,
        grace: Duration
    ) {
        self.database = database
        self.models = models
        self.files = files
        self.runtime = runtime
        self.grace = grace
    }

    func run() async throws {
        await signal.rounds(
            every: FileSweep.interval, runtime: runtime, orSay: "unused files stay"
        ) {
            // One copy does it.
            if database.leads(name) { try await sweep() }
        }
    }

    func shutdown() async { signal.stop() }

    /// After bytes were given up that are to go at once.
    func wakeWhere(_ isNeeded: Bool) { if isNeeded { signal.fire() } }

    func sweep() async throws {
        let now = runtime.clock.now()
        let limit = now.advanced(by: .zero - grace)
        try await files.removeCutOff(before: limit)
        try await database.write {
            try $0.run("DELETE FROM file_stage WHERE staged < ?", [.text(limit.text)])
        }
        try await lookThroughUses(now: now, limit: limit)
        try await removeUnused(limit)
        try await removeStrays(limit)
    }

    // MARK: What records list

    private func lookThroughUses(now: Timestamp, limit: Timestamp) async throws {
        for _ in 0..<FileSweep.batchLimit where !signal.isStopping {
            let (snapshot, start) = (models.current, position.use)
            let last = try await database.write { connection in
                let uses = try FileUse.page(connection, after: start, limit: FileSweep.batch)
                for use in uses {
                    try use.settle(connection, snapshot, now: now, limit: limit)
                }
                return uses.last?.id
            }
            position.use = last ?? 0
            if last == nil { return }
        }
    }

    // MARK: Contents

    private func removeUnused(_ limit: Timestamp) async throws {
        while !signal.isStopping {
            let hashes = try await database.read { connection in
                try connection.query(
                    """
                    SELECT sha256 FROM file_content WHERE stored < ? AND \(FileTable.isUnused)
                    LIMIT \(FileSweep.batch)
                    """, [.text(limit.text)]
                ) { $0.text(0) }
            }
            if hashes.isEmpty { return }
            var removed = 0
            try await files.remove(hashes) { [database] leaving, taken in
                let gone = try await database.write { connection in
                    try leaving.filter { hash in
                        let isGone =
                            try connection.run(
                                """
                                DELETE FROM file_content WHERE sha256 = ? AND \(FileTable.isUnused)
                                """, [.text(hash)]) > 0
                        if isGone { try taken(hash) }
                        return isGone
                    }
                }
                removed = gone.count
                return gone
            }
            if removed == 0 { return }
        }
    }

    /// Files that no row knows: a crash came between the bytes and the row. One folder a sweep.
    private func removeStrays(_ limit: Timestamp) async throws {
        let folders = try await files.folders()
        guard let folder = folders.first(where: { $0 > position.folder }) ?? folders.first else {
            return
        }
        position.folder = folder
        let found = try await files.contents(of: folder, before: limit)
        if found.isEmpty { return }
        try await files.remove(found) { [database] leaving, taken in
            try await database.write { connection in
                try leaving.filter { hash in
                    let isStray =
                        try connection.count(
                            "SELECT count(*) FROM file_content WHERE sha256 = ?", [.text(hash)])
                        == 0
                    if isStray { try taken(hash) }
                    return isStray
                }
            }
        }
    }
}

/// A row of `file_use` as the sweep sees it.
private struct FileUse {
    var id: Int64
    var place: FileTable.Place
    var name: String
    var sha256: String
    var unlisted: String?

    static func page(_ connection: Connection, after id: Int64, limit: Int) throws -> [FileUse] {
        try connection.query(
            """
            SELECT id, class, record, column_code, name, sha256, unlisted FROM file_use
            WHERE id > ? ORDER BY id LIMIT ?
            """, [.integer(id), .integer(Int64(limit))]
        ) { row in
            FileUse(
                id: row.integer(0),
                place: FileTable.Place(
                    table: row.integer(1), record: row.integer(2), column: row.text(3)),
                name: row.text(4), sha256: row.text(5), unlisted: row.optionalText(6))
        }
    }

    /// Notes since when its record does not list it, and removes it when that is long enough ago
    /// and no history needs it.
    func settle(
        _ connection: Connection, _ snapshot: ModelSnapshot, now: Timestamp, limit: Timestamp
    ) throws {
        let family = snapshot.classes.values.first {
            $0.rootNumber == place.table && $0.definition.column(place.column)?.type == .file
        }
        let column = family?.definition.column(place.column)
        let listed = try family.flatMap { family in
            try column.flatMap { try list(connection, in: family.table, $0) }
        }
        if listed?.contains(where: { $0.name == name && $0.sha256 == sha256 }) ?? false {
            guard unlisted != nil else { return }
            try connection.run(
                "UPDATE file_use SET unlisted = NULL WHERE id = ?", [.integer(id)])
        } else if let since = unlisted {
            // Of a record whose row is gone nobody can ask for a file.
            let isKept = column?.files?.deletion == .logical && listed != nil
            guard !isKept, since < limit.text else { return }
            try connection.run("DELETE FROM file_use WHERE id = ?", [.integer(id)])
        } else {
            try connection.run(
                "UPDATE file_use SET unlisted = ? WHERE id = ?", [.text(now.text), .integer(id)])
        }
    }

    /// What the record lists; nil where its row is gone. One that was deleted logically lists its
    /// files still: it can come back.
    private func list(
        _ connection: Connection, in table: String, _ column: ColumnDefinition
    ) throws -> [FileEntry]? {
        try connection.first(
            "SELECT \(quoted(column.code)) FROM \(table) WHERE id = ?", [.integer(place.record)]
        ) { [FileEntry](stored: $0.value(0)) }
    }
}
