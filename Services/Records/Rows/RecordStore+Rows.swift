import Contracts
import Database
import HTTP
import JSON
import RPC

extension WriteRows: RecordCall {}
extension WriteKnown: RecordCall {}

/// What a plan has written is undone, and its answer kept.
private struct PlanMade: Error {
    let answer: [UInt8]
}

extension RecordStore {
    /// Many rows, each for itself, in one transaction.
    func writeRows(_ call: WriteRows, _ context: CallContext) async throws -> JSONBytes {
        let cells = try RowCells(call.rows, width: call.columns.count)
        let expected = try call.expect.map(RecordStore.results)
        if call.rules != false, !call.key.isEmpty, models.current.hasBeforeRules(call.type) {
            let fields = call.key.compactMap { code in
                call.columns.firstIndex { $0.code == code }
            }
            let turns = cells.turns(by: fields)
            if turns.count > 1 {
                return try await writeRows(call, cells, in: turns, expected, context)
            }
        }
        let intents = Intents(rules: call.rules) { writer in
            var rows = try RowWriter(writer, call)
            return (0..<cells.count).map { rows.intent(cells[$0]) }
        }
        let isPlan = call.plan ?? false
        return try await write(call, context, intents, isLarge: true) { writer in
            guard writer.access.rights.insert != nil || writer.access.rights.change != nil else {
                throw RecordsError.forbidden("You may not write such records.")
            }
            return try RecordStore.planned(isPlan, writer.connection) {
                var rows = try RowWriter(writer, call)
                var answer = RowAnswer(capacity: 32 * cells.count)
                for row in 0..<cells.count {
                    try rows.write(cells[row], item: row, into: &answer.writer)
                }
                let bytes = answer.end()
                if let expected { try RecordStore.hold(bytes, expected) }
                return bytes
            }
        }
    }

    /// Each turn is a call with a key of its own, so that a repeated call does none of them twice.
    private func writeRows(
        _ call: WriteRows, _ cells: RowCells, in turns: [Range<Int>], _ expected: [JSONValue]?,
        _ context: CallContext
    ) async throws -> JSONBytes {
        var results: [JSONValue] = []
        for (number, turn) in turns.enumerated() {
            var part = call
            part.rows = cells.part(turn)
            part.expect = expected.map { JSONBytes(JSONValue.array(Array($0[turn])).bytes) }
            var own = context
            own.idempotencyKey = context.idempotencyKey.map { "\($0)#\(number)" }
            results += try RecordStore.results(await writeRows(part, own))
        }
        return JSONBytes(JSONValue.object(JSONObject([("results", .array(results))])).bytes)
    }

    /// Records by their ids and versions.
    func writeKnown(_ call: WriteKnown, _ context: CallContext) async throws -> JSONBytes {
        let items = try RecordStore.results(call.items).map(KnownItem.init)
        guard items.count <= WriteRows.rowLimit else {
            throw RecordsError.tooLarge(
                limit: WriteRows.rowLimit, "A call may have \(WriteRows.rowLimit) items.")
        }
        let intents = Intents(rules: call.rules) { writer in
            let lookups = try RowLookup.all(call.lookups, writer)
            // A value that finds nothing is told by the write itself.
            return items.map { ((try? $0.resolved(lookups, writer)) ?? $0).intent }
        }
        let (isPlan, isAtomic) = (call.plan ?? false, call.atomic ?? false)
        return try await write(call, context, intents, isLarge: true) { writer in
            try RecordStore.planned(isPlan, writer.connection) {
                var answer = RowAnswer(capacity: 32 * items.count)
                var moved: [FieldProblem] = []
                let lookups = try RowLookup.all(call.lookups, writer)
                for (index, item) in items.enumerated() {
                    do {
                        try writer.connection.savepoint {
                            try item.resolved(lookups, writer).write(
                                writer, index, into: &answer.writer)
                        }
                    } catch let error as any ProblemConvertible {
                        RowWriter.tell(error.problem, id: item.id, into: &answer.writer)
                        moved.append(RecordStore.moved(index, error.problem))
                    }
                }
                if isAtomic, !moved.isEmpty { throw RecordsError.planMoved(moved) }
                return answer.end()
            }
        }
    }

    private static func planned(
        _ isPlan: Bool, _ connection: Connection, _ body: () throws -> [UInt8]
    ) throws -> [UInt8] {
        guard isPlan else { return try body() }
        do {
            return try connection.savepoint { throw PlanMade(answer: try body()) }
        } catch let made as PlanMade {
            return made.answer
        }
    }

    /// An array, or the one that an answer has.
    static func results(_ bytes: JSONBytes) throws -> [JSONValue] {
        let value: JSONValue
        do { value = try JSONValue(parsing: bytes.bytes) } catch {
            throw RecordsError.malformed(error)
        }
        return value.array ?? value["results"]?.array ?? []
    }

    /// Holds what was done against what was planned. A new record's id is no part of a plan.
    private static func hold(_ answer: [UInt8], _ expected: [JSONValue]) throws {
        let made = try results(JSONBytes(answer))
        var moved: [FieldProblem] = []
        for (index, result) in made.enumerated() {
            let wanted = index < expected.count ? expected[index] : .null
            if isSame(result, wanted) { continue }
            moved.append(
                result["problem"].flatMap(Problem.init(json:)).map { self.moved(index, $0) }
                    ?? FieldProblem(
                        pointer: "/\(index)", code: "moved",
                        detail: "Now it would be \(told(result)), and was \(told(wanted))."))
        }
        guard moved.isEmpty else { throw RecordsError.planMoved(moved) }
    }

    private static func isSame(_ a: JSONValue, _ b: JSONValue) -> Bool {
        guard let a = a.array, let b = b.array, a.count == b.count, a.count >= 3 else {
            return false
        }
        return a.indices.allSatisfy { $0 == 1 && a[0] == "insert" || a[$0] == b[$0] }
    }

    private static func told(_ result: JSONValue) -> String {
        let parts = result.array ?? []
        let id = parts.dropFirst().first?.integer.map { " of record \($0)" } ?? ""
        return (parts.first?.string ?? "nothing") + id
            + (parts.dropFirst(2).first?.integer.map { " at version \($0)" } ?? "")
    }

    private static func moved(_ index: Int, _ problem: Problem) -> FieldProblem {
        let first = problem.errors.first
        return FieldProblem(
            pointer: "/\(index)" + (first?.pointer ?? ""), code: first?.code ?? problem.code,
            detail: first?.detail ?? problem.detail ?? problem.title)
    }
}

/// `{"results": […]}` while it is written.
private struct RowAnswer {
    var writer: JSONWriter

    init(capacity: Int) {
        writer = JSONWriter(capacity: capacity + 32)
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
    }

    mutating func end() -> [UInt8] {
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
