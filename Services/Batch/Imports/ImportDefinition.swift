import Contracts
import JSON

/// An import as a model document defines it.
struct ImportDefinition: Sendable {
    struct Column: Sendable {
        /// The name in the header, or the position from 1 where the file has none; nil where every
        /// row has the default.
        var from: String?
        var to: String
        var isKey: Bool
        /// A reference's values are those of this unique column of its class.
        var by: String?
        /// The text of an expression over `value` and `row`, without the `=`.
        var expression: String?
        /// What an empty cell means.
        var defaultValue: JSONValue?
    }

    /// What becomes of records that the file does not have.
    struct Missing: Sendable {
        enum Action: Sendable {
            case delete
            case set(JSONObject)
        }

        /// Percent of the records that may be missing unless the definition says otherwise.
        static let standardLimit = 10

        var action: Action
        /// Percent of the records looked at: where more are missing, nothing is done to them.
        var limit: Int
        /// A filter: only these records can be missing; nil is all.
        var within: String?
    }

    /// What is started when a run has succeeded.
    enum Following: Sendable {
        case workflow(FullCode)
        case script(FullCode)
    }

    var code: String
    var type: FullCode
    /// Where files come from; nil where they are uploaded.
    var source: SourceDefinition?
    /// The format with its options: makes readers and writers.
    var file: FileOptions
    var columns: [Column]
    var mode: WriteRows.Mode
    /// The columns that find an existing record; empty where every row is a new one.
    var keys: [String] { mode == .insert ? [] : columns.filter(\.isKey).map(\.to) }
    var missing: Missing?
    /// Whether rules run on what is written, before and after.
    var rules: Bool
    var after: Following?
}

extension DefinitionReader {
    static func readImport(_ reader: ObjectReader, _ index: ClassIndex) -> ImportDefinition? {
        let code = reader.code()
        _ = reader.texts("name")
        let type = index.type(reader, "class")
        let source = SourceDefinition.read(reader)
        let file = FileOptions.read(reader, isRead: true)
        let rules = reader.boolean("rules", default: true)
        let mode =
            reader.word("mode", of: ["insert", "update", "upsert"], default: "insert")
            .flatMap { WriteRows.Mode(rawValue: $0) } ?? .insert
        let columns = importColumns(reader, type?.1, header: file.hasHeader)
        let keys = columns.filter(\.isKey).map(\.to)
        if mode == .insert {
            if !keys.isEmpty {
                reader.fault(
                    "columns", "contradiction", "A key has no meaning in the mode insert.")
            }
        } else {
            checkKeys(reader, keys, type, index)
        }
        let missing = missing(reader, mode, type?.1)
        let after = after(reader, index.model)
        reader.finish()
        guard let type else { return nil }
        return ImportDefinition(
            code: code, type: type.0, source: source, file: file, columns: columns, mode: mode,
            missing: missing, rules: rules, after: after)
    }

    private static func importColumns(
        _ reader: ObjectReader, _ known: [String: ClassIndex.Column]?, header: Bool
    ) -> [ImportDefinition.Column] {
        var columns: [ImportDefinition.Column] = []
        for item in reader.list("columns") {
            let value = item.value("default").flatMap { $0.isNull ? nil : $0 }
            let from = source(item, header: header, isNeeded: value == nil)
            let to = item.string("to", required: true) ?? ""
            checkColumn(item, "to", to, known, system: false)
            if columns.contains(where: { $0.to == to }) {
                item.fault("to", "repeated", "The column \(to) is filled twice.")
            }
            let text = item.string("as")
            if let text, !text.hasPrefix("=") {
                item.fault("as", "not-an-expression", "An expression begins with `=`.")
            }
            if value?.string?.hasPrefix("=") == true {
                item.fault("default", "invalid", "A default is a value; expressions stand in `as`.")
            }
            let by = item.string("by")
            if by != nil, let type = known?[to]?.type, type != "reference" {
                item.fault("by", "contradiction", "Only a reference is looked up.")
            }
            columns.append(
                .init(
                    from: from, to: to, isKey: item.boolean("key", default: false), by: by,
                    expression: text.map { String($0.dropFirst()) }, defaultValue: value))
            item.finish()
        }
        if columns.isEmpty {
            reader.fault("columns", "required", "Name at least one column.")
        }
        return columns
    }

    private static func source(_ item: ObjectReader, header: Bool, isNeeded: Bool) -> String? {
        if item.object["from"] == nil, !isNeeded { return nil }
        if header { return item.string("from", required: true) ?? "" }
        guard let position = item.integer("from", in: 1...Int64(CSVLimit.fields)) else {
            if item.object["from"] == nil {
                item.fault(
                    "from", "required",
                    "Without a header, `from` is the position of the field, from 1.")
            }
            return ""
        }
        return String(position)
    }

    private static func checkKeys(
        _ reader: ObjectReader, _ keys: [String], _ type: (FullCode, [String: ClassIndex.Column]?)?,
        _ index: ClassIndex
    ) {
        guard !keys.isEmpty else {
            reader.fault("columns", "required", "The mode needs at least one column with `key`.")
            return
        }
        guard let (code, known) = type, let known else { return }
        let isUnique =
            keys.count == 1
            ? known[keys[0]]?.unique ?? true
            : index.sets[code.code]?.contains { Set($0) == Set(keys) } ?? false
        if !isUnique {
            reader.fault(
                "columns", "not-unique",
                keys.count == 1
                    ? "The key column \(keys[0]) must be `unique`."
                    : "The class must have \(keys.joined(separator: ", ")) under `unique`.")
        }
    }

    /// `"keep"`, `"delete"`, or `{"do": "delete" | "set", "set", "limit", "within"}`.
    private static func missing(
        _ reader: ObjectReader, _ mode: WriteRows.Mode, _ known: [String: ClassIndex.Column]?
    ) -> ImportDefinition.Missing? {
        var missing: ImportDefinition.Missing?
        if reader.object["missing"]?.object != nil, let item = reader.nested("missing") {
            let word = item.word("do", of: ["delete", "set"], default: "delete")
            let limit = item.integer("limit", in: 0...100)
            var action = ImportDefinition.Missing.Action.delete
            if word == "set" {
                let values = item.value("set")?.object ?? JSONObject()
                if values.isEmpty {
                    item.fault("set", "required", "Say which columns get which values.")
                }
                for key in values.keys { checkColumn(item, "set", key, known, system: false) }
                action = .set(values)
            }
            missing = .init(
                action: action,
                limit: limit.map { Int($0) } ?? ImportDefinition.Missing.standardLimit,
                within: item.string("within"))
            item.finish()
        } else if reader.word("missing", of: ["keep", "delete"], default: "keep") == "delete" {
            missing = .init(
                action: .delete, limit: ImportDefinition.Missing.standardLimit, within: nil)
        }
        if missing != nil, mode == .insert {
            reader.fault(
                "missing", "contradiction", "Only what is found by a key can be missing.")
        }
        return missing
    }

    private static func after(_ reader: ObjectReader, _ model: String)
        -> ImportDefinition.Following?
    {
        guard let item = reader.nested("after") else { return nil }
        defer { item.finish() }
        let (workflow, script) = (item.string("workflow"), item.string("script"))
        guard (workflow == nil) != (script == nil), let text = workflow ?? script else {
            reader.fault("after", "invalid", "Name one `workflow` or one `script`.")
            return nil
        }
        let code = FullCode(text) ?? FullCode(model: model, code: text)
        return workflow == nil ? .script(code) : .workflow(code)
    }
}
