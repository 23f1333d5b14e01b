import Database
import ServiceRuntime

/// Which contents there are, which records list them or did, and which wait for a record that is
/// about to be created.
enum FileTable {
    static let migration = Migration(
        "records-files",
        """
        CREATE TABLE file_content (
            sha256 TEXT PRIMARY KEY,
            bytes BIGINT NOT NULL,
            stored TEXT NOT NULL
        );
        CREATE TABLE file_use (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            class BIGINT NOT NULL,
            record BIGINT NOT NULL,
            column_code TEXT NOT NULL,
            name TEXT NOT NULL,
            type TEXT NOT NULL,
            bytes BIGINT NOT NULL,
            sha256 TEXT NOT NULL,
            unlisted TEXT,
            UNIQUE (class, record, column_code, name, sha256)
        );
        CREATE INDEX file_use_sha256 ON file_use (sha256);
        CREATE TABLE file_stage (
            account TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            type TEXT NOT NULL,
            bytes BIGINT NOT NULL,
            staged TEXT NOT NULL,
            PRIMARY KEY (account, sha256)
        );
        CREATE INDEX file_stage_sha256 ON file_stage (sha256);
        """)

    /// A column of files of one record.
    struct Place: Sendable {
        /// The number in the name of the table of its class's family.
        var table: Int64
        var record: Int64
        var column: String
    }

    static func addContent(
        _ content: FileStore.Content, now: Timestamp, _ connection: Connection
    ) throws {
        try connection.run(
            """
            INSERT INTO file_content (sha256, bytes, stored) VALUES (?, ?, ?)
            ON CONFLICT (sha256) DO NOTHING
            """, [.text(content.sha256), .integer(content.bytes), .text(now.text)])
    }

    static func stage(
        _ content: FileStore.Content, type: String, account: String, now: Timestamp,
        _ connection: Connection
    ) throws {
        try addContent(content, now: now, connection)
        try connection.run(
            """
            INSERT INTO file_stage (account, sha256, type, bytes, staged) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (account, sha256) DO UPDATE SET staged = excluded.staged
            """,
            [
                .text(account), .text(content.sha256), .text(type), .integer(content.bytes),
                .text(now.text),
            ])
    }

    static func isStaged(
        _ entry: FileEntry, account: String, _ connection: Connection
    ) throws -> Bool {
        try connection.count(
            "SELECT count(*) FROM file_stage WHERE account = ? AND sha256 = ? AND bytes = ?",
            [.text(account), .text(entry.sha256), .integer(entry.bytes)]) > 0
    }

    /// Whether the column listed exactly this at some time, and its bytes are still there.
    static func wasListed(
        _ entry: FileEntry, at place: Place, _ connection: Connection
    ) throws -> Bool {
        try connection.count(
            """
            SELECT count(*) FROM file_use WHERE class = ? AND record = ? AND column_code = ?
            AND name = ? AND sha256 = ? AND type = ? AND bytes = ?
            """,
            [
                .integer(place.table), .integer(place.record), .text(place.column),
                .text(entry.name), .text(entry.sha256), .text(entry.type), .integer(entry.bytes),
            ]) > 0
    }

    /// The file that the column listed at some time under this name and hash.
    static func listed(
        _ name: String, _ sha256: String, at place: Place, _ connection: Connection
    ) throws -> FileEntry? {
        try connection.first(
            """
            SELECT type, bytes FROM file_use WHERE class = ? AND record = ? AND column_code = ?
            AND name = ? AND sha256 = ?
            """,
            [
                .integer(place.table), .integer(place.record), .text(place.column), .text(name),
                .text(sha256),
            ]
        ) { FileEntry(name: name, type: $0.text(0), bytes: $0.integer(1), sha256: sha256) }
    }

    /// The column lists this from now on.
    static func use(_ entry: FileEntry, at place: Place, _ connection: Connection) throws {
        try connection.run(
            """
            INSERT INTO file_use (class, record, column_code, name, type, bytes, sha256)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (class, record, column_code, name, sha256)
            DO UPDATE SET unlisted = NULL, type = excluded.type
            """,
            [
                .integer(place.table), .integer(place.record), .text(place.column),
                .text(entry.name), .text(entry.type), .integer(entry.bytes), .text(entry.sha256),
            ])
    }

    /// The column lists this no more, and nobody is to have it back: where nothing else uses the
    /// bytes, the next sweep takes them.
    static func forget(_ entry: FileEntry, at place: Place, _ connection: Connection) throws {
        try connection.run(
            """
            DELETE FROM file_use WHERE class = ? AND record = ? AND column_code = ?
            AND name = ? AND sha256 = ?
            """,
            [
                .integer(place.table), .integer(place.record), .text(place.column),
                .text(entry.name), .text(entry.sha256),
            ])
        try connection.run(
            "UPDATE file_content SET stored = '' WHERE sha256 = ? AND \(isUnused)",
            [.text(entry.sha256)])
    }

    /// Of a row of `file_content`.
    static let isUnused = """
        NOT EXISTS (SELECT 1 FROM file_use AS u WHERE u.sha256 = file_content.sha256)
        AND NOT EXISTS (SELECT 1 FROM file_stage AS s WHERE s.sha256 = file_content.sha256)
        """
}
