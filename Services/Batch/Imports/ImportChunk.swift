import Crypto
import HTTP
import JSON

/// Some rows on their way into Records: what is sent, and what is refused before. A chunk whose
/// values come from expressions is kept as a row before it is sent, so that it is the same when it
/// is sent again.
struct ImportChunk: Sendable {
    /// Bytes of the file that the rows of a chunk may have.
    static let byteLimit = 2 << 20
    /// Rows of a chunk at first, and where script hosts work on them.
    static let firstRows = 500
    /// Rows of a chunk at most: where rules may run on them, and where none do.
    static let rowLimit = 2_000
    static let plainRowLimit = 10_000

    /// Chunks grow with the file: a small one shows its progress, a large one loses no time. By the
    /// rows before it alone, so that a chunk is the same when it is sent again.
    static func rows(after number: Int, _ mapping: ImportMapping, rules: Bool) -> Int {
        if mapping.hasExpressions { return firstRows }
        return min(max(firstRows, number / 4), rules ? rowLimit : plainRowLimit)
    }

    /// What a row of the file needs to be found again.
    struct Source: Sendable {
        var number: Int
        var line: Int
        var raw: [UInt8]

        func rejected(_ reason: String) -> RejectedRow {
            RejectedRow(number: number, line: line, raw: raw, fields: 0, reason: reason)
        }
    }

    /// The rows that are sent, in the order of `body`.
    var sources: [Source] = []
    /// An array of arrays of values.
    var body: [UInt8] = []
    /// Where each row ends in `body`.
    var ends: [Int] = []
    var rejected: [RejectedRow] = []
    /// Where the next chunk begins.
    var place = Run.Place()

    /// How many rows of the file it has.
    var count: Int { sources.count + rejected.count }
    var first: Int { min(sources.first?.number ?? .max, rejected.first?.number ?? .max) }

    /// Makes the array from values or refusals.
    init(_ rows: [FileRow], _ values: (Int) -> Result<[JSONValue], RowRefused>) {
        var writer = JSONWriter(capacity: 64 << 10)
        writer.beginArray()
        for (index, row) in rows.enumerated() {
            let source = Source(number: row.number, line: row.line, raw: row.raw)
            switch values(index) {
            case .failure(let refused): rejected.append(source.rejected(refused.reason))
            case .success(let values):
                sources.append(source)
                writer.beginArray()
                for value in values { writer.value(value) }
                writer.endArray()
                ends.append(writer.bytes.count)
            }
        }
        writer.endArray()
        body = writer.bytes
    }

    /// The values of a row as they were sent.
    func cells(_ row: Int) -> [UInt8] {
        // After the bracket of the whole, and after the comma behind the row before.
        Array(body[(row == 0 ? 1 : ends[row - 1] + 1)..<ends[row]])
    }

    /// The same from rows whose values stand as they are.
    init(_ rows: [FileRow], _ encoder: RowEncoder) {
        var writer = JSONWriter(capacity: 64 * rows.count + 64)
        writer.beginArray()
        for row in rows {
            let source = Source(number: row.number, line: row.line, raw: row.raw)
            do throws(RowRefused) {
                try encoder.write(row, into: &writer)
                sources.append(source)
                ends.append(writer.bytes.count)
            } catch {
                rejected.append(source.rejected(error.reason))
            }
        }
        writer.endArray()
        body = writer.bytes
    }

    /// As it is kept before it is sent.
    var json: JSONValue {
        func source(_ source: Source) -> JSONValue {
            [
                JSONValue(source.number), JSONValue(source.line),
                .string(Hex.encode(source.raw)),
            ]
        }
        return [
            "sources": .array(sources.map(source)),
            "body": .string(String(decoding: body, as: UTF8.self)),
            "ends": .array(ends.map { JSONValue($0) }),
            "rejected": .array(
                rejected.map {
                    [
                        source(Source(number: $0.number, line: $0.line, raw: $0.raw)),
                        .string($0.reason),
                    ]
                }),
            "offset": JSONValue(place.offset), "line": JSONValue(place.line),
        ]
    }

    init(json: JSONValue) {
        func source(_ value: JSONValue) -> Source {
            let parts = value.array ?? []
            guard parts.count == 3 else { return Source(number: 0, line: 0, raw: []) }
            return Source(
                number: Int(parts[0].integer ?? 0), line: Int(parts[1].integer ?? 0),
                raw: Hex.decode(parts[2].string ?? "") ?? [])
        }
        sources = (json["sources"]?.array ?? []).map(source)
        body = Array((json["body"]?.string ?? "[]").utf8)
        ends = (json["ends"]?.array ?? []).map { Int($0.integer ?? 0) }
        rejected = (json["rejected"]?.array ?? []).compactMap { value in
            guard let parts = value.array, parts.count == 2 else { return nil }
            return source(parts[0]).rejected(parts[1].string ?? "")
        }
        place.offset = Int(json["offset"]?.integer ?? 0)
        place.line = Int(json["line"]?.integer ?? 1)
    }
}
