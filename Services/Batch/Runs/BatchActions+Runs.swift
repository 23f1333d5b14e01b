import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime

// What is done with a run after it was begun.
extension BatchActions {
    /// A run with what a plan, or an undoing, could not decide.
    func view(_ run: Run) async throws -> JSONValue {
        guard var object = run.json.object else { return run.json }
        if let plan = run.plan {
            object["plan"] = try await view(plan, of: run)
        } else if run.isPlanning {
            object["plan"] = .null
        }
        if run.kind == .undo {
            let conflicts = try await database.read {
                try Conflict.first($0, run.id, Run.conflictLimit)
            }
            object["conflicts"] = .array(conflicts.map(\.json))
        }
        return .object(object)
    }

    private func view(_ plan: Run.Counters, of run: Run) async throws -> JSONValue {
        let refused = try await database.read { try RejectedRow.page($0, run.id, after: 0) }
        let conflicts = refused.prefix(Run.conflictLimit).map { row -> JSONValue in
            [
                "row": JSONValue(row.number), "line": JSONValue(row.line),
                "reason": .string(row.reason),
            ]
        }
        return [
            "insert": JSONValue(plan.inserted), "change": JSONValue(plan.updated),
            "delete": JSONValue(plan.deleted), "none": JSONValue(plan.unchanged),
            "conflicts": .array(Array(conflicts)),
        ]
    }

    func list(_ call: ListRuns, as context: CallContext) async throws -> JSONBytes {
        let list = try RunList(call, as: context.principal)
        return JSONBytes(try await database.read { try list.page($0) }.bytes)
    }

    /// Whether the caller may give the file of an export away.
    func checkFile(_ id: Int64, as context: CallContext) async throws -> Done {
        let run = try await visible(id, context)
        guard run.kind == .export, run.hasFile,
            let definition = Models.exportDefinition(
                run.definition, model: run.definitionCode.model)
        else { throw BatchError.noFile(id, state: run.state.rawValue) }
        switch definition.source {
        case .type(let type), .view(let type):
            let description = try await require("export", on: type, as: context)
            try await checkColumns(of: run, definition, description, as: context)
        case .query(let query, let parameters):
            let call = RunQuery(query, parameters: parameters, limit: 1)
            _ = try await records.call(call, as: context)
        }
        return Done()
    }

    /// Each column that is in the file: those that the definition names, or those that its run had.
    private func checkColumns(
        of run: Run, _ definition: ExportDefinition, _ description: ClassDescription,
        as context: CallContext
    ) async throws {
        let open = Set(
            description.columns.filter { $0.exportable ?? true }.map(\.code)
                + DefinitionReader.systemColumns)
        let codes = definition.columns.map(\.column)
        for code in codes.isEmpty ? run.columns : codes where !open.contains(code) {
            throw BatchError.columnClosed(code, of: description.type)
        }
    }

    /// A plan of one call is held against the data at once; a larger one by the run itself, before
    /// it writes anything.
    func apply(_ id: Int64, as context: CallContext) async throws -> JSONBytes {
        let run = try await visible(id, context)
        guard run.state == .planned, run.plan != nil,
            let definition = Models.importDefinition(
                run.definition, model: run.definitionCode.model)
        else { throw BatchError.noPlan(id) }
        try await require("import", on: definition.type, as: context)
        let check = PlanCheck(database: database, records: records, run: run, definition)
        _ = try await check.rows(after: 0)
        _ = try await check.missing(after: 0)
        let now = runtime.clock.now()
        try await database.write { connection in
            guard let run = try RunStore.run(connection, id), run.state == .planned else {
                throw BatchError.noPlan(id)
            }
            try RunStore.apply(connection, id, now: now)
        }
        wake()
        return JSONBytes((["run": .number(JSONNumber(id))] as JSONValue).bytes)
    }

    /// By a run of its own, under the rights of who asks for it.
    func undo(_ id: Int64, as context: CallContext) async throws -> JSONBytes {
        let run = try await visible(id, context)
        guard run.kind == .import, run.state.hasEnded,
            try await database.pointRead({ try RunStore.hasReceipts($0, id) }),
            let definition = Models.importDefinition(
                run.definition, model: run.definitionCode.model)
        else { throw BatchError.nothingToUndo(id, state: run.state.rawValue) }
        try await require("import", on: definition.type, as: context)
        let now = runtime.clock.now()
        var new = RunStore.New(
            kind: .undo, code: run.definitionCode, definition: run.definition, context: context,
            key: "undo:\(id)", file: "")
        new.undoes = id
        let made = new
        let undo = try await database.write {
            try RunStore.undo($0, made, of: id, now: now)
        }
        wake()
        return JSONBytes((["run": .number(JSONNumber(undo))] as JSONValue).bytes)
    }

    func rows(_ call: ListRunRows, as context: CallContext) async throws -> JSONBytes {
        let run = try await visible(call.run, context)
        let limit = call.limit ?? 50
        guard (1...Receipts.pageLimit).contains(limit) else {
            throw Problem.validation([
                FieldProblem(
                    pointer: "/limit", code: "out-of-range", detail: "This must be 1 to 1000.")
            ])
        }
        let after = call.cursor.flatMap { $0.isEmpty ? nil : Int($0) } ?? 0
        guard call.cursor.map({ $0.isEmpty || Int($0) != nil }) ?? true else {
            throw Problem(
                status: 400, code: "invalid-cursor", title: "The cursor cannot be read",
                detail: "Begin again without a cursor, and pass each next as it came.")
        }
        let isPlan = run.plan != nil && run.state == .planned
        let page = try await database.read { connection -> (items: [JSONValue], next: Int?) in
            guard isPlan else {
                return try Receipts.page(connection, run.id, after: after, limit: limit)
            }
            let rows = try StagedRow.page(connection, run.id, after: after, limit: limit)
            let items = try rows.map {
                RunRow.json(try JSONValue(parsing: $0.result), row: $0.number)
            }
            return (items, rows.count == limit ? rows.last?.number : nil)
        }
        let answer: JSONValue = [
            "items": .array(page.items),
            "next": page.next.map { .string(String($0)) } ?? .null,
        ]
        return JSONBytes(answer.bytes)
    }

    func log(_ id: Int64, as context: CallContext) async throws -> JSONBytes {
        let run = try await visible(id, context)
        let lines = try await database.read { try RunLog.lines($0, run.id) }
        return JSONBytes((["items": .array(lines)] as JSONValue).bytes)
    }

    func watch(_ id: Int64, as context: CallContext) async throws -> Response {
        let run = try await visible(id, context)
        let stopping = stopping
        let progress = RunProgress(
            run.id, database: database, clock: runtime.clock, isStopping: { stopping.isSet })
        return .events { try await progress.next() }
    }
}
