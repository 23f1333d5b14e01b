import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

// What becomes of records that the file does not have.
extension ImportRunner {
    /// Offsets of the place of this stage: all pages were read; they count in the plan.
    private static let isFound = 1
    private static let isCounted = 2

    /// Looks for them, page by page, and keeps their list. Nothing is done where more are missing
    /// than may be, or where a refused row may have been about one of them.
    func find(_ run: Run, _ definition: ImportDefinition) async throws -> QueueWorker.Outcome? {
        guard let missing = definition.missing else { return nil }
        if run.unknownRows > 0 {
            throw Problem(
                status: 422, code: "rows-rejected", title: "Rows were rejected",
                detail: "\(run.unknownRows) rejected rows may be about records that the file "
                    + "otherwise lacks, so that none of these is touched; mend the rows and "
                    + "import the whole file again.")
        }
        var place = run.place
        while place.offset < ImportRunner.isFound {
            if let outcome = try await interruption(run) { return outcome }
            place = try await find(run, definition, missing, from: place)
        }
        let count = try await database.read { try MissingRecord.count($0, run.id) }
        guard count * 100 <= missing.limit * place.number else {
            throw Problem(
                status: 422, code: "too-many-missing", title: "Too many records are missing",
                detail: "The file lacks \(count) of \(place.number) records, more than "
                    + "\(missing.limit) percent; none of them is touched. If the file is whole, "
                    + "raise `limit` of `missing` in the definition.")
        }
        if run.isPlanning, place.offset < ImportRunner.isCounted {
            place.offset = ImportRunner.isCounted
            var sum = Run.Counters()
            if case .delete = missing.action { sum.deleted = count } else { sum.updated = count }
            let (counters, end) = (sum, place)
            try await database.write { connection in
                try RunStore.advance(connection, run.id, by: counters, to: end)
            }
        }
        return nil
    }

    private func find(
        _ run: Run, _ definition: ImportDefinition, _ missing: ImportDefinition.Missing,
        from place: Run.Place
    ) async throws -> Run.Place {
        var columns = ["id", "version"]
        var wanted = JSONObject()
        if case .set(let values) = missing.action {
            columns += values.keys
            wanted = values
        }
        let list = ListRecords(
            definition.type, filter: missing.within, orderby: "id", select: columns,
            limit: Receipts.pageLimit, cursor: place.cursor)
        let page = try JSONValue(
            parsing: await records.call(list, as: run.context()).bytes)
        let items = page["items"]?.array ?? []
        var next = place
        next.cursor = page["next"]?.string
        next.number += items.count
        if next.cursor == nil { next.offset = ImportRunner.isFound }
        let (end, values) = (next, wanted)
        try await database.write { connection in
            let lost = try items.compactMap { item -> MissingRecord.Item? in
                guard let id = item["id"]?.integer, let version = item["version"]?.integer,
                    try !MissingRecord.isTouched(connection, run.id, id)
                else { return nil }
                let isSet = !values.isEmpty && values.members.allSatisfy { item[$0.0] == $0.1 }
                return isSet ? nil : MissingRecord.Item(record: id, version: version)
            }
            try MissingRecord.keep(connection, run.id, lost)
            try RunStore.move(connection, run.id, to: end)
        }
        return next
    }

    /// Deletes them, or sets what the definition says. One that changed since it was found is left
    /// alone and counted as rejected; in a plan it stops the run.
    func act(_ run: Run, _ definition: ImportDefinition) async throws -> QueueWorker.Outcome? {
        guard let missing = definition.missing else { return nil }
        var record = Int64(run.place.number)
        while true {
            if let outcome = try await interruption(run) { return outcome }
            let items = try await database.read { [record] in
                try MissingRecord.page(
                    $0, run.id, after: record, limit: ImportRunner.stagedLimit)
            }
            guard let first = items.first, let last = items.last else { return nil }
            var call = ImportRunner.call(items, missing, definition)
            call.atomic = run.plan == nil ? nil : true
            let answer = try await records.call(
                call, as: run.context(key: "missing:\(run.id)/\(first.record)"))
            let results = try RowResults(answer, count: items.count)
            record = last.record
            let place = Run.Place(stage: .act, number: Int(last.record))
            try await database.write { connection in
                var sum = results.counters
                sum.rejected = results.problems.count
                let number = try RunStore.nextReceipt(connection, run.id)
                for (index, problem) in results.problems {
                    try Conflict.keep(
                        connection, run.id, record: items[index].record,
                        RunProblem.sentence(problem))
                }
                try Receipts.keep(
                    connection, run.id, first: number, count: items.count,
                    numbers: Array(number..<(number + items.count)), results, isRow: false)
                try RunStore.advance(connection, run.id, by: sum, to: place)
            }
        }
    }

    static func call(
        _ items: [MissingRecord.Item], _ missing: ImportDefinition.Missing,
        _ definition: ImportDefinition
    ) -> WriteKnown {
        let list = items.map { item -> JSONValue in
            let (id, version) = (
                JSONValue.number(JSONNumber(item.record)),
                JSONValue.number(JSONNumber(item.version))
            )
            switch missing.action {
            case .delete: return ["delete", id, version]
            case .set(let values): return ["change", id, version, .object(values)]
            }
        }
        return WriteKnown(
            definition.type, items: JSONBytes(JSONValue.array(list).bytes),
            rules: definition.rules ? nil : false)
    }
}
