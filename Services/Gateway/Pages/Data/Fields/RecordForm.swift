import Contracts
import HTTP
import JSON

/// The form of a record: a field for each column that the caller may write, by the column's type.
struct RecordForm {
    let type: ClassDescription
    let texts: Texts
    /// What the inputs show, by column.
    var inputs: [String: String] = [:]
    /// What is wrong, by column.
    var faults: [String: String] = [:]
    /// What is wrong with the record as a whole.
    var general: [String] = []
    /// Records that a reference may take, by column; without them it is looked for.
    var choices: [String: [Choice]] = [:]
    /// What the record that a reference names now is called, by column.
    var names: [String: String] = [:]
    /// The record as it stands, where it is not what the person saw.
    var standing: JSONObject?
    /// Columns that somebody else changed meanwhile, to another value than the input's. Both are
    /// shown, and true is where the person changed it too.
    var conflicts: [String: Bool] = [:]
    /// Of several records at once: a tick says which columns are to change.
    var isPartial = false
    /// The ticked columns of such a form.
    var ticked: Set<String> = []

    struct Choice: Sendable {
        let id: Int64
        let name: String
    }

    /// Files have a form of their own.
    var columns: [ClassDescription.Column] {
        type.columns.filter { $0.writable && $0.type != "file" }
    }

    /// What the inputs show is what stands.
    mutating func show(_ record: JSONObject) {
        for column in columns {
            inputs[column.code] = ColumnValue(column: column, texts: texts)
                .input(record[column.code])
            names[column.code] = record[column.code]?["describe"]?.string
        }
    }

    /// Takes what a person sent; what cannot be read becomes a fault. Answers the values by column,
    /// without those where the person takes what stands.
    mutating func read(_ form: Form) -> [(String, JSONValue)] {
        var values: [(String, JSONValue)] = []
        ticked = Set(form.fields.filter { $0.name == "_set" }.map(\.value))
        for column in columns {
            guard let text = form[column.code] else { continue }
            inputs[column.code] = text
            if isPartial && !ticked.contains(column.code) { continue }
            if form["_take-\(column.code)"] == "theirs" { continue }
            switch ColumnValue(column: column, texts: texts).read(text) {
            case .value(.null) where column.required: faults[column.code] = texts.needed
            case .value(let value): values.append((column.code, value))
            case .fault(let fault): faults[column.code] = fault
            }
        }
        return values
    }

    /// Takes what an owner found wrong; what belongs to no field stands above the form.
    mutating func take(_ problem: Problem) {
        for error in problem.errors {
            let code = error.pointer.split(separator: "/").first.map(String.init) ?? ""
            if columns.contains(where: { $0.code == code }) {
                faults[code] = [faults[code], texts.fault(error.detail)].compactMap { $0 }
                    .joined(separator: " ")
            } else {
                general.append(texts.fault(error.detail))
            }
        }
        if problem.errors.isEmpty { general.append(problem.detail ?? problem.title) }
    }

    /// The record is another one than the person saw. What only they changed is taken over; what
    /// both changed is for the person to choose. `before` has the columns that were changed
    /// meanwhile as the person saw them; nil is a class without a history.
    mutating func settle(_ current: JSONObject, before: JSONObject?) {
        standing = current
        for column in columns {
            let shown = ColumnValue(column: column, texts: texts)
            guard let text = inputs[column.code] else { continue }
            let mine = shown.read(text)
            let theirs = shown.read(shown.input(current[column.code]))
            names[column.code] = current[column.code]?["describe"]?.string
            if mine == theirs { continue }
            guard let before else {
                conflicts[column.code] = true
                continue
            }
            guard let seen = before[column.code] else { continue }
            if mine == shown.read(shown.input(seen)) {
                inputs[column.code] = shown.input(current[column.code])
            } else {
                conflicts[column.code] = true
            }
        }
    }
}
