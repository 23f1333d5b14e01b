import Contracts
import Database

/// Triggers on the tables that a family's references point to: what another program deletes there
/// does to the family's rows what the service would do. They belong to the family that refers, so
/// that the other one's model need not know of it.
struct ReferenceTriggers {
    let family: ClassFamily
    let target: (FullCode) -> ClassRows?
    /// Codes of columns whose deletions would come back to their own table: a trigger does not fire
    /// within itself, so that other programs cannot do this.
    let circular: Set<String>
    let dialect: Dialect

    /// The names that a family's triggers have.
    static func names(_ family: ClassFamily) -> [String] {
        references(family).flatMap { item in
            ["gone", "hidden"].map { name(family, item.column, $0) }
        }
    }

    var statements: [String] {
        ReferenceTriggers.references(family).flatMap { item -> [String] in
            guard let type = item.column.target, let table = target(type)?.table else { return [] }
            let gone = trigger(item, "gone", of: table, .delete, "OLD.deleted = 0")
            guard item.column.onDelete != nil else { return [gone] }
            let hidden = trigger(
                item, "hidden", of: table, .updateOf("deleted"), "NEW.deleted > OLD.deleted")
            return [gone, hidden]
        }
    }

    private static func references(_ family: ClassFamily) -> [FamilyColumn] {
        family.columns.filter { $0.column.type == .reference }
    }

    private static func name(
        _ family: ClassFamily, _ column: ColumnDefinition, _ event: String
    ) -> String {
        "\(family.table)-\(event)-\(column.code)"
    }

    private func trigger(
        _ item: FamilyColumn, _ kind: String, of table: String, _ event: TableTrigger.Event,
        _ condition: String
    ) -> String {
        let column = item.column
        let owner = item.owners.first ?? family.root.type
        let referrer = Referrer(
            type: owner, table: family.table, column: column,
            deletion: family.root.definition.deletion)
        let refers = referrer.condition("OLD.id")
        let raise = { (words: String) in
            "SELECT RAISE(ABORT, \(literal("\(owner).\(column.code) \(words)"))) "
                + "WHERE EXISTS (SELECT 1 FROM \(family.table) WHERE \(refers))"
        }
        let body: String
        switch column.onDelete {
        case nil, .refuse: body = raise("refers to it")
        case .clear:
            body =
                "UPDATE \(family.table) SET \(quoted(column.code)) = "
                + "\(referrer.cleared("OLD.id")) WHERE \(refers)"
        case .cascade where circular.contains(column.code):
            body = raise("refers to it and would go with it; delete it through the API")
        case .cascade where referrer.deletion == .logical:
            body = "UPDATE \(family.table) SET deleted = 1 WHERE \(refers)"
        case .cascade: body = "DELETE FROM \(family.table) WHERE \(refers)"
        }
        return TableTrigger(
            name: ReferenceTriggers.name(family, column, kind), table: table, event: event,
            writers: .foreign, condition: condition, body: [body]
        ).statement(dialect)
    }

    /// The columns of a family whose cascades lead back to it.
    static func circular(_ family: ClassFamily, among families: [ClassFamily]) -> Set<String> {
        let home: (FullCode) -> FullCode? = { type in
            families.first { $0.members.contains { $0.type == type } }?.root.type
        }
        // Where the deletion of a record of each family leads.
        var edges: [FullCode: Set<FullCode>] = [:]
        for item in families {
            for column in item.columns where column.column.onDelete == .cascade {
                guard let from = column.column.target.flatMap(home) else { continue }
                edges[from, default: []].insert(item.root.type)
            }
        }
        var result: Set<String> = []
        for column in family.columns where column.column.onDelete == .cascade {
            guard let from = column.column.target.flatMap(home) else { continue }
            var seen: Set<FullCode> = []
            var rest = [family.root.type]
            while let type = rest.popLast() {
                guard seen.insert(type).inserted else { continue }
                rest += edges[type] ?? []
            }
            if seen.contains(from) { result.insert(column.column.code) }
        }
        return result
    }
}
