import Contracts
import JSON

/// An import as a model document defines it.
struct ImportDefinition: Sendable {
    struct Column: Sendable {
        /// The name in the header, or the position from 1 where the file has none.
        var from: String
        var to: String
        var isKey: Bool
        /// The text of an expression over `value` and `row`, without the `=`.
        var expression: String?
    }

    var code: String
    var type: FullCode
    /// The format with its options: makes readers and writers.
    var file: FileOptions
    var options: CSVOptions { file.csv }
    var columns: [Column]
    /// The columns that find an existing record; empty where every row is a new one.
    var upsert: [String]
    /// Whether rules run on what is written, before and after.
    var rules: Bool
}

/// What is known of the classes of the same document.
struct ClassIndex: Sendable {
    struct Column: Sendable {
        var type: String
        var unique: Bool
    }

    var model: String
    var classes: [String: [String: Column]] = [:]

    init(model: String, document: JSONValue) {
        self.model = model
        var parents: [String: String] = [:]
        for item in document["classes"]?.array ?? [] {
            guard let code = item["code"]?.string else { continue }
            parents[code] = item["parent"]?.string
            var columns: [String: Column] = [:]
            for column in item["columns"]?.array ?? [] {
                guard let name = column["code"]?.string else { continue }
                columns[name] = Column(
                    type: column["type"]?.string ?? "",
                    unique: column["unique"]?.boolean ?? false)
            }
            classes[code] = columns
        }
        let own = classes
        for code in own.keys {
            // A cycle is Records' to report.
            var line: Set<String> = [code]
            var next = parents[code]
            while let parent = next, line.insert(parent).inserted {
                classes[code]?.merge(own[parent] ?? [:]) { mine, _ in mine }
                next = parents[parent]
            }
        }
    }

    /// Reads a class, `code` of this model or `model.code`, and says where it does not exist. The
    /// columns are nil where the class is of another model.
    func type(_ reader: ObjectReader, _ key: String) -> (FullCode, [String: Column]?)? {
        guard let text = reader.string(key, required: true) else { return nil }
        if let full = FullCode(text), full.model != model { return (full, nil) }
        let code = text.hasPrefix(model + ".") ? String(text.dropFirst(model.count + 1)) : text
        guard let columns = classes[code] else {
            reader.fault(key, "unknown-class", "There is no class \(text) in this model.")
            return nil
        }
        return (FullCode(model: model, code: code), columns)
    }
}

/// Reads the imports and exports of a document; every fault goes to the reader's problems.
enum DefinitionReader {
    static let systemColumns: Set<String> = [
        "id", "version", "created", "creator", "modified", "modifier", "deleted",
    ]

    static func readImport(_ reader: ObjectReader, _ index: ClassIndex) -> ImportDefinition? {
        let code = reader.code()
        _ = reader.texts("name")
        let type = index.type(reader, "class")
        supported(reader, "source", "upload", later: [], required: false)
        supported(reader, "missing", "keep", later: ["delete", "set"], required: false)
        let rules = reader.boolean("rules", default: true)
        if let after = reader.value("after"), !after.isNull {
            reader.fault("after", "unsupported", "What follows an import is not supported yet.")
        }
        let file = FileOptions.read(reader, isRead: true)
        let mode = reader.word("mode", of: ["insert", "update", "upsert"], default: "insert")
        if mode == "update" {
            reader.fault("mode", "unsupported", "The mode update is not supported yet.")
        }
        let columns = importColumns(reader, type?.1, header: file.hasHeader)
        let keys = columns.filter(\.isKey).map(\.to)
        if mode == "upsert" { checkKeys(reader, keys, type?.1) }
        if mode == "insert", !keys.isEmpty {
            reader.fault("columns", "contradiction", "A key has no meaning in the mode insert.")
        }
        reader.finish()
        guard let type else { return nil }
        return ImportDefinition(
            code: code, type: type.0, file: file, columns: columns,
            upsert: mode == "upsert" ? keys : [], rules: rules)
    }

    private static func importColumns(
        _ reader: ObjectReader, _ known: [String: ClassIndex.Column]?, header: Bool
    ) -> [ImportDefinition.Column] {
        var columns: [ImportDefinition.Column] = []
        for item in reader.list("columns") {
            let from = source(item, header: header)
            let to = item.string("to", required: true) ?? ""
            checkColumn(item, "to", to, known, system: false)
            if columns.contains(where: { $0.to == to }) {
                item.fault("to", "repeated", "The column \(to) is filled twice.")
            }
            let text = item.string("as")
            if let text, !text.hasPrefix("=") {
                item.fault("as", "not-an-expression", "An expression begins with `=`.")
            }
            columns.append(
                .init(
                    from: from, to: to, isKey: item.boolean("key", default: false),
                    expression: text.map { String($0.dropFirst()) }))
            item.finish()
        }
        if columns.isEmpty {
            reader.fault("columns", "required", "Name at least one column.")
        }
        return columns
    }

    private static func source(_ item: ObjectReader, header: Bool) -> String {
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

    static func checkColumn(
        _ item: ObjectReader, _ key: String, _ column: String,
        _ known: [String: ClassIndex.Column]?, system: Bool
    ) {
        guard let known, !column.isEmpty, known[column] == nil else { return }
        if system, systemColumns.contains(column) { return }
        item.fault(key, "unknown-column", "The class has no column \(column).")
    }

    private static func checkKeys(
        _ reader: ObjectReader, _ keys: [String], _ known: [String: ClassIndex.Column]?
    ) {
        switch keys.count {
        case 0:
            reader.fault("columns", "required", "The mode upsert needs a column with `key`.")
        case 1:
            if let column = known?[keys[0]], !column.unique {
                reader.fault(
                    "columns", "not-unique", "The key column \(keys[0]) must be `unique`.")
            }
        default:
            reader.fault("columns", "unsupported", "Keys of several columns are not supported yet.")
        }
    }

    /// A member of which only one word works now; others of the contract come later.
    static func supported(
        _ reader: ObjectReader, _ key: String, _ word: String, later: [String],
        required: Bool = true
    ) {
        guard let text = reader.string(key, required: required), text != word else { return }
        let isLocation = text.contains(":") || text == "mail"
        if later.contains(text) || isLocation {
            reader.fault(key, "unsupported", "`\(text)` is not supported yet; use `\(word)`.")
        } else {
            reader.fault(key, "not-allowed", "`\(text)` is not known here; use `\(word)`.")
        }
    }
}
