import Database
import JSON

/// A row of a plan: what would be sent, and what would become of it. Its key is the run, which
/// holds the hash of its file, and the number of the row.
struct StagedRow: Sendable {
    var number: Int
    var cells: [UInt8]
    var result: [UInt8]

    static func keep(_ connection: Connection, _ run: Int64, _ rows: [StagedRow]) throws {
        try connection.copy(
            into: "staged_row", columns: ["run", "number", "cells", "result"]
        ) { copied in
            for row in rows {
                try copied.add([
                    .integer(run), .integer(Int64(row.number)), .blob(row.cells),
                    .blob(row.result),
                ])
            }
        }
    }

    static func page(
        _ connection: Connection, _ run: Int64, after number: Int, limit: Int
    ) throws -> [StagedRow] {
        try connection.query(
            """
            select number, cells, result from staged_row
            where run = ? and number > ? order by number limit ?
            """, [.integer(run), .integer(Int64(number)), .integer(Int64(limit))]
        ) { StagedRow(number: Int($0.integer(0)), cells: $0.blob(1), result: $0.blob(2)) }
    }

    /// The row that has a value that no two rows may have, this one where none had it before.
    static func holder(
        _ connection: Connection, _ run: Int64, slot: String, value: String, number: Int
    ) throws -> Int {
        try connection.run(
            """
            insert into staged_value (run, slot, value, number) values (?, ?, ?, ?)
            on conflict (run, slot, value) do nothing
            """,
            [.integer(run), .text(slot), .text(value), .integer(Int64(number))])
        return Int(
            try connection.count(
                "select number from staged_value where run = ? and slot = ? and value = ?",
                [.integer(run), .text(slot), .text(value)]))
    }

    /// A JSON array of the pieces.
    static func array(_ pieces: some Sequence<[UInt8]>) -> JSONBytes {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for piece in pieces {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += piece
        }
        bytes.append(UInt8(ascii: "]"))
        return JSONBytes(bytes)
    }
}

/// The records of a class that a file does not have.
enum MissingRecord {
    struct Item: Sendable {
        var record: Int64
        var version: Int64
    }

    /// The records that rows of a run were about.
    static func touch(_ connection: Connection, _ run: Int64, _ records: [Int64]) throws {
        for record in records where record > 0 {
            try connection.run(
                """
                insert into touched_record (run, record) values (?, ?)
                on conflict (run, record) do nothing
                """, [.integer(run), .integer(record)])
        }
    }

    static func isTouched(_ connection: Connection, _ run: Int64, _ record: Int64) throws -> Bool {
        try connection.count(
            "select count(*) from touched_record where run = ? and record = ?",
            [.integer(run), .integer(record)]) > 0
    }

    static func keep(_ connection: Connection, _ run: Int64, _ items: [Item]) throws {
        for item in items {
            try connection.run(
                """
                insert into missing_record (run, record, version) values (?, ?, ?)
                on conflict (run, record) do nothing
                """, [.integer(run), .integer(item.record), .integer(item.version)])
        }
    }

    static func count(_ connection: Connection, _ run: Int64) throws -> Int {
        Int(
            try connection.count(
                "select count(*) from missing_record where run = ?", [.integer(run)]))
    }

    static func page(_ connection: Connection, _ run: Int64, after record: Int64, limit: Int) throws
        -> [Item]
    {
        try connection.query(
            """
            select record, version from missing_record where run = ? and record > ?
            order by record limit ?
            """, [.integer(run), .integer(record), .integer(Int64(limit))]
        ) { Item(record: $0.integer(0), version: $0.integer(1)) }
    }
}
