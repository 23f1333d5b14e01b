import Database

/// Rows that an import could not take, kept as they came so that a person can mend them.
struct RejectedRow: Sendable {
    /// The most that one run keeps; further ones are only counted.
    static let limit = 100_000

    /// Counts the rows of the file from 1.
    var number: Int
    var line: Int
    /// The bytes of the row without its line end.
    var raw: [UInt8]
    /// How many fields it has.
    var fields: Int
    var reason: String

    static func keep(_ connection: Connection, _ run: Int64, _ rows: [RejectedRow]) throws {
        guard !rows.isEmpty else { return }
        let kept = try connection.count(
            "select count(*) from rejected_row where run = ?", [.integer(run)])
        try connection.copy(
            into: "rejected_row", columns: ["run", "number", "line", "raw", "fields", "reason"]
        ) { copied in
            for row in rows.prefix(max(0, limit - Int(kept))) {
                try copied.add([
                    .integer(run), .integer(Int64(row.number)), .integer(Int64(row.line)),
                    .blob(row.raw), .integer(Int64(row.fields)), .text(row.reason),
                ])
            }
        }
    }

    /// The next rows after a number, in the order of the file.
    static func page(_ connection: Connection, _ run: Int64, after number: Int) throws
        -> [RejectedRow]
    {
        try connection.query(
            """
            select number, line, raw, fields, reason from rejected_row
            where run = ? and number > ? order by number limit 500
            """, [.integer(run), .integer(Int64(number))]
        ) {
            RejectedRow(
                number: Int($0.integer(0)), line: Int($0.integer(1)), raw: $0.blob(2),
                fields: Int($0.integer(3)), reason: $0.text(4))
        }
    }
}
