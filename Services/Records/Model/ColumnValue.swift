import Database
import JSON
import ServiceRuntime

/// Between a JSON value and what is stored for it.
enum ColumnValue {
    /// Levels of a value of a JSON column.
    static let jsonDepth = 32

    /// What is wrong with a value.
    struct Fault: Error, Hashable {
        let code: String
        let detail: String
        /// Where in the value: `/3` of an array.
        var path = ""

        init(_ code: String, _ detail: String) {
            self.code = code
            self.detail = detail
        }
    }

    /// A value as it is stored; null stands for none. Whether a reference, an account or a unit
    /// exists is not looked at.
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
        if column.isList { return try list(value, column) }
        return try single(value, column)
    }

    /// Values one by one, under one array of what each is stored as; none at all is null.
    private static func list(
        _ value: JSONValue, _ column: ColumnDefinition
    ) throws(Fault) -> SQLValue {
        guard let items = value.array else { throw Fault("wrong-type", "must be an array") }
        if items.isEmpty {
            if column.required { throw Fault("required", "must have a value") }
            return .null
        }
        if column.type == .file { return try files(items) }
        guard items.count <= ColumnDefinition.manyLimit else {
            throw Fault("too-many", "must have at most \(ColumnDefinition.manyLimit) values")
        }
        var writer = JSONWriter(capacity: 16 * items.count)
        writer.beginArray()
        for (index, item) in items.enumerated() {
            do throws(Fault) {
                if item.isNull { throw Fault("wrong-type", "must not be null within the array") }
                switch try single(item, column) {
                case .integer(let integer): writer.integer(integer)
                case .text(let text): writer.string(text)
                case .null, .real, .blob: break
                }
            } catch {
                var fault = error
                fault.path = "/\(index)" + fault.path
                throw fault
            }
        }
        writer.endArray()
        return .text(String(decoding: writer.bytes, as: UTF8.self))
    }

    /// Files as a record lists them. Whether they are there is not looked at.
    private static func files(_ items: [JSONValue]) throws(Fault) -> SQLValue {
        var entries: [FileEntry] = []
        for (index, item) in items.enumerated() {
            guard let entry = FileEntry(json: item) else {
                var fault = Fault(
                    "wrong-type", "must be a file as the record lists it; new ones are put there")
                fault.path = "/\(index)"
                throw fault
            }
            entries.append(entry)
        }
        return entries.stored
    }

    /// The values within what is stored for a column, each as it would be stored alone.
    static func elements(of stored: SQLValue, _ column: ColumnDefinition) -> [SQLValue] {
        guard column.many else { return stored == .null ? [] : [stored] }
        guard case .text(let text) = stored,
            let items = try? JSONValue(parsing: Array(text.utf8)).array
        else { return [] }
        return items.compactMap { item in
            switch item {
            case .string(let text): .text(text)
            case .number(let number): number.integer.map { .integer($0) }
            case .null, .boolean, .array, .object: nil
            }
        }
    }

    private static func single(
        _ value: JSONValue, _ column: ColumnDefinition
    ) throws(Fault) -> SQLValue {
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
            return .text(try within(date.text, column))
        case .datetime:
            guard let text = value.string, let time = Timestamp(text) else {
                throw Fault("wrong-type", "must be a time as 2026-11-22T10:15:30Z")
            }
            return .text(try within(time.text, column))
        case .choice: return .text(try choice(value, column))
        case .reference:
            guard let id = value.integer, id > 0 else {
                throw Fault("wrong-type", "must be the id of a record")
            }
            return .integer(id)
        case .account, .unit:
            guard let text = value.string else {
                throw Fault("wrong-type", "must be the code of an \(column.type.rawValue)")
            }
            return .text(text)
        case .guid: return .text(try guid(value))
        case .json: return .text(try json(value))
        case .file, .sequence, .computed:
            throw Fault("read-only", "is set by the platform")
        }
    }

    private static func choice(
        _ value: JSONValue, _ column: ColumnDefinition
    ) throws(Fault) -> String {
        guard let text = value.string else { throw Fault("wrong-type", "must be a string") }
        // By bytes: one accent has two spellings, and one is not the other.
        guard column.choices.contains(where: { $0.utf8.elementsEqual(text.utf8) }) else {
            let known = column.choices.prefix(20).joined(separator: ", ")
            throw Fault("not-a-choice", "must be one of \(known)")
        }
        return text
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
        if let pattern = column.pattern, !pattern.matches(text) {
            throw Fault("wrong-format", "must match \(pattern.text)")
        }
        return .text(text)
    }

    /// `0F8FAD5B-D9CB-469F-A165-70867728950E` in either case; stored in lower case.
    private static func guid(_ value: JSONValue) throws(Fault) -> String {
        let fault = Fault("wrong-type", "must be a UUID as 0f8fad5b-d9cb-469f-a165-70867728950e")
        guard let text = value.string, text.utf8.count == 36 else { throw fault }
        for (index, byte) in text.utf8.enumerated() {
            let isDash = [8, 13, 18, 23].contains(index)
            let isHex =
                (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
            guard isDash ? byte == 0x2D : isHex else { throw fault }
        }
        return text.lowercased()
    }

    /// A new random one (version 4).
    static func guid(_ random: any RandomSource) -> String {
        var bytes = random.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(0x2D) }
            text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Any value but null, without the blanks between its parts.
    private static func json(_ value: JSONValue) throws(Fault) -> String {
        guard value.depth <= jsonDepth else {
            throw Fault("too-deep", "must have at most \(jsonDepth) levels")
        }
        return String(decoding: value.bytes, as: UTF8.self)
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

    /// Dates and times are in the order of their texts.
    private static func within(
        _ text: String, _ column: ColumnDefinition
    ) throws(Fault) -> String {
        if let earliest = column.earliest, text < earliest {
            throw Fault("too-small", "must not be before \(earliest)")
        }
        if let latest = column.latest, text > latest {
            throw Fault("too-large", "must not be after \(latest)")
        }
        return text
    }

    private static func shown(_ value: Int64, _ column: ColumnDefinition) -> String {
        JSONNumber(unscaled: value, scale: column.scale).text
    }
}

extension JSONValue {
    /// 1 of a plain value, one more for each array or object around it.
    fileprivate var depth: Int {
        switch self {
        case .null, .boolean, .number, .string: 1
        case .array(let items): 1 + (items.map(\.depth).max() ?? 0)
        case .object(let object): 1 + (object.members.map(\.value.depth).max() ?? 0)
        }
    }
}
