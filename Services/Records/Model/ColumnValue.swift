import Database
import JSON
import ServiceRuntime

/// Between a JSON value and what is stored for it.
enum ColumnValue {
    /// What is wrong with a value.
    struct Fault: Error, Hashable {
        let code: String
        let detail: String

        init(_ code: String, _ detail: String) {
            self.code = code
            self.detail = detail
        }
    }

    /// A value as it is stored; null stands for none. Whether a reference exists is not looked at.
    static func read(_ value: JSONValue, for column: ColumnDefinition) -> Result<SQLValue, Fault> {
        do throws(Fault) {
            return .success(try stored(value, for: column))
        } catch {
            return .failure(error)
        }
    }

    private static func stored(
        _ value: JSONValue, for column: ColumnDefinition
    ) throws(Fault) -> SQLValue {
        if value.isNull {
            if column.required { throw Fault("required", "must have a value") }
            return .null
        }
        switch column.type {
        case .text: return try text(value, column)
        case .integer: return .integer(try integer(value, column))
        case .decimal: return .integer(try decimal(value, column))
        case .boolean:
            guard let flag = value.boolean else { throw Fault("wrong-type", "must be a boolean") }
            return .integer(flag ? 1 : 0)
        case .date:
            guard let text = value.string, let date = CalendarDate(text) else {
                throw Fault("wrong-type", "must be a date as YYYY-MM-DD")
            }
            return .text(date.text)
        case .datetime:
            guard let text = value.string, let time = Timestamp(text) else {
                throw Fault("wrong-type", "must be a time as 2026-11-22T10:15:30Z")
            }
            return .text(time.text)
        case .choice:
            guard let text = value.string else { throw Fault("wrong-type", "must be a string") }
            guard column.choices.contains(text) else {
                let known = column.choices.prefix(20).joined(separator: ", ")
                throw Fault("not-a-choice", "must be one of \(known)")
            }
            return .text(text)
        case .reference:
            guard let id = value.integer, id > 0 else {
                throw Fault("wrong-type", "must be the id of a record")
            }
            return .integer(id)
        }
    }

    private static func text(
        _ value: JSONValue, _ column: ColumnDefinition
    ) throws(Fault) -> SQLValue {
        guard let text = value.string else { throw Fault("wrong-type", "must be a string") }
        if column.required && text.isEmpty { throw Fault("required", "must not be empty") }
        // A byte count within the limit needs no second look at the characters.
        let length =
            text.utf8.count <= column.lengths.upperBound && column.min == nil
            ? 0 : Int64(text.unicodeScalars.count)
        if length > column.lengths.upperBound {
            throw Fault(
                "too-long", "must have at most \(column.lengths.upperBound) characters")
        }
        if let least = column.min, length < least {
            throw Fault("too-short", "must have at least \(least) characters")
        }
        if text.utf8.contains(0) { throw Fault("wrong-format", "must not contain U+0000") }
        return .text(text)
    }

    private static func integer(
        _ value: JSONValue, _ column: ColumnDefinition
    ) throws(Fault) -> Int64 {
        guard case .number(let number) = value else {
            throw Fault("wrong-type", "must be a whole number")
        }
        guard let integer = number.integer else {
            throw Fault("wrong-type", "must be a whole number of at most 64 bits")
        }
        return try within(integer, column)
    }

    private static func decimal(
        _ value: JSONValue, _ column: ColumnDefinition
    ) throws(Fault) -> Int64 {
        guard case .number(let number) = value else {
            throw Fault("wrong-type", "must be a number")
        }
        guard let unscaled = number.unscaled(scale: column.scale) else {
            throw Fault(
                "too-many-decimals",
                "must have at most \(column.scale) decimals and \(18 - column.scale) digits before")
        }
        return try within(unscaled, column)
    }

    private static func within(
        _ value: Int64, _ column: ColumnDefinition
    ) throws(Fault) -> Int64 {
        if value < column.range.lowerBound {
            throw Fault("too-small", "must be at least \(shown(column.range.lowerBound, column))")
        }
        if value > column.range.upperBound {
            throw Fault("too-large", "must be at most \(shown(column.range.upperBound, column))")
        }
        return value
    }

    private static func shown(_ value: Int64, _ column: ColumnDefinition) -> String {
        JSONNumber(unscaled: value, scale: column.scale).text
    }
}
