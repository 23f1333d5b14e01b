import Contracts
import Database
import JSON

/// Makes the list of operations that applying a document over another is. Everything that
/// `ClassMigration` does stands in it, and nothing else.
struct ModelPlanner {
    let connection: Connection
    let standing: ModelTables
    let definition: ModelDefinition
    let change: ModelChange
    let old: JSONValue
    let new: JSONValue

    func operations() throws -> [ModelOperation] {
        let difference = DocumentDifference(old: old, new: new)
        var result: [ModelOperation] = []
        if standing.models[definition.code] == nil {
            result.append(
                ModelOperation(action: .create, kind: "model", code: definition.code))
        } else {
            result += difference.ofModel
        }
        for item in definition.classes {
            guard !change.added.contains(item.code) else {
                result.append(created(item))
                continue
            }
            result += try changed(item)
        }
        for family in standing.families(of: definition.code) {
            for member in family.members where change.dropped.contains(member.type.code) {
                result.append(try dropped(member, of: family))
            }
        }
        result += try viewOperations()
        return result + difference.ofLists
    }

    private func created(_ item: ClassDefinition) -> ModelOperation {
        let own = item.columns.count - item.inheritedCount
        return ModelOperation(
            action: .create, kind: "class", code: item.code, about: .columns(own))
    }

    private func dropped(
        _ member: ClassFamily.Member, of family: ClassFamily
    ) throws -> ModelOperation {
        let condition =
            family.hasClassColumn ? "class = \(literal(member.type.description))" : "1 = 1"
        let rows = try connection.count("SELECT count(*) FROM \(family.table) WHERE \(condition)")
        return ModelOperation(
            action: .drop, kind: "class", code: member.type.code, isDestructive: true,
            about: .rowsGo(rows))
    }

    // MARK: One class

    private static let listed: Set<String> = ["columns", "grants", "indexes", "unique"]

    private func changed(_ item: ClassDefinition) throws -> [ModelOperation] {
        let (before, after) = (
            DocumentDifference.element(item.code, of: old["classes"]),
            DocumentDifference.element(item.code, of: new["classes"])
        )
        guard before != after else { return [] }
        let members = DocumentDifference.members(before, after, but: ModelPlanner.listed)
        var orders: [String] = []
        var parts = try columns(item, before, after)
        for (list, kind) in [("grants", "grant"), ("indexes", "index"), ("unique", "unique")] {
            parts += lists(item.code, before?[list], after?[list], kind)
        }
        if DocumentDifference.isReordered(
            DocumentDifference.codes(before?["columns"]),
            DocumentDifference.codes(after?["columns"]))
        {
            orders.append("columns")
        }
        if parts.isEmpty, members.isEmpty, orders.isEmpty {
            // The same parts in another order, or an empty list where there was none.
            orders = DocumentDifference.members(before, after)
        }
        if members.isEmpty, orders.isEmpty { return parts }
        return [
            ModelOperation(
                action: .change, kind: "class", code: item.code,
                about: .members(members, orders: orders))
        ] + parts
    }

    private func columns(
        _ item: ClassDefinition, _ before: JSONValue?, _ after: JSONValue?
    ) throws -> [ModelOperation] {
        guard let family = change.changed.first(where: { $0.new.rows(of: item.code) != nil })
        else { return [] }
        var result: [ModelOperation] = []
        for column in item.columns.dropFirst(item.inheritedCount) {
            let code = "\(item.code).\(column.code)"
            let (was, now) = (
                DocumentDifference.element(column.code, of: before?["columns"]),
                DocumentDifference.element(column.code, of: after?["columns"])
            )
            guard let was else {
                result.append(
                    ModelOperation(
                        action: .create, kind: "column", code: code,
                        about: .type(column.type.rawValue)))
                continue
            }
            let members = DocumentDifference.members(was, now)
            if family.dropped.contains(where: { $0.column.code == column.code }) {
                // A computed column takes its place, and the values go.
                let rows = try count(column.code, in: family.old, family.old.members.map(\.type))
                result.append(lost(code, rows))
                result.append(
                    ModelOperation(
                        action: .create, kind: "column", code: code,
                        about: .type(column.type.rawValue)))
            } else if let converted = family.converted.first(where: {
                $0.column.column.code == column.code
            }) {
                let rows = try count(column.code, in: family.old, family.old.members.map(\.type))
                let type = converted.conversion.old.type.rawValue
                result.append(
                    ModelOperation(
                        action: .convert, kind: "column", code: code,
                        about: .converted(
                            from: type, to: column.type.rawValue, rows: rows, members: members)))
            } else if was != now {
                result.append(
                    ModelOperation(
                        action: .change, kind: "column", code: code, about: .members(members)))
            }
        }
        return result + (try gone(item, family))
    }

