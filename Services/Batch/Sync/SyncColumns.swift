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
        _ definition: SyncDefinition, _ description: ClassDescription,
        _ targets: [FullCode: ClassDescription] = [:], _ theirs: [ForeignColumn]?
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
        var reading = Reading(
            definition: definition, ours: description, targets: targets, theirs: theirs)
        keys = definition.keys.compactMap { reading.key($0) }
        columns = definition.columns.compactMap { reading.column($0, "/columns/\($0.ours)") }
        if let cursor = definition.cursor, reading.declared(cursor) == nil {
            reading.missing(cursor, "/cursor")
        }
        guard reading.errors.isEmpty else { throw SyncProblem.drift(reading.errors) }
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

/// Both sides of each pair of a definition, and what is wrong with them.
private struct Reading {
    let definition: SyncDefinition
    let ours: ClassDescription
    /// The classes that references mean.
    let targets: [FullCode: ClassDescription]
    let theirs: [ForeignColumn]
    var errors: [FieldProblem] = []

    func declared(_ name: String) -> ForeignColumn? { theirs.first { $0.name == name } }

    private mutating func fault(_ pointer: String, _ code: String, _ detail: String) {
        errors.append(FieldProblem(pointer: pointer, code: code, detail: detail))
    }

    mutating func missing(_ name: String, _ pointer: String) {
        fault(
            pointer, "missing-column",
            "The table \(definition.source.table) has no column \(name).")
    }

    mutating func key(_ pair: SyncDefinition.Pair) -> SyncColumn? {
        let pointer = "/key/\(pair.ours)"
        let column = column(pair, pointer)
        // Their order has to be ours: no engine orders other numbers and texts so.
        if column?.form == .integer, !definition.source.isDynamic,
            let declared = declared(pair.theirs), declared.affinity != .integer
        {
            fault(
                pointer, "unsupported",
                "\(pair.ours) is a whole number, and the key \(pair.theirs) of the source is"
                    + " \(declared.type): it must be one too.")
        }
        return column
    }

    mutating func column(_ pair: SyncDefinition.Pair, _ pointer: String) -> SyncColumn? {
        if declared(pair.theirs) == nil { missing(pair.theirs, pointer) }
        if pair.ours == "id" {
            return SyncColumn(ours: "id", theirs: pair.theirs, form: .integer)
        }
        guard let column = ours.columns.first(where: { $0.code == pair.ours }) else {
            fault(
                pointer, "unknown-column",
                "The class has no column \(pair.ours) that the account may see.")
            return nil
        }
        guard let meant = meant(pair, column, pointer) else { return nil }
        let isWritten = definition.direction != .push
        guard let form = SyncColumn.form(meant), !isWritten || column.type != "sequence" else {
            fault(
                pointer, "unsupported",
                "The column \(pair.ours) cannot be synchronized so: it is \(column.type)"
                    + (column.many ? " of many values." : "."))
            return nil
        }
        let wanted = pair.by == nil ? form.name : "reference"
        if definition.source.isGeartrain, let there = declared(pair.theirs)?.type, there != wanted {
            fault(
                pointer, "unsupported",
                "\(pair.ours) is \(wanted) here, and \(pair.theirs) is \(there) there: both must"
                    + " be the same.")
        }
        return SyncColumn(ours: pair.ours, theirs: pair.theirs, form: form, by: pair.by)
    }

    /// The column whose values are compared: of a reference, that of what it means.
    private mutating func meant(
        _ pair: SyncDefinition.Pair, _ column: ClassDescription.Column, _ pointer: String
    ) -> ClassDescription.Column? {
        guard let by = pair.by else { return column }
        let target = column.target.flatMap { targets[$0] }
        guard let found = target?.columns.first(where: { $0.code == by }), !column.many else {
            fault(
                pointer + "/by", "unknown-column",
                "\(pair.ours) refers to nothing that has a column \(by) which the account may see.")
            return nil
        }
        return found
    }
}
