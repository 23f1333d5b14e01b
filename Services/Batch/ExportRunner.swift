import Contracts
import Database
import Glibc
import HTTP
import JSON
import RPC
import ServiceRuntime

/// Carries an export from where its row says it stands to its end: some pages are written and
/// synced, then cursor and size move in one transaction. What a crash leaves behind the size is
/// cut off.
struct ExportRunner: Sendable {
    /// Records of a page.
    static let pageLimit = 1000
    /// Bytes of pages after which the file is synced and the place moves.
    static let writeBytes = 4 << 20

    let database: Database
    let files: RunFiles
    let records: Peer
    let delivery: ExportDelivery
    let runtime: Runtime
    let isStopping: @Sendable () -> Bool

    /// Throws a problem of the run itself (422 and the like), or one that passes (5xx): then it is
    /// tried again.
    func work(on run: Run, attempt: Int) async throws -> QueueWorker.Outcome {
        guard
            let definition = Models.exportDefinition(
                run.definition, model: run.definitionCode.model)
        else { throw BatchError.noDefinition(kind: "export", run.definitionCode) }
        let file = try await files.open(run.file, O_WRONLY | O_CREAT)
        do {
            let outcome = try await work(on: run, attempt, definition, file)
            await files.close(file)
            return outcome
        } catch {
            await files.close(file)
            throw error
        }
    }

    private func work(
        on run: Run, _ attempt: Int, _ definition: ExportDefinition, _ file: Int32
    ) async throws -> QueueWorker.Outcome {
        // A file that is whole has no writer any more.
        if run.place.writer != .null, let outcome = try await write(run, definition, file) {
            return outcome
        }
        do {
            try await delivery.deliver(run, definition)
        } catch let problem as Problem where problem.code == BatchError.targetAwayCode {
            let due = runtime.clock.now().advanced(by: SourceIntake.wait(after: attempt))
            try await database.write { try RunStore.note($0, run.id, problem) }
            return .retryAt(due, problem.detail ?? problem.title)
        }
        return end(run, .succeeded)
    }

    /// Writes the file to its end; an outcome where it does not come to it.
    private func write(
        _ run: Run, _ definition: ExportDefinition, _ file: Int32
    ) async throws -> QueueWorker.Outcome? {
        var place = run.place
        var description: ClassDescription?
        if let type = definition.type {
            description = try await records.call(DescribeClass(type), as: run.context())
        }
        let columns = try ExportColumn.all(definition, description)
        if definition.columns.isEmpty, run.mapping == nil {
            let codes = columns.map { JSONValue.string($0.code) }
            try await database.write {
                try RunStore.setMapping(
                    $0, run.id, mapping: ["columns": .array(codes)], place: run.place)
            }
        }
        var writer = try describe("the header") {
            try definition.file.writer(
                columns: columns.map(\.title), from: place.offset > 0 ? place.writer ?? true : nil)
        }
        if place.offset == 0 { try describe("the header") { try writer.begin() } }
        var page: ExportPage? = try await self.page(definition, columns, run, place.cursor)
        var (count, size) = (0, 0)
        while let present = page {
            if isStopping() { return .retryAt(runtime.clock.now(), "stopped") }
            if try await database.pointRead({ try RunStore.isCancelled($0, run.id) }) {
                return end(run, .cancelled)
            }
            // While this page is written Records reads the next.
            let next = present.next
            async let following =
                next == nil ? nil : self.page(definition, columns, run, next)
            count += try present.read(columns) { id, row in
                try describe("record \(id)") { try writer.row(row) }
            }
            size += present.bytes.count
            if size >= ExportRunner.writeBytes || next == nil {
                place.cursor = next
                try await write(&writer, count, run, file, &place)
                (count, size) = (0, 0)
            }
            page = try await following
        }
        return nil
    }

    /// What the writer has goes into the file, and then the run's place moves.
    private func write(
        _ writer: inout any RowWriter, _ count: Int, _ run: Run, _ file: Int32,
        _ place: inout Run.Place
    ) async throws {
        let isLast = place.cursor == nil
        let bytes = try describe("the end of the file") {
            if isLast { try writer.finish() }
            return try writer.take()
        }
        try await files.write(bytes, to: file, at: place.offset, run.file)
        place.offset += bytes.count
        place.writer = isLast ? .null : writer.state
        let reached = place
        try await database.write {
            try RunStore.advance(
                $0, run.id, by: Run.Counters(read: count), to: reached, bytes: reached.offset)
        }
        Run.Kind.export.rowCounter(runtime.metrics).increment(by: count)
    }

    private func end(_ run: Run, _ state: Run.State) -> QueueWorker.Outcome {
        let now = runtime.clock.now()
        return .done { try RunStore.end($0, run.id, state, now: now) }
    }

    private func page(
        _ definition: ExportDefinition, _ columns: [ExportColumn], _ run: Run, _ cursor: String?
    ) async throws -> ExportPage {
        switch definition.source {
        case .query(let query, let parameters):
            let call = RunQuery(
                query, parameters: parameters, limit: ExportRunner.pageLimit, cursor: cursor)
            return ExportPage(bytes: try await records.call(call, as: run.context()).bytes)
        case .type(let type), .view(let type):
            var list = ListRecords(
                type, filter: definition.filter, orderby: "id", select: columns.map(\.code),
                limit: ExportRunner.pageLimit, cursor: cursor)
            list.export = true
            if case .view = definition.source { list.view = true }
            switch definition.scope {
            case .active: break
            case .deleted: list.deleted = "only"
            case .all: list.deleted = "include"
            }
            return ExportPage(bytes: try await records.call(list, as: run.context()).bytes)
        }
    }

    /// Says where in the file something could not be written.
    private func describe<T>(_ what: String, _ body: () throws -> T) throws -> T {
        do {
            return try body()
        } catch let error as FormatError {
            throw Problem(
                status: 422, code: "validation-failed", title: "The file cannot be written",
                detail: "In \(what): \(error.sentence)")
        }
    }
}
