import HTTP
import JSON

/// Some rows on their way into Records: what is sent, and what is refused before. A chunk whose
/// values come from expressions is kept as a row before it is sent, so that it is the same when it
/// is sent again.
struct ImportChunk: Sendable {
    /// Rows of a chunk, and bytes of the file that they may have: whichever is reached first.
    static let rowLimit = 500
    static let byteLimit = 2 << 20

    /// What a row of the file needs to be found again.
    struct Source: Sendable {
        var number: Int
        var line: Int
        var raw: [UInt8]
        var fields: Int

        func rejected(_ reason: String) -> RejectedRow {
            RejectedRow(number: number, line: line, raw: raw, fields: fields, reason: reason)
        }
    }

    /// The rows that are sent, in the order of `body`.
    var sources: [Source] = []
    /// An array of records.
    var body: [UInt8] = []
    var rejected: [RejectedRow] = []
    /// Where the next chunk begins.
    var place = Run.Place()

    /// Makes the array from values or refusals.
    mutating func fill(
        _ rows: [(source: Source, values: Result<[JSONValue], RowRefused>)], mapping: ImportMapping
    ) {
        var writer = JSONWriter(capacity: 64 << 10)
        writer.beginArray()
        for row in rows {
            switch row.values {
            case .failure(let refused):
                rejected.append(row.source.rejected(refused.reason))
            case .success(let values):
                sources.append(row.source)
                writer.beginObject()
                for (column, value) in zip(mapping.columns, values) {
                    writer.key(column.to)
                    writer.value(value)
                }
                writer.endObject()
            }
        }
        writer.endArray()
        body = writer.bytes
        rejected.sort { $0.number < $1.number }
    }

    /// Counts what Records answered; the rows that it refused are added to `rejected`.
    mutating func settle(_ answer: JSONValue) throws -> Run.Counters {
        var counters = Run.Counters()
        let results = answer["results"]?.array ?? []
        guard results.count == sources.count else {
            throw Problem(
                status: 502, code: "peer-failed", title: "Records answered something else",
                detail: "\(results.count) results came for \(sources.count) rows.")
        }
        for (source, result) in zip(sources, results) {
            if let problem = result["problem"] {
                rejected.append(source.rejected(RunProblem.sentence(problem)))
                continue
            }
            switch result["operation"]?.string {
            case "change": counters.updated += 1
            case "none": counters.unchanged += 1
            default: counters.inserted += 1
            }
        }
        return counters
    }

    /// As it is kept before it is sent.
    var json: JSONValue {
        func source(_ source: Source) -> JSONValue {
            [
                JSONValue(source.number), JSONValue(source.line), JSONValue(source.fields),
                .array(source.raw.map { JSONValue(Int($0)) }),
            ]
        }
        return [
            "sources": .array(sources.map(source)),
            "body": .string(String(decoding: body, as: UTF8.self)),
            "rejected": .array(
                rejected.map {
                    [
                        source(
                            Source(
                                number: $0.number, line: $0.line, raw: $0.raw, fields: $0.fields)),
                        .string($0.reason),
                    ]
                }),
            "offset": JSONValue(place.offset), "line": JSONValue(place.line),
        ]
    }

    init() {}

    init(json: JSONValue) {
        func source(_ value: JSONValue) -> Source {
            let parts = value.array ?? []
            guard parts.count == 4 else { return Source(number: 0, line: 0, raw: [], fields: 0) }
            return Source(
                number: Int(parts[0].integer ?? 0), line: Int(parts[1].integer ?? 0),
                raw: (parts[3].array ?? []).map { UInt8(truncatingIfNeeded: $0.integer ?? 0) },
                fields: Int(parts[2].integer ?? 0))
        }
        sources = (json["sources"]?.array ?? []).map(source)
        body = Array((json["body"]?.string ?? "[]").utf8)
        rejected = (json["rejected"]?.array ?? []).compactMap { value in
            guard let parts = value.array, parts.count == 2 else { return nil }
            return source(parts[0]).rejected(parts[1].string ?? "")
        }
        place.offset = Int(json["offset"]?.integer ?? 0)
        place.line = Int(json["line"]?.integer ?? 1)
    }
}
