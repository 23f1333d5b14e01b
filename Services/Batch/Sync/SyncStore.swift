import Contracts
import Database
import JSON

/// What is known of synchronizations between their runs, and of a run on its way. Every function is
/// one step of a caller's transaction.
enum SyncStore {
    static let migration = Migration("sync-1") { connection in
        try connection.script(
            """
            create table sync_state (
                model text not null, code text not null, identity text not null,
                cursor text, position bigint, columns text not null, verified_through text,
                primary key (model, code));
            create table sync_row (
                model text not null, code text not null,
                key \(connection.dialect.blobType) not null, hash bigint not null,
                primary key (model, code, key));
            create table sync_progress (run bigint not null primary key, json text not null);
            alter table run add column verified bigint;
            alter table run add column verified_through text;
            """)
    }

    /// What the last run left.
    struct State: Sendable, Equatable {
        var cursor: SyncCursor?
        /// Of our change log: what was committed before is known.
        var position: Int64?
        /// Theirs as they were declared, `name type` each.
        var columns: [String] = []
    }

    /// Nil where there was no run yet, or where what it did was another thing.
    static func state(_ connection: Connection, _ code: FullCode, identity: String) throws
        -> State?
    {
        try connection.first(
            """
            select cursor, position, columns from sync_state
            where model = ? and code = ? and identity = ?
            """, [.text(code.model), .text(code.code), .text(identity)]
        ) { row in
            let columns = try JSONValue(parsing: Array(row.text(2).utf8)).array ?? []
            return State(
                cursor: try row.optionalText(0).flatMap {
                    SyncCursor(json: try JSONValue(parsing: Array($0.utf8)))
                },
                position: row.optionalInteger(1), columns: columns.compactMap(\.string))
        }
    }

    static func keep(
        _ connection: Connection, _ state: State, _ code: FullCode, identity: String,
        verifiedThrough: String?
    ) throws {
        try connection.run(
            """
            insert into sync_state
                (model, code, identity, cursor, position, columns, verified_through)
            values (?, ?, ?, ?, ?, ?, ?)
            on conflict (model, code) do update set identity = excluded.identity,
                cursor = excluded.cursor, position = excluded.position,
                columns = excluded.columns,
                verified_through = coalesce(excluded.verified_through,
                    sync_state.verified_through)
            """,
            [
                .text(code.model), .text(code.code), .text(identity),
                SQLValue(state.cursor?.json.text), SQLValue(state.position),
                .text(JSONValue.array(state.columns.map { .string($0) }).text),
                SQLValue(verifiedThrough),
            ])
    }

    /// Where a run stands.
    struct Progress: Sendable, Codable {
        /// When it first looked at the other side.
        var started: String
        /// There is no earlier state: every row is looked at, and counted.
        var isFull: Bool
        /// What is kept as the state when it has ended.
        var cursor: JSONValue?
        var position: Int64?
        /// The changes of theirs, and of ours, are through.
        var theirsDone = false
        var oursDone = false
        /// The next place in the changes of theirs, and of ours.
        var theirPlace: JSONValue?
        var ourPlace: Int64?
        /// The whole key space was looked at for what hinders a run from its beginning.
        var isChecked = false
        /// There was nothing on our side when it began: all of theirs is new.
        var isFresh = false
        /// All keys up to here were compared; nil is none.
        var after: JSONValue?
        var passDone = false
        /// What hinders that the run is verified.
        var unequal = 0
        var conflicts = 0
        var keyless = 0
        /// Some of the keys that are not the same.
        var keys: [String] = []
    }

    static func progress(_ connection: Connection, _ run: Int64) throws -> Progress? {
        try connection.first("select json from sync_progress where run = ?", [.integer(run)]) {
            try JSONCoder.decode(
                Progress.self, from: JSONValue(parsing: Array($0.text(0).utf8)))
        }
    }

    static func keep(_ connection: Connection, _ run: Int64, _ progress: Progress) throws {
        try connection.run(
            """
            insert into sync_progress (run, json) values (?, ?)
            on conflict (run) do update set json = excluded.json
            """, [.integer(run), .text(JSONCoder.encode(progress).text)])
    }

    static func forget(_ connection: Connection, _ run: Int64) throws {
        try connection.run("delete from sync_progress where run = ?", [.integer(run)])
    }