    /// Columns of the class's own that are not in its document any more.
    private func gone(_ item: ClassDefinition, _ family: FamilyChange) throws -> [ModelOperation] {
        let line = family.old.line(of: item.code)
        guard let before = line.first?.definition else { return [] }
        let own = Set(item.columns.dropFirst(item.inheritedCount).map(\.code))
        return try before.columns.dropFirst(before.inheritedCount).compactMap { column in
            guard !own.contains(column.code) else { return nil }
            let code = "\(item.code).\(column.code)"
            if item.column(column.code) != nil {
                return ModelOperation(
                    action: .change, kind: "column", code: code, about: .inherited)
            }
            let losers = line.map(\.type).filter { type in
                family.new.members.contains {
                    $0.type == type && $0.definition.column(column.code) == nil
                }
            }
            let rows = try count(column.code, in: family.old, losers)
            guard column.type != .computed else {
                return ModelOperation(action: .drop, kind: "column", code: code)
            }
            return lost(code, rows)
        }
    }

    private func lost(_ column: String, _ rows: Int64) -> ModelOperation {
        ModelOperation(
            action: .drop, kind: "column", code: column, isDestructive: true,
            about: .valuesGo(rows))
    }

    /// Rows of some classes with a value in a column.
    private func count(
        _ column: String, in family: ClassFamily, _ classes: [FullCode]
    ) throws -> Int64 {
        let list = classes.map { literal($0.description) }.joined(separator: ", ")
        let rows = family.hasClassColumn ? " WHERE class IN (\(list))" : ""
        return try connection.count(
            "SELECT count(\(quoted(column))) FROM \(family.table)\(rows)")
    }

    /// Parts without codes: each that only one side has.
    private func lists(
        _ type: String, _ before: JSONValue?, _ after: JSONValue?, _ kind: String
    ) -> [ModelOperation] {
        var old = before?.array ?? []
        var result: [ModelOperation] = []
        for item in after?.array ?? [] {
            if let place = old.firstIndex(of: item) {
                old.remove(at: place)
            } else {
                result.append(operation(.create, kind, type, item))
            }
        }
        return result + old.map { operation(.drop, kind, type, $0) }
    }

    private func operation(
        _ action: ModelOperation.Action, _ kind: String, _ type: String, _ item: JSONValue
    ) -> ModelOperation {
        let columns = (item.array ?? []).compactMap(\.string).joined(separator: ",")
        return ModelOperation(
            action: action, kind: kind, code: "\(type).\(item["role"]?.string ?? columns)",
            about: item.array == nil ? .item(item) : .none)
    }

    // MARK: API views

    private func viewOperations() throws -> [ModelOperation] {
        try APIView.changes(connection, change, standing, definition).map { view in
            var operation = ModelOperation(action: .change, kind: "view", code: view.name)
            switch view.change {
            case .make(let state):
                if state == nil { operation.action = .create }
                if state == .drifted {
                    operation.isDestructive = true
                    operation.about = .viewOverwritten
                }
            case .drop(let state):
                operation.action = .drop
                if state == .drifted {
                    operation.isDestructive = true
                    operation.about = .viewGoes
                }
            }
            return operation
        }
    }
}
