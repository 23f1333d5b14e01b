import Contracts
import HTTP
import JSON

/// A column of an exported file.
struct ExportColumn: Sendable {
    var code: String
    var title: String
    /// What its strings are.
    var kind: CellKind = .text
    /// Any JSON value, as its JSON.
    var isJSON = false
    /// Of a list: what the record is called stands there.
    var isReference = false
    /// What choices are called, where the export says a language.
    var names: [String: String] = [:]

    func append(_ value: JSONValue?, to row: inout FileRow) {
        switch value {
        case nil, .null: row.appendNothing()
        case .some(let value) where isJSON: row.append(.json, value.text)
        case .string(let text): row.append(kind, names[text] ?? text)
        case .number(let number): row.append(.number, number.text)
        case .boolean(let flag): row.append(.boolean, flag ? "true" : "false")
        case .some(let other): row.append(.json, other.text)
        }
    }

    /// The columns of a class that an export writes; every one that is missing in one problem.
    static func all(_ definition: ExportDefinition, _ description: ClassDescription?)
        throws(Problem) -> [ExportColumn]
    {
        guard let description else {
            return definition.columns.map { ExportColumn($0, definition) }
        }
        guard !definition.columns.isEmpty else {
            return system(definition)
                + description.columns.filter { $0.exportable ?? true }.map {
                    ExportColumn(.init(column: $0.code, titles: [:]), definition, $0)
                }
        }
        var errors: [FieldProblem] = []
        let columns = definition.columns.enumerated().map { index, column in
            let known = description.columns.first { $0.code == column.column }
            if known == nil, !DefinitionReader.systemColumns.contains(column.column) {
                errors.append(
                    FieldProblem(
                        pointer: "/columns/\(index)/column", code: "unknown-column",
                        detail: "The class has no column \(column.column) that you may see."))
            }
            return ExportColumn(column, definition, known)
        }
        guard errors.isEmpty else { throw Problem.validation(errors) }
        return columns
    }

    /// What stands before a class's own columns where none are named.
    private static func system(_ definition: ExportDefinition) -> [ExportColumn] {
        var codes = ["id"]
        if case .view = definition.source {
            codes += ["version", "created", "creator", "modified", "modifier"]
        }
        return codes.map { ExportColumn(.init(column: $0, titles: [:]), definition) }
    }

    init(code: String, title: String) {
        self.code = code
        self.title = title
    }

    private init(
        _ column: ExportDefinition.Column, _ definition: ExportDefinition,
        _ known: ClassDescription.Column? = nil
    ) {
        code = column.column
        let language = definition.language
        let named = language.flatMap { known?.name[$0] }
        title =
            language.flatMap { column.titles[$0] } ?? column.titles[""]
            ?? column.titles["en"] ?? named ?? column.column
        isJSON = known?.type == "json"
        switch known?.type {
        case "date": kind = .date
        case "datetime": kind = .datetime
        case nil where ["created", "modified", "deleted"].contains(code): kind = .datetime
        default: kind = .text
        }
        guard let language else { return }
        names = (known?.choiceNames ?? [:]).compactMapValues { $0[language] }
    }
}
