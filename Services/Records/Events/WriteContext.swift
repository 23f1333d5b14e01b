import Contracts
import Database
import JSON
import RPC
import ServiceRuntime

/// Who writes and why, for the triggers: a row of `write_context` while Records itself writes. Of a
/// file it is a table; of a server a view over a parameter of the transaction, which costs no
/// exchange and is nobody else's.
enum WriteContext {
    private static let parameter = "geartrain.write"

    static func begin(
        _ connection: Connection, account: String, door: Door, cause: Cause, now: Timestamp
    ) throws {
        guard connection.dialect.isSQLite else {
            let row = JSONValue.object(
                JSONObject([
                    ("time", .string(now.text)), ("account", .string(account)),
                    ("door", .string(door.rawValue)), ("root", .string(cause.root)),
                    ("via", .string(cause.via)), ("depth", .number(JSONNumber(Int64(cause.depth)))),
                    ("cause_account", cause.account.map { .string($0) } ?? .null),
                    ("silent", .number(JSONNumber(cause.isWithoutRules ? 1 : 0))),
                ]))
            return try connection.set(parameter, to: String(decoding: row.bytes, as: UTF8.self))
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

    static func end(_ connection: Connection) throws {
        guard connection.dialect.isSQLite else { return try connection.set(parameter, to: "") }
        try connection.run("DELETE FROM write_context")
    }

    /// The view, for PostgreSQL.
    static let view = """
        CREATE VIEW write_context AS SELECT c.* FROM json_to_record( \
        CAST(nullif(current_setting('\(parameter)', true), '') AS json)) AS c (time text, \
        account text, door text, root text, via text, depth bigint, cause_account text, \
        silent smallint) WHERE coalesce(current_setting('\(parameter)', true), '') <> ''
        """
}
