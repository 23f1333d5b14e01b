import Contracts
import JSON

/// What is known of the classes of the same document.
struct ClassIndex: Sendable {
    struct Column: Sendable {
        var type: String
        var unique: Bool
    }

    var model: String
    var classes: [String: [String: Column]] = [:]
    /// The sets of columns of each class that are unique together.
    var sets: [String: [[String]]] = [:]

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
            sets[code] = (item["unique"]?.array ?? []).map { set in
                (set.array ?? []).compactMap(\.string)
            }
        }
        let ownSets = sets
        let own = classes
        for code in own.keys {
            // A cycle is Records' to report.
            var line: Set<String> = [code]
            var next = parents[code]
            while let parent = next, line.insert(parent).inserted {
                classes[code]?.merge(own[parent] ?? [:]) { mine, _ in mine }
                sets[code]? += ownSets[parent] ?? []
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

    static func checkColumn(
        _ item: ObjectReader, _ key: String, _ column: String,
        _ known: [String: ClassIndex.Column]?, system: Bool
    ) {
        guard let known, !column.isEmpty, known[column] == nil else { return }
        if system, systemColumns.contains(column) { return }
        item.fault(key, "unknown-column", "The class has no column \(column).")
    }
}
