import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Who writes and why, for the triggers: a row of `write_context` while Records itself writes. Of a
/// file it is a table; of a server a view over a parameter of the transaction, which costs no
/// exchange and is nobody else's, and which has several rows while one statement inserts records
/// for several callers.
struct WriteContext: Sendable {
    static let parameter = "geartrain.write"
    /// Those for whom one statement inserts, as an array. Apart from `parameter`, which triggers
    /// look at for each row, and which is short.
    private static let writers = "geartrain.writers"
    /// The value of `parameter` where one of `writers` is for all rows.
    static let oneForAll = "[1"

    let account: String
    let door: Door
    let cause: Cause
    let now: Timestamp

    func begin(_ connection: Connection) throws {
        guard connection.dialect.isSQLite else {
            var text = JSONWriter(capacity: 256)
            write(&text)
            return try connection.set(
                WriteContext.parameter, to: String(decoding: text.bytes, as: UTF8.self))
        }
        try connection.run(
            """
            INSERT INTO write_context \
            (time, account, door, root, via, depth, cause_account, silent) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(now.text), .text(account), .text(door.rawValue), .text(cause.root),
                .text(cause.via), .integer(Int64(cause.depth)), SQLValue(cause.account),
                SQLValue(cause.isWithoutRules),
            ])
    }

    /// For the records that one statement inserts: one for each in their order, or one for all. Of
    /// a server alone.
    static func begin(_ connection: Connection, group: [WriteContext]) throws {
        var text = JSONWriter(capacity: 256 * group.count)
        text.beginArray()
        for writer in group { writer.write(&text) }
        text.endArray()
        try connection.set(writers, to: String(decoding: text.bytes, as: UTF8.self))
        try connection.set(parameter, to: group.count == 1 ? oneForAll : "[")
    }

    static func end(_ connection: Connection) throws {
        guard connection.dialect.isSQLite else { return try connection.set(parameter, to: "") }
        try connection.run("DELETE FROM write_context")
    }

    /// As an object, a member for each column of the view.
    private func write(_ text: inout JSONWriter) {
        text.beginObject()
        text.key("time")
        text.string(now.text)
        text.key("account")
        text.string(account)
        text.key("door")
        text.string(door.rawValue)
        text.key("root")
        text.string(cause.root)
        text.key("via")
        text.string(cause.via)
        text.key("depth")
        text.integer(Int64(cause.depth))
        text.key("cause_account")
        if let account = cause.account { text.string(account) } else { text.null() }
        text.key("silent")
        text.integer(cause.isWithoutRules ? 1 : 0)
        text.endObject()
    }

    /// Another program writes.
    static let isForeign = "NOT EXISTS (SELECT 1 FROM write_context)"
    /// On a server, for `WHEN` of a trigger, which looks into no table: `{` where Records writes
    /// for one caller, `[` where it does for several at once, and nothing where another program
    /// does. Whatever else a session says there fails where the log asks for whom.
    static let kind = "left(coalesce(current_setting('\(parameter)', true), ''), 1)"

    /// The view, for PostgreSQL. `place` is which of the statement's records it is for, from 1.
    static let view = """
        CREATE VIEW write_context AS SELECT c.* FROM ROWS FROM (json_to_recordset(CAST(CASE \
        \(kind) WHEN '{' THEN '[' || current_setting('\(parameter)') || ']' \
        WHEN '[' THEN current_setting('\(writers)', true) \
        WHEN '' THEN '[]' ELSE current_setting('\(parameter)') END AS json)) \
        AS (time text, account text, door text, root text, via text, depth bigint, \
        cause_account text, silent smallint)) WITH ORDINALITY \
        AS c (time, account, door, root, via, depth, cause_account, silent, place)
        """
}
