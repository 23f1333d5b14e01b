import Contracts
import HTTP
import JSON

/// How the cells of a file become the columns of a class. Fixed in the run when its header was
/// read, so that a run that goes on after a restart makes the same records.
struct ImportMapping: Sendable {
    struct Column: Sendable, Codable {
        /// The position of the cell, from 0; nil where the definition's value stands for all rows.
        var field: Int?
        /// Its name in the file.
        var from: String
        var to: String
        /// Of the values: of a reference that is looked up the type of the column `by`.
        var type: String
        /// The unique column of the reference's class that the values are of.
        var by: String?
        var expression: String?
        /// What an empty cell means.
        var defaultValue: JSONValue?
        /// Whether no two rows may have the same value.
        var isUnique: Bool?
    }

    var columns: [Column]
    /// What the cells of a row are.
    var names: [String]
    /// The header as it stands in the file.
    var header: [UInt8]

    /// Finds the definition's columns in the header; every fault in one problem. `types` are those
    /// of the columns by which references are looked up, by `class.column`.
    init(
        _ definition: ImportDefinition, names: [String], header: [UInt8],
        description: ClassDescription, types: [String: String]
    ) throws(Problem) {
        var errors: [FieldProblem] = []
        var columns: [Column] = []
        for (index, column) in definition.columns.enumerated() {
            let pointer = "/columns/\(index)"
            guard let known = description.columns.first(where: { $0.code == column.to }) else {
                errors.append(
                    FieldProblem(
                        pointer: pointer + "/to", code: "unknown-column",
                        detail: "The class has no column \(column.to) that you may see."))
                continue
            }
            var field: Int?
            if let from = column.from {
                field = Self.field(from, in: names, definition, pointer, &errors)
                if field == nil { continue }
            }
            // Many values stand in one cell as a JSON array.
            var type = known.many ? "json" : known.type
            if let by = column.by, let target = known.target {
                type = types["\(target).\(by)"] ?? "text"
            }
            columns.append(
                Column(
                    field: field, from: column.from ?? "", to: column.to, type: type,
                    by: column.by, expression: column.expression,
                    defaultValue: column.defaultValue,
                    isUnique: known.unique && !definition.keys.contains(column.to) ? true : nil))
        }
        guard errors.isEmpty else { throw .validation(errors) }
        self.columns = columns
        self.names = names
        self.header = header
    }

    private static func field(
        _ from: String, in names: [String], _ definition: ImportDefinition, _ pointer: String,
        _ errors: inout [FieldProblem]
    ) -> Int? {
        let found = names.indices.filter { names[$0] == from }
        if found.count == 1 { return found[0] }
        guard definition.file.hasHeader else {
            errors.append(
                FieldProblem(
                    pointer: pointer + "/from", code: "missing-field",
                    detail: "The rows have only \(names.count) fields."))
            return nil
        }
        let header = names.prefix(20).joined(separator: ", ")
        errors.append(
            FieldProblem(
                pointer: pointer + "/from",
                code: found.isEmpty ? "missing-field" : "repeated-field",
                detail: found.isEmpty
                    ? "The header has no field \(from); it has: \(header)."
                    : "The header has \(found.count) fields \(from)."))
        return nil
    }

    /// As a run keeps it.
    var json: JSONValue {
        [
            "columns": JSONCoder.encode(columns), "names": .array(names.map { .string($0) }),
            "header": .array(header.map { JSONValue(Int($0)) }),
        ]
    }

    init?(json: JSONValue) {
        guard let list = json["columns"], let names = json["names"]?.array,
            let columns = try? JSONCoder.decode([Column].self, from: list)
        else { return nil }
        self.columns = columns
        self.names = names.compactMap(\.string)
        header = (json["header"]?.array ?? []).compactMap {
            $0.integer.map { UInt8(truncatingIfNeeded: $0) }
        }
    }

    var hasExpressions: Bool { columns.contains { $0.expression != nil } }

    /// As Records is told them.
    var rowColumns: [WriteRows.Column] { columns.map { .init($0.to, by: $0.by) } }

    /// The values of a row's mapped cells as they stand, in the order of `columns`, or why not. Of
    /// CSV and XML all are texts.
    func cells(_ row: FileRow) throws(RowRefused) -> [JSONValue] {
        if let fault = row.fault { throw RowRefused(fault) }
        return columns.map { column in
            column.field.map { Self.cell(row, $0, type: column.type) } ?? .null
        }
    }

    /// The values that a row means without expressions.
    func values(_ row: FileRow) throws(RowRefused) -> [JSONValue] {
        let cells = try cells(row)
        return zip(columns, cells).map { Self.value($1, $0) }
    }

    /// The JSON of a cell, with its kind brought nearer to the column's type.
    static func cell(_ row: FileRow, _ index: Int, type: String) -> JSONValue {
        guard index < row.count, let text = row.text(index) else { return .null }
        let isText = ["text", "choice", "guid", "date", "datetime"].contains(type)
        switch row.kind(index) {
        case .nothing: return .null
        case .text: return .string(text)
        case .date: return .string(type == "datetime" ? text + "T00:00:00.000Z" : text)
        case .datetime:
            let isDay = type == "date" && text.hasSuffix("T00:00:00.000Z")
            return .string(isDay ? String(text.prefix(10)) : text)
        case .number:
            return isText ? .string(text) : JSONNumber(text: text).map { .number($0) } ?? .null
        case .boolean: return isText ? .string(text) : .boolean(text == "true")
        case .json: return (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        }
    }

    /// The JSON that a value of a file means in a column.
    static func value(_ value: JSONValue, _ column: Column) -> JSONValue {
        if value.isNull { return column.defaultValue ?? .null }
        guard case .string(let text) = value else { return value }
        return self.value(text, type: column.type)
    }

    /// The JSON that a text means in a column of this type. What does not fit stays a string, so
    /// that Records says what is wrong with it.
    private static func value(_ text: String, type: String) -> JSONValue {
        switch type {
        case "integer", "decimal", "reference":
            return number(text).map { .number($0) } ?? .string(text)
        case "boolean":
            switch text {
            case "true", "1": return true
            case "false", "0": return false
            default: return .string(text)
            }
        case "json": return (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        default: return .string(text)
        }
    }

    /// A JSON number; leading zeros, which JSON refuses, are skipped.
    private static func number(_ text: String) -> JSONNumber? {
        if let number = JSONNumber(text: text) { return number }
        let isNegative = text.hasPrefix("-")
        var digits = Substring(text.dropFirst(isNegative ? 1 : 0))
        while digits.first == "0", digits.dropFirst().first?.isNumber == true {
            digits.removeFirst()
        }
        return JSONNumber(text: (isNegative ? "-" : "") + digits)
    }
}

/// Why a row is not taken: a sentence for the person who mends it.
struct RowRefused: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
}
