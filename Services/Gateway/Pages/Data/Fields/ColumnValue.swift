import Contracts
import JSON
import ServiceRuntime

/// A column's value between JSON, a form's text and what a person reads.
struct ColumnValue {
    let column: ClassDescription.Column
    let texts: Texts

    typealias Column = ClassDescription.Column

    /// What a form's text means: a value, or why it is none.
    enum Reading: Equatable {
        case value(JSONValue)
        case fault(String)
    }

    /// An empty text is no value. Of a column of many each line is one.
    func read(_ text: String) -> Reading {
        guard column.many else { return readOne(text) }
        var values: [JSONValue] = []
        for line in text.split(whereSeparator: \.isNewline) {
            switch readOne(String(line)) {
            case .value(.null): continue
            case .value(let value): values.append(value)
            case .fault(let fault): return .fault("\(line): \(fault)")
            }
        }
        return .value(values.isEmpty ? .null : .array(values))
    }

    private func readOne(_ text: String) -> Reading {
        if column.type == "text", column.multiline {
            // A browser ends lines with CR LF whatever they were.
            let plain = text.split(separator: "\r\n", omittingEmptySubsequences: false)
                .joined(separator: "\n")
            return .value(plain.isEmpty ? .null : .string(plain))
        }
        if column.type == "text" { return .value(text.isEmpty ? .null : .string(text)) }
        let trimmed = text.trimmed
        if trimmed.isEmpty { return .value(.null) }
        switch column.type {
        case "integer":
            return Int64(trimmed).map { .value(.number(JSONNumber($0))) } ?? .fault(texts.notWhole)
        case "decimal":
            return JSONNumber(text: texts.plainDecimal(trimmed)).map { .value(.number($0)) }
                ?? .fault(texts.notDecimal)
        case "reference":
            return Int64(trimmed).map { .value(.number(JSONNumber($0))) }
                ?? .fault(texts.notReference)
        case "boolean":
            return ["true", "false"].contains(trimmed)
                ? .value(.boolean(trimmed == "true")) : .fault(texts.notBoolean)
        case "date":
            return CalendarDate(trimmed) == nil
                ? .fault(texts.notDate) : .value(.string(trimmed))
        case "datetime":
            return ColumnValue.time(trimmed).map { .value(.string($0.text)) }
                ?? .fault(texts.notDateTime)
        case "json":
            return (try? JSONValue(parsing: Array(text.utf8))).map { .value($0) }
                ?? .fault(texts.notJSON)
        default:
            return .value(.string(text))
        }
    }

    /// What an input shows for a value, such that reading it gives the value again.
    func input(_ value: JSONValue?) -> String {
        if column.many, let values = value?.array {
            return values.map(inputOne).joined(separator: "\n")
        }
        return inputOne(value)
    }

    private func inputOne(_ value: JSONValue?) -> String {
        if column.type == "json" { return value.map { $0.isNull ? "" : $0.text } ?? "" }
        switch value {
        case nil, .null?: return ""
        case .string(let text)?:
            guard column.type == "datetime", let time = Timestamp(text) else { return text }
            return String(time.text.dropLast())
        case .number(let number)?:
            return column.type == "decimal" ? texts.inputDecimal(number.text) : number.text
        case .boolean(let flag)?: return flag ? "true" : "false"
        case .object(let object)?: return object["id"]?.integer.map(String.init) ?? ""
        case .array?: return value?.text ?? ""
        }
    }

    /// What a person reads; `limit` cuts a long text.
    func shown(_ value: JSONValue?, limit: Int? = nil) -> HTML {
        guard let value, !value.isNull, value != .array([]) || column.type == "json" else {
            return tag(.span, .class("quiet")) { texts.empty }
        }
        guard column.many, let values = value.array else { return shownOne(value, limit: limit) }
        return tag(.span) {
            for (index, item) in values.prefix(ColumnValue.manyLimit).enumerated() {
                index > 0 && column.type != "choice" ? ", " : ""
                shownOne(item, limit: limit)
            }
            values.count > ColumnValue.manyLimit ? " …" : ""
        }
    }

    /// Values of a column of many that are shown.
    private static let manyLimit = 50

    private func shownOne(_ value: JSONValue, limit: Int?) -> HTML {
        switch (column.type, value) {
        case ("boolean", .boolean(let flag)): return HTML(flag ? texts.yes : texts.no)
        case ("choice", .string(let text)):
            return tag(.span, tint(of: text)) { name(of: text) }
        case ("datetime", .string(let text)): return texts.moment(text)
        case ("date", .string(let text)):
            return tag(.time, .datetime(text)) { texts.day(text) }
        case ("integer", .number(let number)), ("decimal", .number(let number)):
            return HTML(column.code == "id" ? number.text : texts.decimal(number.text))
        case ("reference", _): return reference(value)
        case ("file", .array(let files)):
            return HTML(files.compactMap { $0["name"]?.string }.joined(separator: ", "))
        default: return HTML(cut(inputOne(value), limit))
        }
    }

    /// Each choice has a colour of its own, by its place among them; its name says the same.
    private func tint(of choice: String) -> Attribute {
        switch (column.choices?.firstIndex(of: choice)).map({ $0 % 6 }) {
        case 0?: .class("chip t0")
        case 1?: .class("chip t1")
        case 2?: .class("chip t2")
        case 3?: .class("chip t3")
        case 4?: .class("chip t4")
        case 5?: .class("chip t5")
        default: .class("chip")
        }
    }

    /// What a choice is called.
    func name(of choice: String) -> String {
        column.choiceNames?[choice].map { texts.pick($0, else: choice) } ?? choice
    }

    private func reference(_ value: JSONValue) -> HTML {
        guard let id = value["id"]?.integer ?? value.integer else { return HTML(value.text) }
        let name = value["describe"]?.string ?? "#\(id)"
        guard let target = column.target else { return HTML(name) }
        return tag(.a, .href(Link("m", target.model, target.code, String(id)))) { name }
    }

    private func cut(_ text: String, _ limit: Int?) -> String {
        guard let limit, text.utf8.count > limit else { return text }
        // By bytes first: counting characters of a whole book takes its time.
        return String(String(decoding: text.utf8.prefix(limit * 4), as: UTF8.self).prefix(limit))
            + "…"
    }

    /// `2026-11-23T10:15`, with seconds or parts of them, in UTC; or any RFC 3339 time.
    static func time(_ text: String) -> Timestamp? {
        let isShort = text.utf8.count == 16
        return Timestamp(text) ?? Timestamp(text + (isShort ? ":00Z" : "Z"))
    }
}

extension Texts {
    /// `1234,50` where the language has a comma in numbers.
    func inputDecimal(_ text: String) -> String {
        text.split(separator: ".").joined(separator: say(".", ",", ","))
    }

    /// What was typed as JSON writes it; a point is understood everywhere.
    func plainDecimal(_ text: String) -> String {
        guard tongue != .english, text.contains(",") else { return text }
        return text.filter { $0 != "." && !$0.isWhitespace }
            .split(separator: ",", omittingEmptySubsequences: false).joined(separator: ".")
    }
}
