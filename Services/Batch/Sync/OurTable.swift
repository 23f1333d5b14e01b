import Contracts
import HTTP
import JSON
import RPC

/// The class's side: records in the form of rows, read and written as the run's account.
struct OurTable: Sendable {
    /// Records of one call that writes.
    static let writeLimit = 4096

    let records: Peer
    let definition: SyncDefinition
    let keys: [SyncColumn]
    let columns: [SyncColumn]
    let context: CallContext

    private var leaves: Bool { definition.direction != .pull }
    private var codes: [WriteRows.Column] {
        columns.map { WriteRows.Column($0.ours, by: $0.by) }
    }
    private var keyCodes: [String] { keys.map(\.ours) }

    func sums(after: SyncKey?, bounds: [SyncKey?]) async throws -> [RowSum] {
        let call = SumRecords(
            definition.type, key: keyCodes, columns: codes, after: after?.json,
            bounds: bounds.map { $0?.json ?? .null }, export: leaves)
        let sums = try await records.call(call, as: context).items.map(\.rowSum)
        guard sums.count == bounds.count else {
            throw OurTable.strange("\(sums.count) sums came for \(bounds.count) ranges.")
        }
        return sums
    }

    /// How many records have a key.
    func count() async throws -> Int {
        let filled = keyCodes.filter { $0 != "id" }.map { "\($0) ne null" }
            .joined(separator: " and ")
        var call = ListRecords(
            definition.type, filter: filled.isEmpty ? nil : filled, select: ["id"], limit: 1,
            count: true)
        call.export = leaves ? true : nil
        let answer = try await records.call(call, as: context)
        return Int(try JSONValue(parsing: answer.bytes)["count"]?.integer ?? 0)
    }

    /// Records of a range in the order of their keys; where there are more, the last key.
    func rows(after: SyncKey?, through: SyncKey?) async throws -> (rows: [SyncRow], cut: SyncKey?) {
        var call = StoredRows(
            definition.type, key: keyCodes, columns: codes, export: leaves)
        call.after = after?.json
        call.through = through?.json
        let (rows, more) = try await read(call)
        return (rows, more ? rows.last?.key : nil)
    }

    /// Records by their keys, in the order of these.
    func rows(_ keys: [SyncKey]) async throws -> [SyncRow] {
        var rows: [SyncRow] = []
        var rest = keys[...]
        while !rest.isEmpty {
            var call = StoredRows(
                definition.type, key: keyCodes, columns: codes, export: leaves)
            let part = rest.prefix(StoredRows.keyLimit)
            call.keys = part.map(\.json)
            let (found, more) = try await read(call)
            rows += found
            // An answer that ended early has the keys up to its last.
            if more, let last = found.last?.key, let place = part.firstIndex(of: last) {
                rest = rest[(place + 1)...]
            } else {
                rest = rest.dropFirst(part.count)
            }
        }
        return rows.sorted { $0.key < $1.key }
    }

    private func read(_ call: StoredRows) async throws -> ([SyncRow], more: Bool) {
        let answer = try JSONValue(parsing: await records.call(call, as: context).bytes)
        let rows = try (answer["items"]?.array ?? []).map { item -> SyncRow in
            let parts = item.array ?? []
            let first = keys.count + 2
            guard parts.count == columns.count + first, let id = parts[0].integer,
                let version = parts[1].integer,
                let key = SyncKey(
                    json: keys.count == 1 ? parts[2] : .array(Array(parts[2..<first])))
            else { throw OurTable.strange("A record is not as it was asked for.") }
            let values = try parts[first...].map { part in
                guard let value = SyncValue(json: part) else {
                    throw OurTable.strange("A value is not as it was asked for.")
                }
                return value
            }
            return SyncRow(key: key, values: values, id: id, version: version)
        }
        return (rows, answer["more"]?.boolean ?? false)
    }

    func changedKeys(after position: Int64?) async throws -> ChangedKeyList {
        try await records.call(
            ChangedKeys(definition.type, key: keyCodes, after: position), as: context)
    }

    /// What became of rows that were written.
    struct Effects: Sendable {
        var inserted = 0
        var updated = 0
        var deleted = 0
        /// Same already.
        var unchanged = 0
        /// Not as they were seen.
        var stale = 0
        var refused: [RefusedRow] = []

