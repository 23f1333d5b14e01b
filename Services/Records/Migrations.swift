import Database
import Incidents

/// The tables of Records besides those of the classes.
enum Migrations {
    /// Bytes of a record as JSON: what a history entry and an event can hold.
    static let recordBytesLimit = 4 << 20
    /// The constraint that keeps it.
    static let sizeCheck = "record_size"

    static var all: [Migration] {
        [
            PostgresFunctions.migration, models, changeLog, IdempotencyTable().migration,
            DirectoryStore.migration, filledRow, seals, SequenceCounter.migration,
            replacedClass, FileTable.migration, APIView.migration, causeAccount,
            SecretStore.migration, silence,
        ] + ModelHandover.queue.migrations + IncidentBook.migrations
    }

    private static let models = Migration(
        "records-1-models",
        """
        CREATE TABLE store (
            id TEXT NOT NULL,
            generation BIGINT NOT NULL
        );
        INSERT INTO store (id, generation) VALUES (lower(hex(randomblob(8))), 0);
        CREATE TABLE model (
            code TEXT PRIMARY KEY,
            version BIGINT NOT NULL,
            document BLOB NOT NULL,
            applied TEXT NOT NULL,
            account TEXT NOT NULL
        );
        CREATE TABLE class (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            model TEXT NOT NULL,
            code TEXT NOT NULL,
            history SMALLINT NOT NULL DEFAULT 1,
            dropped SMALLINT NOT NULL DEFAULT 0
        );
        CREATE UNIQUE INDEX class_code ON class (model, code) WHERE dropped = 0;
        """)

    /// Has a row only while a trigger completes what another program wrote, which is no change of
    /// its own.
    private static let filledRow = Migration(
        "records-columns-filled-row", "CREATE TABLE filled_row (record BIGINT NOT NULL);")

    /// A table has rows of several classes since classes may have a parent.
    private static let replacedClass = Migration(
        "records-3-replaced-class",
        "ALTER TABLE replaced_row ADD COLUMN class BIGINT NOT NULL DEFAULT 0")

    /// Who was at the root of a write, so that what it causes can act with that account's rights.
    private static let causeAccount = Migration(
        "records-cause-account",
        """
        ALTER TABLE change_log ADD COLUMN cause_account TEXT;
        ALTER TABLE write_context ADD COLUMN cause_account TEXT;
        """, postgresql: "ALTER TABLE change_log ADD COLUMN cause_account TEXT")

    /// Whether a write on which no rule may run tells nobody of a class without history.
    private static let silence = Migration(
        "records-silence",
        "ALTER TABLE write_context ADD COLUMN silent SMALLINT NOT NULL DEFAULT 0",
        postgresql: WriteContext.view)

    /// The change log is history and outbox in one. `write_context` has a row only while Records
    /// itself writes; `replaced_row` has rows only within one statement of another program.
    private static let changeLog = Migration(
        "records-2-change-log",
        [changeLogTable, sizesInFile, changeLogIndex, writeContext, changeLogRest]
            .joined(separator: "\n"),
        postgresql: [changeLogTable, sizesOnServer, changeLogIndex, changeLogRest]
            .joined(separator: "\n"))

    private static let changeLogTable = """
        CREATE TABLE change_log (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            class BIGINT NOT NULL,
            record BIGINT NOT NULL,
            operation TEXT NOT NULL,
            version BIGINT NOT NULL,
            time TEXT NOT NULL,
            account TEXT NOT NULL,
            door TEXT NOT NULL,
            root TEXT NOT NULL,
            via TEXT NOT NULL,
            depth BIGINT NOT NULL,
        """

    private static let sizesInFile = """
            before TEXT CONSTRAINT \(sizeCheck)
                CHECK (length(CAST(before AS BLOB)) <= \(recordBytesLimit)),
            after TEXT CONSTRAINT \(sizeCheck)
                CHECK (length(CAST(after AS BLOB)) <= \(recordBytesLimit))
        """

    private static let sizesOnServer = """
            before TEXT,
            after TEXT,
            CONSTRAINT \(sizeCheck) CHECK (coalesce(octet_length(before), 0) <= \(recordBytesLimit)
                AND coalesce(octet_length(after), 0) <= \(recordBytesLimit))
        """

    private static let changeLogIndex = """
        );
        CREATE INDEX change_log_record ON change_log (class, record, seq);
        """

    private static let writeContext = """
        CREATE TABLE write_context (
            time TEXT NOT NULL,
            account TEXT NOT NULL,
            door TEXT NOT NULL,
            root TEXT NOT NULL,
            via TEXT NOT NULL,
            depth BIGINT NOT NULL
        );
        """

    private static let changeLogRest = """
        CREATE TABLE replaced_row (
            record BIGINT NOT NULL,
            version BIGINT NOT NULL,
            before TEXT,
            logged SMALLINT NOT NULL
        );
        CREATE TABLE relay_position (
            relay TEXT PRIMARY KEY,
            seq BIGINT NOT NULL
        );
        INSERT INTO relay_position (relay, seq) VALUES ('workflow', 0);
        """

    /// The chain over the change log. Entries that are not kept (of classes without history) go
    /// when they are sent, and stand outside of it.
    private static let seals = Migration(
        "records-3-seals",
        """
        ALTER TABLE change_log ADD COLUMN kept SMALLINT NOT NULL DEFAULT 1;
        CREATE TABLE history_seal (
            number INTEGER PRIMARY KEY,
            last BIGINT NOT NULL,
            time TEXT NOT NULL,
            key TEXT NOT NULL,
            leaves BLOB NOT NULL,
            seal BLOB NOT NULL
        );
        """)
}
