import Contracts

/// What becomes of records when one that they refer to is deleted.
enum ReferenceAction: String, Sendable, CaseIterable {
    /// It is not deleted.
    case refuse
    /// They refer to nothing.
    case clear
    /// They are deleted too.
    case cascade
}

/// A column by which records refer to those of a table.
struct Referrer: Sendable {
    /// The class that brings the column.
    let type: FullCode
    let table: String
    let column: ColumnDefinition
    /// Of the records that refer.
    let deletion: DeletionKind

    /// Which of them refer to the id that `id` is SQL of.
    func condition(_ id: String) -> String {
        let code = quoted(column.code)
        let refers =
            column.many
            ? "\(id) IN (SELECT CAST(v.value AS BIGINT) FROM json_each(\(code)) AS v)"
            : "\(code) = \(id)"
        return "\(refers) AND deleted = 0"
    }

    /// The column without that id.
    func cleared(_ id: String) -> String {
        guard column.many else { return "NULL" }
        return "(SELECT nullif(json_group_array(CAST(v.value AS BIGINT)), '[]') "
            + "FROM json_each(\(quoted(column.code))) AS v WHERE CAST(v.value AS BIGINT) <> \(id))"
    }

    /// By the table that is referred to.
    static func byTable(_ classes: [FullCode: RecordClass]) -> [String: [Referrer]] {
        var result: [String: [Referrer]] = [:]
        for item in classes.values.sorted(by: { $0.type.description < $1.type.description }) {
            let definition = item.definition
            for column in definition.columns.dropFirst(definition.inheritedCount) {
                guard let target = column.target.flatMap({ classes[$0] })?.table else { continue }
                // Siblings of a family may share a column.
                let isKnown = result[target, default: []].contains {
                    $0.table == item.table && $0.column.code == column.code
                }
                guard !isKnown else { continue }
                result[target, default: []].append(
                    Referrer(
                        type: item.type, table: item.table, column: column,
                        deletion: definition.deletion))
            }
        }
        return result
    }
}
