import JSON

/// What a field shows of a value, and what the value is that was typed. What was not touched stays
/// as it was, however it was written.
extension DefinitionField {
    /// Inputs by their names below the field's own, in their order: `""` is the field itself.
    func shown(_ value: JSONValue?, _ texts: Texts) -> [(name: String, text: String)] {
        switch kind {
        case .line, .area, .source, .words, .code, .value:
            return [("", DefinitionField.plain(value))]
        case .kept: return []
        case .number: return [("", value?.text ?? "")]
        case .flag(let isOn): return [("", (value?.boolean ?? isOn) ? "true" : "")]
        case .json: return [("", value.map { JSONText.pretty($0) } ?? "")]
        case .lines:
            let lines = (value?.array ?? []).map(DefinitionField.plain)
            return [("", lines.joined(separator: "\n"))]
        case .choices: return [("", FieldChoices.text(value, texts))]
        case .roleList:
            let roles = (value?.array ?? []).map { $0["role"]?.string ?? "" }
            return [("", roles.joined(separator: "\n"))]
        case .texts:
            if let text = value?.string { return [("." + texts.language, text)] }
            return Language.allCases.map {
                ("." + $0.rawValue, value?[$0.rawValue]?.string ?? "")
            }
        case .pairs:
            return (value?.object?.members ?? []).enumerated().flatMap { index, member in
                [
                    (".\(index).key", member.key),
                    (".\(index).value", DefinitionField.plain(member.value)),
                ]
            }
        case .rows(let fields):
            return (value?.array ?? []).enumerated().flatMap { index, row in
                fields.flatMap { field in
                    field.shown(row.object?.value(at: field.path), texts).map {
                        (".\(index).\(field.name)\($0.name)", $0.text)
                    }
                }
            }
        case .actions:
            return RuleActions.rows(of: value).enumerated().flatMap { index, row in
                [
                    (".\(index).kind", row.kind), (".\(index).what", row.what),
                    (".\(index).value", row.value),
                ]
            }
        }
    }

    enum Reading {
        case value(JSONValue?)
        case fault(String)
    }

    /// The value that was typed, given what stands.
    func read(
        _ inputs: FormInputs, prefix: String, standing: JSONValue?, _ texts: Texts
    ) -> Reading {
        let base = prefix + name
        if !isTouched(inputs, base, standing, texts) { return .value(standing) }
        let text = inputs[base] ?? ""
        switch kind {
        case .line, .words, .code:
            let trimmed = text.trimmed
            if trimmed.isEmpty { return .value(nil) }
            let isText = standing == nil || standing?.string != nil
            return .value(
                isText ? .string(trimmed) : DefinitionField.value(trimmed, as: standing))
        case .value:
            let trimmed = text.trimmed
            return .value(trimmed.isEmpty ? nil : DefinitionField.value(trimmed, as: standing))
        case .kept: return .value(standing)
        case .area, .source: return .value(text.isEmpty ? nil : .string(text))
        case .number:
            let trimmed = text.trimmed
            if trimmed.isEmpty { return .value(nil) }
            return JSONNumber(text: trimmed).map { .value(.number($0)) }
                ?? .fault(texts.notDecimal)
        case .flag: return .value(.boolean(text == "true"))
        case .lines:
            let lines = text.split(separator: "\n").map { String($0).trimmed }
            let items = lines.filter { !$0.isEmpty }.map { JSONValue.string($0) }
            return .value(items.isEmpty ? nil : .array(items))
        case .choices: return .value(FieldChoices.value(text, as: standing, texts))
        case .roleList:
            let lines = text.split(separator: "\n").map { String($0).trimmed }
            return .value(
                .array(lines.filter { !$0.isEmpty }.map { ["role": .string($0)] }))
        case .json:
            if text.trimmed.isEmpty { return .value(nil) }
            switch JSONText.parse(text) {
            case .success(let value): return .value(value)
            case .failure(let error): return .fault("\(texts.notJSON) \(error)")
            }
        case .texts: return .value(readTexts(inputs, base, standing, texts))
        case .pairs: return .value(readPairs(inputs, base, standing))
        case .rows(let fields): return readRows(inputs, base, standing, fields, texts)
        case .actions: return RuleActions.read(inputs, base, texts)
        }
    }