    /// An earlier run of the same synchronization that has not ended.
    static func predecessor(_ connection: Connection, of run: Run) throws -> Int64? {
        try connection.first(
            """
            select id from run where kind = 'sync' and model = ? and code = ?
                and state = 'running' and id < ? limit 1
            """,
            [.text(run.definitionCode.model), .text(run.definitionCode.code), .integer(run.id)]
        ) { $0.integer(0) }
    }

    static func setVerified(
        _ connection: Connection, _ run: Int64, _ verified: Bool?, through: String?
    ) throws {
        try connection.run(
            "update run set verified = ?, verified_through = ? where id = ?",
            [SQLValue(verified.map { $0 ? 1 : 0 }), SQLValue(through), .integer(run)])
    }

    /// Why a run does not go on for now.
    static func note(_ connection: Connection, _ run: Int64, _ problem: JSONValue) throws {
        try connection.run(
            "update run set problem = ? where id = ? and state = 'running'",
            [.text(problem.text), .integer(run)])
    }

    // MARK: What both sides had

    /// The fingerprints of a range by which both sides agreed.
    static func shadow(
        _ connection: Connection, _ code: FullCode, after: SyncKey?, through: SyncKey?
    ) throws -> (hashes: [[UInt8]: UInt64], sum: RowSum) {
        var hashes: [[UInt8]: UInt64] = [:]
        var sum = RowSum()
        var sql = "select key, hash from sync_row where model = ? and code = ?"
        var values: [SQLValue] = [.text(code.model), .text(code.code)]
        if let after {
            sql += " and key > ?"
            values.append(.blob(after.ordered))
        }
        if let through {
            sql += " and key <= ?"
            values.append(.blob(through.ordered))
        }
        try connection.each(sql, values) { row in
            let hash = UInt64(bitPattern: row.integer(1))
            hashes[row.blob(0)] = hash
            sum.add(hash)
            return true
        }
        return (hashes, sum)
    }

    static func shadow(_ connection: Connection, _ code: FullCode, keys: [SyncKey]) throws
        -> [[UInt8]: UInt64]
    {
        var hashes: [[UInt8]: UInt64] = [:]
        for key in keys {
            let ordered = key.ordered
            hashes[ordered] = try connection.first(
                "select hash from sync_row where model = ? and code = ? and key = ?",
                [.text(code.model), .text(code.code), .blob(ordered)]
            ) { UInt64(bitPattern: $0.integer(0)) }
        }
        return hashes
    }

    static func agree(
        _ connection: Connection, _ code: FullCode, _ agreed: [(key: [UInt8], hash: UInt64?)]
    ) throws {
        for (key, hash) in agreed {
            let values: [SQLValue] = [.text(code.model), .text(code.code), .blob(key)]
            guard let hash else {
                try connection.run(
                    "delete from sync_row where model = ? and code = ? and key = ?", values)
                continue
            }
            try connection.run(
                """
                insert into sync_row (model, code, key, hash) values (?, ?, ?, ?)
                on conflict (model, code, key) do update set hash = excluded.hash
                """, values + [.integer(Int64(bitPattern: hash))])
        }
    }

    static func disagree(_ connection: Connection, _ code: FullCode) throws {
        try connection.run(
            "delete from sync_row where model = ? and code = ?",
            [.text(code.model), .text(code.code)])
    }
}

extension SyncCursor {
    /// `[kind, value, key?]`.
    var json: JSONValue {
        let value: [JSONValue] =
            switch value {
            case .integer(let integer): ["integer", .number(JSONNumber(integer))]
            case .real(let real): ["real", .string("\(real)")]
            case .text(let text): ["text", .string(text)]
            case .null, .blob: ["null", nil]
            }
        return .array(value + (key.map { [$0.json] } ?? []))
    }

    init?(json: JSONValue) {
        guard let parts = json.array, parts.count >= 2 else { return nil }
        switch parts[0].string {
        case "integer": value = .integer(parts[1].integer ?? 0)
        case "real": value = .real(Double(parts[1].string ?? "") ?? 0)
        case "text": value = .text(parts[1].string ?? "")
        default: return nil
        }
        key = parts.count > 2 ? SyncKey(json: parts[2]) : nil
    }
}
