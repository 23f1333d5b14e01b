import Contracts
import HTTP
import JSON

/// How the fields of a file become the columns of a class. Fixed in the run when its header was
/// read, so that a run that goes on after a restart makes the same records.
struct ImportMapping: Sendable {
    struct Column: Sendable, Codable {
        /// The position of the field, from 0.
        var field: Int
        var from: String
        var to: String
        var type: String
        var expression: String?
    }

    var columns: [Column]
    /// How many fields a row must have; nil where the file has no header (then the first row says
    /// it).
    var width: Int
    /// The header as it stands in the file.
    var header: [UInt8]

    /// Finds the definition's columns in the header; every fault in one problem.
    init(
        _ definition: ImportDefinition, firstRow: CSVRow, description: ClassDescription
    ) throws(Problem) {
        var errors: [FieldProblem] = []
        var columns: [Column] = []
        let names = definition.options.header ? Self.names(firstRow, definition.options) : []
        for (index, column) in definition.columns.enumerated() {
            let pointer = "/columns/\(index)"
            guard let known = description.columns.first(where: { $0.code == column.to }) else {
                errors.append(
                    FieldProblem(
                        pointer: pointer + "/to", code: "unknown-column",
                        detail: "The class has no column \(column.to) that you may see."))
                continue
            }
            guard
                let field = Self.field(
                    column.from, in: names, definition, firstRow.count, pointer, &errors)
            else { continue }
            columns.append(
                Column(
                    field: field, from: column.from, to: column.to,
                    // Many values stand in one field as a JSON array.
                    type: known.many ? "json" : known.type,
                    expression: column.expression))
        }
        guard errors.isEmpty else { throw .validation(errors) }
        self.columns = columns
        width = firstRow.count
        header = definition.options.header ? firstRow.raw : []
    }

    private static func names(_ row: CSVRow, _ options: CSVOptions) -> [String] {
        (0..<row.count).map { index in
            let text = row.bytes(index).flatMap { options.encoding.decode($0) } ?? ""
            var trimmed = Substring(options.formulaSafe ? FormulaGuard.expose(text) : text)
            while trimmed.first == " " { trimmed.removeFirst() }
            while trimmed.last == " " { trimmed.removeLast() }
            return String(trimmed)
        }
    }

    private static func field(
        _ from: String, in names: [String], _ definition: ImportDefinition, _ width: Int,
        _ pointer: String, _ errors: inout [FieldProblem]
    ) -> Int? {
        guard definition.options.header else {
            if let position = Int(from), position <= width { return position - 1 }
            errors.append(
                FieldProblem(
                    pointer: pointer + "/from", code: "missing-field",
                    detail: "The rows have only \(width) fields."))
            return nil
        }
        let found = names.indices.filter { names[$0] == from }
        if found.count == 1 { return found[0] }
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
            "columns": JSONCoder.encode(columns), "width": JSONValue(width),
            "header": .array(header.map { JSONValue(Int($0)) }),
        ]
    }

    init?(json: JSONValue) {
        guard let list = json["columns"], let width = json["width"]?.integer,
            let columns = try? JSONCoder.decode([Column].self, from: list)
        else { return nil }
        self.columns = columns
        self.width = Int(width)
        header = (json["header"]?.array ?? []).compactMap {
            $0.integer.map { UInt8(truncatingIfNeeded: $0) }
        }
    }

    var hasExpressions: Bool { columns.contains { $0.expression != nil } }

    /// The texts of a row's mapped fields, in the order of `columns` (nil: nothing stands there),
    /// or why not.
    func texts(_ row: CSVRow, _ options: CSVOptions) throws(RowRefused) -> [String?] {
        switch row.fault {
        case .textAfterQuote:
            throw RowRefused("Something stands between a closing quote and the next separator.")
        case .openQuote:
            throw RowRefused("The quote that is opened here is never closed.")
        case nil: break
        }
        guard row.count == width else {
            throw RowRefused("The row has \(row.count) fields instead of \(width).")
        }
        var texts: [String?] = []
        texts.reserveCapacity(columns.count)
        for column in columns {
            guard let bytes = row.bytes(column.field) else {
                texts.append(nil)
                continue
            }
            guard let text = options.encoding.decode(bytes), !text.utf8.contains(0) else {
                throw RowRefused("\(column.to): not \(options.encoding.rawValue) text.")
            }
            texts.append(options.formulaSafe ? FormulaGuard.expose(text) : text)
        }
        return texts
    }

    /// The JSON that a text means in a column of this type. What does not fit stays a string, so
    /// that Records says what is wrong with it.
    static func value(_ text: String?, type: String) -> JSONValue {
        guard let text else { return .null }
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
