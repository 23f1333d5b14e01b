import Contracts
import Curl
import Database
import HTTP
import JSON
import ServiceRuntime

/// A class of another instance, read over its API with a token.
struct GeartrainTable: ExternalTable {
    let instance: GeartrainInstance
    let keys: [SyncColumn]
    let columns: [SyncColumn]

    var changes: ExternalTableChanges { .byCommit }

    private var query: [(String, String)] {
        [
            ("key", keys.map(\.theirs).joined(separator: ",")),
            (
                "columns",
                columns.map { $0.theirs + ($0.by.map { "." + $0 } ?? "") }
                    .joined(separator: ",")
            ),
        ]
    }

    func close() { instance.close() }

    func count() async throws -> (rows: Int, keyless: Int) {
        let filled = keys.map { "\($0.theirs) ne null" }.joined(separator: " and ")
        let keyed = try await instance.count(filter: filled)
        return (keyed, try await instance.count(filter: nil) &- keyed)
    }

    /// The class has it in `unique`, or rows of one key never are the same.
    func repeatedKey() async throws -> SyncKey? { nil }

    func buckets(after: SyncKey?, count: Int, rows: Int) async throws -> [ExternalBucket] {
        var query = query + [("count", "\(count)"), ("rows", "\(rows)")]
        if let after { query.append(("after", after.json.text)) }
        let answer = try await instance.read("ranges", query)
        return try (answer["items"]?.array ?? []).map { item in
            guard let count = item["count"]?.integer,
                let sum = item["sum"]?.string.flatMap({ Int64($0) })
            else { throw GeartrainInstance.strange }
            var bucket = ExternalBucket()
            bucket.sum = RowSum(count: Int(count), sum: UInt64(bitPattern: sum))
            bucket.through = item["through"].flatMap { SyncKey(json: $0) }
            return bucket
        }
    }

    func rows(after: SyncKey?, through: SyncKey?, limit: Int) async throws -> ExternalRows {
        var result = ExternalRows()
        var lower = after
        while true {
            var query = query
            if let lower { query.append(("after", lower.json.text)) }
            if let through { query.append(("through", through.json.text)) }
            let answer = try await instance.read("rows", query)
            let rows = try (answer["items"]?.array ?? []).map(row)
            let isMore = answer["more"]?.boolean ?? false
            let room = limit - result.rows.count
            result.rows += rows.prefix(room)
            if rows.count > room || isMore && result.rows.count == limit {
                result.cut = result.rows.last?.key
                return result
            }
            guard isMore, let last = rows.last?.key else { return result }
            lower = last
        }
    }

    func changes(from place: SyncCursor, limit: Int) async throws -> ExternalChanges {
        guard case .integer(let position) = place.value else { throw GeartrainInstance.strange }
        let answer = try await instance.read("changes", query + [("position", "\(position)")])
        guard let reached = answer["position"]?.integer else { throw GeartrainInstance.strange }
        var changes = ExternalChanges()
        changes.rows.rows = try (answer["items"]?.array ?? []).map(row)
        changes.place = SyncCursor(value: .integer(reached))
        changes.more = answer["more"]?.boolean ?? false
        return changes
    }

    /// Nil where the class keeps no history.
    func lastCursor() async throws -> SyncCursor? {
        let answer = try await instance.read("changes", query)
        guard answer["unknown"]?.boolean != true, let position = answer["position"]?.integer
        else { return nil }
        return SyncCursor(value: .integer(position))
    }

    func rows(_ keys: [SyncKey]) async throws -> ExternalRows {
        throw GeartrainInstance.readOnly
    }

    func apply(_ writes: [ExternalWrite]) async throws -> [ExternalEffect] {
        throw GeartrainInstance.readOnly
    }

    private func row(_ item: JSONValue) throws -> SyncRow {
        let parts = item.array ?? []
        let first = keys.count + 2
        guard parts.count == first + columns.count,
            let key = SyncKey(json: keys.count == 1 ? parts[2] : .array(Array(parts[2..<first])))
        else { throw GeartrainInstance.strange }
        let values = try parts[first...].map { part in
            guard let value = SyncValue(json: part) else { throw GeartrainInstance.strange }
            return value
        }
        return SyncRow(key: key, values: values)
    }
}

/// The other instance.
struct GeartrainInstance: ExternalDatabase {
    let http: OutgoingHTTP
    /// `https://other.example.org/api/records/shop/item`.
    let url: String
    let token: String

    static let strange = ForeignError.unusable(
        "it answers otherwise than this version understands")
    static let readOnly = ForeignError.unusable("it is only read")

    func close() { http.close() }

    func table(_ definition: SyncDefinition, _ columns: SyncColumns) -> any ExternalTable {
        GeartrainTable(instance: self, keys: columns.keys, columns: columns.columns)
    }

    func columns(of table: String) async throws -> [ForeignColumn]? {
        let description = try JSONCoder.decode(
            ClassDescription.self, from: try await read("columns", []))
        return description.columns.compactMap { column in
            let form = SyncColumn.form(column)
            let isReference = column.type == "reference" && !column.many
            guard let name = form?.name ?? (isReference ? "reference" : nil) else { return nil }
            return ForeignColumn(
                name: column.code, type: name, affinity: form == .integer ? .integer : .text,
                isUnique: column.unique)
        }
    }

    func read(_ part: String, _ query: [(String, String)]) async throws -> JSONValue {
        try await get("/replica", [("part", part)] + query)
    }

    func count(filter: String?) async throws -> Int {
        let answer = try await get(
            "",
            [("limit", "1"), ("count", "true"), ("select", "id")]
                + (filter.map { [("filter", $0)] } ?? []))
        guard let count = answer["count"]?.integer else { throw GeartrainInstance.strange }
        return Int(count)
    }

    private func get(_ path: String, _ query: [(String, String)]) async throws -> JSONValue {
        let words = query.map { "\($0.0)=\(GeartrainInstance.escaped($0.1))" }
        let request = OutgoingRequest(
            url: url + path + "?" + words.joined(separator: "&"),
            headers: [
                .init("Accept", "application/json"),
                .init("Authorization", "Bearer " + token, isSecret: true),
            ], followsRedirects: false)
        let response: OutgoingResponse
        do {
            response = try await http.send(request)
        } catch let error as OutgoingError {
            throw error.isTransient
                ? ForeignError.away(error.description) : .unusable(error.description)
        }
        let answer = try? JSONValue(parsing: response.body)
        guard response.status == 200 else {
            let detail = answer?["detail"]?.string ?? answer?["title"]?.string ?? ""
            let words = "it answers \(response.status) \(detail.prefix(300))"
            let passes = response.status >= 500 || response.status == 429
            throw passes ? ForeignError.away(words) : .unusable(words)
        }
        guard let answer else { throw GeartrainInstance.strange }
        return answer
    }

    private static func escaped(_ text: String) -> String {
        var escaped: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
