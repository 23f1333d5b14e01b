import Contracts
import Database
import JSON
import ServiceRuntime

extension ColumnDefinition {
    /// Types and members that the contract has and this version does not.
    private static let laterTypes = ["account", "unit", "file", "json", "guid", "sequence"]
    private static let laterMembers = ["value", "pattern", "structure", "maxBytes", "readOnly"]

    /// Reads an element of `columns`, every fault gathered.
    init(reading reader: ObjectReader, model: String) {
        code = reader.code()
        if ColumnDefinition.reservedCodes.contains(code) {
            reader.fault("code", "reserved", "\(code) is a word of the platform; choose another")
        }
        name = reader.texts("name") ?? [:]
        type = ColumnDefinition.readType(reader)
        required = reader.boolean("required", default: false)
        unique = reader.boolean("unique", default: false)
        if reader.boolean("many", default: false) {
            reader.fault("many", "unsupported", "columns of many values are not supported yet")
        }
        for member in ColumnDefinition.laterMembers {
            if let value = reader.value(member), !value.isNull {
                reader.fault(member, "unsupported", "\(member) is not supported yet")
            }
        }
        readTypeMembers(reader, model: model)
        readBounds(reader)
        readDefault(reader)
        reader.finish()
    }

    private static func readType(_ reader: ObjectReader) -> ColumnType {
        let text = reader.string("type", required: true)
        guard let text else { return .text }
        if let type = ColumnType(rawValue: text) { return type }
        if laterTypes.contains(text) || text == "computed" {
            reader.fault("type", "unsupported", "columns of type \(text) are not supported yet")
        } else {
            let known = ColumnType.allCases.map(\.rawValue).joined(separator: ", ")
            reader.fault("type", "not-allowed", "must be one of \(known)")
        }
        return .text
    }

    /// Members that belong to one type only; at another type they are faults.
    private mutating func readTypeMembers(_ reader: ObjectReader, model: String) {
        if type == .text { multiline = reader.boolean("multiline", default: false) }
        if type == .decimal {
            scale = Int(reader.integer("scale", in: 0...ColumnDefinition.scaleLimit) ?? 2)
        }
        if type == .choice { readChoices(reader) }
        if type == .reference, let text = reader.string("class", required: true) {
            target =
                FullCode.isCode(text) ? FullCode(model: model, code: text) : FullCode(text)
            if target == nil {
                reader.fault("class", "invalid-code", "must be a class, or model.class")
            }
        }
    }

    private mutating func readChoices(_ reader: ObjectReader) {
        choices = reader.strings("choices")
        if choices.isEmpty { reader.fault("choices", "required", "must name at least one choice") }
        if choices.count > ColumnDefinition.choiceLimit {
            reader.fault(
                "choices", "too-many", "has more than \(ColumnDefinition.choiceLimit) choices")
        }
        for (index, choice) in choices.enumerated() {
            let pointer = "\(reader.pointer)/choices/\(index)"
            let isPlain = choice.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
            if choice.isEmpty || !isPlain
                || choice.unicodeScalars.count > ColumnDefinition.choiceLengthLimit
            {
                reader.problems.add(
                    pointer, "wrong-format",
                    "must be 1 to \(ColumnDefinition.choiceLengthLimit) printable characters")
            } else if choices[..<index].contains(choice) {
                reader.problems.add(pointer, "repeated", "is there already")
            }
        }
    }

    /// `min` and `max`: of a text its length.
    private mutating func readBounds(_ reader: ObjectReader) {
        switch type {
        case .text:
            min = reader.integer("min", in: 0...ColumnDefinition.textLimit)
            max = reader.integer("max", in: 1...ColumnDefinition.textLimit)
        case .integer, .decimal:
            min = readNumber(reader, "min")
            max = readNumber(reader, "max")
        case .boolean, .date, .datetime, .choice, .reference:
            for member in ["min", "max"] where !(reader.value(member)?.isNull ?? true) {
                reader.fault(
                    member, "unsupported", "columns of type \(type.rawValue) have no \(member)")
            }
        }
        if let min, let max, min > max {
            reader.fault("max", "out-of-range", "must not be below min")
        }
    }

    private func readNumber(_ reader: ObjectReader, _ member: String) -> Int64? {
        guard let value = reader.value(member), !value.isNull else { return nil }
        guard case .number(let number) = value, let stored = number.unscaled(scale: scale),
            stored != .min
        else {
            reader.fault(member, "wrong-type", "must be a number of at most \(scale) decimals")
            return nil
        }
        return stored
    }

    private mutating func readDefault(_ reader: ObjectReader) {
        guard let value = reader.value("default"), !value.isNull else { return }
        if type == .reference || unique {
            reader.fault("default", "unsupported", "such a column cannot have a default")
            return
        }
        if type != .choice, let text = value.string, text.hasPrefix("=") {
            reader.fault("default", "unsupported", "an expression as default is not supported yet")
            return
        }
        switch ColumnValue.read(value, for: self) {
        case .success(let stored): defaultValue = stored
        case .failure(let fault): reader.fault("default", fault.code, fault.detail)
        }
    }
}
