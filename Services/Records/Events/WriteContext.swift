import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Who writes and why, for the triggers: a row of `write_context` while Records itself writes. Of a
/// file it is a table; of a server a view over a parameter of the transaction, which costs no
/// exchange and is nobody else's, and which has a row for each record that a statement inserts.
struct WriteContext: Sendable {
    private static let parameter = "geartrain.write"

    let account: String
    let door: Door
    let cause: Cause
    let now: Timestamp

    func begin(_ connection: Connection) throws {
        guard connection.dialect.isSQLite else {
            return try WriteContext.begin(connection, [self])
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

    /// For the records of one statement in their order; of a server alone.
    static func begin(_ connection: Connection, _ writers: [WriteContext]) throws {
        var text = JSONWriter(capacity: 256 * writers.count)
        text.beginArray()
        for writer in writers { writer.row.write(json: &text) }
        text.endArray()
        try connection.set(parameter, to: String(decoding: text.bytes, as: UTF8.self))
    }

    static func end(_ connection: Connection) throws {
        guard connection.dialect.isSQLite else { return try connection.set(parameter, to: "") }
        try connection.run("DELETE FROM write_context")
    }

    private var row: JSONValue {
        .object(
            JSONObject([
                ("time", .string(now.text)), ("account", .string(account)),
                ("door", .string(door.rawValue)), ("root", .string(cause.root)),
                ("via", .string(cause.via)), ("depth", .number(JSONNumber(Int64(cause.depth)))),
                ("cause_account", cause.account.map { .string($0) } ?? .null),
                ("silent", .number(JSONNumber(cause.isWithoutRules ? 1 : 0))),
            ]))
    }

    /// Another program writes, or on a server also a statement of ours that needs no log.
    static let isForeign = "NOT EXISTS (SELECT 1 FROM write_context)"
    /// The same for `WHEN` of a server's trigger, which looks into no table.
    static let isForeignParameter = "coalesce(current_setting('\(parameter)', true), '') = ''"

    /// The view, for PostgreSQL. `place` is which of the statement's records it is for, from 1.
    static let view = """
        CREATE VIEW write_context AS SELECT c.* FROM ROWS FROM (json_to_recordset( \
        CAST(coalesce(nullif(current_setting('\(parameter)', true), ''), '[]') AS json)) \
        AS (time text, account text, door text, root text, via text, depth bigint, \
        cause_account text, silent smallint)) WITH ORDINALITY \
        AS c (time, account, door, root, via, depth, cause_account, silent, place)
        """
}
