import Contracts
import Database
import JSON
import ServiceRuntime

extension ColumnDefinition {
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
        readOnly = reader.boolean("readOnly", default: false)
        many = reader.boolean("many", default: false)
        if many, !type.canBeMany {
            reader.fault("many", "unsupported", "a column of type \(type.rawValue) has one value")
            many = false
        }
        if unique, many || form == .json {
            reader.fault("unique", "unsupported", "lists and JSON are not held to be unique")
            unique = false
        }
        if type == .computed, required || readOnly {
            reader.fault(
                required ? "required" : "readOnly", "unsupported",
                "a computed column has the value that it has")
            (required, readOnly) = (false, false)
        }
        readTypeMembers(reader, model: model)
        readBounds(reader)
        readDefault(reader)
        reader.finish()
    }

    private static func readType(_ reader: ObjectReader) -> ColumnType {
        let text = reader.string("type", required: true)
        guard let text else { return .text }
        guard let type = ColumnType(rawValue: text) else {
            let known = ColumnType.allCases.map(\.rawValue).joined(separator: ", ")
            reader.fault("type", "not-allowed", "must be one of \(known)")
            return .text
        }
        return type
    }

    /// Members that belong to one type only; at another type they are faults.
    private mutating func readTypeMembers(_ reader: ObjectReader, model: String) {
        switch type {
        case .text:
            multiline = reader.boolean("multiline", default: false)
            readPattern(reader)
        case .decimal:
            scale = Int(reader.integer("scale", in: 0...ColumnDefinition.scaleLimit) ?? 2)
        case .choice: readChoices(reader)
        case .reference:
            guard let text = reader.string("class", required: true) else { return }
            target =
                FullCode.isCode(text) ? FullCode(model: model, code: text) : FullCode(text)
            if target == nil {
                reader.fault("class", "invalid-code", "must be a class, or model.class")
            }
            readOnDelete(reader)
        case .unit: structure = reader.code("structure")
        case .file: files = FileLimits(reading: reader, many: many)
        case .sequence:
            // A number that stood twice would name nothing.
            unique = true
            readSequence(reader)
        case .computed: readComputed(reader)
        case .integer, .boolean, .date, .datetime, .account, .json, .guid: break
        }
    }

    /// The expression; it is looked into once all columns of the class are known.
    private mutating func readComputed(_ reader: ObjectReader) {
        let declared = reader.integer("scale", in: 0...ColumnDefinition.scaleLimit).map { Int($0) }
        guard let text = reader.string("value", required: true) else { return }
        guard text.hasPrefix("=") else {
            reader.fault("value", "wrong-format", "must begin with =, as in \"=qty * price\"")
            return
        }
        computed = ComputedValue(text: text, scale: declared)
    }

    private mutating func readPattern(_ reader: ObjectReader) {
        guard let text = reader.string("pattern") else { return }
        do throws(Pattern.Fault) {
            pattern = try Pattern(text)
        } catch {
            reader.fault(
                "pattern", "wrong-format", "\(error.detail) (at character \(error.offset + 1))")
        }
    }

    private mutating func readOnDelete(_ reader: ObjectReader) {
        guard let value = reader.value("onDelete"), !value.isNull else { return }
        onDelete =
            reader.word("onDelete", of: ReferenceAction.allCases.map(\.rawValue), default: nil)
            .flatMap(ReferenceAction.init)
        if onDelete == .clear, required || readOnly {
            reader.fault(
                "onDelete", "contradiction", "cannot clear a column that is required or read-only")
        }
        if onDelete == .cascade, many {
            reader.fault(
                "onDelete", "unsupported", "a record does not go with one of many; use clear")
        }
    }

    private mutating func readSequence(_ reader: ObjectReader) {
        var format = SequenceFormat.plain
        if let text = reader.string("format") {
            do throws(SequenceFormat.FormatFault) {
                format = try SequenceFormat(text)
            } catch {
                reader.fault("format", "wrong-format", error.detail)
            }
        }
        format.start = reader.integer("start", in: 0...ClassTable.idLimit) ?? 1
        sequence = format
    }

    /// A choice is a string, or `{"code", "name"}` with what it is called.
    private mutating func readChoices(_ reader: ObjectReader) {
        let items = reader.value("choices")?.array ?? []
        if items.isEmpty { reader.fault("choices", "required", "must name at least one choice") }
        if items.count > ColumnDefinition.choiceLimit {
            reader.fault(
                "choices", "too-many", "has more than \(ColumnDefinition.choiceLimit) choices")
        }
        for (index, item) in items.prefix(ColumnDefinition.choiceLimit).enumerated() {
            let pointer = "\(reader.pointer)/choices/\(index)"
            var choice = item.string ?? ""
            if item.object != nil {
                let named = ObjectReader(item, at: pointer, problems: reader.problems)
                choice = named.string("code", required: true) ?? ""
                choiceNames[choice] = named.texts("name")
                named.finish()
            }
            let isPlain = choice.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
            if choice.isEmpty || !isPlain
                || choice.unicodeScalars.count > ColumnDefinition.choiceLengthLimit
            {
                reader.problems.add(
                    pointer, "wrong-format",
                    "must be 1 to \(ColumnDefinition.choiceLengthLimit) printable characters")
            } else if choices.contains(choice) {
                reader.problems.add(pointer, "repeated", "is there already")
            }
            choices.append(choice)
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
        case .date, .datetime:
            earliest = readTime(reader, "min")
            latest = readTime(reader, "max")
            if let earliest, let latest, earliest > latest {
                reader.fault("max", "out-of-range", "must not be before min")
            }
        case .boolean, .choice, .reference, .account, .unit, .file, .json, .guid, .sequence,
            .computed:
            for member in ["min", "max"] where !(reader.value(member)?.isNull ?? true) {
                reader.fault(
                    member, "unsupported", "columns of type \(type.rawValue) have no \(member)")
            }
        }
        if pattern != nil, let max, max > Pattern.textLimit {
            reader.fault(
                "max", "out-of-range", "must be at most \(Pattern.textLimit) with a pattern")
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

    private func readTime(_ reader: ObjectReader, _ member: String) -> String? {
        guard let value = reader.value(member), !value.isNull else { return nil }
        var plain = self
        (plain.required, plain.many, plain.earliest) = (false, false, nil)
        switch ColumnValue.read(value, for: plain) {
        case .success(.text(let text)): return text
        case .success: return nil
        case .failure(let fault):
            reader.fault(member, fault.code, fault.detail)
            return nil
        }
    }

    private mutating func readDefault(_ reader: ObjectReader) {
        guard let value = reader.value("default"), !value.isNull else { return }
        switch type {
        case .reference, .account, .unit, .file, .guid, .sequence, .computed:
            reader.fault(
                "default", "unsupported", "a column of type \(type.rawValue) has no default")
            return
        case .text, .integer, .decimal, .boolean, .date, .datetime, .choice, .json: break
        }
        if unique {
            reader.fault("default", "unsupported", "a unique column cannot have a default")
            return
        }
        if type != .choice, type != .json, let text = value.string, text.hasPrefix("=") {
            reader.fault("default", "unsupported", "a default is a value; it cannot be computed")
            return
        }
        switch ColumnValue.read(value, for: self) {
        case .success(let stored): defaultValue = stored
        case .failure(let fault): reader.fault("default" + fault.path, fault.code, fault.detail)
        }
    }
}

extension FileLimits {
    init(reading reader: ObjectReader, many: Bool) {
        maxFiles = many ? FileLimits.filesLimit : 1
        if let bytes = reader.integer("maxBytes", in: 1...FileLimits.bytesLimit) {
            maxBytes = bytes
        }
        if let files = reader.integer("maxFiles", in: 1...FileLimits.filesLimit) {
            if !many, files > 1 {
                reader.fault("maxFiles", "out-of-range", "needs \"many\": true to be above 1")
            }
            maxFiles = files
        }
        extensions = reader.strings("extensions")
        for (index, text) in extensions.enumerated() {
            let isPlain = text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
            }
            if text.isEmpty || !isPlain || text.utf8.count > 20 {
                reader.problems.add(
                    "\(reader.pointer)/extensions/\(index)", "wrong-format",
                    "must be the end of a file's name in lower case without its point, as pdf")
            }
        }
        if extensions.count > FileLimits.extensionLimit {
            reader.fault(
                "extensions", "too-many", "has more than \(FileLimits.extensionLimit) entries")
        }
        deletion =
            reader.word("deletion", of: Deletion.allCases.map(\.rawValue), default: "logical")
            .flatMap(Deletion.init) ?? .logical
    }
}