    private func isTouched(
        _ inputs: FormInputs, _ base: String, _ standing: JSONValue?, _ texts: Texts
    ) -> Bool {
        let shown = Dictionary(shown(standing, texts).map { (base + $0.name, $0.text) }) { $1 }
        for (name, text) in shown where (inputs[name] ?? "") != text { return true }
        switch kind {
        case .texts, .pairs, .rows, .actions:
            return inputs.values.contains { name, text in
                name.hasPrefix(base + ".") && !text.isEmpty && shown[name] == nil
                    && !name.hasSuffix(".kind")
            }
        default: return false
        }
    }

    private func readTexts(
        _ inputs: FormInputs, _ base: String, _ standing: JSONValue?, _ texts: Texts
    ) -> JSONValue? {
        var object = standing?.object ?? JSONObject()
        for language in Language.allCases {
            let text = inputs["\(base).\(language.rawValue)"] ?? ""
            object[language.rawValue] = text.isEmpty ? nil : .string(text)
        }
        if object.isEmpty { return nil }
        if standing?.object == nil, object.count == 1, let own = object[texts.language] {
            return own
        }
        return .object(object)
    }

    private func readPairs(
        _ inputs: FormInputs, _ base: String, _ standing: JSONValue?
    ) -> JSONValue? {
        var object = JSONObject()
        for index in 0..<inputs.rows(base + ".") {
            let key = (inputs["\(base).\(index).key"] ?? "").trimmed
            let text = inputs["\(base).\(index).value"] ?? ""
            guard !key.isEmpty, !text.isEmpty else { continue }
            object[key] = DefinitionField.value(text, as: standing?[key])
        }
        return .object(object)
    }

    /// Rows keep what is not shown of them: the row that stood in their place says it. A row of
    /// which nothing is typed goes.
    private func readRows(
        _ inputs: FormInputs, _ base: String, _ standing: JSONValue?, _ fields: [DefinitionField],
        _ texts: Texts
    ) -> Reading {
        var rows: [JSONValue] = []
        for index in 0..<inputs.rows(base + ".") {
            let prefix = "\(base).\(index)."
            let isThere = fields.contains { field in
                if case .flag = field.kind { return false }
                return !(inputs[prefix + field.name] ?? "").trimmed.isEmpty
            }
            guard isThere else { continue }
            let list = standing?.array ?? []
            var row = index < list.count ? list[index].object ?? JSONObject() : JSONObject()
            for field in fields {
                let value = row.value(at: field.path)
                switch field.read(inputs, prefix: prefix, standing: value, texts) {
                case .value(let value): row.set(field.path, value)
                case .fault(let fault): return .fault("\(index + 1): \(fault)")
                }
            }
            rows.append(.object(row))
        }
        return .value(.array(rows))
    }

    /// A value in an input of one line: a text as it is, anything else as JSON.
    static func plain(_ value: JSONValue?) -> String {
        guard let value, !value.isNull else { return "" }
        return value.string ?? value.text
    }

    /// What such a text means: itself where it stood so; a number, a list, an object, true or false
    /// where it is one and no text stood there; else a text.
    static func value(_ text: String, as standing: JSONValue?) -> JSONValue {
        if plain(standing) == text, let standing { return standing }
        if standing?.string != nil { return .string(text) }
        if let first = text.utf8.first, first != UInt8(ascii: "\""),
            case .success(let value) = JSONText.parse(text)
        {
            return value
        }
        return .string(text)
    }
}

