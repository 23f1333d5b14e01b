import Contracts
import Database
import HTTP
import JSON
import ServiceRuntime

/// The columns of a definition as both sides have them now.
struct SyncColumns: Sendable {
    let keys: [SyncColumn]
    let columns: [SyncColumn]
    let theirs: [ForeignColumn]
    /// Every column of theirs, as `name type`.
    let declared: [String]

    /// Throws `schema-drift` with each column that is missing or cannot be used.
    init(
        _ definition: SyncDefinition, _ description: ClassDescription, _ theirs: [ForeignColumn]?
    ) throws {
        guard let theirs else {
            throw SyncProblem.drift([
                FieldProblem(
                    pointer: "/source/table", code: "missing-table",
                    detail: "The source has no table or view \(definition.source.table).")
            ])
        }
        self.theirs = theirs
        declared = theirs.map { "\($0.name) \($0.type)" }
        var errors: [FieldProblem] = []
        let names = Set(theirs.map(\.name))
        func check(_ pair: SyncDefinition.Pair, _ pointer: String) -> SyncColumn? {
            if !names.contains(pair.theirs) {
                errors.append(
                    FieldProblem(
                        pointer: pointer, code: "missing-column",
                        detail: "The table \(definition.source.table) has no column"
                            + " \(pair.theirs)."))
            }
            if pair.ours == "id" {
                return SyncColumn(ours: "id", theirs: pair.theirs, form: .integer)
            }
            guard let column = description.columns.first(where: { $0.code == pair.ours }) else {
                errors.append(
                    FieldProblem(
                        pointer: pointer, code: "unknown-column",
                        detail: "The class has no column \(pair.ours) that the account may see."))
                return nil
            }
            let isWritten = definition.direction != .push
            guard let form = SyncColumn.form(column), !isWritten || column.type != "sequence" else {
                errors.append(
                    FieldProblem(
                        pointer: pointer, code: "unsupported",
                        detail:
                            "The column \(pair.ours) cannot be synchronized so: it is "
                            + column.type
                            + (column.many ? " of many values." : ".")))
                return nil
            }
            return SyncColumn(ours: pair.ours, theirs: pair.theirs, form: form)
        }
        keys = definition.keys.compactMap { pair in
            let column = check(pair, "/key/\(pair.ours)")
            // Their order has to be ours: no engine orders other numbers and texts so.
            if let column, column.form == .integer, !definition.source.isDynamic,
                let declared = theirs.first(where: { $0.name == pair.theirs }),
                declared.affinity != .integer
            {
                errors.append(
                    FieldProblem(
                        pointer: "/key/\(pair.ours)", code: "unsupported",
                        detail: "\(pair.ours) is a whole number, and the key \(pair.theirs) of the"
                            + " source is \(declared.type): it must be one too."))
            }
            return column
        }
        columns = definition.columns.compactMap { check($0, "/columns/\($0.ours)") }
        if let cursor = definition.cursor, !names.contains(cursor) {
            errors.append(
                FieldProblem(
                    pointer: "/cursor", code: "missing-column",
                    detail: "The table \(definition.source.table) has no column \(cursor)."))
        }
        guard errors.isEmpty else { throw SyncProblem.drift(errors) }
    }

    /// Tells what changed in their table since the last run and hinders nothing.
    func note(since last: [String]?, in log: Log, _ run: Run) {
        guard let last, last != declared else { return }
        let gone = last.filter { !declared.contains($0) }
        let new = declared.filter { !last.contains($0) }
        log.warning(
            "the table of a synchronization changed",
            [
                "run": .integer(Int(run.id)), "sync": .string("\(run.definitionCode)"),
                "gone": .string(gone.joined(separator: ", ")),
                "new": .string(new.joined(separator: ", ")),
            ])
    }
}
