import Contracts
import HTTP
import JSON
import ServiceRuntime

/// Makes a condition of what a person chose: a column, an operator, and a value of the column's
/// type; and says a condition as people do.
struct FilterBuilder {
    let columns: [ClassDescription.Column]
    let texts: Texts
    /// What records are called, by column and number: `customer 7`.
    let names: [String: String]

    /// What stands in the class's columns and may be asked for beside them.
    static func columns(_ type: ClassDescription, _ texts: Texts) -> [ClassDescription.Column] {
        type.columns.filter(FilterCondition.canFilter) + ListColumns.system(texts)
    }

    init(_ type: ClassDescription, _ texts: Texts, names: [String: String] = [:]) {
        columns = FilterBuilder.columns(type, texts)
        self.texts = texts
        self.names = names
    }

    /// The class whose record is asked for, where one is.
    func target(_ code: String, _ word: String) -> FullCode? {
        guard let column = columns.first(where: { $0.code == code }), column.type == "reference",
            FilterCondition.Operator(rawValue: word)?.needsValue == true
        else { return nil }
        return column.target
    }

    /// A condition, or what is wrong with the value.
    func condition(_ code: String, _ word: String, _ value: String) -> Result<String, Fault> {
        guard let column = columns.first(where: { $0.code == code }),
            let comparison = FilterCondition.Operator(rawValue: word)
        else { return .failure(Fault(text: texts.chooseColumn)) }
        guard comparison.fits(column) else {
            return .failure(
                Fault(text: texts.noSuchComparison(texts.pick(column.name, else: code))))
        }
        guard comparison.needsValue else {
            return .success(FilterCondition(code, comparison).text)
        }
        return literal(column, value.trimmed).map {
            FilterCondition(code, comparison, literal: $0).text
        }
    }

    struct Fault: Error { let text: String }

    private func literal(
        _ column: ClassDescription.Column, _ value: String
    ) -> Result<String, Fault> {
        if value.isEmpty { return .failure(Fault(text: texts.needed)) }
        switch column.type {
        case "integer", "reference":
            return Int64(value).map { .success(String($0)) }
                ?? .failure(
                    Fault(text: column.type == "integer" ? texts.notWhole : texts.notReference))
        case "decimal":
            let plain = value.split(separator: ",").joined(separator: ".")
            return JSONNumber(text: plain).map { .success($0.text) }
                ?? .failure(Fault(text: texts.notDecimal))
        case "boolean":
            let isTrue = ["true", "1", "yes", texts.yes.lowercased()].contains(value.lowercased())
            return .success(isTrue ? "true" : "false")
        case "date":
            if value == "today" { return .success(value) }
            return CalendarDate(value).map { _ in .success(value) }
                ?? .failure(Fault(text: texts.notDate))
        case "datetime":
            if value == "now" || value == "today" { return .success(value) }
            if CalendarDate(value) != nil { return .success("\(value)T00:00:00Z") }
            return ColumnValue.time(value).map { .success($0.text) }
                ?? .failure(Fault(text: texts.notDateTime))
        case "account" where value == "me": return .success("me")
        case "choice": return .success(FilterCondition.quoted(choice(column, value)))
        default: return .success(FilterCondition.quoted(value))
        }
    }

    /// Typed by its name, a choice is meant by its code.
    private func choice(_ column: ClassDescription.Column, _ value: String) -> String {
        let shown = ColumnValue(column: column, texts: texts)
        let choices = column.choices ?? []
        if choices.contains(value) { return value }
        return choices.first { shown.name(of: $0).lowercased() == value.lowercased() } ?? value
    }

    /// A condition in words: `Status is Open`; its text where it is another than these.
    func words(_ text: String) -> String {
        guard let condition = FilterCondition(text),
            let column = columns.first(where: { $0.code == condition.column })
        else { return text }
        let name = texts.pick(column.name, else: column.code)
        guard condition.comparison.needsValue else {
            return "\(name) \(texts.comparison(condition.comparison, column.type))"
        }
        let shown = ColumnValue(column: column, texts: texts)
        let value =
            switch (column.type, condition.value) {
            case ("choice", let choice): shown.name(of: choice)
            case ("boolean", "true"): texts.yes
            case ("boolean", "false"): texts.no
            case ("reference", let id): names["\(column.code) \(id)"] ?? "#\(id)"
            case (_, "me") where condition.literal == "me": texts.me
            case (_, "today") where condition.literal == "today": texts.today
            case ("date", let day): texts.day(day)
            case ("integer", let number), ("decimal", let number): texts.decimal(number)
            case ("text", let text): "“\(text)”"
            case (_, let text): text
            }
        return "\(name) \(texts.comparison(condition.comparison, column.type)) \(value)"
    }
}