/// Choices between JSON and lines of `code` or `code = name`.
enum FieldChoices {
    static func text(_ value: JSONValue?, _ texts: Texts) -> String {
        (value?.array ?? []).map { line($0, texts) }.joined(separator: "\n")
    }

    private static func line(_ choice: JSONValue, _ texts: Texts) -> String {
        if let code = choice.string { return code }
        let code = choice["code"]?.string ?? ""
        return ModelStanding.text(choice["name"], texts).map { "\(code) = \($0)" } ?? code
    }

    static func value(_ text: String, as standing: JSONValue?, _ texts: Texts) -> JSONValue? {
        let old = Dictionary(
            (standing?.array ?? []).map { ($0.string ?? $0["code"]?.string ?? "", $0) }
        ) { first, _ in first }
        let choices = text.split(separator: "\n").compactMap { part -> JSONValue? in
            let line = String(part).trimmed
            if line.isEmpty { return nil }
            let parts = line.split(separator: "=", maxSplits: 1).map {
                String($0).trimmed
            }
            let code = parts.first ?? ""
            if let stands = old[code], self.line(stands, texts) == line { return stands }
            guard parts.count == 2 else { return .string(code) }
            var choice = old[code]?.object ?? JSONObject([("code", .string(code))])
            if var names = choice["name"]?.object {
                names[texts.language] = .string(parts[1])
                choice["name"] = .object(names)
            } else {
                choice["name"] = .string(parts[1])
            }
            return .object(choice)
        }
        return choices.isEmpty ? nil : .array(choices)
    }
}

/// What a rule does, row by row: a column set to a value, something of the model started, or an
/// action as JSON.
enum RuleActions {
    struct Row {
        var kind: String
        var what = ""
        var value = ""
    }

    /// What names a definition of the model.
    static let named: [(kind: String, part: ModelPart)] = [
        ("script", .scripts), ("workflow", .workflows), ("event", .events),
        ("import", .imports), ("export", .exports), ("sync", .syncs),
    ]

    static func rows(of value: JSONValue?) -> [Row] {
        (value?.array ?? []).flatMap { action -> [Row] in
            guard let object = action.object, object.count == 1,
                let (kind, value) = object.members.first
            else { return [Row(kind: "json", value: action.text)] }
            if kind == "set", let set = value.object, !set.isEmpty {
                return set.members.map {
                    Row(kind: "set", what: $0.key, value: DefinitionField.plain($0.value))
                }
            }
            if let code = value.string,
                kind == "command" || named.contains(where: { $0.kind == kind })
            {
                return [Row(kind: kind, what: code)]
            }
            return [Row(kind: "json", value: action.text)]
        }
    }

    static func read(_ inputs: FormInputs, _ base: String, _ texts: Texts)
        -> DefinitionField.Reading
    {
        var actions: [JSONValue] = []
        var set = JSONObject()
        func endSet() {
            if !set.isEmpty { actions.append(["set": .object(set)]) }
            set = JSONObject()
        }
        for index in 0..<inputs.rows(base + ".") {
            let kind = inputs["\(base).\(index).kind"] ?? ""
            let what = (inputs["\(base).\(index).what"] ?? "").trimmed
            let value = inputs["\(base).\(index).value"] ?? ""
            if what.isEmpty && value.isEmpty { continue }
            switch kind {
            case "set":
                if what.isEmpty { return .fault(texts.modelActionColumn(index + 1)) }
                // A column that is set once more is set by an action of its own.
                if set[what] != nil { endSet() }
                set[what] = DefinitionField.value(value, as: nil)
            case "json":
                endSet()
                switch JSONText.parse(value) {
                case .success(let action): actions.append(action)
                case .failure(let error): return .fault("\(index + 1): \(error)")
                }
            default:
                endSet()
                var action = JSONObject()
                action[kind] = .string(what)
                actions.append(.object(action))
            }
        }
        endSet()
        return .value(actions.isEmpty ? nil : .array(actions))
    }
}
