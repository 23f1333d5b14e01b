import Database
import HTTP
import JSON

/// What Records answered to a chunk: what became of each row, in order.
struct RowResults: Sendable {
    var counters = Run.Counters()
    /// Each as it came.
    var raw: [[UInt8]] = []
    /// The records of the rows, 0 where there is none.
    var records: [Int64] = []
    /// By place in the answer.
    var problems: [Int: JSONValue] = [:]
    /// Rows that are refused, and of which nobody knows which record they are about.
    var unknown = 0

    init(_ answer: JSONBytes, count: Int) throws {
        raw.reserveCapacity(count)
        do {
            var reader = JSONReader(answer.bytes)
            try reader.beginObject()
            while let key = try reader.nextKey() {
                guard key == "results" else {
                    try reader.skip()
                    continue
                }
                try reader.beginArray()
                while try reader.nextElement() { try take(try reader.readRaw().bytes) }
            }
        } catch {
            throw RowResults.misbehaved("\(error.detail)")
        }
        guard raw.count == count else {
            throw RowResults.misbehaved("\(raw.count) results came for \(count) rows.")
        }
    }

    private mutating func take(_ bytes: [UInt8]) throws(JSONError) {
        raw.append(bytes)
        guard bytes.first == UInt8(ascii: "[") else {
            let value = try JSONValue(parsing: bytes)
            problems[raw.count - 1] = value["problem"] ?? .null
            records.append(value["id"]?.integer ?? 0)
            if value["id"] == nil { unknown += 1 }
            return
        }
        var reader = JSONReader(bytes)
        try reader.beginArray()
        _ = try reader.nextElement()
        switch try reader.readString() {
        case "insert", "restore": counters.inserted += 1
        case "change": counters.updated += 1
        case "delete": counters.deleted += 1
        default: counters.unchanged += 1
        }
        _ = try reader.nextElement()
        records.append(try reader.readNull() ? 0 : try reader.readInteger())
    }

    private static func misbehaved(_ detail: String) -> Problem {
        Problem(
            status: 502, code: "peer-misbehaved", title: "Records answered something else",
            detail: detail)
    }
}

/// What a run did, row by row: which record, what was done to it, and which values it had. Kept for
/// each chunk as Records answered it, and read by people and by `undo`.
enum Receipts {
    /// Rows of a page.
    static let pageLimit = 1000

    /// Keeps the results of rows, which stand at `numbers` in ascending order; what is not among
    /// them was refused.
    static func keep(
        _ connection: Connection, _ run: Int64, first: Int, count: Int, numbers: [Int],
        _ results: RowResults, isRow: Bool = true
    ) throws {
        guard !results.raw.isEmpty else { return }
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        bytes.reserveCapacity(results.raw.reduce(count * 5) { $0 + $1.count + 1 })
        var next = 0
        for number in first..<(first + count) {
            if number > first { bytes.append(UInt8(ascii: ",")) }
            if next < numbers.count, numbers[next] == number {
                if results.problems[next] == nil {
                    bytes += results.raw[next]
                } else {
                    bytes += Array("null".utf8)
                }
                next += 1
            } else {
                bytes += Array("null".utf8)
            }
        }
        bytes.append(UInt8(ascii: "]"))
        try connection.run(
            "insert into receipt (run, number, is_row, rows, json) values (?, ?, ?, ?, ?)",
            [
                .integer(run), .integer(Int64(first)), .integer(isRow ? 1 : 0),
                .integer(Int64(count)), .blob(bytes),
            ])
    }

    /// The chunk that ends behind a number.
    static func chunk(_ connection: Connection, _ run: Int64, after number: Int) throws
        -> (first: Int, isRow: Bool, results: [JSONValue])?
    {
        try connection.first(
            """
            select number, is_row, json from receipt
            where run = ? and number + rows > ? order by number limit 1
            """, [.integer(run), .integer(Int64(number) + 1)]
        ) { row in
            (
                Int(row.integer(0)), row.boolean(1),
                try JSONValue(parsing: row.blob(2)).array ?? []
            )
        }
    }

    /// A page of what was done, after a number.
    static func page(_ connection: Connection, _ run: Int64, after number: Int, limit: Int) throws
        -> (items: [JSONValue], next: Int?)
    {
        var items: [JSONValue] = []
        var last = number
        while let chunk = try chunk(connection, run, after: last) {
            for (index, result) in chunk.results.enumerated() {
                let place = chunk.first + index
                guard place > last else { continue }
                if items.count == limit { return (items, last) }
                last = place
                guard !result.isNull else { continue }
                items.append(RunRow.json(result, row: chunk.isRow ? place : nil))
            }
            last = max(last, chunk.first + chunk.results.count - 1)
        }
        return (items, nil)
    }
}

/// A row of a run as people see it.
enum RunRow {
    static func json(_ result: JSONValue, row: Int?) -> JSONValue {
        let parts = result.array ?? []
        var object = JSONObject()
        object["row"] = row.map { JSONValue($0) } ?? .null
        object["operation"] = parts.first ?? .null
        object["record"] = parts.count > 1 ? parts[1] : .null
        object["version"] = parts.count > 2 ? parts[2] : .null
        let changes = (parts.count > 3 ? parts[3].object : nil) ?? JSONObject()
        object["changes"] = .array(
            changes.members.map { column, values in
                [
                    "column": .string(column), "old": values.array?.first ?? .null,
                    "new": values.array?.last ?? .null,
                ]
            })
        return .object(object)
    }
}
