import Database
import JSON
import ServiceRuntime

/// Values of a query's parameters, and of what it answers.
enum QueryValue {
    /// A parameter as the statement takes it; nil where it is not of the type. In an address every
    /// value is a text, so that the text of a number is one too.
    static func stored(
        _ value: JSONValue, as type: QueryDefinition.Parameter.Kind
    ) -> SQLValue? {
        if value.isNull { return .null }
        switch type {
        case .text: return value.string.map { .text($0) }
        case .integer: return number(value)?.integer.map { .integer($0) }
        case .decimal:
            guard let number = number(value) else { return nil }
            if let whole = number.integer { return .integer(whole) }
            guard let decimal = ExactDecimal(number.double),
                JSONNumber(unscaled: decimal.unscaled, scale: decimal.scale) == number
            else { return nil }
            return .real(number.double)
        case .boolean:
            if let flag = value.boolean { return SQLValue(flag) }
            return value.string == "true" ? 1 : value.string == "false" ? 0 : nil
        case .date: return value.string.flatMap(CalendarDate.init).map { .text($0.text) }
        case .datetime: return value.string.flatMap(Timestamp.init).map { .text($0.text) }
        }
    }

    private static func number(_ value: JSONValue) -> JSONNumber? {
        if case .number(let number) = value { return number }
        return value.string.flatMap { JSONNumber(text: $0) }
    }
}

extension JSONWriter {
    /// A value of a query's row. A number with decimals has at most 15 digits: what arithmetic left
    /// behind these is not the value's. An exact one has all of them, but for zeros at the end.
    mutating func queryValue(_ row: Row, _ column: Int) {
        if let digits = row.decimal(column) {
            var text = digits[...]
            if text.contains(".") {
                while text.last == "0" { text.removeLast() }
                if text.last == "." { text.removeLast() }
            }
            if let number = JSONNumber(text: String(text)) { return self.number(number) }
            return string(digits)
        }
        switch row.value(column) {
        case .null: null()
        case .integer(let value): integer(value)
        case .text(let text): string(text)
        case .real(let value):
            if let decimal = ExactDecimal(rounding: value) {
                self.decimal(unscaled: decimal.unscaled, scale: decimal.scale)
            } else {
                double(value)
            }
        // No view has such a column; a cast can make one.
        case .blob(let bytes): string(String(decoding: bytes, as: UTF8.self))
        }
    }
}
