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

    struct Pair: Sendable, Hashable {
        var ours: String
        var theirs: String
        /// Of a reference: the unique column of its class that theirs has the value of.
        var by: String?
    }

    var code: String
    var type: FullCode
    var source: SyncSource
    var direction: Direction
    /// What both sides find a row by; not empty.
    var keys: [Pair]
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
        let pairs = (keys + columns).map { pair in
            "\(pair.ours)=\(pair.theirs)" + (pair.by.map { " by \($0)" } ?? "")
        }.joined(separator: ",")
        return "\(type) \(source.identity) \(direction) \(cursor ?? "") \(pairs)"
    }
}

extension DefinitionReader {
    private static let keyTypes: Set<String> = ["text", "integer", "guid", "sequence", "choice"]

    static func readSync(_ reader: ObjectReader, _ index: ClassIndex) -> SyncDefinition? {
        let code = reader.code()
        _ = reader.texts("name")
        let type = index.type(reader, "class")
        let source = reader.nested("source", required: true).flatMap(SyncSource.read)
        let direction =
            reader.word(
                "direction", of: SyncDefinition.Direction.allCases.map(\.rawValue), default: "pull"
            ).flatMap { SyncDefinition.Direction(rawValue: $0) } ?? .pull
        let keys = keys(reader, type?.0, index, direction)
        let columns = pairs(reader, "columns", type?.1)
        if columns.isEmpty, reader.object["columns"]?.object != nil {
            reader.fault("columns", "required", "Name at least one column besides the key.")
        }
        let cursor = reader.string("cursor")
        let verify = reader.boolean("verify", default: true)
        let deletes = reader.word("deletes", of: ["ignore", "detect"], default: "ignore")
        if let source, source.isGeartrain {
            if direction != .pull {
                reader.fault(
                    "direction", "contradiction",
                    "Another instance is only read: let it pull what it is to have.")
            }
            if cursor != nil {
                reader.fault(
                    "cursor", "contradiction",
                    "Another instance tells its changes in the order of their commits.")
            }
        }
        let tellsChanges = cursor != nil || source?.isGeartrain ?? false
        if deletes == "detect", tellsChanges, !verify {
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
        guard let type, let source, !keys.isEmpty else { return nil }
        return SyncDefinition(
            code: code, type: type.0, source: source, direction: direction, keys: keys,
            columns: columns, cursor: cursor, overlap: overlap, deletes: deletes == "detect",
            deleteLimit: Int(deleteLimit), conflict: conflict, verify: verify, rules: rules)
    }

    /// `{"ours": "theirs"}`, or `{"ours": {"column": "theirs", "by": "number"}}` of a reference.
    private static func pairs(
        _ reader: ObjectReader, _ member: String, _ known: [String: ClassIndex.Column]?
    ) -> [SyncDefinition.Pair] {
        guard let item = reader.nested(member, required: true) else { return [] }
        return item.object.keys.compactMap { ours in
            var by: String?
            let theirs: String?
            if member == "columns", item.object[ours]?.object != nil {
                let reference = item.nested(ours)
                theirs = reference?.string("column", required: true)
                by = reference?.string("by", required: true)
                reference?.finish()
                if let type = known?[ours]?.type, type != "reference" {
                    item.fault(ours, "contradiction", "Only a reference is looked up.")
                }
            } else {
                theirs = item.string(ours, required: true)
            }
            if let known, known[ours] == nil, ours != "id" || member != "key" {
                item.fault(ours, "unknown-column", "The class has no column \(ours).")
            }
            return theirs.map { SyncDefinition.Pair(ours: ours, theirs: $0, by: by) }
        }
    }

    /// One unique column, or all of a set of the class that is unique together.
    private static func keys(
        _ reader: ObjectReader, _ type: FullCode?, _ index: ClassIndex,
        _ direction: SyncDefinition.Direction
    ) -> [SyncDefinition.Pair] {
        let isOwn = type.map { $0.model == index.model } ?? false
        let known = isOwn ? type.flatMap { index.classes[$0.code] } : nil
        let pairs = pairs(reader, "key", known)
        if pairs.isEmpty, reader.object["key"]?.object != nil {
            reader.fault("key", "required", "Name the column that both sides find a row by.")
        }
        for key in pairs {
            if key.ours == "id" {
                if direction != .push {
                    reader.fault(
                        "key", "contradiction",
                        "The id of a record is given by the platform: it is a key for push alone.")
                }
            } else if let column = known?[key.ours], !keyTypes.contains(column.type) {
                reader.fault(
                    "key", "not-allowed",
                    "A key is a text, a whole number, a choice, a sequence or a guid.")
            }
        }
        guard let type, let known, !pairs.isEmpty else { return pairs }
        let names = Set(pairs.map(\.ours))
        if pairs.count > 1 {
            let isUnique = (index.sets[type.code] ?? []).contains { Set($0) == names }
            if !isUnique {
                reader.fault(
                    "key", "not-unique",
                    "A key of several columns is one of the sets that the class has in `unique`.")
            }
        } else if let column = known[pairs[0].ours], !column.unique,
            !["guid", "sequence"].contains(column.type)
        {
            reader.fault(
                "key", "not-unique", "The key column \(pairs[0].ours) must be `unique`.")
        }
        return pairs
    }
}