        /// Of the answer of a call that writes: what it says of one row.
        mutating func add(_ result: JSONValue, _ key: SyncKey) {
            if let problem = result["problem"] {
                switch problem["status"]?.integer {
                case 404, 412: stale += 1
                default:
                    refused.append(
                        RefusedRow(key: key.text, reason: RunProblem.sentence(problem)))
                }
                return
            }
            switch result.array?.first?.string {
            case "change": updated += 1
            case "delete": deleted += 1
            case "none": unchanged += 1
            default: inserted += 1
            }
        }

        static func += (a: inout Effects, b: Effects) {
            a.inserted += b.inserted
            a.updated += b.updated
            a.deleted += b.deleted
            a.unchanged += b.unchanged
            a.stale += b.stale
            a.refused += b.refused
        }
    }

    /// Makes rows of theirs records, or with `upserting` changes the records that have their keys.
    func write(_ rows: [SyncRow], upserting: Bool) async throws -> Effects {
        try await each(rows) { part in
            var writer = JSONWriter(capacity: 64 * part.count)
            writer.beginArray()
            for row in part {
                writer.beginArray()
                for (key, part) in zip(keys, row.key.parts) { writer.value(key.json(part.value)) }
                for (column, value) in zip(columns, row.values) { writer.value(column.json(value)) }
                writer.endArray()
            }
            writer.endArray()
            let call = WriteRows(
                definition.type, mode: upserting ? .upsert : .insert,
                columns: keys.map { WriteRows.Column($0.ours) } + codes,
                key: upserting ? keyCodes : [], rows: JSONBytes(writer.bytes),
                rules: definition.rules ? nil : false)
            return try await records.call(call, as: context)
        } key: {
            $0.key
        }
    }

    /// Changes records that are as they were seen.
    func change(_ pairs: [(theirs: SyncRow, ours: SyncRow)]) async throws -> Effects {
        try await known(pairs, "change", \.ours) { pair, writer in
            writer.beginObject()
            for (column, value) in zip(columns, pair.theirs.values) {
                writer.key(column.ours)
                writer.value(column.json(value))
            }
            writer.endObject()
        }
    }

    /// Deletes records that are as they were seen.
    func delete(_ rows: [SyncRow]) async throws -> Effects {
        try await known(rows, "delete", \.self) { _, _ in }
    }

    private func known<T>(
        _ items: [T], _ operation: String, _ row: (T) -> SyncRow,
        _ rest: (T, inout JSONWriter) -> Void
    ) async throws -> Effects {
        try await each(items) { part in
            var writer = JSONWriter(capacity: 64 * part.count)
            writer.beginArray()
            for item in part {
                writer.beginArray()
                writer.string(operation)
                writer.integer(row(item).id)
                writer.integer(row(item).version)
                rest(item, &writer)
                writer.endArray()
            }
            writer.endArray()
            let call = WriteKnown(
                definition.type, items: JSONBytes(writer.bytes),
                rules: definition.rules ? nil : false,
                lookups: columns.contains { $0.by != nil } ? codes : nil)
            return try await records.call(call, as: context)
        } key: {
            row($0).key
        }
    }

    /// In calls of so many; counts what became of each.
    private func each<T>(
        _ items: [T], _ call: (ArraySlice<T>) async throws -> JSONBytes, key: (T) -> SyncKey
    ) async throws -> Effects {
        var effects = Effects()
        var rest = items[...]
        while !rest.isEmpty {
            let part = rest.prefix(OurTable.writeLimit)
            rest = rest.dropFirst(part.count)
            let answer = try await JSONValue(parsing: call(part).bytes)
            let results = answer["results"]?.array ?? []
            guard results.count == part.count else {
                throw OurTable.strange("\(results.count) results came for \(part.count) rows.")
            }
            for (item, result) in zip(part, results) {
                effects.add(result, key(item))
            }
        }
        return effects
    }

    private static func strange(_ detail: String) -> Problem {
        Problem(
            status: 502, code: "peer-failed", title: "Records answered something else",
            detail: detail)
    }
}
