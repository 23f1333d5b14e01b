import Contracts
import Database
import JSON

/// The other side as it was opened.
protocol ExternalDatabase: Sendable {
    /// The columns of a table as they are declared now; nil where there is no such table.
    func columns(of table: String) async throws -> [ForeignColumn]?

    /// The table of a definition.
    func table(_ definition: SyncDefinition, _ columns: SyncColumns) -> any ExternalTable

    func close()
}

/// How a table tells what has changed.
enum ExternalTableChanges: Sendable { case none, byCursor, byCommit }

/// A table of the other side. All that the engine of synchronization knows of a kind of database.
protocol ExternalTable: Sendable {
    var changes: ExternalTableChanges { get }

    /// How many rows have a good key, and how many do not.
    func count() async throws -> (rows: Int, keyless: Int)

    /// A key that several rows have, if there is one.
    func repeatedKey() async throws -> SyncKey?

    /// The checksums of consecutive ranges, each of so many rows, from a key on.
    func buckets(after: SyncKey?, count: Int, rows: Int) async throws -> [ExternalBucket]

    /// Rows of a range in the order of keys, at most so many, and fewer where they are large.
    func rows(after: SyncKey?, through: SyncKey?, limit: Int) async throws -> ExternalRows

    /// Rows by their keys; where they are large not all: `left` has those that were not looked for.
    func rows(_ keys: [SyncKey]) async throws -> ExternalRows

    /// Rows from a place of the cursor on, in its order.
    func changes(from place: SyncCursor, limit: Int) async throws -> ExternalChanges

    /// The highest value of the cursor; nil where it is empty everywhere.
    func lastCursor() async throws -> SyncCursor?

    /// Writes what still stands as it was seen, in one transaction; answers what became of each.
    func apply(_ writes: [ExternalWrite]) async throws -> [ExternalEffect]

    func close()
}

/// A range of keys that ends with `through`; nil is the end of the table.
struct ExternalBucket: Sendable, Equatable {
    var through: SyncKey?
    var sum = RowSum()
    /// Rows that cannot be ours; they are not in the sum.
    var refused = 0
}

struct ExternalRows: Sendable {
    struct Refused: Sendable {
        /// Nil where the key itself is none.
        var key: SyncKey?
        var row: RefusedRow
    }

    /// Bytes that a row has on the average, where as many rows are read as were asked for: some
    /// large ones fit into memory too.
    static let rowBytes = 2 << 10

    var rows: [SyncRow] = []
    var refused: [Refused] = []
    /// There are more in the range than were asked for; the last key that was read.
    var cut: SyncKey?
    /// Keys that were not looked for.
    var left: [SyncKey] = []
    /// Bytes of the texts of all rows.
    var bytes = 0

    /// Whether no more are read of a call for so many rows.
    func isFull(of limit: Int) -> Bool { bytes >= limit * ExternalRows.rowBytes }
}

struct ExternalChanges: Sendable {
    var rows = ExternalRows()
    /// After the last of them.
    var place: SyncCursor?
    var more = false
}

/// A place of the cursor: its value, and the last row's key where rows behind it are meant.
struct SyncCursor: Sendable, Equatable {
    var value: SQLValue
    var key: SyncKey?
}

struct ExternalWrite: Sendable {
    enum Kind: Sendable { case insert, update, delete }
    var kind: Kind
    var row: SyncRow
    /// What the row was when it was seen; nil where there was none.
    var expected: UInt64?
}

enum ExternalEffect: Sendable, Equatable {
    case done
    /// The row is not as it was seen.
    case stale
    /// The database refuses it.
    case refused(String)
}
