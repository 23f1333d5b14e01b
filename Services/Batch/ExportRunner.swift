import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Carries an export from where its row says it stands to its end, page by page: a page is written
/// and synced, then cursor and size move in one transaction. What a crash leaves behind the size is
/// cut off.
struct ExportRunner: Sendable {
    /// Records of a page.
    static let pageLimit = 1000

    let database: Database
    let files: RunFiles
    let records: Peer
    let runtime: Runtime
    let isStopping: @Sendable () -> Bool

    /// Throws a problem of the run itself (422 and the like), or one that passes (5xx): then it is
    /// tried again.
    func work(on run: Run) async throws -> QueueWorker.Outcome {
        guard
            let definition = Models.exportDefinition(
                run.definition, model: run.definitionCode.model)
        else { throw BatchError.noDefinition(kind: "export", run.definitionCode) }
        let file = try await files.open(run.file, O_WRONLY | O_CREAT)
        do {
            let outcome = try await work(on: run, definition, file)
            await files.close(file)
            return outcome
        } catch {
            await files.close(file)
            throw error
        }
    }

    private func work(on run: Run, _ definition: ExportDefinition, _ file: Int32) async throws
        -> QueueWorker.Outcome
    {
        var place = run.place
        let description = try await records.call(
            DescribeClass(definition.type), as: run.context())
        let columns = try columns(definition, description)
        var writer = try definition.file.writer(
            columns: columns.map(\.title), from: place.offset > 0 ? place.writer ?? true : nil)
        if place.offset == 0 { try describe("the header") { try writer.begin() } }
        var row = FileRow()
        while true {
            if isStopping() { return .retryAt(runtime.clock.now(), "stopped") }
            if try await database.pointRead({ try RunStore.isCancelled($0, run.id) }) {
                return end(run, .cancelled)
            }
            let page = try await page(definition, columns, run, place.cursor)
            let items = page["items"]?.array ?? []
            for item in items {
                let id = item["id"]?.integer ?? 0
                row.removeAll()
                for column in columns { column.append(item, to: &row) }
                try describe("record \(id)") { try writer.row(row) }
            }
            place.cursor = page["next"]?.string
            if place.cursor == nil { try writer.finish() }
            let bytes = try writer.take()
            try await files.write(bytes, to: file, at: place.offset, run.file)
            place.offset += bytes.count
            place.writer = writer.state
            let (reached, count) = (place, items.count)
            try await database.write {
                try RunStore.advance(
                    $0, run.id, by: Run.Counters(read: count), to: reached, bytes: reached.offset)
            }
            runtime.metrics.counter(
                "geartrain_batch_rows_total", help: "Rows of imports and exports",
                labels: ["kind": "export"]
            ).increment(by: count)
            guard place.cursor != nil else { break }
        }
        return end(run, .succeeded)
    }

    private func end(_ run: Run, _ state: Run.State) -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        return .done { try RunStore.end($0, run.id, state, now: now) }
    }

    private func page(
        _ definition: ExportDefinition, _ columns: [ExportColumn], _ run: Run, _ cursor: String?
    ) async throws -> JSONValue {
        var list = ListRecords(
            definition.type, filter: definition.filter, orderby: "id",
            select: columns.map(\.code), limit: ExportRunner.pageLimit, cursor: cursor)
        list.export = true
        let answer = try await records.call(list, as: run.context())
        return try JSONValue(parsing: answer.bytes)
    }

    /// Says where in the file something could not be written.
    private func describe(_ what: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as FormatError {
            throw Problem(
                status: 422, code: "validation-failed", title: "The file cannot be written",
                detail: "In \(what): \(error.sentence)")
        }
    }

    private static func kind(ofSystem column: String) -> CellKind {
        ["created", "modified", "deleted"].contains(column) ? .datetime : .text
    }

    private func columns(_ definition: ExportDefinition, _ description: ClassDescription) throws
        -> [ExportColumn]
    {
        guard !definition.columns.isEmpty else {
            return [ExportColumn(code: "id", title: "id", kind: .number)]
                + description.columns.filter { $0.exportable ?? true }.map {
                    ExportColumn(
                        code: $0.code, title: $0.code, kind: $0.cellKind,
                        isJSON: $0.type == "json")
                }
        }
        var errors: [FieldProblem] = []
        let columns = definition.columns.enumerated().compactMap { index, column in
            let known = description.columns.first { $0.code == column.column }
            if known == nil, !DefinitionReader.systemColumns.contains(column.column) {
                errors.append(
                    FieldProblem(
                        pointer: "/columns/\(index)/column", code: "unknown-column",
                        detail: "The class has no column \(column.column) that you may see."))
                return nil as ExportColumn?
            }
            return ExportColumn(
                code: column.column, title: column.title,
                kind: known?.cellKind ?? Self.kind(ofSystem: column.column),
                isJSON: known?.type == "json")
        }
        guard errors.isEmpty else { throw Problem.validation(errors) }
        return columns
    }
}

/// A column of an exported file.
struct ExportColumn: Sendable {
    var code: String
    var title: String
    /// What its strings are.
    var kind: CellKind
    /// Any JSON value, as its JSON.
    var isJSON = false

    func append(_ record: JSONValue, to row: inout FileRow) {
        switch record[code] {
        case nil, .null: row.appendNothing()
        case .some(let value) where isJSON: row.append(.json, value.text)
        case .string(let text): row.append(kind, text)
        case .number(let number): row.append(.number, number.text)
        case .boolean(let flag): row.append(.boolean, flag ? "true" : "false")
        case .some(let other): row.append(.json, other.text)
        }
    }
}

extension ClassDescription.Column {
    /// What a string of this column is.
    fileprivate var cellKind: CellKind {
        switch type {
        case "date": .date
        case "datetime": .datetime
        default: .text
        }
    }
}
