import Contracts
import JSON
import ServiceRuntime

/// A synchronization as a model document defines it.
struct SyncDefinition: Sendable {
    enum Direction: String, Sendable, CaseIterable { case pull, push, both }

    /// Whose value stays where both sides changed.
    enum Conflict: String, Sendable, CaseIterable {
        case source, records
        /// Nobody's: both stay as they are, and the run fails.
        case refuse
    }

    enum Source: Sendable, Hashable {
        /// `path` below the folder of all data, or one that the operator allowed.
        case sqlite(path: String, table: String)

        var table: String {
            switch self {
            case .sqlite(_, let table): table
            }
        }
    }

    struct Pair: Sendable, Hashable {
        var ours: String
        var theirs: String
    }

    var code: String
    var type: FullCode
    var source: Source
    var direction: Direction
    var key: Pair
    /// In the order of the definition.
    var columns: [Pair]
    /// Of theirs: what grows when a row changes.
    var cursor: String?
    /// How far behind the cursor rows are read again.
    var overlap: Duration
    /// Whether what is gone on one side goes on the other.
    var deletes: Bool
    /// The most of the records, in hundredths, that one run may delete.
    var deleteLimit: Int
    var conflict: Conflict
    var verify: Bool
    var rules: Bool

    /// What it reads theirs by; where this changes, what was known of both sides is worth nothing.
    var identity: String {
        let pairs = ([key] + columns).map { "\($0.ours)=\($0.theirs)" }.joined(separator: ",")
        return "\(type) \(source) \(direction) \(cursor ?? "") \(pairs)"
    }
}

extension DefinitionReader {
    static let syncSources = ["sqlite", "postgresql", "odbc", "geartrain"]
    private static let keyTypes: Set<String> = ["text", "integer", "guid", "sequence", "choice"]

    static func readSync(_ reader: ObjectReader, _ index: ClassIndex) -> SyncDefinition? {
        let code = reader.code()
        _ = reader.texts("name")
        let type = index.type(reader, "class")
        let source = reader.nested("source", required: true).flatMap(source)
        let direction =
            reader.word(
                "direction", of: SyncDefinition.Direction.allCases.map(\.rawValue), default: "pull"
            ).flatMap { SyncDefinition.Direction(rawValue: $0) } ?? .pull
        let key = key(reader, type?.1, direction)
        let columns = pairs(reader, "columns", type?.1)
        if columns.isEmpty, reader.object["columns"]?.object != nil {
            reader.fault("columns", "required", "Name at least one column besides the key.")
        }
        let cursor = reader.string("cursor")
        let verify = reader.boolean("verify", default: true)
        let deletes = reader.word("deletes", of: ["ignore", "detect"], default: "ignore")
        if deletes == "detect", cursor != nil, !verify {
            reader.fault(
                "deletes", "contradiction",
                "What is gone is found by the verification: with a cursor, deletes need it.")
        }
        let overlap = reader.duration("overlap") ?? .seconds(600)
        let deleteLimit = reader.integer("deleteLimit", in: 1...100) ?? 50
        let conflict =
            reader.word(
                "conflict", of: SyncDefinition.Conflict.allCases.map(\.rawValue),
                default: direction == .push ? "records" : "source"
            ).flatMap { SyncDefinition.Conflict(rawValue: $0) } ?? .source
        let rule: SyncDefinition.Conflict? =
            direction == .both ? nil : direction == .pull ? .source : .records
        if let rule, conflict != rule {
            reader.fault(
                "conflict", "contradiction",
                "In the direction \(direction.rawValue) it can only be `\(rule.rawValue)`.")
        }
        let rules = reader.boolean("rules", default: true)
        reader.finish()
        guard let type, let source, let key else { return nil }
        return SyncDefinition(
            code: code, type: type.0, source: source, direction: direction, key: key,
            columns: columns, cursor: cursor, overlap: overlap, deletes: deletes == "detect",
            deleteLimit: Int(deleteLimit), conflict: conflict, verify: verify, rules: rules)
    }

    private static func source(_ reader: ObjectReader) -> SyncDefinition.Source? {
        guard let kind = reader.word("kind", of: syncSources, default: nil) else { return nil }
        guard kind == "sqlite" else {
            reader.fault("kind", "unsupported", "`\(kind)` is not supported yet; use `sqlite`.")
            return nil
        }
        let path = reader.string("path", required: true)
        let table = reader.string("table", required: true)
        reader.finish()
        guard let path, let table else { return nil }
        return .sqlite(path: path, table: table)
    }

    /// `{"ours": "theirs"}`.
    private static func pairs(
        _ reader: ObjectReader, _ member: String, _ known: [String: ClassIndex.Column]?
    ) -> [SyncDefinition.Pair] {
        guard let item = reader.nested(member, required: true) else { return [] }
        return item.object.keys.compactMap { ours in
            let theirs = item.string(ours, required: true)
            if let known, known[ours] == nil, ours != "id" || member != "key" {
                item.fault(ours, "unknown-column", "The class has no column \(ours).")
            }
            return theirs.map { SyncDefinition.Pair(ours: ours, theirs: $0) }
        }
    }

    private static func key(
        _ reader: ObjectReader, _ known: [String: ClassIndex.Column]?,
        _ direction: SyncDefinition.Direction
    ) -> SyncDefinition.Pair? {
        let pairs = pairs(reader, "key", known)
        guard let key = pairs.first else {
            if reader.object["key"]?.object != nil {
                reader.fault("key", "required", "Name the column that both sides find a row by.")
            }
            return nil
        }
        if pairs.count > 1 {
            reader.fault("key", "unsupported", "Keys of several columns are not supported yet.")
        }
        if key.ours == "id" {
            if direction != .push {
                reader.fault(
                    "key", "contradiction",
                    "The id of a record is given by the platform: it is a key for push alone.")
            }
        } else if let column = known?[key.ours] {
            if !keyTypes.contains(column.type) {
                reader.fault(
                    "key", "not-allowed",
                    "A key is a text, a whole number, a choice, a sequence or a guid.")
            }
            if !column.unique, column.type != "guid", column.type != "sequence" {
                reader.fault(
                    "key", "not-unique", "The key column \(key.ours) must be `unique`.")
            }
        }
        return key
    }
}
