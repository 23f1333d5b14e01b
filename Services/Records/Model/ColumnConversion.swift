import Database
import JSON

/// What becomes of the values of a column whose definition changes.
enum ColumnFate: Sendable {
    /// They stand as they are.
    case kept
    /// Each is written anew, and none is lost: what cannot be converted holds the model back.
    case converted
    /// There is no conversion that would lose nothing; the words say why.
    case refused(String)

    init(from old: ColumnDefinition, to new: ColumnDefinition) {
        if old.many == new.many, ColumnFate.isKept(old, new) {
            self = .kept
        } else if ColumnFate.isConvertible(old, new) {
            self = .converted
        } else {
            self = .refused(
                "Values of type \(ColumnFate.words(old)) cannot become \(ColumnFate.words(new)) "
                    + "without loss. Add a column of another code, copy what you need, and drop "
                    + "this one.")
        }
    }

    private static func words(_ column: ColumnDefinition) -> String {
        let type = column.type.rawValue + (column.many ? " (many)" : "")
        if let target = column.target { return "\(type) to \(target)" }
        if let structure = column.structure { return "\(type) of \(structure)" }
        return column.type == .decimal ? "\(type) with scale \(column.scale)" : type
    }

    private static func isKept(_ old: ColumnDefinition, _ new: ColumnDefinition) -> Bool {
        switch (old.type, new.type) {
        case (.choice, .text), (.guid, .text), (.account, .text), (.unit, .text),
            (.date, .text), (.datetime, .text):
            true
        case (.sequence, .text): old.valueForm == .text
        case (.sequence, .integer): old.valueForm == .integer
        // A computed value is made again by the engine.
        case (.computed, .computed): true
        case (.sequence, .sequence): old.valueForm == new.valueForm
        default:
            old.type == new.type && old.scale == new.scale && old.target == new.target
                && old.structure == new.structure
        }
    }

    /// Pairs whose conversion loses nothing where it succeeds.
    private static func isConvertible(_ old: ColumnDefinition, _ new: ColumnDefinition) -> Bool {
        guard old.target == new.target, old.structure == new.structure || new.type == .text,
            new.type != .file, old.type != .file
        else { return false }
        if old.type == new.type { return new.type != .computed && new.type != .sequence }
        switch (old.type, new.type) {
        case (.integer, .decimal), (.decimal, .integer), (.date, .datetime), (.text, .choice),
            (.text, .integer), (.text, .decimal), (.text, .boolean), (.text, .date),
            (.text, .datetime), (.text, .guid), (.text, .json), (.choice, .guid):
            return true
        case (.integer, .text), (.decimal, .text), (.boolean, .text), (.choice, .text),
            (.date, .text), (.datetime, .text), (.guid, .text), (.account, .text), (.unit, .text),
            (.sequence, .text):
            return true
        default: return false
        }
    }
}

/// Writes the values of a column anew for its next definition, each so that reading it says what
/// it said before.
struct ColumnConversion: Sendable {
    let old: ColumnDefinition
    let new: ColumnDefinition

    /// A stored value as the new column stores it, or why it cannot.
    func convert(_ stored: SQLValue) -> Result<SQLValue, ColumnValue.Fault> {
        let items = ColumnValue.elements(of: stored, old).map(json)
        if items.isEmpty { return .success(.null) }
        if new.many { return ColumnValue.read(.array(items), for: new) }
        guard items.count == 1 else {
            return .failure(ColumnValue.Fault("too-many", "must be one value, not several"))
        }
        return ColumnValue.read(items[0], for: new)
    }

    /// What a caller would send for a value that is stored in the old column, for the new one.
    private func json(_ stored: SQLValue) -> JSONValue {
        let value = shown(stored)
        switch new.type {
        case .text, .guid, .choice: return .string(value.string ?? value.text)
        case .integer, .decimal:
            guard let text = value.string else { return value }
            return JSONNumber(text: text).map(JSONValue.number) ?? value
        case .boolean:
            guard let text = value.string else { return value }
            return ["true": true, "false": false][text].map(JSONValue.boolean) ?? value
        case .datetime:
            guard old.type == .date, let text = value.string else { return value }
            return .string(text + "T00:00:00.000Z")
        case .json:
            guard old.type == .text, let text = value.string else { return value }
            return (try? JSONValue(parsing: Array(text.utf8))) ?? value
        case .date, .reference, .account, .unit, .file, .sequence, .computed: return value
        }
    }

    /// As the old column shows it.
    func shown(_ stored: SQLValue) -> JSONValue {
        switch stored {
        case .null, .real, .blob: return .null
        case .integer(let value) where old.type == .boolean: return .boolean(value != 0)
        case .integer(let value):
            return .number(JSONNumber(unscaled: value, scale: old.scale))
        case .text(let text):
            guard old.type == .json else { return .string(text) }
            return (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        }
    }
}

/// The rows whose values a conversion cannot take, as far as they are told.
struct ConversionFaults {
    static let shownLimit = 20
    private static let valueLimit = 60

    private(set) var count = 0
    private var first: [String] = []

    /// Reads every value of a column; of one that must be there once, what is twice is a fault too.
    init(_ connection: Connection, _ change: FamilyColumnChange, table: String) throws {
        var seen: Set<SQLValue> = []
        let conversion = change.conversion
        let code = quoted(conversion.old.code)
        try connection.each(
            "SELECT id, \(code), deleted FROM \(table) WHERE \(code) IS NOT NULL ORDER BY id", []
        ) { row in
            switch conversion.convert(row.value(1)) {
            case .failure(let fault): add(row, conversion, fault.detail)
            case .success(let value):
                guard conversion.new.unique, !row.boolean(2), !seen.insert(value).inserted else {
                    return true
                }
                add(row, conversion, "is there already")
            }
            return true
        }
    }

    private mutating func add(_ row: Row, _ conversion: ColumnConversion, _ why: String) {
        count += 1
        guard first.count < ConversionFaults.shownLimit else { return }
        let value = conversion.shown(row.value(1)).text
        let shown =
            value.count > ConversionFaults.valueLimit
            ? value.prefix(ConversionFaults.valueLimit) + "…" : value[...]
        first.append("record \(row.integer(0)): \(shown) \(why)")
    }

    /// The count, and the first rows with their ids and values.
    func sentence(_ type: ColumnType) -> String {
        let rows = count == 1 ? "1 value" : "\(count) values"
        let rest = count > first.count ? "; …" : ""
        return "\(rows) cannot become \(type.rawValue): \(first.joined(separator: "; "))\(rest)"
    }
}
